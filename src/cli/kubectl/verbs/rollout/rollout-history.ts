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

export interface Revision {
  readonly number: number;
  readonly changeCause: string;
  readonly replicaSet: ApiObject;
}

/** The pod template of a revision without the label that its replica set adds. */
export function templateOf(object: ApiObject): JsonObject {
  const { template } = specOf(object);
  const { [hashLabel]: _hash, ...labels } = (template.metadata?.labels ?? {}) as Readonly<Record<string, string>>; // labels are strings
  return { ...template, metadata: { ...template.metadata, labels } };
}

/** All revisions, oldest first. Rejects with CommandError for kinds without. */
export async function revisionsOf(session: Session, { resource, namespace, object }: Info): Promise<readonly Revision[]> {
  if (resource.kind !== 'Deployment') {
    const kind = resource.group === '' ? resource.kind : `${resource.kind}.${resource.group}`;
    throw new CommandError(`no history viewer has been implemented for ${JSON.stringify(kind)}`);
  }
  const replicaSets = await findResource(session, 'replicasets.apps');
  const labelSelector = formatLabelSelector(specOf(object).selector ?? null);
  const revisions: Revision[] = [];
  for await (const replicaSet of listObjects(session, resourcePath(replicaSets, namespace), { labelSelector })) {
    const owners = replicaSet.metadata?.ownerReferences;
    const owned =
      Array.isArray(owners) && owners.some((owner: JsonObject) => owner.uid === object.metadata?.uid && owner.controller === true);
    const number = Number(replicaSet.metadata?.annotations?.[revisionAnnotation] ?? '');
    if (!owned || !Number.isInteger(number) || number === 0) continue;
    revisions.push({ number, changeCause: replicaSet.metadata?.annotations?.[changeCauseAnnotation] ?? '', replicaSet });
  }
  return revisions.sort((a, b) => a.number - b.number);
}

/** The revision to go back to: the one asked for, or the one before the latest. Throws CommandError. */
export function revisionToRestore(revisions: readonly Revision[], wanted: number, name: string): Revision {
  if (wanted > 0) {
    const found = revisions.find((r) => r.number === wanted);
    if (found === undefined) throw new CommandError(`unable to find specified revision ${wanted} in history`);
    return found;
  }
  const previous = revisions.at(-2);
  if (previous === undefined) throw new CommandError(`no rollout history found for deployment ${JSON.stringify(name)}`);
  return previous;
}

/** The JSON patch that brings a revision back; undefined when the Deployment is already that. Throws CommandError when it is paused. */
export function restorePatch(deployment: ApiObject, revision: Revision): readonly JsonObject[] | undefined {
  if (specOf(deployment).paused === true) {
    throw new CommandError("you cannot rollback a paused deployment; resume it first with 'kubectl rollout resume' and try again");
  }
  const template = templateOf(revision.replicaSet);
  if (sameJson(template, templateOf(deployment))) return undefined;
  const kept = Object.entries(deployment.metadata?.annotations ?? {}).filter(([key]) => ownAnnotations.has(key));
  const restored = Object.entries(revision.replicaSet.metadata?.annotations ?? {}).filter(([key]) => !ownAnnotations.has(key));
  return [
    { op: 'replace', path: '/spec/template', value: template },
    { op: 'replace', path: '/metadata/annotations', value: Object.fromEntries([...kept, ...restored]) },
  ];
}

/** A revision's pod template as `rollout history --revision` shows it. */
export function revisionText(revision: Revision): string {
  const { template } = specOf(revision.replicaSet);
  const annotations =
    revision.changeCause === ''
      ? {}
      : { annotations: { ...((template.metadata?.annotations ?? {}) as object), [changeCauseAnnotation]: revision.changeCause } };
  const to = new Description();
  writePodTemplate(to, { ...template, metadata: { ...template.metadata, ...annotations } } as unknown as PodTemplateSpec); // a ReplicaSet's template is one
  return to.unaligned();
}
