/** Namespaces, Nodes, Leases and Events. Source: pkg/apis/core/validation/{validation,events}.go, pkg/apis/coordination/validation. */
import { deepEqual } from '../deep-equal.ts';
import { type FieldError, type FieldPath, fieldErrors } from '../field-error.ts';
import type { Lease } from '../generated/coordination/v1.ts';
import type { Event, Namespace, Node } from '../generated/core/v1.ts';
import { legacyCidrErrors } from '../ip.ts';
import { isDns1123Subdomain, isQualifiedName } from '../names.ts';
import { byteLength, type Errors, invalidEach, qualifiedName } from './common.ts';
import { kubeFinalizerErrors } from './object-meta.ts';
import { resourceAmountErrors } from './resources.ts';
import { taintErrors } from './scheduling.ts';

export const namespaceErrors = ({ spec }: Namespace, at: FieldPath): Errors =>
  (spec.finalizers ?? []).flatMap((finalizer) => [
    ...qualifiedName(finalizer, at.field('spec', 'finalizers')),
    ...kubeFinalizerErrors(finalizer, at.field('spec', 'finalizers')),
  ]);

/** A namespace is Terminating exactly while it is being deleted. */
export function namespaceStatusErrors({ metadata, status }: Namespace, _previous: Namespace, at: FieldPath): Errors {
  const here = at.field('status', 'Phase');
  if (metadata.deletionTimestamp === undefined) {
    return status.phase === 'Active'
      ? []
      : [fieldErrors.invalid(here, status.phase, "may only be 'Active' if `deletionTimestamp` is empty")];
  }
  return status.phase === 'Terminating'
    ? []
    : [fieldErrors.invalid(here, status.phase, "may only be 'Terminating' if `deletionTimestamp` is not empty")];
}

const amountsErrors = (list: Readonly<Record<string, string>> | undefined, at: FieldPath): Errors =>
  Object.entries(list ?? {}).flatMap(([name, amount]) => resourceAmountErrors(name, amount, at.field(name)));

function podCidrErrors(cidrs: readonly string[], at: FieldPath): Errors {
  const errors: FieldError[] = cidrs.flatMap((cidr, i) => legacyCidrErrors(cidr, at.index(i)));
  if (cidrs.length < 2) return errors;
  if (cidrs.length > 2 || new Set(cidrs.map((cidr) => cidr.includes(':'))).size < 2) {
    errors.push(fieldErrors.invalid(at, cidrs, 'may specify no more than one CIDR for each IP family'));
  }
  return [...errors, ...cidrs.flatMap((cidr, i) => (cidrs.indexOf(cidr) < i ? [fieldErrors.duplicate(at.index(i), cidr)] : []))];
}

export const nodeErrors = ({ spec, status }: Node, at: FieldPath): Errors => [
  // Upstream reports taints under metadata.
  ...taintErrors(spec.taints ?? [], at.field('metadata', 'taints')),
  ...amountsErrors(status.capacity, at.field('status', 'capacity')),
  ...amountsErrors(status.allocatable, at.field('status', 'allocatable')),
  ...podCidrErrors(spec.podCIDRs ?? [], at.field('spec', 'podCIDRs')),
];

export function nodeUpdateErrors(next: Node, previous: Node, at: FieldPath): Errors {
  const here = at.field('spec');
  const cidrs = previous.spec.podCIDRs ?? [];
  const errors: FieldError[] = [...nodeStatusErrors(next, previous, at)];
  if (cidrs.length > 0 && !deepEqual(next.spec.podCIDRs, cidrs)) {
    errors.push(fieldErrors.forbidden(here.field('podCIDRs'), 'node updates may not change podCIDR except from "" to valid'));
  }
  if ((previous.spec.providerID ?? '') !== '' && previous.spec.providerID !== next.spec.providerID) {
    errors.push(fieldErrors.forbidden(here.field('providerID'), 'node updates may not change providerID except from "" to valid'));
  }
  if ((previous.spec.externalID ?? '') !== (next.spec.externalID ?? '')) {
    errors.push(fieldErrors.forbidden(here.field('externalID'), 'may not be updated'));
  }
  return errors;
}

