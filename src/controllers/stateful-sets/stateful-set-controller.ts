/** The StatefulSet controller. Source: pkg/controller/statefulset/stateful_set.go. */
import type { StatefulSet } from '../../api/generated/apps/v1.ts';
import { controllerRevision } from '../../api/kinds/apps/controller-revision.ts';
import { statefulSet } from '../../api/kinds/apps/stateful-set.ts';
import { persistentVolumeClaim } from '../../api/kinds/core/persistent-volume-claim.ts';
import { pod } from '../../api/kinds/core/pod.ts';
import { refOf } from '../../api/object.ts';
import { fromLabelSelector } from '../../api/selector.ts';
import { type Controller, defineController, settled, watching } from '../controller.ts';
import { claim, controllerOf } from '../owner-refs.ts';
import { orphanPods } from '../replicas/replica-core.ts';
import { orphanRevisions } from '../revisions.ts';
import { ordinalOf } from './identity.ts';
import { StatefulSetSync } from './stateful-set-sync.ts';

const selectorOf = ({ spec }: StatefulSet) => fromLabelSelector(spec.selector);

export const statefulSetController: Controller<StatefulSet> = defineController<StatefulSet>({
  name: 'statefulset',
  eventSource: 'statefulset-controller',
  reconciles: statefulSet,
  owns: [pod],
  watches: [
    watching(pod, (object, { cache }) => {
      if (controllerOf(object) !== undefined || object.metadata.labels === undefined) return [];
      const sets = cache(statefulSet).list({ namespace: object.metadata.namespace ?? '' });
      return sets.filter((set) => selectorOf(set).matches(object.metadata.labels)).map(refOf);
    }),
  ],
  // Revisions enqueue nothing. Source: stateful_set.go NewStatefulSetController.
  reads: [persistentVolumeClaim, controllerRevision],
  indexes: [orphanPods, orphanRevisions],
  reconcile: async (ref, context) => {
    const { cache, api } = context;
    const set = cache(statefulSet).get(ref);
    if (set === undefined) return settled;
    const candidates = [...cache(pod).ownedBy(set), ...cache(pod).byIndex(orphanPods.name, ref.namespace)];
    const pods = await claim({
      owner: set,
      ownerKind: statefulSet,
      selector: selectorOf(set),
      candidates: candidates.filter((candidate) => ordinalOf(set, candidate) !== undefined),
      owners: api(statefulSet),
      dependents: api(pod),
    });
    return new StatefulSetSync(set, pods, context).run();
  },
});
