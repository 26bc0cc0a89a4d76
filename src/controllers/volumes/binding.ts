/**
 * Which volume a claim gets: shared by the binder and the scheduler. Pure. Source: component-helpers
 * storage/volume/pv_helpers.go, helpers.go; pkg/controller/volume/persistentvolume/index.go.
 */
import type { Node, PersistentVolume, PersistentVolumeClaim } from '../../api/generated/core/v1.ts';
import type { StorageClass } from '../../api/generated/storage/v1.ts';
import { storageClassOf } from '../../api/kinds/core/storage-text.ts';
import type { KubeObject } from '../../api/object.ts';
import { withMeta } from '../../api/object-fields.ts';
import { compareQuantity, type Quantity, tryParseQuantity, zeroQuantity } from '../../api/quantity.ts';
import { fromLabelSelector } from '../../api/selector.ts';
import { termMatcher } from '../node-selector.ts';

/** On a claim: its binding was completed once. */
export const bindCompleted = 'pv.kubernetes.io/bind-completed';
/** On a claim or a volume: a controller chose the other side, not a user. */
export const boundByController = 'pv.kubernetes.io/bound-by-controller';
/** On a claim: the node that the scheduler chose for the Pod that waits for the volume. */
export const selectedNode = 'volume.kubernetes.io/selected-node';
/** On a volume: who made it. */
export const provisionedBy = 'pv.kubernetes.io/provisioned-by';
/** On a claim: who is to make its volume. The second is the older name. */
export const storageProvisioner = 'volume.kubernetes.io/storage-provisioner';
export const oldStorageProvisioner = 'volume.beta.kubernetes.io/storage-provisioner';
/** The provisioner of classes whose volumes are made by hand. */
export const noProvisioner = 'kubernetes.io/no-provisioner';

export const annotationOf = ({ metadata }: KubeObject, name: string): string | undefined => metadata.annotations?.[name];

/** The object with these annotations changed; undefined removes one. */
export function annotated<T extends KubeObject>(object: T, changes: Readonly<Record<string, string | undefined>>): T {
  const all = Object.entries({ ...object.metadata.annotations, ...changes }).filter(([, value]) => value !== undefined);
  return withMeta(object, { annotations: all.length === 0 ? undefined : Object.fromEntries(all) });
}

const quantityOf = (text: string | undefined): Quantity => tryParseQuantity(text) ?? zeroQuantity;

/** How much a claim asks for. */
export const requestOf = ({ spec }: PersistentVolumeClaim): Quantity => quantityOf(spec.resources.requests?.storage);

/** How much a volume holds. */
export const capacityOf = ({ spec }: PersistentVolume): Quantity => quantityOf(spec.capacity?.storage);

/** True when a volume is reserved for the claim, or bound to it. */
export function isBoundTo({ spec: { claimRef } }: PersistentVolume, { metadata }: PersistentVolumeClaim): boolean {
  if (claimRef === undefined || claimRef.name !== metadata.name || claimRef.namespace !== metadata.namespace) return false;
  return (claimRef.uid ?? '') === '' || claimRef.uid === metadata.uid;
}

/** True when volume and binder are done with the claim. */
export const isFullyBound = (claim: PersistentVolumeClaim): boolean =>
  (claim.spec.volumeName ?? '') !== '' && annotationOf(claim, bindCompleted) !== undefined;

/** Whether claims of the class wait until a Pod uses them. */
export const waitsForConsumer = (found: StorageClass | undefined): boolean => found?.volumeBindingMode === 'WaitForFirstConsumer';

/** Whether the claim names a class, be it ''. */
export const namesClass = (claim: PersistentVolumeClaim): boolean =>
  annotationOf(claim, 'volume.beta.kubernetes.io/storage-class') !== undefined || claim.spec.storageClassName !== undefined;

/** Whether the volume can be reached from a node. */
export function isReachableFrom({ spec }: PersistentVolume, node: Node): boolean {
  const required = spec.nodeAffinity?.required;
  return required === undefined || required.nodeSelectorTerms.some((term) => termMatcher(term)(node));
}

const modesFit = (volume: PersistentVolume, claim: PersistentVolumeClaim): boolean =>
  (claim.spec.accessModes ?? []).every((mode) => volume.spec.accessModes?.includes(mode) === true);

const sameAttributes = (volume: PersistentVolume, claim: PersistentVolumeClaim): boolean =>
  (volume.spec.volumeAttributesClassName ?? '') === (claim.spec.volumeAttributesClassName ?? '');

