/** The Deployment controller. Source: pkg/controller/deployment/deployment_controller.go. */
import type { Deployment, ReplicaSet } from '../../api/generated/apps/v1.ts';
import { deployment as deployments } from '../../api/kinds/apps/deployment.ts';
import { replicaSet } from '../../api/kinds/apps/replica-set.ts';
import { pod } from '../../api/kinds/core/pod.ts';
import { type ObjectRef, refOf } from '../../api/object.ts';
import { fromLabelSelector } from '../../api/selector.ts';
import {
  type CacheIndex,
  type Controller,
  type ControllerContext,
  defineController,
  indexing,
  type Outcome,
  settled,
  watching,
} from '../controller.ts';
import { claim, controllerOf } from '../owner-refs.ts';
import { conditionOf, hasDeadline, reasons } from './conditions.ts';
import { DeploymentSync } from './deployment-sync.ts';
import { rollBack, rollbackTarget } from './rollback.ts';
import { isScaling, recreate, resize, rollOut } from './strategies.ts';

const orphanIndex = 'orphan';
const orphanSets: CacheIndex = indexing(replicaSet, orphanIndex, (set) =>
  controllerOf(set) === undefined ? [set.metadata.namespace ?? ''] : [],
);

/** A ReplicaSet without a controller is relevant to all Deployments that could adopt it. */
function adopters(set: ReplicaSet, context: ControllerContext): readonly ObjectRef[] {
  if (controllerOf(set) !== undefined || set.metadata.labels === undefined) return [];
  const candidates = context.cache(deployments).list({ namespace: set.metadata.namespace ?? '' });
  return candidates.filter(({ spec }) => fromLabelSelector(spec.selector).matches(set.metadata.labels)).map(refOf);
}

/** A Deployment with strategy Recreate waits for its last old Pod to be gone. */
function recreated(uid: string | undefined, context: ControllerContext): readonly ObjectRef[] {
  const set = uid === undefined ? undefined : context.cache(replicaSet).byUid(uid);
  const owner = set && context.cache(deployments).byUid(controllerOf(set)?.uid ?? '');
  return owner?.spec.strategy.type === 'Recreate' ? [refOf(owner)] : [];
}

export const deploymentController: Controller<Deployment> = defineController<Deployment>({
  name: 'deployment',
  reconciles: deployments,
  owns: [replicaSet],
  watches: [watching(replicaSet, adopters), watching(pod, (object, context) => recreated(controllerOf(object)?.uid, context))],
  indexes: [orphanSets],
  reconcile: async (ref, context) => {
    const deployment = context.cache(deployments).get(ref);
    return deployment === undefined ? settled : reconcile(deployment, context);
  },
});

async function reconcile(deployment: Deployment, context: ControllerContext): Promise<Outcome> {
  if (fromLabelSelector(deployment.spec.selector).empty) return refuseEmptySelector(deployment, context);
  const sync = new DeploymentSync(context, deployment, await claimSets(deployment, context));
  if (deployment.metadata.deletionTimestamp !== undefined) {
    await sync.syncNewSet(false);
    await sync.writeStatus();
    return settled;
  }
  await syncPaused(sync);
  const target = deployment.spec.paused === true ? undefined : rollbackTarget(deployment);
  if (target !== undefined) await rollBack(sync, target);
  else if (deployment.spec.paused === true || isScaling(sync)) await resize(sync);
  else if (deployment.spec.strategy.type === 'Recreate') await recreate(sync);
  else await rollOut(sync);
  return sync.checkAgainInMs === undefined ? settled : { requeueAfterMs: sync.checkAgainInMs };
}

async function refuseEmptySelector(deployment: Deployment, { api, events }: ControllerContext): Promise<Outcome> {
  const message = 'This deployment is selecting all pods. A non-empty selector is required.';
  events.event(deployment, 'Warning', 'SelectingAll', message);
  const generation = deployment.metadata.generation ?? 0;
  if ((deployment.status.observedGeneration ?? 0) < generation) {
    await api(deployments).updateStatus({ ...deployment, status: { ...deployment.status, observedGeneration: generation } });
  }
  return settled;
}

async function claimSets(deployment: Deployment, context: ControllerContext): Promise<readonly ReplicaSet[]> {
  const cache = context.cache(replicaSet);
  return claim({
    owner: deployment,
    ownerKind: deployments,
    selector: fromLabelSelector(deployment.spec.selector),
    candidates: [...cache.ownedBy(deployment), ...cache.byIndex(orphanIndex, deployment.metadata.namespace ?? '')],
    owners: context.api(deployments),
    dependents: context.api(replicaSet),
  });
}

/** A pause stops the progress deadline; it starts again on resumption. */
async function syncPaused(sync: DeploymentSync): Promise<void> {
  const { spec, status } = sync.deployment;
  if (!hasDeadline(sync.deployment)) return;
  const reason = conditionOf(status, 'Progressing')?.reason;
  if (reason === reasons.timedOut) return;
  const paused = spec.paused === true;
  if (paused && reason !== reasons.paused) await sync.writeProgressing('Unknown', reasons.paused, 'Deployment is paused');
  if (!paused && reason === reasons.paused) await sync.writeProgressing('Unknown', reasons.resumed, 'Deployment is resumed');
}
