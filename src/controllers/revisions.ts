/**
 * The history of StatefulSets and DaemonSets: a ControllerRevision for each template that they had. Source:
 * pkg/controller/history/controller_history.go, pkg/controller/daemon/update.go.
 */
import type { ControllerRevision } from '../api/generated/apps/v1.ts';
import type { PodTemplateSpec } from '../api/generated/core/v1.ts';
import type { LabelSelector } from '../api/generated/meta/v1.ts';
import { canonicalJson, fnv32 } from '../api/hash.ts';
import type { JsonObject, JsonValue } from '../api/json.ts';
import type { Kind } from '../api/kind.ts';
import { controllerRevision } from '../api/kinds/apps/controller-revision.ts';
import { safeEncode } from '../api/names.ts';
import { type KubeObject, refOf } from '../api/object.ts';
import { fromLabelSelector } from '../api/selector.ts';
import { isAlreadyExists, isNotFound } from '../api/status-error.ts';
import { type CacheIndex, type ControllerContext, indexing } from './controller.ts';
import { claim, controllerOf, newControllerRef } from './owner-refs.ts';
import { timeOf } from './pods.ts';

export const revisionLabel = 'controller-revision-hash';
const orphanIndex = 'orphan-revision';
const maxPrefix = 223;

/** Revisions without a controller, by namespace: the candidates for adoption. */
export const orphanRevisions: CacheIndex = indexing(controllerRevision, orphanIndex, (object) =>
  controllerOf(object) === undefined ? [object.metadata.namespace ?? ''] : [],
);

/** An owner of revisions. */
export interface Revised extends KubeObject {
  readonly spec: { readonly selector: LabelSelector; readonly template: PodTemplateSpec; readonly revisionHistoryLimit: number };
}

/** The patch that brings a template back. Its keys are sorted, as Go writes them: clients compare it byte by byte. */
export const templatePatch = ({ spec }: Revised): JsonObject => {
  // A template is JSON.
  const template = spec.template as unknown as JsonObject;
  return JSON.parse(canonicalJson({ spec: { template: { ...template, $patch: 'replace' } } })) as JsonObject;
};

/** The template that a revision keeps. */
export function templateOf({ data }: ControllerRevision): PodTemplateSpec {
  // Revisions are written by these controllers only.
  const { $patch: _, ...template } = (data as { readonly spec: { readonly template: JsonObject } }).spec.template;
  return template as unknown as PodTemplateSpec;
}

const sameData = (a: JsonValue, b: JsonValue): boolean => canonicalJson(a) === canonicalJson(b);

/** The revisions of an owner, oldest first; orphans that match are adopted. */
export async function revisionsOf<T extends Revised>(
  owner: T,
  kind: Kind<T>,
  { cache, api }: ControllerContext,
): Promise<readonly ControllerRevision[]> {
  const all = cache(controllerRevision);
  const claimed = await claim({
    owner,
    ownerKind: kind,
    selector: fromLabelSelector(owner.spec.selector),
    candidates: [...all.ownedBy(owner), ...all.byIndex(orphanIndex, owner.metadata.namespace ?? '')],
    owners: api(kind),
    dependents: api(controllerRevision),
  });
  const age = ({ metadata }: ControllerRevision): number => timeOf(metadata.creationTimestamp);
  return claimed.toSorted((a, b) => a.revision - b.revision || age(a) - age(b) || (a.metadata.name < b.metadata.name ? -1 : 1));
}

/** The revisions of the owner's template, oldest first; mostly there is at most one. */
export const revisionsEqualTo = (owner: Revised, revisions: readonly ControllerRevision[]): readonly ControllerRevision[] => {
  const data = templatePatch(owner);
  return revisions.filter((one) => sameData(one.data, data));
};

export interface CurrentRevision {
  readonly revision: ControllerRevision;
  /** How often a name was taken by another template; undefined: never. */
  readonly collisionCount: number | undefined;
}

export interface RevisionOptions<T extends Revised> {
  readonly owner: T;
  readonly kind: Kind<T>;
  /** The label of revisions that holds their hash. */
  readonly label: string;
  /** All that there are, oldest first. */
  readonly revisions: readonly ControllerRevision[];
  readonly collisionCount: number | undefined;
  readonly context: ControllerContext;
}

/** The revision of the owner's template: found, made the newest again, or created. */
export async function ensureRevision<T extends Revised>(options: RevisionOptions<T>): Promise<CurrentRevision> {
  const { owner, revisions, collisionCount, context } = options;
  const data = templatePatch(owner);
  const equal = revisionsEqualTo(owner, revisions).at(-1);
  const newest = revisions.at(-1);
  if (equal !== undefined && equal === newest) return { revision: equal, collisionCount };
  const number = (newest?.revision ?? 0) + 1;
  const api = context.api(controllerRevision);
  if (equal !== undefined) return { revision: await api.update({ ...equal, revision: number }), collisionCount };
  for (let collisions = collisionCount; ; collisions = (collisions ?? 0) + 1) {
    const revision = newRevision(options, data, number, collisions);
    try {
      return { revision: await api.create(revision), collisionCount: collisions };
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
      const existing = await api.get({ namespace: owner.metadata.namespace ?? '', name: revision.metadata.name });
      if (sameData(existing.data, data) && controllerOf(existing)?.uid === owner.metadata.uid) {
        return { revision: existing, collisionCount: collisions };
      }
    }
  }
}

function newRevision<T extends Revised>(
  { owner, kind, label }: RevisionOptions<T>,
  data: JsonObject,
  revision: number,
  collisions: number | undefined,
) {
  // Source: HashControllerRevision. Differs: for DaemonSets upstream hashes a dump of Go structs.
  const text = `${canonicalJson(data)}${collisions ?? 0}`;
  const hash = safeEncode(String(fnv32(new TextEncoder().encode(text))));
  return {
    apiVersion: controllerRevision.apiVersion,
    kind: controllerRevision.kind,
    metadata: {
      name: `${owner.metadata.name.slice(0, maxPrefix)}-${hash}`,
      namespace: owner.metadata.namespace,
      labels: { ...owner.spec.template.metadata.labels, [label]: hash },
      ...(owner.metadata.annotations === undefined ? {} : { annotations: owner.metadata.annotations }),
      ownerReferences: [newControllerRef(owner, kind)],
    },
    data,
    revision,
  };
}

/** Deletes the oldest revisions beyond the owner's limit that no Pod has any more. `live`: names that stay. */
export async function truncateRevisions(
  { spec }: Revised,
  revisions: readonly ControllerRevision[],
  live: ReadonlySet<string>,
  { api }: ControllerContext,
): Promise<void> {
  if (spec.revisionHistoryLimit < 0) return;
  const old = revisions.filter(({ metadata }) => !live.has(metadata.name));
  for (const one of old.slice(0, Math.max(0, old.length - spec.revisionHistoryLimit))) await deleteRevision(one, { api });
}

export async function deleteRevision(revision: ControllerRevision, { api }: Pick<ControllerContext, 'api'>): Promise<void> {
  try {
    await api(controllerRevision).delete(refOf(revision));
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}
