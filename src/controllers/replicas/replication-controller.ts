/** The ReplicationController controller. Source: pkg/controller/replication/replication_controller.go. */
import type { ReplicationController } from '../../api/generated/core/v1.ts';
import { pod } from '../../api/kinds/core/pod.ts';
import { replicationController } from '../../api/kinds/core/replication-controller.ts';
import { fromSet } from '../../api/selector.ts';
import { type Controller, defineController, settled } from '../controller.ts';
import { orphanPods, type ReplicaFlavor, reconcileReplicas, watchOrphans } from './replica-core.ts';

const flavor: ReplicaFlavor<ReplicationController> = {
  kind: replicationController,
  selectorOf: ({ spec }) => fromSet(spec.selector),
  countsTerminating: false,
  related: (owner, context) => context.cache(pod).ownedBy(owner),
};

export const replicationControllerController: Controller<ReplicationController> = defineController<ReplicationController>({
  name: 'replication',
  eventSource: 'replication-controller',
  reconciles: replicationController,
  owns: [pod],
  watches: [watchOrphans(flavor)],
  indexes: [orphanPods],
  reconcile: async (ref, context) => {
    const owner = context.cache(replicationController).get(ref);
    return owner === undefined ? settled : reconcileReplicas(flavor, owner, context);
  },
});
