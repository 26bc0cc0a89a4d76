/**
 * Updates a set of EndpointSlices to hold the wanted endpoints, with as few writes as possible: endpoints stay in their
 * slice, and new ones are added to the fullest slices with room. Source: k8s.io/endpointslice/reconciler.go
 */
import type { Endpoint, EndpointPort, EndpointSlice } from '../../api/generated/discovery/v1.ts';
import { endpointSlice } from '../../api/kinds/discovery/endpoint-slice.ts';
import { type KubeObject, refOf } from '../../api/object.ts';
import { sameJson } from '../../api/same-json.ts';
import { isNotFound } from '../../api/status-error.ts';
import { type CacheIndex, type ControllerContext, indexing } from '../controller.ts';
import { newControllerRef } from '../owner-refs.ts';
import { portsKey } from './service-pods.ts';
import type { SliceContents } from './topology-hints.ts';

export const serviceNameLabel = 'kubernetes.io/service-name';
export const managedByLabel = 'endpointslice.kubernetes.io/managed-by';
const byServiceIndex = 'service';

export const slicesByService: CacheIndex = indexing(endpointSlice, byServiceIndex, ({ metadata }) => [
  `${metadata.namespace}/${metadata.labels?.[serviceNameLabel] ?? ''}`,
]);

/** The slices of a Service that one manager made. */
export function slicesOf(context: ControllerContext, namespace: string, serviceName: string, manager: string): readonly EndpointSlice[] {
  const all = context.cache(endpointSlice).byIndex(byServiceIndex, `${namespace}/${serviceName}`);
  return all.filter(({ metadata }) => metadata.labels?.[managedByLabel] === manager && metadata.deletionTimestamp === undefined);
}

/** Endpoints that have the same ports. */
export interface PortGroup {
  readonly addressType: 'IPv4' | 'IPv6' | 'FQDN';
  readonly ports: readonly EndpointPort[];
  readonly endpoints: readonly Endpoint[];
}

export interface SlicePlan {
  readonly owner: KubeObject;
  readonly ownerKind: { readonly apiVersion: string; readonly kind: string };
  readonly labels: Readonly<Record<string, string>>;
  /** Undefined: one that is not there any more. */
  readonly annotations: Readonly<Record<string, string | undefined>>;
  readonly present: readonly EndpointSlice[];
  readonly groups: readonly PortGroup[];
  /** Endpoints per slice. */
  readonly capacity: number;
  /**
   * Slices have these annotations alone, whose changes are changes of the slices. Upstream writes such a slice anew, so
   * that its prefix is forgotten.
   */
  readonly mirrors?: boolean;
  /** Says for whom the endpoints of one family are meant; default: for all. */
  hinted?(addressType: PortGroup['addressType'], slices: readonly SliceContents[]): readonly SliceContents[];
}

/** How many endpoints were put into slices, and taken out. */
export interface SliceChange {
  readonly added: number;
  readonly removed: number;
}

/** Writes the slices that differ. Slices that nothing needs any more become those that have to be made. */
export async function writeSlices(plan: SlicePlan, { api }: ControllerContext): Promise<SliceChange> {
  const groups = new Map(plan.groups.map((group) => [groupKey(group), group]));
  const stale = plan.present.filter((slice) => !groups.has(groupKey(slice)));
  const wanted: WantedSlice[] = [];
  const change = { added: 0, removed: stale.reduce((sum, { endpoints }) => sum + (endpoints?.length ?? 0), 0) };
  for (const [key, group] of groups) {
    const mine = plan.present.filter((slice) => groupKey(slice) === key);
    const { contents, added, kept } = distribute(mine, group, plan.capacity);
    change.added += group.endpoints.length - kept;
    change.removed += mine.reduce((sum, { endpoints }) => sum + (endpoints?.length ?? 0), 0) - kept;
    for (const [slice, endpoints] of contents) {
      if (endpoints.length === 0 && contents.size + added.length > 1 && group.endpoints.length > 0) stale.push(slice);
      else wanted.push({ group, present: slice, endpoints });
    }
    wanted.push(...added.map((endpoints) => ({ group, present: undefined, endpoints })));
  }
  const made: ReturnType<typeof newSlice>[] = [];
  for (const { group, present, endpoints } of hinted(wanted, plan)) {
    if (present === undefined) made.push(newSlice(plan, group, endpoints));
    else if (!upToDate(present, endpoints, plan)) await api(endpointSlice).update({ ...present, ...bodyOf(present, plan), endpoints });
  }
  for (const slice of made) {
    const free = stale.findIndex((one) => one.addressType === slice.addressType && isOwnedBy(one, plan.owner));
    const [used] = free < 0 ? [] : stale.splice(free, 1);
    if (used === undefined) await api(endpointSlice).create(slice);
    else {
      const { name, resourceVersion, uid } = used.metadata;
      await api(endpointSlice).update({ ...slice, metadata: { ...slice.metadata, name, resourceVersion, uid } });
    }
  }
  for (const slice of stale) {
    await api(endpointSlice)
      .delete(refOf(slice))
      .catch((error: unknown) => {
        if (!isNotFound(error)) throw error;
      });
  }
  return change;
}

