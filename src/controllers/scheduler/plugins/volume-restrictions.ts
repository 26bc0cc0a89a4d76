/**
 * Disks that only one Pod, or only readers, can use at once; claims of mode ReadWriteOncePod. Source:
 * plugins/volumerestrictions/volume_restrictions.go.
 */
import type { Pod, Volume } from '../../../api/generated/core/v1.ts';
import { node as nodeKind } from '../../../api/kinds/core/node.ts';
import { persistentVolumeClaim } from '../../../api/kinds/core/persistent-volume-claim.ts';
import { pod as podKind } from '../../../api/kinds/core/pod.ts';
import { action, on } from '../framework/cluster-event.ts';
import { StateKey } from '../framework/cycle-state.ts';
import type { Plugin, PluginHandle } from '../framework/plugin.ts';
import { skip, unresolvable, unschedulable } from '../framework/status.ts';
import type { NodeInfo } from '../node-info.ts';

const diskConflict = unschedulable('node(s) had no available disk');
const inUse = unschedulable(
  'node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod',
);

interface Exclusive {
  /** The Pod's claims that only one Pod may use. */
  readonly claims: ReadonlySet<string>;
  /** How often Pods that are placed already use one of them. */
  uses: number;
}

const exclusiveKey = new StateKey<Exclusive>('PreFilterVolumeRestrictions', (value) => ({ ...value }));

const volumesOf = ({ spec }: Pod): readonly Volume[] => spec.volumes ?? [];

const usesOf = (pod: Pod, claims: ReadonlySet<string>): number =>
  volumesOf(pod).filter((volume) => volume.persistentVolumeClaim !== undefined && claims.has(volume.persistentVolumeClaim.claimName))
    .length;

const isRestricted = ({ gcePersistentDisk, awsElasticBlockStore, rbd, iscsi }: Volume): boolean =>
  (gcePersistentDisk ?? awsElasticBlockStore ?? rbd ?? iscsi) !== undefined;

interface MayBeReadOnly {
  readonly readOnly?: boolean | undefined;
}

const bothRead = (a: MayBeReadOnly, b: MayBeReadOnly): boolean => a.readOnly === true && b.readOnly === true;

/** Whether two volumes are one disk that both cannot have. */
function conflict(a: Volume, b: Volume): boolean {
  const [gce, otherGce, rbd, otherRbd] = [a.gcePersistentDisk, b.gcePersistentDisk, a.rbd, b.rbd];
  if (gce !== undefined && otherGce !== undefined && gce.pdName === otherGce.pdName && !bothRead(gce, otherGce)) return true;
  const [ebs, otherEbs, iscsi, otherIscsi] = [a.awsElasticBlockStore, b.awsElasticBlockStore, a.iscsi, b.iscsi];
  if (ebs !== undefined && ebs.volumeID === otherEbs?.volumeID) return true;
  if (iscsi !== undefined && otherIscsi !== undefined && iscsi.iqn === otherIscsi.iqn && !bothRead(iscsi, otherIscsi)) return true;
  if (rbd === undefined || otherRbd === undefined || bothRead(rbd, otherRbd)) return false;
  return rbd.pool === otherRbd.pool && rbd.image === otherRbd.image && rbd.monitors.some((monitor) => otherRbd.monitors.includes(monitor));
}

function hasDiskConflict(pod: Pod, node: NodeInfo): boolean {
  const restricted = volumesOf(pod).filter(isRestricted);
  if (restricted.length === 0) return false;
  return node.pods.values().some((other) => volumesOf(other.pod).some((taken) => restricted.some((wanted) => conflict(wanted, taken))));
}

export function volumeRestrictions({ informers }: PluginHandle): Plugin {
  const count = (state: { find(key: typeof exclusiveKey): Exclusive | undefined }, pod: Pod, other: Pod, sign: 1 | -1): void => {
    const exclusive = state.find(exclusiveKey);
    if (exclusive !== undefined && pod.metadata.namespace === other.metadata.namespace)
      exclusive.uses += sign * usesOf(other, exclusive.claims);
  };
  return {
    name: 'VolumeRestrictions',
    events: [
      on(podKind, action.delete, (pod, deleted) => {
        if (deleted === undefined) return false;
        const claims = new Set(volumesOf(pod).flatMap((volume) => volume.persistentVolumeClaim?.claimName ?? []));
        const freesClaim = deleted.metadata.namespace === pod.metadata.namespace && usesOf(deleted, claims) > 0;
        return freesClaim || volumesOf(pod).some((wanted) => volumesOf(deleted).some((freed) => conflict(wanted, freed)));
      }),
      on(nodeKind, action.add),
      on(persistentVolumeClaim, action.add | action.updateOther, (pod, _, current) =>
        volumesOf(pod).some(
          (volume) =>
            current?.metadata.namespace === pod.metadata.namespace && volume.persistentVolumeClaim?.claimName === current?.metadata.name,
        ),
      ),
    ],
    preFilter: (state, { pod }, { nodes }) => {
      const claims = new Set<string>();
      const namespace = pod.metadata.namespace ?? '';
      for (const { persistentVolumeClaim: source } of volumesOf(pod)) {
        if (source === undefined) continue;
        const claim = informers.informer(persistentVolumeClaim).cache.get({ namespace, name: source.claimName });
        if (claim === undefined) return unresolvable(`persistentvolumeclaim ${JSON.stringify(source.claimName)} not found`);
        if (claim.spec.accessModes?.includes('ReadWriteOncePod') === true) claims.add(source.claimName);
      }
      const exclusive: Exclusive = { claims, uses: 0 };
      if (claims.size > 0) {
        for (const node of nodes) {
          for (const other of node.pods.values()) {
            if (other.pod.metadata.namespace === namespace) exclusive.uses += usesOf(other.pod, claims);
          }
        }
      }
      if (exclusive.uses === 0 && !volumesOf(pod).some(isRestricted)) return skip;
      state.write(exclusiveKey, exclusive);
      return undefined;
    },
    preFilterExtensions: {
      addPod: (state, { pod }, { pod: added }) => count(state, pod, added, 1),
      removePod: (state, { pod }, { pod: removed }) => count(state, pod, removed, -1),
    },
    filter: (state, { pod }, node) => {
      if (hasDiskConflict(pod, node)) return diskConflict;
      return state.read(exclusiveKey).uses > 0 ? inUse : undefined;
    },
  };
}
