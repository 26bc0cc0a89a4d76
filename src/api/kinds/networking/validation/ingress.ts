/** What is wrong with an Ingress. Source: pkg/apis/networking/validation/validation.go. */
import { type FieldError, type FieldPath, fieldErrors } from '../../../field-error.ts';
import type { TypedLocalObjectReference } from '../../../generated/core/v1.ts';
import type {
  HTTPIngressPath,
  HTTPIngressRuleValue,
  Ingress,
  IngressBackend,
  IngressRule,
  IngressTLS,
} from '../../../generated/networking/v1.ts';
import { isIp, legacyIpErrors, strictIpErrors } from '../../../ip.ts';
import { isDns1123Subdomain, isPathSegmentName, isPortName, isPortNumber, isWildcardDns1123Subdomain } from '../../../names.ts';
import { asSent } from '../../../sent-empty.ts';
import { dnsLabel, dnsSubdomain, type Errors, errorsOfEach, invalidEach } from '../../../validation/common.ts';

export const ingressClassAnnotation = 'kubernetes.io/ingress.class';
const badSequences = ['//', '/./', '/../', '%2f', '%2F'];
const badSuffixes = ['/..', '/.'];

const segmentErrors = (value: string, at: FieldPath): Errors =>
  value === '' ? [fieldErrors.required(at)] : invalidEach(isPathSegmentName(value), value, at);

function resourceErrors({ apiGroup, kind, name }: TypedLocalObjectReference, at: FieldPath): Errors {
  // The decoder writes null for a group that a client left out.
  const group = apiGroup ?? undefined;
  return [
    ...(group === undefined ? [] : dnsSubdomain(group, at.field('apiGroup'))),
    ...segmentErrors(kind, at.field('kind')),
    ...segmentErrors(name, at.field('name')),
  ];
}

function backendErrors({ service, resource }: IngressBackend, at: FieldPath): Errors {
  if (resource !== undefined && service !== undefined)
    return [fieldErrors.invalid(at, '', 'cannot set both resource and service backends')];
  if (resource !== undefined) return resourceErrors(resource, at.field('resource'));
  if (service === undefined) return [fieldErrors.invalid(at, '', 'resource or service backend is required')];
  const here = at.field('service');
  const errors: FieldError[] =
    service.name === '' ? [fieldErrors.required(here.field('name'))] : [...dnsLabel(service.name, here.field('name'))];
  const { name = '', number = 0 } = service.port;
  if (name !== '' && number !== 0) errors.push(fieldErrors.invalid(at, '', 'cannot set both port name & port number'));
  else if (name !== '') errors.push(...invalidEach(isPortName(name), name, here.field('port', 'name')));
  else if (number !== 0) errors.push(...invalidEach(isPortNumber(number), number, here.field('port', 'number')));
  else errors.push(fieldErrors.required(at, 'port name or number is required'));
  return errors;
}

function pathTextErrors({ path = '', pathType }: HTTPIngressPath, at: FieldPath): Errors {
  const relative = path.startsWith('/') ? [] : [fieldErrors.invalid(at, path, 'must be an absolute path')];
  if (pathType === 'ImplementationSpecific') return path === '' ? [] : relative;
  return [
    ...relative,
    ...badSequences.flatMap((bad) => (path.includes(bad) ? [fieldErrors.invalid(at, path, `must not contain '${bad}'`)] : [])),
    ...badSuffixes.flatMap((bad) => (path.endsWith(bad) ? [fieldErrors.invalid(at, path, `cannot end with '${bad}'`)] : [])),
  ];
}

function pathErrors(rule: HTTPIngressPath, at: FieldPath): Errors {
  // The decoder writes null for a type that a client left out.
  const type = rule.pathType ?? undefined;
  if (type === undefined) return [fieldErrors.required(at.field('pathType'), 'pathType must be specified')];
  const types = ['Exact', 'ImplementationSpecific', 'Prefix'];
  return [
    ...(types.includes(type) ? pathTextErrors(rule, at.field('path')) : [fieldErrors.notSupported(at.field('pathType'), type, types)]),
    ...backendErrors(rule.backend, at.field('backend')),
  ];
}

