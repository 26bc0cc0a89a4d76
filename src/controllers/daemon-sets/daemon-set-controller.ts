/** The DaemonSet controller. Source: pkg/controller/daemon/daemon_controller.go. */
import type { DaemonSet } from '../../api/generated/apps/v1.ts';
import { controllerRevision } from '../../api/kinds/apps/controller-revision.ts';
import { daemonSet } from '../../api/kinds/apps/daemon-set.ts';
import { node } from '../../api/kinds/core/node.ts';
import { pod } from '../../api/kinds/core/pod.ts';
import { type KubeObject, type ObjectRef, refOf } from '../../api/object.ts';
import { fromLabelSelector } from '../../api/selector.ts';
import { controllerAccount } from '../../client/identity.ts';
import { type Controller, type ControllerContext, defineController, settled, watching } from '../controller.ts';
import { claim, controllerOf } from '../owner-refs.ts';
import { orphanPods } from '../replicas/replica-core.ts';
import { orphanRevisions } from '../revisions.ts';
import { DaemonSetSync, type NodeFailures } from './daemon-set-sync.ts';

const selectorOf = ({ spec }: DaemonSet) => fromLabelSelector(spec.selector);

/** The sets that would adopt an object without a controller. */
function wouldAdopt(object: KubeObject, { cache }: ControllerContext): readonly ObjectRef[] {
  const { labels, namespace = '' } = object.metadata;
  if (controllerOf(object) !== undefined || labels === undefined) return [];
  return cache(daemonSet)
    .list({ namespace })
    .filter((set) => selectorOf(set).matches(labels))
    .map(refOf);
}

function controllingSet(object: KubeObject): readonly ObjectRef[] {
  const owner = controllerOf(object);
  if (owner?.kind !== daemonSet.kind || owner.apiVersion !== daemonSet.apiVersion) return [];
  return [{ namespace: object.metadata.namespace ?? '', name: owner.name }];
}

/** Keeps a Pod on every node that fits. How often Pods of a node failed is kept in memory only, as upstream. */
export function daemonSetController(): Controller<DaemonSet> {
  const failures = new Map<string, NodeFailures>();
  return defineController<DaemonSet>({
    name: 'daemonset',
    identity: controllerAccount('daemon-set-controller'),
    reconciles: daemonSet,
    owns: [pod],
    watches: [
      watching(node, (_, { cache }) => cache(daemonSet).list().map(refOf)),
      watching(pod, wouldAdopt),
      // A revision that is made for a set does not concern it by itself. Source: daemon_controller.go addHistory.
      watching(controllerRevision, controllingSet, ['updated', 'deleted']),
      watching(controllerRevision, wouldAdopt, ['added', 'updated']),
    ],
    indexes: [orphanPods, orphanRevisions],
    reconcile: async (ref, context) => {
      const { cache, api } = context;
      const set = cache(daemonSet).get(ref);
      if (set === undefined || set.metadata.deletionTimestamp !== undefined) {
        for (const key of failures.keys()) if (set === undefined || key.startsWith(`${set.metadata.uid}/`)) failures.delete(key);
        return settled;
      }
      const pods = await claim({
        owner: set,
        ownerKind: daemonSet,
        selector: selectorOf(set),
        candidates: [...cache(pod).ownedBy(set), ...cache(pod).byIndex(orphanPods.name, ref.namespace)],
        owners: api(daemonSet),
        dependents: api(pod),
      });
      return new DaemonSetSync(set, pods, failures, context).run();
    },
  });
}
