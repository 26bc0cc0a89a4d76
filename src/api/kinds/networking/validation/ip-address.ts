/** What is wrong with an IPAddress. Source: pkg/apis/networking/validation/validation.go. */
import { deepEqual } from '../../../deep-equal.ts';
import { type FieldPath, fieldErrors } from '../../../field-error.ts';
import type { IPAddress, ParentReference } from '../../../generated/networking/v1.ts';
import { isPathSegmentName } from '../../../names.ts';
import { dnsSubdomain, type Errors, invalidEach } from '../../../validation/common.ts';

/** The decoder writes null for a parent that a client left out. */
const parentOf = ({ spec }: IPAddress): ParentReference | undefined => spec.parentRef ?? undefined;

/** Members that a client left out are absent. */
const segmentErrors = (value: string | undefined, at: FieldPath): Errors =>
  value === undefined || value === '' ? [fieldErrors.required(at)] : invalidEach(isPathSegmentName(value), value, at);

export function ipAddressErrors(object: IPAddress, at: FieldPath): Errors {
  const here = at.field('spec', 'parentRef');
  const parent = parentOf(object);
  if (parent === undefined) return [fieldErrors.required(here)];
  const { group = '', resource, name, namespace = '' } = parent;
  return [
    ...(group === '' ? [] : dnsSubdomain(group, here.field('group'))),
    ...segmentErrors(resource, here.field('resource')),
    ...segmentErrors(name, here.field('name')),
    ...(namespace === '' ? [] : segmentErrors(namespace, here.field('namespace'))),
  ];
}

/** A parent as upstream shows it: with the names of its own type. */
const shown = (parent: ParentReference | undefined): unknown =>
  parent === undefined
    ? null
    : { Group: parent.group ?? '', Resource: parent.resource ?? '', Namespace: parent.namespace ?? '', Name: parent.name ?? '' };

export const ipAddressUpdateErrors = (next: IPAddress, previous: IPAddress, at: FieldPath): Errors =>
  deepEqual(parentOf(next), parentOf(previous))
    ? []
    : [fieldErrors.invalid(at.field('spec', 'parentRef'), shown(parentOf(next)), 'field is immutable')];
