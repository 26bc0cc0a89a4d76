/** Volumes with labels of a zone or region can be used only there. Source: plugins/volumezone/volume_zone.go. */
import type { PersistentVolume, Pod } from '../../../api/generated/core/v1.ts';
import { node as nodeKind } from '../../../api/kinds/core/node.ts';
import { persistentVolume } from '../../../api/kinds/core/persistent-volume.ts';
import { persistentVolumeClaim } from '../../../api/kinds/core/persistent-volume-claim.ts';
import { storageClassOf } from '../../../api/kinds/core/storage-text.ts';
import { storageClass } from '../../../api/kinds/storage/storage-class.ts';
import { sameJson } from '../../../api/same-json.ts';
import { waitsForConsumer } from '../../volumes/binding.ts';
import { action, on } from '../framework/cluster-event.ts';
import { StateKey } from '../framework/cycle-state.ts';
import type { Plugin, PluginHandle } from '../framework/plugin.ts';
import { type Status, skip, unresolvable } from '../framework/status.ts';

const refusal = unresolvable('node(s) had no available volume zone');

/** Labels of places; the older names are followed by those that replaced them. */
const newNames: ReadonlyMap<string, string> = new Map([
  ['failure-domain.beta.kubernetes.io/zone', 'topology.kubernetes.io/zone'],
  ['failure-domain.beta.kubernetes.io/region', 'topology.kubernetes.io/region'],
]);
const placeLabels = [...newNames.keys(), ...newNames.values()];

interface Place {
  readonly label: string;
  readonly values: ReadonlySet<string>;
}

const placesKey = new StateKey<readonly Place[]>('PreFilterVolumeZone');

/** Several values of a label are joined by two underscores. Source: cloud-provider volume/helpers/zones.go. */
const placesOf = ({ metadata }: PersistentVolume): readonly Place[] =>
  placeLabels.flatMap((label) => {
    const value = metadata.labels?.[label];
    const values = (value ?? '').split('__').map((one) => one.trim());
    return value === undefined || values.includes('') ? [] : [{ label, values: new Set(values) }];
  });

const claimNames = ({ spec }: Pod): readonly string[] =>
  (spec.volumes ?? []).flatMap((volume) => volume.persistentVolumeClaim?.claimName ?? []);

export function volumeZone({ informers }: PluginHandle): Plugin {
  const places = (pod: Pod): readonly Place[] | Status => {
    const all: Place[] = [];
    for (const name of claimNames(pod)) {
      const claim = informers.informer(persistentVolumeClaim).cache.get({ namespace: pod.metadata.namespace ?? '', name });
      if (claim === undefined) return unresolvable(`persistentvolumeclaim ${JSON.stringify(name)} not found`);
      const volumeName = claim.spec.volumeName ?? '';
      if (volumeName === '') {
        const className = storageClassOf(claim);
        if (className === '') return unresolvable('PersistentVolumeClaim had no pv name and storageClass name');
        const found = informers.informer(storageClass).cache.get({ namespace: '', name: className });
        if (found === undefined) return unresolvable(`storageclass.storage.k8s.io ${JSON.stringify(className)} not found`);
        if (!waitsForConsumer(found)) return unresolvable('PersistentVolume had no name');
        continue;
      }
      const volume = informers.informer(persistentVolume).cache.get({ namespace: '', name: volumeName });
      if (volume === undefined) return unresolvable(`persistentvolume ${JSON.stringify(volumeName)} not found`);
      all.push(...placesOf(volume));
    }
    return all;
  };
  return {
    name: 'VolumeZone',
    events: [
      on(storageClass, action.add, (_, __, current) => waitsForConsumer(current)),
      on(nodeKind, action.add | action.updateNodeLabel),
      on(
        persistentVolumeClaim,
        action.add | action.updateOther,
        (pod, _, current) =>
          current !== undefined && current.metadata.namespace === pod.metadata.namespace && claimNames(pod).includes(current.metadata.name),
      ),
      on(persistentVolume, action.add | action.updateOther, (_, previous, current) => {
        if (previous === undefined || current === undefined) return true;
        const [was, is] = [previous, current].map((volume) => placesOf(volume).map(({ label, values }) => [label, ...values]));
        return !sameJson(was, is);
      }),
    ],
    preFilter: (state, { pod }) => {
      const found = places(pod);
      if ('code' in found) return found;
      if (found.length === 0) return skip;
      state.write(placesKey, found);
      return undefined;
    },
    filter: (state, _, { node }) => {
      const labels = node?.metadata.labels ?? {};
      // A node without such labels is of a cluster that has one zone.
      if (!placeLabels.some((label) => labels[label] !== undefined)) return undefined;
      const fits = state.read(placesKey).every(({ label, values }) => {
        const value = labels[label] ?? labels[newNames.get(label) ?? label];
        return value !== undefined && values.has(value);
      });
      return fits ? undefined : refusal;
    },
  };
}