interface WantedSlice extends SliceContents {
  readonly group: PortGroup;
}

/** The slices with hints, family by family. */
function hinted(wanted: readonly WantedSlice[], plan: SlicePlan): readonly WantedSlice[] {
  if (plan.hinted === undefined) return wanted;
  return [...Map.groupBy(wanted, ({ group }) => group.addressType)].flatMap(([addressType, slices]) => {
    const contents = plan.hinted?.(addressType, slices) ?? slices;
    return slices.map((slice, i) => ({ ...slice, endpoints: contents[i]?.endpoints ?? slice.endpoints }));
  });
}

/** Those of a former object of the same name are about to be collected. */
const isOwnedBy = ({ metadata }: EndpointSlice, owner: KubeObject): boolean =>
  metadata.ownerReferences?.some(({ uid }) => uid === owner.metadata.uid) === true;

const groupKey = ({ addressType, ports }: { readonly addressType: string; readonly ports: readonly EndpointPort[] | null }): string =>
  `${addressType} ${(ports ?? [])
    .map((port) => portsKey([port]))
    .sort()
    .join(' ')}`;

/** The identity of an endpoint, which stays the same when its other fields change. */
const identity = ({ addresses, targetRef }: Endpoint): string => `${targetRef?.uid ?? ''} ${addresses.join(',')}`;

function distribute(slices: readonly EndpointSlice[], group: PortGroup, capacity: number) {
  const wanted = new Map(group.endpoints.map((endpoint) => [identity(endpoint), endpoint]));
  const contents = new Map<EndpointSlice, Endpoint[]>();
  for (const slice of slices) {
    const kept: Endpoint[] = [];
    for (const known of slice.endpoints ?? []) {
      const endpoint = wanted.get(identity(known));
      if (endpoint === undefined) continue;
      wanted.delete(identity(known));
      kept.push(sameJson(endpoint, known) ? known : endpoint);
    }
    contents.set(slice, kept);
  }
  const rest = [...wanted.values()];
  const kept = group.endpoints.length - rest.length;
  for (const endpoints of [...contents.values()].sort((a, b) => b.length - a.length))
    endpoints.push(...rest.splice(0, Math.max(0, capacity - endpoints.length)));
  const added: Endpoint[][] = [];
  while (rest.length > 0 || (contents.size === 0 && added.length === 0)) added.push(rest.splice(0, capacity));
  return { contents, added, kept };
}

function upToDate(slice: EndpointSlice, endpoints: readonly Endpoint[], plan: SlicePlan): boolean {
  const { labels = {}, annotations = {} } = slice.metadata;
  if (plan.mirrors === true && !sameJson(annotations, annotationsOf({}, plan.annotations))) return false;
  return sameJson(slice.endpoints ?? [], endpoints) && sameJson(labels, plan.labels);
}

function bodyOf(slice: EndpointSlice, { labels, annotations, mirrors }: SlicePlan) {
  if (mirrors === true) {
    const { generateName: _, ...metadata } = slice.metadata;
    return { metadata: { ...metadata, labels, annotations: annotationsOf({}, annotations) } };
  }
  return { metadata: { ...slice.metadata, labels, annotations: annotationsOf(slice.metadata.annotations ?? {}, annotations) } };
}

/** The annotations that an object has from now on. */
function annotationsOf(before: Readonly<Record<string, string>>, wanted: SlicePlan['annotations']): Readonly<Record<string, string>> {
  const entries = Object.entries({ ...before, ...wanted });
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => entry[1] !== undefined));
}

function newSlice(plan: SlicePlan, { addressType, ports }: PortGroup, endpoints: readonly Endpoint[]) {
  const { name, namespace } = plan.owner.metadata;
  return {
    apiVersion: endpointSlice.apiVersion,
    kind: endpointSlice.kind,
    metadata: {
      generateName: `${name}-`,
      namespace,
      labels: plan.labels,
      annotations: annotationsOf({}, plan.annotations),
      ownerReferences: [newControllerRef(plan.owner, plan.ownerKind)],
    },
    addressType,
    endpoints,
    ports,
  };
}

/** Removes all slices of a Service that one manager made. */
export async function removeSlices(slices: readonly EndpointSlice[], { api }: ControllerContext): Promise<void> {
  for (const slice of slices) {
    await api(endpointSlice)
      .delete(refOf(slice))
      .catch((error: unknown) => {
        if (!isNotFound(error)) throw error;
      });
  }
}
