/** The common part of rollout histories of all kinds. Source: kubectl pkg/polymorphichelpers/{history,rollback}.go. */
import type { PodTemplateSpec } from '../../../../api/generated/core/v1.ts';
import type { JsonObject } from '../../../../api/json.ts';
import { formatLabelSelector } from '../../../../api/selector.ts';
import type { ApiObject, Session } from '../../command/session.ts';
import { Description } from '../../output/description.ts';
import { resourcePath } from '../../resources/discovery.ts';
import type { Info } from '../../resources/infos.ts';
import { listObjects } from '../../resources/list.ts';
import { findResource } from '../../resources/resource-args.ts';
import { writePodTemplate } from '../describe/pod-template.ts';
import type { Revision } from '../kind-traits.ts';

export const changeCauseAnnotation = 'kubernetes.io/change-cause';

export type PodTemplate = JsonObject & { readonly metadata?: JsonObject };

interface Templated {
  readonly spec: {
    readonly template: PodTemplate;
    readonly paused?: boolean;
    readonly selector?: Readonly<Record<string, never>>;
  };
}

/** The spec of a workload, or of a replica set. */
export const specOf = (object: ApiObject): Templated['spec'] => (object as unknown as Templated).spec; // their kinds have a template

export const changeCauseOf = (object: ApiObject): string => object.metadata?.annotations?.[changeCauseAnnotation] ?? '';

/** A pod template as `rollout history --revision` shows it. */
export function templateText(template: PodTemplate): string {
  const to = new Description();
  writePodTemplate(to, template as unknown as PodTemplateSpec); // as read from the API, or put together of what was
  return to.unaligned();
}

/**
 * The objects of a resource that the workload's selector finds and that the workload controls. Rejects with
 * StatusError.
 */
export async function* controlledBy(session: Session, { namespace, object }: Info, resource: string): AsyncGenerator<ApiObject> {
  const path = resourcePath(await findResource(session, resource), namespace);
  for await (const found of listObjects(session, path, { labelSelector: formatLabelSelector(specOf(object).selector ?? null) })) {
    const owners = found.metadata?.ownerReferences;
    if (Array.isArray(owners) && owners.some((owner: JsonObject) => owner.uid === object.metadata?.uid && owner.controller === true))
      yield found;
  }
}

export const oldestFirst = (revisions: readonly Revision[]): readonly Revision[] => revisions.toSorted((a, b) => a.number - b.number);
