/**
 * Deletes the contents of a namespace that is being deleted, then removes its finalizer. Source:
 * pkg/controller/namespace/deletion/{namespaced_resources_deleter,status_condition_utils}.go.
 */
import type { Namespace, NamespaceCondition } from '../api/generated/core/v1.ts';
import type { JsonObject } from '../api/json.ts';
import type { AnyKind } from '../api/kind.ts';
import { namespace } from '../api/kinds/core/namespace.ts';
import { pod } from '../api/kinds/core/pod.ts';
import { type KubeObject, refOf } from '../api/object.ts';
import { isConflict, isNotFound, StatusError } from '../api/status-error.ts';
import { rfc3339 } from '../api/time.ts';
import type { ResourceClient } from '../client/client.ts';
import type { KindCatalog } from '../client/kind-catalog.ts';
import { type Controller, type ControllerContext, defineController, type Outcome, settled } from './controller.ts';
import { isCollectable } from './kind-catalog.ts';
import { noRemoteResources, type RemoteResources } from './remote-resources.ts';

const finalizer = 'kubernetes';
/**
 * How often to check for remaining objects of Kinds that the controller does not watch. Deletions of all others wake
 * the controller.
 */
const recheckMs = 5000;
const isNamespaced = ({ scope }: AnyKind): boolean => scope === 'Namespaced';
const isWatched = (kind: AnyKind): boolean => isNamespaced(kind) && isCollectable(kind);

/**
 * Watches all namespaced Kinds of the catalog, so that the deletion of the last object, or the removal of its Kind,
 * wakes the controller. Those of other servers are looked at again and again.
 */
export function namespaceController(kinds: KindCatalog, remote: RemoteResources = noRemoteResources): Controller<Namespace> {
  return defineController<Namespace>({
    name: 'namespace',
    reconciles: namespace,
    concerns: isDeleting,
    watchesAllKinds: {
      catalog: kinds,
      wants: isWatched,
      refs: ({ metadata }, { cache }) => {
        const ref = { namespace: '', name: metadata.namespace ?? '' };
        const owner = cache(namespace).get(ref);
        return owner !== undefined && isDeleting(owner) ? [ref] : [];
      },
      refsWhenKindsChange: ({ cache }) => cache(namespace).list().filter(isDeleting).map(refOf),
    },
    reconcile: async (ref, context) => {
      const object = context.cache(namespace).get(ref);
      return object === undefined || !isDeleting(object) ? settled : empty(object, { kinds, remote }, context);
    },
  });
}

const isDeleting = ({ metadata, spec }: Namespace): boolean =>
  metadata.deletionTimestamp !== undefined && (spec.finalizers ?? []).includes(finalizer);

interface AllKinds {
  readonly kinds: KindCatalog;
  readonly remote: RemoteResources;
}

