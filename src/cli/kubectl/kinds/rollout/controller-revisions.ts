/**
 * The revisions of a DaemonSet or StatefulSet: ControllerRevisions, each a strategic merge patch that replaces the pod
 * template. Source: kubectl pkg/polymorphichelpers/{history,rollback}.go.
 */
import type { JsonObject } from '../../../../api/json.ts';
import { sameJson } from '../../../../api/same-json.ts';
import type { ApiObject, Session } from '../../command/session.ts';
import type { Info } from '../../resources/infos.ts';
import { withoutNulls } from '../../writing/last-applied.ts';
import { patchTypes } from '../../writing/writing.ts';
import type { Revision, RolloutHistory } from '../kind-traits.ts';
import { changeCauseOf, controlledBy, oldestFirst, type PodTemplate, specOf, templateText } from './revisions.ts';

interface ControllerRevision {
  readonly revision?: number;
  readonly data?: { readonly spec?: { readonly template?: PodTemplate } };
}

function revisionOf({ resource, object }: Info, stored: ApiObject): Revision {
  const { revision = 0, data = {} } = stored as unknown as ControllerRevision; // of the collection of that kind
  // Older controllers wrote `creationTimestamp: null` into a template's metadata.
  const { $patch: _replace, ...template } = withoutNulls<PodTemplate>(data.spec?.template ?? {});
  return {
    number: revision,
    changeCause: changeCauseOf(stored),
    object: { ...object, spec: { ...(object.spec as JsonObject), template } }, // a workload has a spec
    kind: resource.kind,
    text: () => templateText(template),
    restoring: (workload) =>
      sameJson(template, withoutNulls(specOf(workload).template)) ? undefined : { type: patchTypes.strategic, patch: data as JsonObject }, // as it came from the API
  };
}

async function revisionsOf(session: Session, info: Info): Promise<readonly Revision[]> {
  const revisions: Revision[] = [];
  for await (const stored of controlledBy(session, info, 'controllerrevisions.apps')) revisions.push(revisionOf(info, stored));
  return oldestFirst(revisions);
}

export const controllerRevisions: RolloutHistory = {
  trial: 'will roll back to ',
  revisionsOf,
  noneBefore: () => 'no last revision to roll back to',
};
