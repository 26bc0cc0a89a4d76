/** The revisions of a Deployment: its replica sets. Source: kubectl pkg/polymorphichelpers/{history,rollback}.go. */
import type { JsonObject } from '../../../../api/json.ts';
import { sameJson } from '../../../../api/same-json.ts';
import { CommandError } from '../../command/command.ts';
import type { ApiObject, Session } from '../../command/session.ts';
import type { Info } from '../../resources/infos.ts';
import { type PatchCall, patchTypes } from '../../writing/writing.ts';
import type { Revision, RolloutHistory } from '../kind-traits.ts';
import { changeCauseAnnotation, changeCauseOf, controlledBy, oldestFirst, specOf, templateText } from './revisions.ts';

const revisionAnnotation = 'deployment.kubernetes.io/revision';
const hashLabel = 'pod-template-hash';

/** Annotations of a Deployment that do not come from its revision. */
const ownAnnotations: ReadonlySet<string> = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  revisionAnnotation,
  'deployment.kubernetes.io/revision-history',
  'deployment.kubernetes.io/desired-replicas',
  'deployment.kubernetes.io/max-replicas',
  'deprecated.deployment.rollback.to',
]);

/** The pod template of a revision without the label that its replica set adds. */
function templateOf(object: ApiObject): JsonObject {
  const { template } = specOf(object);
  const { [hashLabel]: _hash, ...labels } = (template.metadata?.labels ?? {}) as Readonly<Record<string, string>>; // labels are strings
  return { ...template, metadata: { ...template.metadata, labels } };
}

function restoring(deployment: ApiObject, replicaSet: ApiObject): PatchCall | undefined {
  if (specOf(deployment).paused === true) {
    throw new CommandError("you cannot rollback a paused deployment; resume it first with 'kubectl rollout resume' and try again");
  }
  const template = templateOf(replicaSet);
  if (sameJson(template, templateOf(deployment))) return undefined;
  const kept = Object.entries(deployment.metadata?.annotations ?? {}).filter(([key]) => ownAnnotations.has(key));
  const restored = Object.entries(replicaSet.metadata?.annotations ?? {}).filter(([key]) => !ownAnnotations.has(key));
  const patch = [
    { op: 'replace', path: '/spec/template', value: template },
    { op: 'replace', path: '/metadata/annotations', value: Object.fromEntries([...kept, ...restored]) },
  ];
  return { type: patchTypes.json, patch };
}

function textOf(replicaSet: ApiObject): string {
  const { template } = specOf(replicaSet);
  const changeCause = changeCauseOf(replicaSet);
  if (changeCause === '') return templateText(template);
  const annotations = { ...((template.metadata?.annotations ?? {}) as JsonObject), [changeCauseAnnotation]: changeCause }; // strings
  return templateText({ ...template, metadata: { ...template.metadata, annotations } });
}

async function revisionsOf(session: Session, info: Info): Promise<readonly Revision[]> {
  const revisions: Revision[] = [];
  for await (const replicaSet of controlledBy(session, info, 'replicasets.apps')) {
    const number = Number(replicaSet.metadata?.annotations?.[revisionAnnotation] ?? '');
    if (!Number.isInteger(number) || number === 0) continue;
    revisions.push({
      number,
      changeCause: changeCauseOf(replicaSet),
      object: replicaSet,
      kind: 'ReplicaSet',
      text: () => textOf(replicaSet),
      restoring: (deployment) => restoring(deployment, replicaSet),
    });
  }
  return oldestFirst(revisions);
}

export const deploymentHistory: RolloutHistory = {
  trial: '',
  revisionsOf,
  noneBefore: (name) => `no rollout history found for deployment ${JSON.stringify(name)}`,
};
