/** API services. Source: kube-aggregator pkg/apis/apiregistration/validation/validation.go. */
import { type FieldError, type FieldPath, fieldErrors } from '../../../field-error.ts';
import type { APIService } from '../../../generated/apiregistration/v1.ts';
import { isDns1035Label, isPathSegmentName, isPortNumber } from '../../../names.ts';
import { dnsSubdomain, type Errors, errorsOfEach, invalidEach, oneOf, requiredText } from '../../../validation/common.ts';

/** What is wrong with a name that may be any segment of a path: it follows from what is served. */
export function apiServiceNameProblems({ spec: { group = '', version = '' } }: APIService, name: string): readonly string[] {
  const wanted = `${version}.${group}`;
  if (name === wanted || isPathSegmentName(name).length > 0) return [];
  return [`must be \`spec.version+"."+spec.group\`: ${JSON.stringify(wanted)}`];
}

/** What is wrong with a change: the name follows from what is served. */
export const apiServiceUpdateErrors = (next: APIService, _previous: APIService, at: FieldPath): Errors =>
  invalidEach(apiServiceNameProblems(next, next.metadata.name), next.metadata.name, at.field('metadata', 'name'));

/** What is wrong with an API service. */
export function apiServiceErrors({ spec }: APIService, root: FieldPath): Errors {
  const at = root.field('spec');
  const { group = '', version = '', groupPriorityMinimum, versionPriority } = spec;
  const errors: FieldError[] = [];
  if (group === '' && version !== 'v1') {
    errors.push(fieldErrors.required(at.field('group'), 'only v1 may have an empty group and it better be legacy kube'));
  }
  if (group !== '') errors.push(...dnsSubdomain(group, at.field('group')));
  errors.push(...invalidEach(isDns1035Label(version), version, at.field('version')));
  if (groupPriorityMinimum <= 0 || groupPriorityMinimum > 20_000) {
    errors.push(fieldErrors.invalid(at.field('groupPriorityMinimum'), groupPriorityMinimum, 'must be positive and less than 20000'));
  }
  if (versionPriority <= 0 || versionPriority > 1000) {
    errors.push(fieldErrors.invalid(at.field('versionPriority'), versionPriority, 'must be positive and less than 1000'));
  }
  return [...errors, ...(spec.service === undefined ? localErrors(spec, at) : serviceErrors(spec, spec.service, at))];
}

function localErrors({ caBundle = '', insecureSkipTLSVerify = false }: APIService['spec'], at: FieldPath): Errors {
  const bytes = Buffer.from(caBundle, 'base64').length;
  return [
    ...(bytes === 0 ? [] : [fieldErrors.invalid(at.field('caBundle'), `${bytes} bytes`, 'local APIServices may not have a caBundle')]),
    ...(insecureSkipTLSVerify
      ? [fieldErrors.invalid(at.field('insecureSkipTLSVerify'), true, 'local APIServices may not have insecureSkipTLSVerify')]
      : []),
  ];
}

function serviceErrors(
  { caBundle = '', insecureSkipTLSVerify = false }: APIService['spec'],
  { namespace, name, port = 0 }: NonNullable<APIService['spec']['service']>,
  parent: FieldPath,
): Errors {
  const at = parent.field('service');
  const complaints = isPortNumber(port);
  return [
    ...requiredText(namespace, at.field('namespace')),
    ...requiredText(name, at.field('name')),
    ...(complaints.length === 0 ? [] : [fieldErrors.invalid(at.field('port'), port, `port is not valid: ${complaints.join(', ')}`)]),
    ...(insecureSkipTLSVerify && caBundle !== ''
      ? [fieldErrors.invalid(parent.field('insecureSkipTLSVerify'), true, 'may not be true if caBundle is present')]
      : []),
  ];
}

/** What is wrong with a changed status. */
export const apiServiceStatusErrors = ({ status }: APIService, _previous: APIService, at: FieldPath): Errors =>
  errorsOfEach(status.conditions ?? [], (condition, i) =>
    oneOf(condition.status, ['True', 'False', 'Unknown'], at.field('status', 'conditions').index(i).field('status')),
  );