const fits = (volume: PersistentVolume, claim: PersistentVolumeClaim): boolean =>
  compareQuantity(capacityOf(volume), requestOf(claim)) >= 0 &&
  volume.spec.volumeMode === claim.spec.volumeMode &&
  sameAttributes(volume, claim) &&
  volume.metadata.deletionTimestamp === undefined;

/** Why a volume that the claim asks for by name is not suitable; undefined when it is. */
export function mismatch(volume: PersistentVolume, claim: PersistentVolumeClaim): string | undefined {
  if (volume.metadata.deletionTimestamp !== undefined) return `the volume is marked for deletion ${JSON.stringify(volume.metadata.name)}`;
  if (compareQuantity(capacityOf(volume), requestOf(claim)) < 0) return 'requested PV is too small';
  if (storageClassOf(volume) !== storageClassOf(claim)) return 'storageClassName does not match';
  if (!sameAttributes(volume, claim)) return 'volumeAttributesClassName does not match';
  if (volume.spec.volumeMode !== claim.spec.volumeMode) return 'incompatible volumeMode';
  return modesFit(volume, claim) ? undefined : 'incompatible accessMode';
}

export interface MatchOptions {
  /** Set by the scheduler: only volumes that this node reaches. */
  readonly node?: Node;
  /** Names of volumes that are taken already. */
  readonly taken?: ReadonlySet<string>;
  /** Only volumes that are reserved for the claim: any other is the scheduler's to choose. */
  readonly onlyReserved?: boolean;
}

/**
 * The volume that is reserved for the claim, else the smallest that suits it; undefined when there is none. Access
 * modes must be checked by the caller, except for the scheduler.
 */
function matchAmong(
  claim: PersistentVolumeClaim,
  volumes: readonly PersistentVolume[],
  { node, taken, onlyReserved }: MatchOptions,
): PersistentVolume | undefined {
  const { selector } = claim.spec;
  const compiled = selector === undefined ? undefined : fromLabelSelector(selector);
  const wantedClass = storageClassOf(claim);
  let smallest: PersistentVolume | undefined;
  for (const volume of volumes) {
    const reserved = isBoundTo(volume, claim);
    if (taken?.has(volume.metadata.name) === true || (volume.spec.claimRef !== undefined && !reserved) || !fits(volume, claim)) continue;
    const reachable = node === undefined || isReachableFrom(volume, node);
    // A reserved volume that the node does not reach makes the node unsuitable: no other volume will do.
    if (reserved) return reachable ? volume : undefined;
    if (onlyReserved === true || volume.status.phase !== 'Available' || !reachable) continue;
    if (compiled?.matches(volume.metadata.labels) === false || storageClassOf(volume) !== wantedClass) continue;
    if (node !== undefined && !modesFit(volume, claim)) continue;
    if (smallest === undefined || compareQuantity(capacityOf(smallest), capacityOf(volume)) > 0) smallest = volume;
  }
  return smallest;
}

/** The scheduler's choice for a node. */
export const matchOnNode = (
  claim: PersistentVolumeClaim,
  volumes: readonly PersistentVolume[],
  options: MatchOptions & { readonly node: Node },
): PersistentVolume | undefined => matchAmong(claim, volumes, options);

/** The binder's choice: of all volumes with the wanted access modes, first among those with the fewest modes. */
export function bestMatch(
  claim: PersistentVolumeClaim,
  volumes: readonly PersistentVolume[],
  options: Pick<MatchOptions, 'onlyReserved'>,
): PersistentVolume | undefined {
  const groups = Map.groupBy(
    volumes.filter((volume) => modesFit(volume, claim)),
    ({ spec }) => new Set(spec.accessModes).size,
  );
  for (const count of [...groups.keys()].toSorted((a, b) => a - b)) {
    const found = matchAmong(claim, groups.get(count) ?? [], options);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The volume, bound to the claim; the same object when it is so already. */
export function withClaim(volume: PersistentVolume, claim: PersistentVolumeClaim): PersistentVolume {
  const { namespace, name, uid, resourceVersion } = claim.metadata;
  const chosenHere = !isBoundTo(volume, claim);
  if (!chosenHere && volume.spec.claimRef?.uid === uid) return volume;
  const claimRef = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name, uid, resourceVersion };
  const bound = { ...volume, spec: { ...volume.spec, claimRef } };
  if (!chosenHere || annotationOf(volume, boundByController) !== undefined) return bound;
  return annotated(bound, { [boundByController]: 'yes' });
}
