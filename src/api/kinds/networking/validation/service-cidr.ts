/** What is wrong with a ServiceCIDR. Source: pkg/apis/networking/validation/validation.go. */
import { type FieldPath, fieldErrors } from '../../../field-error.ts';
import type { ServiceCIDR } from '../../../generated/networking/v1.ts';
import { cidrErrors } from '../../../ip.ts';
import { asSent } from '../../../sent-empty.ts';
import type { Errors } from '../../../validation/common.ts';

const tooManyPerFamily = 'may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64';

export function newServiceCidrErrors({ spec: { cidrs = [] } }: ServiceCIDR, at: FieldPath): Errors {
  const here = at.field('spec', 'cidrs');
  if (cidrs.length === 0) return [fieldErrors.required(here, 'at least one CIDR required')];
  if (cidrs.length > 2) return [fieldErrors.invalid(here, { CIDRs: cidrs }, 'may only hold up to 2 values')];
  const [first = '', second] = cidrs;
  const bad = cidrs.flatMap((cidr, i) => cidrErrors(cidr, here.index(i)));
  if (bad.length > 0 || second === undefined || first.includes(':') !== second.includes(':')) return bad;
  return [fieldErrors.invalid(here, cidrs, tooManyPerFamily)];
}

/** A range stays; one of the other family may be added. */
export function serviceCidrUpdateErrors(next: ServiceCIDR, previous: ServiceCIDR, at: FieldPath): Errors {
  const here = at.field('spec', 'cidrs');
  const [now, before] = [next.spec.cidrs ?? [], previous.spec.cidrs ?? []];
  const changed = before.flatMap((cidr, i) =>
    cidr === now[i] ? [] : [fieldErrors.invalid(here.index(i), now[i] ?? '', 'field is immutable')],
  );
  if (now.length === before.length) return changed;
  if (before.length === 1 && now.length === 2) return [...changed, ...newServiceCidrErrors(next, at)];
  return [fieldErrors.invalid(here, asSent(next.spec, 'cidrs'), 'field is immutable')];
}
