/** Conditions that a request must meet. Source: apiserver pkg/admission/plugin/webhook/matchconditions/matcher.go. */
import { celLimits } from '../../../api/cel/limits.ts';
import { PolicyCompiler } from '../../../api/cel/policy-compiler.ts';
import { celTypes } from '../../../api/cel/types.ts';
import type { MatchCondition } from '../../../api/generated/admissionregistration/v1.ts';
import { Evaluation, type NamedExpression, OutOfBudget, type PolicyInput } from './evaluation.ts';

/** `error`: whether the request meets them is not known, and the failure policy says that it must be. */
export type Met = { readonly met: boolean } | { readonly error: string };

/** Compiles the conditions of a webhook. */
export function compileMatchConditions(conditions: readonly MatchCondition[]): readonly NamedExpression[] {
  const compiler = new PolicyCompiler({ withoutVariables: true });
  return conditions.map(({ name, expression }) => ({
    name,
    text: expression,
    compiled: compiler.compile(expression, { params: false, authorizer: true }, [celTypes.bool]),
  }));
}

/** Whether a request meets all conditions: one that is false decides, whatever the others are. */
export function meets(
  conditions: readonly NamedExpression[],
  input: PolicyInput,
  variables: readonly NamedExpression[],
  failurePolicy: string,
): Met {
  const unknown = (error: string): Met => (failurePolicy === 'Ignore' ? { met: false } : { error });
  const evaluation = new Evaluation({ ...input, namespace: undefined }, variables, celLimits.matchConditionsBudget);
  const errors: string[] = [];
  let met = true;
  try {
    for (const condition of conditions) {
      const result = evaluation.evaluate(condition);
      if ('error' in result) errors.push(result.error);
      else if (result.value === false) met = false;
    }
  } catch (error) {
    if (error instanceof OutOfBudget) return unknown(error.message);
    throw error;
  }
  if (!met) return { met };
  return errors.length === 0 ? { met } : unknown(errors.length === 1 ? (errors[0] ?? '') : `[${errors.join(', ')}]`);
}
