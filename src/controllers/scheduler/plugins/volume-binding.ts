/**
 * Volumes of Pods: refuses nodes that cannot reach them, chooses volumes for claims that wait for their first Pod, and
 * waits for the binder before the Pod is bound. Source: plugins/volumebinding/{volume_binding,binder}.go. In-tree
 * volumes of clouds are not translated to CSI drivers.
 */
import type { Node, PersistentVolume, PersistentVolumeClaim, Pod, TopologySelectorTerm } from '../../../api/generated/core/v1.ts';
import type { StorageClass } from '../../../api/generated/storage/v1.ts';
import { node as nodeKind } from '../../../api/kinds/core/node.ts';
import { persistentVolume } from '../../../api/kinds/core/persistent-volume.ts';
import { persistentVolumeClaim } from '../../../api/kinds/core/persistent-volume-claim.ts';
import { storageClassOf } from '../../../api/kinds/core/storage-text.ts';
import { csiDriver } from '../../../api/kinds/storage/csi-driver.ts';
import { csiStorageCapacity } from '../../../api/kinds/storage/csi-storage-capacity.ts';
import { storageClass } from '../../../api/kinds/storage/storage-class.ts';
import { refOf } from '../../../api/object.ts';
import { claimNameOf, claimNamesOf, notForPod } from '../../../api/pod/volume-claims.ts';
import { compareQuantity, tryParseQuantity } from '../../../api/quantity.ts';
import { sameJson } from '../../../api/same-json.ts';
import { fromLabelSelector } from '../../../api/selector.ts';
import { Assumed } from '../../volumes/assumed.ts';
import {
  annotated,
  annotationOf,
  isFullyBound,
  isReachableFrom,
  matchOnNode,
  noProvisioner,
  requestOf,
  selectedNode,
  waitsForConsumer,
  withClaim,
} from '../../volumes/binding.ts';
import type { PluginArgs } from '../configuration/plugin-args.ts';
import { action, on } from '../framework/cluster-event.ts';
import { type CycleState, StateKey } from '../framework/cycle-state.ts';
import type { Plugin, PluginHandle } from '../framework/plugin.ts';
import { type Status, skip, unresolvable } from '../framework/status.ts';
import { type Decisions, untilBound, VolumesNotBound } from './volume-binding-wait.ts';

const nodeConflict = "node(s) didn't match PersistentVolume's node affinity";
const noMatch = "node(s) didn't find available persistent volumes to bind";
const noSpace = 'node(s) did not have enough free storage';
const noVolume = 'node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)';

/** A Pod's claims. */
interface Claims {
  readonly bound: readonly PersistentVolumeClaim[];
  readonly waiting: readonly PersistentVolumeClaim[];
}

const claimsKey = new StateKey<Claims>('VolumeBinding');
const byNodeKey = new StateKey<Map<string, Decisions>>('VolumeBindingByNode', (decisions) => new Map(decisions));
const reservedKey = new StateKey<Decisions>('VolumeBindingReserved');

const matchesTopology = (terms: readonly TopologySelectorTerm[], { metadata: { labels = {} } }: Node): boolean =>
  terms.length === 0 ||
  terms.some(({ matchLabelExpressions = [] }) =>
    matchLabelExpressions.every(({ key, values }) => labels[key] !== undefined && values.includes(labels[key])),
  );

class VolumeBinding {
  readonly #handle: PluginHandle;
  readonly #timeoutMs: number;
  readonly #claims = new Assumed<PersistentVolumeClaim>();
  readonly #volumes = new Assumed<PersistentVolume>();

  constructor(handle: PluginHandle, timeoutMs: number) {
    this.#handle = handle;
    this.#timeoutMs = timeoutMs;
  }

