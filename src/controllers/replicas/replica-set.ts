/** The ReplicaSet controller. Source: pkg/controller/replicaset/replica_set.go. */
import type { ReplicaSet } from '../../api/generated/apps/v1.ts';
import { replicaSet } from '../../api/kinds/apps/replica-set.ts';
import { pod } from '../../api/kinds/core/pod.ts';
import { fromLabelSelector } from '../../api/selector.ts';
import { type Controller, type ControllerContext, defineController, settled } from '../controller.ts';
import { controllerOf } from '../owner-refs.ts';
import { orphanPods, type ReplicaFlavor, reconcileReplicas, watchOrphans } from './replica-core.ts';

/** The ReplicaSets of the same Deployment, including this one. */
function siblings(owner: ReplicaSet, context: ControllerContext): readonly ReplicaSet[] {
  const uid = controllerOf(owner)?.uid;
  if (uid === undefined) return [owner];
  const all = context.cache(replicaSet).list({ namespace: owner.metadata.namespace ?? '' });
  return all.filter((other) => controllerOf(other)?.uid === uid);
}

const flavor: ReplicaFlavor<ReplicaSet> = {
  kind: replicaSet,
  selectorOf: ({ spec }) => fromLabelSelector(spec.selector),
  countsTerminating: true,
  related: (owner, context) => siblings(owner, context).flatMap((set) => context.cache(pod).ownedBy(set)),
};

export const replicaSetController: Controller<ReplicaSet> = defineController<ReplicaSet>({
  name: 'replicaset',
  reconciles: replicaSet,
  owns: [pod],
  watches: [watchOrphans(flavor)],
  indexes: [orphanPods],
  reconcile: async (ref, context) => {
    const owner = context.cache(replicaSet).get(ref);
    return owner === undefined ? settled : reconcileReplicas(flavor, owner, context);
  },
});
