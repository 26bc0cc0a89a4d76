/**
 * Groups of the Kubernetes community need an approval in an annotation. Source: apiextensions-apiserver
 * pkg/apihelpers/helpers.go, pkg/apis/apiextensions/validation (validateAPIApproval).
 */
import { type FieldError, type FieldPath, fieldErrors } from '../../field-error.ts';
import type { CustomResourceDefinition } from '../../generated/apiextensions/v1.ts';
import type { NewCondition } from './conditions.ts';

const annotation = 'api-approved.kubernetes.io';

type State = 'missing' | 'bypassed' | 'approved' | 'invalid';

const isProtected = (group: string): boolean => /(^|\.)(k8s|kubernetes)\.io$/.test(group);

function stateOf({ metadata }: CustomResourceDefinition): { readonly state: State; readonly reason: string } {
  const value = metadata.annotations?.[annotation] ?? '';
  const see = 'see https://github.com/kubernetes/enhancements/pull/1111';
  if (value === '')
    return { state: 'missing', reason: `protected groups must have approval annotation ${JSON.stringify(annotation)}, ${see}` };
  if (value.startsWith('unapproved')) return { state: 'bypassed', reason: `not approved: ${JSON.stringify(value)}` };
  if (/^[a-z][a-z0-9+.-]*:\/\/[^/]/i.test(value) && URL.canParse(value)) return { state: 'approved', reason: `approved in ${value}` };
  const reason = `protected groups must have approval annotation ${JSON.stringify(annotation)} with either a URL or a reason starting with "unapproved", ${see}`;
  return { state: 'invalid', reason };
}

/** An approval that has not changed is never complained about. */
export function approvalErrors(
  next: CustomResourceDefinition,
  previous: CustomResourceDefinition | undefined,
  at: FieldPath,
): readonly FieldError[] {
  if (!isProtected(next.spec.group)) return [];
  const { state, reason } = stateOf(next);
  if (previous !== undefined && stateOf(previous).state === state) return [];
  const where = at.field('metadata', 'annotations').key(annotation);
  if (state === 'missing') return [fieldErrors.required(where, reason)];
  return state === 'invalid' ? [fieldErrors.invalid(where, next.metadata.annotations?.[annotation], reason)] : [];
}

const outcomes: Readonly<Record<State, readonly [status: 'True' | 'False', reason: string]>> = {
  invalid: ['False', 'InvalidAnnotation'],
  missing: ['False', 'MissingAnnotation'],
  approved: ['True', 'ApprovedAnnotation'],
  bypassed: ['False', 'UnapprovedAnnotation'],
};

/** The condition of a definition in such a group; undefined for other groups. */
export function approvalCondition(definition: CustomResourceDefinition): NewCondition | undefined {
  if (!isProtected(definition.spec.group)) return undefined;
  const { state, reason: message } = stateOf(definition);
  const [status, reason] = outcomes[state];
  return { type: 'KubernetesAPIApprovalPolicyConformant', status, reason, message };
}
