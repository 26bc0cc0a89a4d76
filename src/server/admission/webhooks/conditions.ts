/**
 * The match conditions of webhooks. Source: apiserver pkg/admission/plugin/webhook/generic/webhook.go
 * (ShouldCallHook).
 */
import { statusErrors } from '../../../api/status-error.ts';
import type { AdmissionAttributes } from '../admission.ts';
import type { AdmissionStep } from '../admission-observations.ts';
import { authorizerFor, type PolicyParts } from '../policies/bound-policies.ts';
import type { NamedExpression } from '../policies/evaluation.ts';
import { compileMatchConditions, conditionObserver, meets } from '../policies/match-conditions.ts';
import type { Hook } from './hooks.ts';
import type { Served } from './matching.ts';
import type { ReviewedObjects } from './review.ts';

/** Whether a request meets a hook's conditions. Rejects with StatusError (403) when that cannot be known. */
export type ConditionCheck = (
  hook: Hook,
  type: AdmissionStep,
  attributes: AdmissionAttributes,
  version: Served,
  objects: () => Promise<ReviewedObjects>,
) => Promise<boolean>;

/** Makes the check; the conditions of a webhook are compiled once. */
export function conditionCheck({ authorize, observations }: Pick<PolicyParts, 'authorize' | 'observations'>): ConditionCheck {
  const compiled = new WeakMap<Hook, readonly NamedExpression[]>();
  return async (hook, type, attributes, version, objects) => {
    const { matchConditions = [], failurePolicy = 'Fail' } = hook.webhook;
    if (matchConditions.length === 0) return true;
    const conditions = compiled.get(hook) ?? compileMatchConditions(matchConditions);
    compiled.set(hook, conditions);
    const authorizer = authorizerFor(attributes.context.user, authorize);
    const input = { attributes, version, ...(await objects()), params: null, namespace: undefined, authorizer };
    const result = meets(conditions, input, [], {
      failurePolicy,
      observer: conditionObserver(observations, { name: hook.webhook.name, kind: 'webhook', type, operation: attributes.operation }),
    });
    if ('met' in result) return result.met;
    const { kind, name } = attributes;
    throw statusErrors.forbidden({ group: kind.group, resource: kind.plural }, name, result.error);
  };
}
