/** Conditions that a request must meet. Source: apiserver pkg/admission/plugin/webhook/matchconditions/matcher.go. */
import { celLimits } from '../../../api/cel/limits.ts';
import { PolicyCompiler } from '../../../api/cel/policy-compiler.ts';
import { celTypes } from '../../../api/cel/types.ts';
import type { MatchCondition } from '../../../api/generated/admissionregistration/v1.ts';
import type { AdmissionObservations, ConditionsOutcome } from '../admission-observations.ts';
import { Evaluation, type NamedExpression, OutOfBudget, type PolicyInput } from './evaluation.ts';

/** `error`: whether the request meets them is not known, and the failure policy says that it must be. */
export type Met = { readonly met: boolean } | { readonly error: string };

/** Told of each evaluation of the conditions of one webhook or policy. */
export interface ConditionObserver {
  /** Milliseconds of a monotonic clock. */
  readonly nowMs: () => number;
  /** `errors`: conditions that could not be evaluated. */
  evaluated(met: Met, ms: number, errors: number): void;
}

/** The observer of a webhook's or policy's conditions, for a request. */
export const conditionObserver = (
  observations: AdmissionObservations | undefined,
  of: Pick<ConditionsOutcome, 'kind' | 'name' | 'operation' | 'type'>,
): ConditionObserver | undefined =>
  observations === undefined
    ? undefined
    : {
        nowMs: observations.nowMs,
        // Upstream counts exclusions of webhooks alone.
        evaluated: (met, ms, errors) =>
          observations.conditions({ ...of, ms, errors, excluded: of.kind === 'webhook' && 'met' in met && !met.met }),
      };

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
  { failurePolicy, observer }: { readonly failurePolicy: string; readonly observer: ConditionObserver | undefined },
): Met {
  const beganMs = observer?.nowMs() ?? 0;
  const errors: string[] = [];
  const unknown = (error: string): Met => (failurePolicy === 'Ignore' ? { met: false } : { error });
  const answer = (): Met => {
    const result = evaluated(
      conditions,
      new Evaluation({ ...input, namespace: undefined }, variables, celLimits.matchConditionsBudget),
      errors,
    );
    if (result instanceof OutOfBudget) return unknown(result.message);
    if (!result || errors.length === 0) return { met: result };
    return unknown(errors.length === 1 ? (errors[0] ?? '') : `[${errors.join(', ')}]`);
  };
  const met = answer();
  observer?.evaluated(met, observer.nowMs() - beganMs, errors.length);
  return met;
}

/** Whether none is false; fills in the errors of those that cannot be evaluated. */
function evaluated(conditions: readonly NamedExpression[], evaluation: Evaluation, errors: string[]): boolean | OutOfBudget {
  let met = true;
  try {
    for (const condition of conditions) {
      const result = evaluation.evaluate(condition);
      if ('error' in result) errors.push(result.error);
      else if (result.value === false) met = false;
    }
  } catch (error) {
    if (error instanceof OutOfBudget) return error;
    throw error;
  }
  return met;
}
