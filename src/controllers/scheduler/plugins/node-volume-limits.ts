/**
 * How many volumes of a CSI driver a node can have attached, as the driver says in the node's CSINode. Source:
 * plugins/nodevolumelimits/csi.go.
 */
import type { Pod } from '../../../api/generated/core/v1.ts';
import type { CSINode } from '../../../api/generated/storage/v1.ts';
import { persistentVolume } from '../../../api/kinds/core/persistent-volume.ts';
import { persistentVolumeClaim } from '../../../api/kinds/core/persistent-volume-claim.ts';
import { pod as podKind } from '../../../api/kinds/core/pod.ts';
import { storageClassOf } from '../../../api/kinds/core/storage-text.ts';
import { csiNode } from '../../../api/kinds/storage/csi-node.ts';
import { storageClass } from '../../../api/kinds/storage/storage-class.ts';
import { volumeAttachment } from '../../../api/kinds/storage/volume-attachment.ts';
import { claimNamesOf } from '../../../api/pod/volume-claims.ts';
import { action, on } from '../framework/cluster-event.ts';
import type { Plugin, PluginHandle } from '../framework/plugin.ts';
import { type Status, skip, unresolvable, unschedulable } from '../framework/status.ts';
import type { NodeInfo } from '../node-info.ts';

const refusal = unschedulable('node(s) exceed max volume count');

/** Drivers by volume, each volume as `driver/handle`. */
type Attached = Map<string, string>;

const limitsOf = (found: CSINode | undefined): ReadonlyMap<string, number> =>
  new Map(
    (found?.spec.drivers ?? []).flatMap(({ name, allocatable }) => (allocatable?.count === undefined ? [] : [[name, allocatable.count]])),
  );

const counts = (drivers: Iterable<string>): ReadonlyMap<string, number> => {
  const all = new Map<string, number>();
  for (const driver of drivers) all.set(driver, (all.get(driver) ?? 0) + 1);
  return all;
};

class VolumeLimits {
  readonly #informers: PluginHandle['informers'];

  constructor({ informers }: PluginHandle) {
    this.#informers = informers;
  }

  filter(pod: Pod, { name, pods }: NodeInfo): Status | undefined {
    const wanted: Attached = new Map();
    const missing = this.#collect(pod, wanted);
    if (missing !== undefined) return unresolvable(`persistentvolumeclaim ${JSON.stringify(missing)} not found`);
    if (wanted.size === 0) return undefined;
    const limits = limitsOf(this.#informers.informer(csiNode).cache.get({ namespace: '', name }));
    if (limits.size === 0) return undefined;
    const attached: Attached = new Map();
    for (const other of pods.values()) this.#collect(other.pod, attached);
    for (const { spec } of this.#informers.informer(volumeAttachment).cache.list()) {
      const { attacher, nodeName, source } = spec;
      const volume = this.#informers.informer(persistentVolume).cache.get({ namespace: '', name: source.persistentVolumeName ?? '' });
      if (nodeName === name && volume?.spec.csi !== undefined) attached.set(`${attacher}/${volume.spec.csi.volumeHandle}`, attacher);
    }
    for (const volume of attached.keys()) wanted.delete(volume);
    const present = counts(attached.values());
    for (const [driver, count] of counts(wanted.values())) {
      const limit = limits.get(driver);
      if (limit !== undefined && (present.get(driver) ?? 0) + count > limit) return refusal;
    }
    return undefined;
  }

  /** Adds the CSI volumes of a Pod; returns the name of a claim that does not exist. */
  #collect(pod: Pod, to: Attached): string | undefined {
    const namespace = pod.metadata.namespace ?? '';
    for (const name of claimNamesOf(pod)) {
      const claim = this.#informers.informer(persistentVolumeClaim).cache.get({ namespace, name });
      if (claim === undefined) return name;
      const volume = this.#informers.informer(persistentVolume).cache.get({ namespace: '', name: claim.spec.volumeName ?? '' });
      if (volume !== undefined) {
        const { csi } = volume.spec;
        if (csi !== undefined) to.set(`${csi.driver}/${csi.volumeHandle}`, csi.driver);
        continue;
      }
      // The volume does not exist yet: the class tells which driver will make it.
      const found = this.#informers.informer(storageClass).cache.get({ namespace: '', name: storageClassOf(claim) });
      if (found !== undefined) to.set(`${found.provisioner}/${namespace}/${name}`, found.provisioner);
    }
    return undefined;
  }
}

export function nodeVolumeLimits(handle: PluginHandle): Plugin {
  const limits = new VolumeLimits(handle);
  return {
    name: 'NodeVolumeLimits',
    events: [
      on(csiNode, action.add | action.updateOther, (_, previous, current) => {
        if (previous === undefined) return true;
        const before = limitsOf(previous);
        return limitsOf(current)
          .entries()
          .some(([driver, limit]) => limit > (before.get(driver) ?? 0));
      }),
      on(podKind, action.delete, (_, deleted) => deleted !== undefined && claimNamesOf(deleted).length > 0),
      on(
        persistentVolumeClaim,
        action.add,
        (pod, _, current) =>
          current !== undefined &&
          current.metadata.namespace === pod.metadata.namespace &&
          claimNamesOf(pod).includes(current.metadata.name),
      ),
      on(volumeAttachment, action.delete, (pod) => claimNamesOf(pod).length > 0),
    ],
    preFilter: (_, { pod }) => (claimNamesOf(pod).length === 0 ? skip : undefined),
    filter: (_, { pod }, node) => limits.filter(pod, node),
  };
}
