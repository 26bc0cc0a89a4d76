/** The revisions of a Deployment: its replica sets. Source: kubectl pkg/polymorphichelpers/{history,rollback}.go. */

import type { PodTemplateSpec } from '../../../../api/generated/core/v1.ts';
import type { JsonObject } from '../../../../api/json.ts';
import { sameJson } from '../../../../api/same-json.ts';
import { formatLabelSelector } from '../../../../api/selector.ts';
import { CommandError } from '../../command/command.ts';
import type { ApiObject, Session } from '../../command/session.ts';
import { Description } from '../../output/description.ts';
import { resourcePath } from '../../resources/discovery.ts';
import { type Info, listObjects } from '../../resources/infos.ts';
import { findResource } from '../../resources/resource-args.ts';
import { writePodTemplate } from '../describe/pod-template.ts';
import type { Revision, RolloutHistory } from '../kind-traits.ts';

const revisionAnnotation = 'deployment.kubernetes.io/revision';
const changeCauseAnnotation = 'kubernetes.io/change-cause';
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

interface Templated {
  readonly spec: {
    readonly template: JsonObject & { readonly metadata?: JsonObject };
    readonly paused?: boolean;
    readonly selector?: Readonly<Record<string, never>>;
  };
}

const specOf = (object: ApiObject): Templated['spec'] => (object as unknown as Templated).spec; // Deployments and ReplicaSets have a template

/** The pod template of a revision without the label that its replica set adds. */
function templateOf(object: ApiObject): JsonObject {
  const { template } = specOf(object);
  const { [hashLabel]: _hash, ...labels } = (template.metadata?.labels ?? {}) as Readonly<Record<string, string>>; // labels are strings
  return { ...template, metadata: { ...template.metadata, labels } };
}

async function revisionsOf(session: Session, { namespace, object }: Info): Promise<readonly Revision[]> {
  const replicaSets = await findResource(session, 'replicasets.apps');
  const labelSelector = formatLabelSelector(specOf(object).selector ?? null);
  const revisions: Revision[] = [];
  for await (const replicaSet of listObjects(session, resourcePath(replicaSets, namespace), { labelSelector })) {
    const owners = replicaSet.metadata?.ownerReferences;
    const owned =
      Array.isArray(owners) && owners.some((owner: JsonObject) => owner.uid === object.metadata?.uid && owner.controller === true);
    const number = Number(replicaSet.metadata?.annotations?.[revisionAnnotation] ?? '');
    if (!owned || !Number.isInteger(number) || number === 0) continue;
    const changeCause = replicaSet.metadata?.annotations?.[changeCauseAnnotation] ?? '';
    revisions.push({ number, changeCause, object: replicaSet, kind: 'ReplicaSet' });
  }
  return revisions.sort((a, b) => a.number - b.number);
}

function revisionToRestore(revisions: readonly Revision[], wanted: number, name: string): Revision {
  if (wanted > 0) {
    const found = revisions.find((r) => r.number === wanted);
    if (found === undefined) throw new CommandError(`unable to find specified revision ${wanted} in history`);
    return found;
  }
  const previous = revisions.at(-2);
  if (previous === undefined) throw new CommandError(`no rollout history found for deployment ${JSON.stringify(name)}`);
  return previous;
}

function restorePatch(deployment: ApiObject, revision: Revision): readonly JsonObject[] | undefined {
  if (specOf(deployment).paused === true) {
    throw new CommandError("you cannot rollback a paused deployment; resume it first with 'kubectl rollout resume' and try again");
  }
  const template = templateOf(revision.object);
  if (sameJson(template, templateOf(deployment))) return undefined;
  const kept = Object.entries(deployment.metadata?.annotations ?? {}).filter(([key]) => ownAnnotations.has(key));
  const restored = Object.entries(revision.object.metadata?.annotations ?? {}).filter(([key]) => !ownAnnotations.has(key));
  return [
    { op: 'replace', path: '/spec/template', value: template },
    { op: 'replace', path: '/metadata/annotations', value: Object.fromEntries([...kept, ...restored]) },
  ];
}

/** As `rollout history --revision` shows it. */
function revisionText(revision: Revision): string {
  const { template } = specOf(revision.object);
  const annotations =
    revision.changeCause === ''
      ? {}
      : { annotations: { ...((template.metadata?.annotations ?? {}) as object), [changeCauseAnnotation]: revision.changeCause } };
  const to = new Description();
  writePodTemplate(to, { ...template, metadata: { ...template.metadata, ...annotations } } as unknown as PodTemplateSpec); // a ReplicaSet's template is one
  return to.unaligned();
}

export const deploymentHistory: RolloutHistory = { revisionsOf, revisionToRestore, restorePatch, revisionText };