  #claim(namespace: string, name: string): PersistentVolumeClaim | undefined {
    const found = this.#handle.informers.informer(persistentVolumeClaim).cache.get({ namespace, name });
    return found === undefined ? undefined : this.#claims.newest(found);
  }

  #volume(name: string): PersistentVolume | undefined {
    const found = this.#handle.informers.informer(persistentVolume).cache.get({ namespace: '', name });
    return found === undefined ? undefined : this.#volumes.newest(found);
  }

  #class(claim: PersistentVolumeClaim): StorageClass | undefined {
    return this.#handle.informers.informer(storageClass).cache.get({ namespace: '', name: storageClassOf(claim) });
  }

  preFilter(state: CycleState, pod: Pod): Status | undefined {
    const bound: PersistentVolumeClaim[] = [];
    const waiting: PersistentVolumeClaim[] = [];
    let immediate = false;
    const seen = new Set<string>();
    for (const volume of pod.spec.volumes ?? []) {
      const name = claimNameOf(pod, volume);
      if (name === undefined || seen.has(name)) continue;
      seen.add(name);
      const isEphemeral = volume.ephemeral !== undefined;
      const claim = this.#claim(pod.metadata.namespace ?? '', name);
      const quoted = JSON.stringify(name);
      if (claim === undefined) {
        return unresolvable(
          isEphemeral
            ? `waiting for ephemeral volume controller to create the persistentvolumeclaim ${quoted}`
            : `persistentvolumeclaim ${quoted} not found`,
        );
      }
      if (claim.status.phase === 'Lost') {
        return unresolvable(
          `persistentvolumeclaim ${quoted} bound to non-existent persistentvolume ${JSON.stringify(claim.spec.volumeName ?? '')}`,
        );
      }
      if (claim.metadata.deletionTimestamp !== undefined) return unresolvable(`persistentvolumeclaim ${quoted} is being deleted`);
      const conflict = isEphemeral ? notForPod(pod, claim) : undefined;
      if (conflict !== undefined) return unresolvable(conflict);
      if (isFullyBound(claim)) bound.push(claim);
      else if ((claim.spec.volumeName ?? '') === '' && waitsForConsumer(this.#class(claim))) waiting.push(claim);
      else immediate = true;
    }
    if (immediate) return unresolvable('pod has unbound immediate PersistentVolumeClaims');
    if (bound.length + waiting.length === 0) return skip;
    state.write(claimsKey, { bound, waiting: waiting.toSorted((a, b) => compareQuantity(requestOf(a), requestOf(b))) });
    state.write(byNodeKey, new Map());
    return undefined;
  }

  filter(state: CycleState, node: Node): Status | undefined {
    const { bound, waiting } = state.read(claimsKey);
    const reasons: string[] = [];
    let missing = false;
    for (const { spec } of bound) {
      const volume = this.#volume(spec.volumeName ?? '');
      if (volume === undefined) missing = true;
      else if (!isReachableFrom(volume, node)) reasons.push(nodeConflict);
      if (volume === undefined || reasons.length > 0) break;
    }
    const decided = this.#decide(waiting, node);
    if (typeof decided === 'string') reasons.push(decided);
    if (missing) reasons.push(noVolume);
    if (reasons.length > 0 || typeof decided === 'string') return unresolvable(...reasons);
    state.read(byNodeKey).set(node.metadata.name, decided);
    return undefined;
  }

  /** Volumes for the claims that wait, or the claims that a provisioner is to serve; else why the node will not do. */
  #decide(waiting: readonly PersistentVolumeClaim[], node: Node): Decisions | string {
    const { name } = node.metadata;
    const volumes: { volume: PersistentVolume; claim: PersistentVolumeClaim }[] = [];
    const provisions: PersistentVolumeClaim[] = [];
    const taken = new Set<string>();
    const cached = waiting.length === 0 ? [] : this.#handle.informers.informer(persistentVolume).cache.list();
    if (waiting.some((claim) => (annotationOf(claim, selectedNode) ?? name) !== name)) return noMatch;
    for (const claim of waiting) {
      if (annotationOf(claim, selectedNode) !== undefined) {
        provisions.push(claim);
        continue;
      }
      const ofClass = cached.filter((volume) => storageClassOf(volume) === storageClassOf(claim));
      const volume = matchOnNode(
        claim,
        ofClass.map((one) => this.#volumes.newest(one)),
        { node, taken },
      );
      if (volume === undefined) {
        provisions.push(claim);
        continue;
      }
      taken.add(volume.metadata.name);
      volumes.push({ volume, claim });
    }
    for (const claim of provisions) {
      const found = this.#class(claim);
      if (found === undefined) throw new Error(`failed to find storage class ${JSON.stringify(storageClassOf(claim))}`);
      const { provisioner, allowedTopologies = [] } = found;
      if (provisioner === '' || provisioner === noProvisioner || !matchesTopology(allowedTopologies, node)) return noMatch;
      if (!this.#hasSpace(claim, found, node)) return noSpace;
    }
    return { volumes, provisions };
  }

  /** Only drivers that say how much they have left are asked. */
  #hasSpace(claim: PersistentVolumeClaim, { metadata: { name }, provisioner }: StorageClass, node: Node): boolean {
    const { informers } = this.#handle;
    const driver = informers.informer(csiDriver).cache.get({ namespace: '', name: provisioner });
    if (driver?.spec.storageCapacity !== true) return true;
    const wanted = requestOf(claim);
    return informers
      .informer(csiStorageCapacity)
      .cache.list()
      .some(({ storageClassName, maximumVolumeSize, capacity, nodeTopology }) => {
        const limit = tryParseQuantity(maximumVolumeSize ?? capacity);
        if (storageClassName !== name || limit === undefined || compareQuantity(limit, wanted) < 0) return false;
        return nodeTopology !== undefined && fromLabelSelector(nodeTopology).matches(node.metadata.labels);
      });
  }

  reserve(state: CycleState, nodeName: string): void {
    const decided = state.find(byNodeKey)?.get(nodeName);
    if (decided === undefined || decided.volumes.length + decided.provisions.length === 0) return;
    const reserved: Decisions = {
      volumes: decided.volumes.map(({ volume, claim }) => ({ volume: withClaim(volume, claim), claim })),
      provisions: decided.provisions.map((claim) => annotated(claim, { [selectedNode]: nodeName })),
    };
    for (const { volume } of reserved.volumes) this.#volumes.assume(volume);
    for (const claim of reserved.provisions) this.#claims.assume(claim);
    state.write(reservedKey, reserved);
  }

  hasReserved(state: CycleState): boolean {
    return state.find(reservedKey) !== undefined;
  }

  unreserve(state: CycleState): void {
    const reserved = state.find(reservedKey);
    for (const { volume } of reserved?.volumes ?? []) this.#volumes.forget(refOf(volume));
    for (const claim of reserved?.provisions ?? []) this.#claims.forget(refOf(claim));
  }

  async preBind(state: CycleState, pod: Pod, nodeName: string): Promise<void> {
    const reserved = state.find(reservedKey);
    if (reserved === undefined) return;
    const { client, informers } = this.#handle;
    const volumes: { volume: PersistentVolume; claim: PersistentVolumeClaim }[] = [];
    for (const { volume, claim } of reserved.volumes) {
      const known = informers.informer(persistentVolume).cache.get(refOf(volume));
      volumes.push({ claim, volume: sameJson(known?.spec, volume.spec) ? volume : await client.resource(persistentVolume).update(volume) });
    }
    const provisions: PersistentVolumeClaim[] = [];
    for (const claim of reserved.provisions) provisions.push(await client.resource(persistentVolumeClaim).update(claim));
    const node = informers.informer(nodeKind).cache.get({ namespace: '', name: nodeName });
    if (node === undefined)
      throw new VolumesNotBound(`failed to get node ${JSON.stringify(nodeName)}: node ${JSON.stringify(nodeName)} not found`);
    await untilBound({ pod, node, decisions: { volumes, provisions }, timeoutMs: this.#timeoutMs }, this.#handle);
  }
}

export function volumeBinding(handle: PluginHandle, args: PluginArgs): Plugin {
  const binding = new VolumeBinding(handle, args.VolumeBinding.bindTimeoutSeconds * 1000);
  return {
    name: 'VolumeBinding',
    events: [
      on(
        storageClass,
        action.add | action.updateOther,
        (_, previous, current) => previous === undefined || !sameJson(previous.allowedTopologies, current?.allowedTopologies),
      ),
      on(
        persistentVolumeClaim,
        action.add | action.updateOther,
        (pod, _, current) =>
          current !== undefined &&
          pod.metadata.namespace === current.metadata.namespace &&
          claimNamesOf(pod).includes(current.metadata.name),
      ),
      on(persistentVolume, action.add | action.updateOther),
      on(nodeKind, action.add | action.updateNodeLabel),
      on(
        csiDriver,
        action.updateOther,
        (_, previous, current) => previous?.spec.storageCapacity === true && current?.spec.storageCapacity !== true,
      ),
      on(csiStorageCapacity, action.add | action.updateOther, (_, previous, current) => {
        if (previous === undefined || current === undefined) return true;
        const [was, is] = [previous, current].map(({ maximumVolumeSize, capacity }) => tryParseQuantity(maximumVolumeSize ?? capacity));
        return is !== undefined && (was === undefined || compareQuantity(is, was) > 0);
      }),
    ],
    preFilter: (state, { pod }) => binding.preFilter(state, pod),
    filter: (state, _, { node }) => (node === undefined ? unresolvable(nodeConflict) : binding.filter(state, node)),
    reserve: (state, _, nodeName) => {
      binding.reserve(state, nodeName);
      return undefined;
    },
    unreserve: (state) => binding.unreserve(state),
    willPreBind: (state) => binding.hasReserved(state),
    preBind: async (state, { pod }, nodeName) => {
      await binding.preBind(state, pod, nodeName);
      return undefined;
    },
  };
}
