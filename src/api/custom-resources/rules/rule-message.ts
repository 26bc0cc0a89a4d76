/**
 * What is said of a rule that does not hold. Source: apiextensions-apiserver pkg/apiserver/schema/cel/validation.go.
 */
import { celLimits } from '../../cel/limits.ts';
import type { Activation } from '../../cel/program.ts';
import { type FieldError, type FieldPath, fieldErrors } from '../../field-error.ts';
import type { ValidationRule } from '../../generated/apiextensions/v1.ts';
import type { JsonValue } from '../../json.ts';
import type { JsonSchema } from '../structural.ts';
import type { NodeRule } from './rule-node.ts';

/** The rule as errors name it. */
export const nameOf = ({ message = '', rule }: ValidationRule): string => (message === '' ? rule : message).trim();

const ownMessage = ({ message = '', rule }: ValidationRule): string => (message === '' ? `failed rule: ${rule.trim()}` : message.trim());

export type RuleMessage =
  | { readonly text: string; readonly cost: number }
  /** The expression cost too much: nothing more is checked. */
  | { readonly failure: string };

/** The message: what the expression says, or the rule's own. */
export function messageOf({ declared, compiled }: NodeRule, variables: Activation, budget: number): RuleMessage {
  const { messageProgram } = compiled;
  if (messageProgram === undefined) return { text: ownMessage(declared), cost: 0 };
  const result = messageProgram.run(variables, celLimits.perCall);
  if (result.cost > budget) {
    return { failure: 'messageExpression evaluation failed due to running out of cost budget, no further validation rules will be run' };
  }
  if ('error' in result && result.exceeded) {
    const text = JSON.stringify(declared.messageExpression);
    return { failure: `no further validation rules will be run due to call cost exceeds limit for messageExpression: ${text}` };
  }
  const text = 'value' in result && typeof result.value === 'string' ? result.value.trim() : '';
  const usable = text !== '' && !text.includes('\n') && Buffer.byteLength(text) <= celLimits.maxMessageBytes;
  return { text: usable ? text : ownMessage(declared), cost: result.cost };
}

/** The error of a rule that does not hold. Objects and lists are not shown in it. */
export function ruleError({ reason }: ValidationRule, { type }: JsonSchema, at: FieldPath, value: JsonValue, detail: string): FieldError {
  const shows = type !== 'object' && type !== 'array';
  switch (reason) {
    case 'FieldValueForbidden':
      return fieldErrors.forbidden(at, detail);
    case 'FieldValueRequired':
      return fieldErrors.required(at, detail);
    case 'FieldValueDuplicate':
      return shows ? fieldErrors.duplicate(at, value) : fieldErrors.duplicateWhole(at);
    default:
      return shows ? fieldErrors.invalid(at, value, detail) : fieldErrors.invalidWhole(at, detail);
  }
}