async function empty(object: Namespace, all: AllKinds, context: ControllerContext): Promise<Outcome> {
  const missing = all.remote.missing;
  const left = await deleteContent(object.metadata.name, all, context);
  const { remaining, failures } = left;
  const current = await writeConditions(object, conditionsFor({ ...left, missing }), context);
  const [failure] = failures;
  // It is tried again, later each time.
  if (failure !== undefined) throw failure;
  const isWaitedFor = remaining.every(({ kind }) => isWatched(kind) && !all.remote.all.includes(kind));
  if (missing.length > 0 || !isWaitedFor) return { requeueAfterMs: recheckMs };
  if (remaining.length > 0) return settled;
  const finalizers = (current.spec.finalizers ?? []).filter((name) => name !== finalizer);
  // A stored object is JSON.
  const body = { ...current, spec: { ...current.spec, finalizers } } as unknown as JsonObject;
  try {
    await context.api(namespace).subresource('update', refOf(current), 'finalize', body);
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
  return settled;
}

interface Remaining {
  readonly kind: AnyKind;
  readonly objects: readonly KubeObject[];
}

interface Left {
  readonly remaining: readonly Remaining[];
  /** Of kinds whose objects could not be deleted. */
  readonly failures: readonly StatusError[];
}

/** Deletes all objects, Pods first. */
async function deleteContent(name: string, { kinds, remote }: AllKinds, context: ControllerContext): Promise<Left> {
  const namespaced = [...kinds.all, ...remote.all].filter(isNamespaced);
  const eachByEach = (kind: AnyKind): boolean => remote.all.includes(kind) && !remote.supports(kind, 'deletecollection');
  const of = (chosen: readonly AnyKind[]): Promise<Left> => deleteAll(name, chosen, eachByEach, context);
  const pods = await of(namespaced.filter(({ resourceName }) => resourceName === pod.resourceName));
  if (pods.remaining.length > 0) return pods;
  const others = await of(namespaced.filter(({ resourceName }) => resourceName !== pod.resourceName));
  return { ...others, failures: [...pods.failures, ...others.failures] };
}

async function deleteAll(
  name: string,
  kinds: readonly AnyKind[],
  eachByEach: (kind: AnyKind) => boolean,
  { api }: ControllerContext,
): Promise<Left> {
  const remaining: Remaining[] = [];
  const failures: StatusError[] = [];
  for (const kind of kinds) {
    try {
      const objects = await deleteObjects(api(kind), name, eachByEach(kind));
      if (objects.length > 0) remaining.push({ kind, objects });
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      failures.push(error);
    }
  }
  return { remaining, failures };
}

/** Deletes the objects of one Kind and returns those that are left. */
async function deleteObjects(api: ResourceClient<KubeObject>, namespace: string, eachByEach: boolean): Promise<readonly KubeObject[]> {
  const before = (await api.list({ namespace })).items;
  if (before.length === 0) return before;
  const fresh = before.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  if (eachByEach) for (const object of fresh) await deleteOne(api, object);
  else if (fresh.length > 0) await api.deleteCollection({ namespace }, { propagationPolicy: 'Background' });
  return (await api.list({ namespace })).items;
}

async function deleteOne(api: ResourceClient<KubeObject>, object: KubeObject): Promise<void> {
  try {
    await api.delete(refOf(object), { propagationPolicy: 'Background' });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

type Fresh = Pick<NamespaceCondition, 'type' | 'status' | 'reason' | 'message'>;

interface Findings extends Left {
  /** Versions of groups, as `group/version`, whose kinds are not known. */
  readonly missing: readonly string[];
}

const bad = (type: string, reason: string, message: string): Fresh => ({ type, status: 'True', reason, message });

function discoveryCondition(missing: readonly string[]): Fresh {
  const type = 'NamespaceDeletionDiscoveryFailure';
  if (missing.length === 0) return ok(type, 'ResourcesDiscovered', 'All resources successfully discovered');
  const each = missing.map((version) => `${version}: stale GroupVersion discovery: ${version}`).join(', ');
  const found = `unable to retrieve the complete list of server APIs: ${each}`;
  return bad(type, 'DiscoveryFailed', `Discovery failed for some groups, ${missing.length} failing: ${found}`);
}

function contentCondition(failures: readonly StatusError[]): Fresh {
  const type = 'NamespaceDeletionContentFailure';
  if (failures.length === 0) return ok(type, 'ContentDeleted', 'All content successfully deleted, may be waiting on finalization');
  const messages = failures.map(({ message }) => message).sort();
  return bad(type, 'ContentDeletionFailed', `Failed to delete all resource types, ${failures.length} remaining: ${messages.join(', ')}`);
}

function conditionsFor({ remaining, failures, missing }: Findings): readonly Fresh[] {
  const contents = remaining.map(({ kind, objects }) => `${resourceText(kind)} has ${objects.length} resource instances`).sort();
  const finalizers = new Map<string, number>();
  for (const name of remaining.flatMap(({ objects }) => objects.flatMap(({ metadata }) => metadata.finalizers ?? []))) {
    finalizers.set(name, (finalizers.get(name) ?? 0) + 1);
  }
  const waiting = [...finalizers].map(([name, count]) => `${name} in ${count} resource instances`).sort();
  return [
    discoveryCondition(missing),
    ok('NamespaceDeletionGroupVersionParsingFailure', 'ParsedGroupVersions', 'All legacy kube types successfully parsed'),
    contentCondition(failures),
    contents.length === 0
      ? ok('NamespaceContentRemaining', 'ContentRemoved', 'All content successfully removed')
      : bad('NamespaceContentRemaining', 'SomeResourcesRemain', `Some resources are remaining: ${contents.join(', ')}`),
    waiting.length === 0
      ? ok('NamespaceFinalizersRemaining', 'ContentHasNoFinalizers', 'All content-preserving finalizers finished')
      : bad(
          'NamespaceFinalizersRemaining',
          'SomeFinalizersRemain',
          `Some content in the namespace has finalizers remaining: ${waiting.join(', ')}`,
        ),
  ];
}

const ok = (type: string, reason: string, message: string): Fresh => ({ type, status: 'False', reason, message });

/** A resource as upstream prints it. The core group has an empty name, so that its resources end with the dot. */
const resourceText = ({ plural, group }: AnyKind): string => `${plural}.${group}`;

async function writeConditions(object: Namespace, wanted: readonly Fresh[], context: ControllerContext): Promise<Namespace> {
  const known = object.status.conditions ?? [];
  const now = rfc3339(context.clock.now());
  const conditions = wanted.map((fresh) => {
    const former = known.find(({ type }) => type === fresh.type);
    return former?.status === fresh.status && former.reason === fresh.reason && former.message === fresh.message
      ? former
      : { ...fresh, lastTransitionTime: now };
  });
  // An empty namespace is removed at once: conditions that say nothing is left would never be seen.
  const isUntroubled = wanted.every(({ status }) => status === 'False');
  if (conditions.every((condition) => known.includes(condition)) || (isUntroubled && known.length === 0)) return object;
  const others = known.filter(({ type }) => !conditions.some((condition) => condition.type === type));
  try {
    return await context.api(namespace).updateStatus({ ...object, status: { ...object.status, conditions: [...others, ...conditions] } });
  } catch (error) {
    if (isConflict(error)) return context.api(namespace).get(refOf(object));
    throw error;
  }
}
