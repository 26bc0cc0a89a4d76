/** Match conditions of webhooks and policies. Source: pkg/apis/admissionregistration/validation/validation.go. */
import { type FieldPath, fieldErrors } from '../../../field-error.ts';
import type { MatchCondition } from '../../../generated/admissionregistration/v1.ts';
import { type Errors, errorsOfEach, qualifiedName, requiredText } from '../../../validation/common.ts';

const maxConditions = 64;

/** Names and expressions. `expressionErrors` checks an expression that is not empty. */
export function matchConditionErrors(
  conditions: readonly MatchCondition[],
  at: FieldPath,
  expressionErrors: (expression: string, at: FieldPath) => Errors,
): Errors {
  const names = new Set<string>();
  const tooMany = conditions.length > maxConditions ? [fieldErrors.tooMany(at, conditions.length, maxConditions)] : [];
  const each = errorsOfEach(conditions, ({ name, expression }, i) => {
    const item = at.index(i);
    const trimmed = expression.trim();
    const duplicate = name !== '' && names.has(name) ? [fieldErrors.duplicate(item.field('name'), name)] : [];
    names.add(name);
    return [
      ...(trimmed === '' ? [fieldErrors.required(item.field('expression'))] : expressionErrors(trimmed, item.field('expression'))),
      ...(name === '' ? requiredText(name, item.field('name')) : qualifiedName(name, item.field('name'))),
      ...duplicate,
    ];
  });
  return [...tooMany, ...each];
}