const httpErrors = (http: HTTPIngressRuleValue | undefined, at: FieldPath): Errors =>
  http === undefined
    ? []
    : [
        ...((http.paths ?? []).length === 0 ? [fieldErrors.required(at.field('paths'))] : []),
        ...errorsOfEach(http.paths ?? [], (path, i) => pathErrors(path, at.field('paths').index(i))),
      ];

/** A host, which may begin with a wildcard. */
const hostErrors = (host: string, at: FieldPath): Errors =>
  host.includes('*') ? invalidEach(isWildcardDns1123Subdomain(host), host, at) : dnsSubdomain(host, at);

function ruleErrors({ host = '', http }: IngressRule, anyWildcardRule: boolean, at: FieldPath): Errors {
  const here = at.field('host');
  return [
    ...(isIp(host) ? [fieldErrors.invalid(here, host, 'must be a DNS name, not an IP address')] : []),
    ...(host === '' ? [] : hostErrors(host, here)),
    ...(anyWildcardRule && host.includes('*') ? [] : httpErrors(http, at.field('http'))),
  ];
}

function tlsErrors({ hosts = [], secretName = '' }: IngressTLS, anySecret: boolean, at: FieldPath): Errors {
  return [
    ...errorsOfEach(hosts, (host, i) => hostErrors(host, at.field('hosts').index(i))),
    ...(anySecret || secretName === '' ? [] : dnsSubdomain(secretName, at.field('secretName'))),
  ];
}

/** What an earlier state of an Ingress excuses. */
interface Excuses {
  readonly anySecret?: boolean;
  readonly anyWildcardRule?: boolean;
}

function ingressErrors({ spec }: Ingress, { anySecret = false, anyWildcardRule = false }: Excuses, at: FieldPath): Errors {
  const here = at.field('spec');
  const { rules = [], defaultBackend, tls = [], ingressClassName } = spec;
  return [
    ...(rules.length === 0 && defaultBackend === undefined
      ? [fieldErrors.invalid(here, asSent(spec, 'rules'), 'either `defaultBackend` or `rules` must be specified')]
      : []),
    ...(defaultBackend === undefined ? [] : backendErrors(defaultBackend, here.field('defaultBackend'))),
    ...errorsOfEach(rules, (rule, i) => ruleErrors(rule, anyWildcardRule, here.field('rules').index(i))),
    ...errorsOfEach(tls, (one, i) => tlsErrors(one, anySecret, here.field('tls').index(i))),
    ...(ingressClassName === undefined ? [] : dnsSubdomain(ingressClassName, here.field('ingressClassName'))),
  ];
}

export function ingressCreateErrors(object: Ingress, at: FieldPath): Errors {
  const old = object.metadata.annotations?.[ingressClassAnnotation];
  const { ingressClassName: name } = object.spec;
  const errors = ingressErrors(object, {}, at);
  if (old === undefined || name === undefined || old === name) return errors;
  const here = at.field('annotations', ingressClassAnnotation);
  return [...errors, fieldErrors.invalid(here, old, 'must match `ingressClassName` when both are specified')];
}

export function ingressUpdateErrors(next: Ingress, { spec }: Ingress, at: FieldPath): Errors {
  const anySecret = (spec.tls ?? []).some(({ secretName = '' }) => secretName !== '' && isDns1123Subdomain(secretName).length > 0);
  const anyWildcardRule = (spec.rules ?? []).some(({ host = '', http }) => host.includes('*') && httpErrors(http, at).length > 0);
  return ingressErrors(next, { anySecret, anyWildcardRule }, at);
}

export function ingressStatusErrors({ status }: Ingress, previous: Ingress, at: FieldPath): Errors {
  const known = new Set((previous.status.loadBalancer.ingress ?? []).map(({ ip }) => ip));
  return (status.loadBalancer.ingress ?? []).flatMap(({ ip = '', hostname = '' }, i) => {
    const here = at.field('status', 'loadBalancer', 'ingress').index(i);
    const errors: FieldError[] = [];
    if (ip !== '' && !known.has(ip)) errors.push(...legacyIpErrors(ip, here.field('ip')), ...strictIpErrors(ip, here.field('ip')));
    if (hostname === '') return errors;
    errors.push(...dnsSubdomain(hostname, here.field('hostname')));
    if (isIp(hostname)) errors.push(fieldErrors.invalid(here.field('hostname'), hostname, 'must be a DNS name, not an IP address'));
    return errors;
  });
}
