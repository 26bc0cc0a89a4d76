/** What a claim may ask for. Source: pkg/apis/resource/validation/validation.go (validateDeviceClaim). */
import { deepEqual } from '../../../deep-equal.ts';
import { type FieldError, type FieldPath, fieldErrors } from '../../../field-error.ts';
import type {
  DeviceClaim,
  DeviceClaimConfiguration,
  DeviceConstraint,
  DeviceRequest,
  DeviceSubRequest,
  ExactDeviceRequest,
} from '../../../generated/resource/v1.ts';
import { dnsLabel, dnsSubdomain, type Errors } from '../../../validation/common.ts';
import { configurationErrors, fullyQualifiedIdErrors, listErrors, selectorsErrors, setErrors, tolerationErrors } from './common.ts';

export const maxRequests = 32;
const maxConstraints = 32;
export const maxConfigurations = 32;
const maxAlternatives = 8;
const oneOfTwo = 'exactly one of `exactly` or `firstAvailable` is required';

/** The names of a claim's requests with those of their alternatives. */
export type RequestNames = ReadonlyMap<string, ReadonlySet<string>>;

export const requestNamesOf = ({ requests }: DeviceClaim): RequestNames =>
  new Map((requests ?? []).map(({ name, firstAvailable = [] }) => [name, new Set(firstAvailable.map((sub) => sub.name))]));

/** The name of a request, or of one of its alternatives after a slash. */
export function requestRefErrors(name: string, known: RequestNames, at: FieldPath): Errors {
  const unknown = fieldErrors.invalid(
    at,
    name,
    "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'",
  );
  const [request = '', sub, ...more] = name.split('/');
  if (more.length > 0) return [unknown];
  const subs = known.get(request);
  const found = subs !== undefined && (sub === undefined || subs.has(sub));
  return [...dnsLabel(request, at), ...(sub === undefined ? [] : dnsLabel(sub, at)), ...(found ? [] : [unknown])];
}

/** References to requests, each once. */
export const requestRefsErrors = (names: readonly string[] | undefined, known: RequestNames, at: FieldPath): Errors =>
  setErrors(names, maxRequests, { errorsOf: (name, here) => requestRefErrors(name, known, here), keyOf: (name) => name }, at);

function modeErrors(mode: string, count: number, at: FieldPath): Errors {
  const here = at.field('count');
  if (mode === 'All') {
    return count === 0 ? [] : [fieldErrors.invalid(here, count, "must not be specified when allocationMode is 'All'")];
  }
  if (mode === 'ExactCount') return count > 0 ? [] : [fieldErrors.invalid(here, count, 'must be greater than zero')];
  return [fieldErrors.notSupported(at.field('allocationMode'), mode, ['All', 'ExactCount'])];
}

function wantedErrors(wanted: ExactDeviceRequest | DeviceSubRequest, at: FieldPath): Errors {
  const { deviceClassName: name, selectors, allocationMode = '', count = 0, tolerations = [] } = wanted;
  return [
    ...(name === '' ? [fieldErrors.required(at.field('deviceClassName'))] : dnsSubdomain(name, at.field('deviceClassName'))),
    ...selectorsErrors(selectors, at.field('selectors')),
    ...modeErrors(allocationMode, count, at),
    ...tolerations.flatMap((toleration, i) => tolerationErrors(toleration, at.field('tolerations').index(i))),
  ];
}

function requestErrors({ name, exactly, firstAvailable = [] }: DeviceRequest, at: FieldPath): Errors {
  const errors: FieldError[] = [...dnsLabel(name, at.field('name'))];
  if (exactly === undefined && firstAvailable.length === 0) return [...errors, fieldErrors.required(at, oneOfTwo)];
  if (exactly !== undefined && firstAvailable.length > 0) {
    return [...errors, fieldErrors.invalid(at, null, `${oneOfTwo}, but multiple fields are set`)];
  }
  if (exactly !== undefined) return [...errors, ...wantedErrors(exactly, at.field('exactly'))];
  const errorsOf = (sub: DeviceSubRequest, here: FieldPath): Errors => [
    ...dnsLabel(sub.name, here.field('name')),
    ...wantedErrors(sub, here),
  ];
  return [...errors, ...setErrors(firstAvailable, maxAlternatives, { errorsOf, keyOf: (sub) => sub.name }, at.field('firstAvailable'))];
}

function constraintErrors({ requests, matchAttribute, distinctAttribute }: DeviceConstraint, known: RequestNames, at: FieldPath): Errors {
  const errors = requestRefsErrors(requests, known, at.field('requests'));
  if (matchAttribute !== undefined) return [...errors, ...fullyQualifiedIdErrors(matchAttribute, at.field('matchAttribute'))];
  if (distinctAttribute !== undefined) return [...errors, ...fullyQualifiedIdErrors(distinctAttribute, at.field('distinctAttribute'))];
  const rule = 'exactly one of "matchAttribute" or "distinctAttribute" is required, but multiple fields are set';
  return [...errors, fieldErrors.required(at, rule)];
}

export function deviceClaimErrors(claim: DeviceClaim, at: FieldPath): Errors {
  const known = requestNamesOf(claim);
  const configErrors = (config: DeviceClaimConfiguration, here: FieldPath): Errors => [
    ...requestRefsErrors(config.requests, known, here.field('requests')),
    ...configurationErrors(config, here),
  ];
  return [
    ...setErrors(claim.requests, maxRequests, { errorsOf: requestErrors, keyOf: ({ name }) => name }, at.field('requests')),
    ...listErrors(
      claim.constraints,
      maxConstraints,
      (constraint, here) => constraintErrors(constraint, known, here),
      at.field('constraints'),
    ),
    ...listErrors(claim.config, maxConfigurations, configErrors, at.field('config')),
  ];
}

/** What a claim says is never changed. `show` tells how upstream's message shows it. */
export const claimSpecChangeErrors = <T>(next: T, previous: T, show: (spec: T) => unknown, at: FieldPath): Errors =>
  deepEqual(next, previous) ? [] : [fieldErrors.invalid(at, show(next), 'field is immutable')];
