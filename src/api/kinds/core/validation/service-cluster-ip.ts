/** The cluster addresses of a Service and their families. Source: pkg/apis/core/validation/validation.go. */
import { type FieldError, type FieldPath, fieldErrors } from '../../../field-error.ts';
import type { ServiceSpec } from '../../../generated/core/v1.ts';
import { isIp6, legacyIpErrors } from '../../../ip.ts';
import { type Errors, oneOf } from '../../../validation/common.ts';

/** A Service without an address of its own. */
export const isHeadless = ({ clusterIPs = [] }: ServiceSpec): boolean => clusterIPs.length === 1 && clusterIPs[0] === 'None';

function syncErrors({ clusterIP = '', clusterIPs = [] }: ServiceSpec, at: FieldPath): Errors {
  if (clusterIP === '') {
    return clusterIPs.length === 0 ? [] : [fieldErrors.invalid(at, clusterIPs, 'must be empty when `clusterIP` is not specified')];
  }
  if (clusterIPs.length === 0) return [fieldErrors.required(at)];
  return clusterIPs[0] === clusterIP ? [] : [fieldErrors.invalid(at, clusterIPs, 'first value must match `clusterIP`')];
}

function familiesErrors({ ipFamilies = [], ipFamilyPolicy }: ServiceSpec, at: FieldPath): Errors {
  const seen = new Set<string>();
  const errors: FieldError[] = ipFamilies.flatMap((family, i) => {
    const here = at.field('ipFamilies').index(i);
    const repeated = seen.has(family);
    seen.add(family);
    return [...oneOf(family, ['IPv4', 'IPv6'], here), ...(repeated ? [fieldErrors.duplicate(here, family)] : [])];
  });
  if (ipFamilyPolicy === undefined) return errors;
  return [...errors, ...oneOf(ipFamilyPolicy, ['PreferDualStack', 'RequireDualStack', 'SingleStack'], at.field('ipFamilyPolicy'))];
}

function addressErrors(clusterIPs: readonly string[], at: FieldPath): Errors {
  return clusterIPs.flatMap((ip, i) => {
    if (i === 0 && ip === 'None') {
      return clusterIPs.length > 1 ? [fieldErrors.invalid(at, clusterIPs, "'None' must be the first and only value")] : [];
    }
    return legacyIpErrors(ip, at.index(i));
  });
}

/** Checks addresses, families and policy as far as possible before the registry allocates addresses. */
export function clusterIpErrors(spec: ServiceSpec, at: FieldPath): Errors {
  if (spec.type === 'ExternalName') return [];
  const here = at.field('clusterIPs');
  const { clusterIPs = [], ipFamilies = [] } = spec;
  const bad = addressErrors(clusterIPs, here);
  const errors: FieldError[] = [...syncErrors(spec, here), ...familiesErrors(spec, at), ...bad];
  if (clusterIPs.length > 2) errors.push(fieldErrors.invalid(here, clusterIPs, 'may only hold up to 2 values'));
  if (bad.length > 0) return errors;
  if (clusterIPs.length > 1 && new Set(clusterIPs.map(isIp6)).size < 2) {
    errors.push(fieldErrors.invalid(here, clusterIPs, 'may specify no more than one IP for each IP family'));
  }
  if (isHeadless(spec)) return errors;
  for (const [i, ip] of clusterIPs.entries()) {
    const family = ipFamilies[i];
    if ((family === 'IPv4' && isIp6(ip)) || (family === 'IPv6' && !isIp6(ip))) {
      errors.push(fieldErrors.invalid(here.index(i), ip, `expected an ${family} value as indicated by \`ipFamilies[${i}]\``));
    }
  }
  return errors;
}

interface Change {
  readonly field: 'clusterIPs' | 'ipFamilies';
  readonly noun: string;
}

/** The first value may not change. The second may be added, and removed when the policy says so. */
function listUpdateErrors(next: ServiceSpec, previous: ServiceSpec, { field, noun }: Change, at: FieldPath): Errors {
  const after: readonly string[] = next[field] ?? [];
  const before: readonly string[] = previous[field] ?? [];
  const path = at.field(field);
  const changed = (i: number): FieldError => fieldErrors.invalid(path.index(i), after, 'may not change once set');
  if (before.length === after.length) return before.flatMap((value, i) => (value === after[i] ? [] : [changed(i)]));
  const errors: FieldError[] = [];
  if (before.length > after.length && after.length === 0) {
    errors.push(fieldErrors.invalid(path.index(0), next[field] ?? null, `primary ${noun} can not be unset`));
  }
  if (before.length > 0 && after.length > 0 && before[0] !== after[0]) errors.push(changed(0));
  if (before.length > after.length && after.length === 1 && next.ipFamilyPolicy !== 'SingleStack') {
    errors.push(
      fieldErrors.invalid(
        at.field('ipFamilyPolicy'),
        next.ipFamilyPolicy,
        `must be set to 'SingleStack' when releasing the secondary ${noun}`,
      ),
    );
  }
  return errors;
}

/** What may not change about addresses and families. */
export function clusterIpUpdateErrors(next: ServiceSpec, previous: ServiceSpec, at: FieldPath): Errors {
  if (next.type === 'ExternalName' || previous.type === 'ExternalName') return [];
  const [now, before] = [isHeadless(next), isHeadless(previous)];
  if (now && before) return [];
  const addresses = listUpdateErrors(next, previous, { field: 'clusterIPs', noun: 'clusterIP' }, at);
  if (now !== before) return addresses;
  return [...addresses, ...listUpdateErrors(next, previous, { field: 'ipFamilies', noun: 'ipFamily' }, at)];
}
