/** What is wrong with a Node. Source: pkg/apis/core/validation/validation.go (ValidateNode, ValidateNodeUpdate). */
import { deepEqual } from '../../../deep-equal.ts';
import { type FieldError, type FieldPath, fieldErrors } from '../../../field-error.ts';
import type { Node } from '../../../generated/core/v1.ts';
import { legacyCidrErrors, strictCidrErrors } from '../../../ip.ts';
import { resourceAmountErrors } from '../../../pod/validation/resources.ts';
import { taintErrors } from '../../../pod/validation/scheduling.ts';
import type { Errors } from '../../../validation/common.ts';

const amountsErrors = (list: Readonly<Record<string, string>> | undefined, at: FieldPath): Errors =>
  Object.entries(list ?? {}).flatMap(([name, amount]) => resourceAmountErrors(name, amount, at.field(name)));

function podCidrErrors(cidrs: readonly string[], at: FieldPath): Errors {
  const errors: FieldError[] = cidrs.flatMap((cidr, i) => legacyCidrErrors(cidr, at.index(i)));
  if (cidrs.length < 2) return errors;
  if (cidrs.length > 2 || new Set(cidrs.map((cidr) => cidr.includes(':'))).size < 2) {
    const bad = cidrs.findIndex((cidr) => legacyCidrErrors(cidr, at).length > 0);
    if (bad >= 0) {
      const cause = `invalid CIDR[${bad}]: <nil> (invalid CIDR address: ${cidrs[bad]})`;
      errors.push(fieldErrors.internal(at, `invalid PodCIDRs. failed to check with dual stack with error:${cause}`));
    }
    errors.push(fieldErrors.invalid(at, cidrs, 'may specify no more than one CIDR for each IP family'));
  }
  return errors;
}

export const nodeErrors = ({ spec, status }: Node, at: FieldPath): Errors => [
  // Upstream reports taints under metadata.
  ...taintErrors(spec.taints ?? [], at.field('metadata', 'taints')),
  ...amountsErrors(status.capacity, at.field('status', 'capacity')),
  ...amountsErrors(status.allocatable, at.field('status', 'allocatable')),
  ...podCidrErrors(spec.podCIDRs ?? [], at.field('spec', 'podCIDRs')),
];

/** Checks strictly the networks that the node did not have before. */
export const newPodCidrErrors = ({ spec }: Node, previous: Node | undefined, at: FieldPath): Errors =>
  (spec.podCIDRs ?? []).flatMap((cidr, i) =>
    previous?.spec.podCIDRs?.includes(cidr) === true ? [] : strictCidrErrors(cidr, at.field('spec', 'podCIDRs').index(i)),
  );

export function nodeUpdateErrors(next: Node, previous: Node, at: FieldPath): Errors {
  const here = at.field('spec');
  const cidrs = previous.spec.podCIDRs ?? [];
  const errors: FieldError[] = [...nodeStatusErrors(next, previous, at), ...newPodCidrErrors(next, previous, at)];
  if (cidrs.length > 0 && !deepEqual(next.spec.podCIDRs, cidrs)) {
    errors.push(fieldErrors.forbidden(here.field('podCIDRs'), 'node updates may not change podCIDR except from "" to valid'));
  }
  if ((previous.spec.providerID ?? '') !== '' && previous.spec.providerID !== next.spec.providerID) {
    errors.push(fieldErrors.forbidden(here.field('providerID'), 'node updates may not change providerID except from "" to valid'));
  }
  // Upstream looks at the taints of an update once more.
  errors.push(...taintErrors(next.spec.taints ?? [], at.field('metadata', 'taints')));
  if ((previous.spec.externalID ?? '') !== (next.spec.externalID ?? '')) {
    errors.push(fieldErrors.forbidden(here.field('externalID'), 'may not be updated'));
  }
  return errors;
}

/** All that is wrong with the status of a node: invalid amounts, or an address that is given twice. */
export function nodeStatusErrors({ status }: Node, _previous: Node, at: FieldPath): Errors {
  const { addresses = [] } = status;
  return [
    ...amountsErrors(status.capacity, at.field('status', 'capacity')),
    ...amountsErrors(status.allocatable, at.field('status', 'allocatable')),
    ...addresses.flatMap((address, i) =>
      addresses.slice(0, i).some((earlier) => deepEqual(earlier, address))
        ? [fieldErrors.duplicate(at.field('status', 'addresses').index(i), { Type: address.type, Address: address.address })]
        : [],
    ),
  ];
}
