/** What is wrong with a CSIStorageCapacity. Source: pkg/apis/storage/validation/validation.go. */
import { type FieldPath, fieldErrors } from '../../../field-error.ts';
import type { CSIStorageCapacity } from '../../../generated/storage/v1.ts';
import { parseQuantity } from '../../../quantity.ts';
import { dnsSubdomain, type Errors, immutable, labelSelectorErrors } from '../../../validation/common.ts';

const amountErrors = (amount: string | undefined, at: FieldPath): Errors =>
  amount !== undefined && parseQuantity(amount).nanos < 0n ? [fieldErrors.invalid(at, amount, 'must be greater than or equal to 0')] : [];

export const newCapacityErrors = ({ nodeTopology, storageClassName, capacity }: CSIStorageCapacity, at: FieldPath): Errors => [
  ...labelSelectorErrors(nodeTopology, at.field('nodeTopology')),
  ...dnsSubdomain(storageClassName, at.field('storageClassName')),
  ...amountErrors(capacity, at.field('capacity')),
];

/** What upstream asks of a capacity again when it changes; its selector may stay as bad as it was. */
export function capacityUpdateErrors(next: CSIStorageCapacity, previous: CSIStorageCapacity, at: FieldPath): Errors {
  const excused = labelSelectorErrors(previous.nodeTopology, at).length > 0;
  return [
    ...labelSelectorErrors(next.nodeTopology, at.field('nodeTopology'), excused),
    ...dnsSubdomain(next.storageClassName, at.field('storageClassName')),
    ...amountErrors(next.capacity, at.field('capacity')),
    ...immutable(next.nodeTopology, previous.nodeTopology, at.field('nodeTopology')),
    ...immutable(next.storageClassName, previous.storageClassName, at.field('storageClassName')),
  ];
}
