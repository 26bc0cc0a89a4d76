/**
 * Rollbacks that clients of old versions ask for: the Deployment is told by an annotation to which revision it is to go
 * back. Source: pkg/controller/deployment/rollback.go.
 */
import type { Deployment, ReplicaSet } from '../../api/generated/apps/v1.ts';
import { deployment as deployments } from '../../api/kinds/apps/deployment.ts';
import { rollbackAnnotation } from '../../api/legacy/apps.ts';
import { parseRevision, restoredAnnotations, revisionOf } from './annotations.ts';
import type { DeploymentSync } from './deployment-sync.ts';
import { sameTemplate, withoutHash } from './replica-sets.ts';

/** The revision to go back to; 0 is the one before the present; undefined when none is asked for. */
export function rollbackTarget({ metadata }: Deployment): bigint | undefined {
  const text = metadata.annotations?.[rollbackAnnotation];
  return text === undefined ? undefined : parseRevision(text);
}

/** The second highest revision; 0 when there are not two. Source: deployment_util.go (LastRevision). */
function lastRevision(sets: readonly ReplicaSet[]): bigint {
  const [, second = 0n] = sets.map(revisionOf).toSorted((a, b) => Number(b - a));
  return second;
}

/** Goes back to a revision as far as there is one, and forgets that this was asked for. */
export async function rollBack(sync: DeploymentSync, target: bigint): Promise<void> {
  await sync.syncNewSet(true);
  const warn = (reason: string, message: string): void => sync.context.events.event(sync.deployment, 'Warning', reason, message);
  const revision = target === 0n ? lastRevision(sync.allSets) : target;
  const set = revision === 0n ? undefined : sync.allSets.find((one) => revisionOf(one) === revision);
  if (set === undefined) {
    const what = revision === 0n ? 'last revision' : 'the revision to rollback to';
    warn('DeploymentRollbackRevisionNotFound', `Unable to find ${what}.`);
    await write(sync, sync.deployment);
    return;
  }
  const { deployment } = sync;
  const { name } = deployment.metadata;
  if (sameTemplate(deployment.spec.template, set.spec.template)) {
    warn('DeploymentRollbackTemplateUnchanged', `The rollback revision contains the same template as current deployment "${name}"`);
    await write(sync, deployment);
    return;
  }
  const metadata = { ...deployment.metadata, annotations: restoredAnnotations(deployment, set) };
  await write(sync, { ...deployment, metadata, spec: { ...deployment.spec, template: withoutHash(set.spec.template) } });
  sync.context.events.event(deployment, 'Normal', 'DeploymentRollback', `Rolled back deployment "${name}" to revision ${revision}`);
}

async function write(sync: DeploymentSync, deployment: Deployment): Promise<void> {
  const { [rollbackAnnotation]: _, ...annotations } = deployment.metadata.annotations ?? {};
  sync.deployment = await sync.context.api(deployments).update({ ...deployment, metadata: { ...deployment.metadata, annotations } });
}
