/** What is wrong with an IngressClass. Source: pkg/apis/networking/validation/validation.go. */
import { type FieldPath, fieldErrors } from '../../../field-error.ts';
import type { IngressClass, IngressClassParametersReference } from '../../../generated/networking/v1.ts';
import { isPathSegmentName } from '../../../names.ts';
import { byteLength, dnsLabel, dnsSubdomain, type Errors, immutable, invalidEach, oneOf } from '../../../validation/common.ts';
import { domainPrefixedPathErrors } from '../../../validation/domain-path.ts';

const maxControllerBytes = 250;

function scopeErrors({ scope, namespace }: IngressClassParametersReference, at: FieldPath): Errors {
  if (scope === undefined || scope === null) return [fieldErrors.required(at.field('scope'))];
  const unknown = oneOf(scope, ['Cluster', 'Namespace'], at.field('scope'));
  if (unknown.length > 0) return unknown;
  const here = at.field('namespace');
  if (scope === 'Cluster') return namespace === undefined ? [] : [fieldErrors.forbidden(here, "`parameters.scope` is set to 'Cluster'")];
  return namespace === undefined ? [fieldErrors.required(here, "`parameters.scope` is set to 'Namespace'")] : dnsLabel(namespace, here);
}

const segmentErrors = (value: string, at: FieldPath): Errors =>
  value === '' ? [fieldErrors.required(at)] : invalidEach(isPathSegmentName(value), value, at);

const parametersErrors = (parameters: IngressClassParametersReference, at: FieldPath): Errors => [
  ...(parameters.apiGroup === undefined ? [] : dnsSubdomain(parameters.apiGroup, at.field('apiGroup'))),
  ...segmentErrors(parameters.kind, at.field('kind')),
  ...segmentErrors(parameters.name, at.field('name')),
  ...scopeErrors(parameters, at),
];

export function ingressClassErrors({ spec: { controller = '', parameters } }: IngressClass, at: FieldPath): Errors {
  const here = at.field('spec');
  return [
    ...(byteLength(controller) > maxControllerBytes ? [fieldErrors.tooLong(here.field('controller'), maxControllerBytes)] : []),
    ...domainPrefixedPathErrors(controller, here.field('controller')),
    ...(parameters === undefined ? [] : parametersErrors(parameters, here.field('parameters'))),
  ];
}

/** The change is checked before the whole object. */
export const ingressClassUpdateErrors = (next: IngressClass, previous: IngressClass, at: FieldPath): Errors => [
  ...immutable(next.spec.controller ?? '', previous.spec.controller ?? '', at.field('spec', 'controller')),
  ...ingressClassErrors(next, at),
];