/** The status of a node: amounts, and no address twice. */
export function nodeStatusErrors({ status }: Node, _previous: Node, at: FieldPath): Errors {
  const { addresses = [] } = status;
  return [
    ...amountsErrors(status.capacity, at.field('status', 'capacity')),
    ...amountsErrors(status.allocatable, at.field('status', 'allocatable')),
    ...addresses.flatMap((address, i) =>
      addresses.slice(0, i).some((earlier) => deepEqual(earlier, address))
        ? [fieldErrors.duplicate(at.field('status', 'addresses').index(i), address)]
        : [],
    ),
  ];
}

export function leaseErrors({ spec }: Lease, at: FieldPath): Errors {
  const here = at.field('spec');
  const { leaseDurationSeconds: duration, leaseTransitions: transitions, strategy = '', preferredHolder = '' } = spec;
  const errors: FieldError[] = [];
  if (duration !== undefined && duration <= 0) {
    errors.push(fieldErrors.invalid(here.field('leaseDurationSeconds'), duration, 'must be greater than 0'));
  }
  if (transitions !== undefined && transitions < 0) {
    errors.push(fieldErrors.invalid(here.field('leaseTransitions'), transitions, 'must be greater than or equal to 0'));
  }
  const path = here.field('strategy', 'strategy');
  if (spec.strategy !== undefined) {
    if (strategy.includes('/')) errors.push(...invalidEach(isQualifiedName(strategy), strategy, path));
    else if (strategy !== 'OldestEmulationVersion') errors.push(fieldErrors.notSupported(path, strategy, ['OldestEmulationVersion']));
  }
  if (preferredHolder !== '' && strategy === '') {
    errors.push(fieldErrors.forbidden(here.field('preferredHolder'), 'may only be specified if `strategy` is defined'));
  }
  return errors;
}

const maxFieldBytes = 128;
const maxNoteBytes = 1024;

function limited(value: string, max: number, required: boolean, at: FieldPath): Errors {
  if (value === '') return required ? [fieldErrors.required(at)] : [];
  return byteLength(value) > max ? [fieldErrors.invalid(at, '', `can have at most ${max} characters`)] : [];
}

/** What an event recorded the new way must say. */
function newStyleErrors(event: Event, at: FieldPath): Errors {
  const { reportingComponent: controller } = event;
  const here = at.field('reportingController');
  return [
    ...(controller === '' ? [fieldErrors.required(here)] : []),
    ...invalidEach(isQualifiedName(controller), controller, here),
    ...limited(event.reportingInstance, maxFieldBytes, true, at.field('reportingInstance')),
    ...limited(event.action ?? '', maxFieldBytes, true, at.field('action')),
    ...limited(event.reason ?? '', maxFieldBytes, true, at.field('reason')),
    ...limited(event.message ?? '', maxNoteBytes, false, at.field('message')),
  ];
}

/** All that is wrong with an event, as for core/v1. */
export function eventErrors(event: Event, at: FieldPath): Errors {
  const namespace = event.metadata.namespace ?? '';
  const { namespace: involved = '' } = event.involvedObject;
  const isNew = event.eventTime !== undefined && event.eventTime !== null;
  const clusterScoped = namespace === '' || namespace === 'default' || (isNew && namespace === 'kube-system');
  const matches = involved === '' ? clusterScoped : isNew || namespace === involved;
  return [
    ...(matches ? [] : [fieldErrors.invalid(at.field('involvedObject', 'namespace'), involved, 'does not match event.namespace')]),
    ...(isNew ? newStyleErrors(event, at) : []),
    ...invalidEach(isDns1123Subdomain(namespace), namespace, at.field('namespace')),
  ];
}
