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
import { isConflict, isNotFound } from '../api/status-error.ts';
import { rfc3339 } from '../api/time.ts';
import type { KindCatalog } from '../client/kind-catalog.ts';
import { type Controller, type ControllerContext, defineController, type Outcome, settled } from './controller.ts';
import { isCollectable } from './kind-catalog.ts';

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
 * wakes the controller.
 */
export function namespaceController(kinds: KindCatalog): Controller<Namespace> {
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
      return object === undefined || !isDeleting(object) ? settled : empty(object, kinds, context);
    },
  });
}

const isDeleting = ({ metadata, spec }: Namespace): boolean =>
  metadata.deletionTimestamp !== undefined && (spec.finalizers ?? []).includes(finalizer);

async function empty(object: Namespace, kinds: KindCatalog, context: ControllerContext): Promise<Outcome> {
  const remaining = await deleteContent(object.metadata.name, kinds, context);
  const current = await writeConditions(object, remaining, context);
  if (remaining.length > 0) return remaining.every(({ kind }) => isWatched(kind)) ? settled : { requeueAfterMs: recheckMs };
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

/** Deletes all objects, Pods first, and returns those that are left. */
async function deleteContent(name: string, kinds: KindCatalog, context: ControllerContext): Promise<readonly Remaining[]> {
  const namespaced = kinds.all.filter(isNamespaced);
  const pods = await deleteAll(
    name,
    namespaced.filter(({ resourceName }) => resourceName === pod.resourceName),
    context,
  );
  if (pods.length > 0) return pods;
  return deleteAll(
    name,
    namespaced.filter(({ resourceName }) => resourceName !== pod.resourceName),
    context,
  );
}

async function deleteAll(name: string, kinds: readonly AnyKind[], { api }: ControllerContext): Promise<readonly Remaining[]> {
  const remaining: Remaining[] = [];
  for (const kind of kinds) {
    const before = await api(kind).list({ namespace: name });
    if (before.items.length === 0) continue;
    if (before.items.some(({ metadata }) => metadata.deletionTimestamp === undefined)) {
      await api(kind).deleteCollection({ namespace: name }, { propagationPolicy: 'Background' });
    }
    const { items } = await api(kind).list({ namespace: name });
    if (items.length > 0) remaining.push({ kind, objects: items });
  }
  return remaining;
}

type Fresh = Pick<NamespaceCondition, 'type' | 'status' | 'reason' | 'message'>;

function conditionsFor(remaining: readonly Remaining[]): readonly Fresh[] {
  const contents = remaining.map(({ kind, objects }) => `${resourceText(kind)} has ${objects.length} resource instances`).sort();
  const finalizers = new Map<string, number>();
  for (const name of remaining.flatMap(({ objects }) => objects.flatMap(({ metadata }) => metadata.finalizers ?? []))) {
    finalizers.set(name, (finalizers.get(name) ?? 0) + 1);
  }
  const waiting = [...finalizers].map(([name, count]) => `${name} in ${count} resource instances`).sort();
  return [
    ok('NamespaceDeletionDiscoveryFailure', 'ResourcesDiscovered', 'All resources successfully discovered'),
    ok('NamespaceDeletionGroupVersionParsingFailure', 'ParsedGroupVersions', 'All legacy kube types successfully parsed'),
    ok('NamespaceDeletionContentFailure', 'ContentDeleted', 'All content successfully deleted, may be waiting on finalization'),
    contents.length === 0
      ? ok('NamespaceContentRemaining', 'ContentRemoved', 'All content successfully removed')
      : {
          type: 'NamespaceContentRemaining',
          status: 'True',
          reason: 'SomeResourcesRemain',
          message: `Some resources are remaining: ${contents.join(', ')}`,
        },
    waiting.length === 0
      ? ok('NamespaceFinalizersRemaining', 'ContentHasNoFinalizers', 'All content-preserving finalizers finished')
      : {
          type: 'NamespaceFinalizersRemaining',
          status: 'True',
          reason: 'SomeFinalizersRemain',
          message: `Some content in the namespace has finalizers remaining: ${waiting.join(', ')}`,
        },
  ];
}

const ok = (type: string, reason: string, message: string): Fresh => ({ type, status: 'False', reason, message });

/** A resource as upstream prints it. The core group has an empty name, so that its resources end with the dot. */
const resourceText = ({ plural, group }: AnyKind): string => `${plural}.${group}`;

async function writeConditions(object: Namespace, remaining: readonly Remaining[], context: ControllerContext): Promise<Namespace> {
  const known = object.status.conditions ?? [];
  const now = rfc3339(context.clock.now());
  const conditions = conditionsFor(remaining).map((fresh) => {
    const former = known.find(({ type }) => type === fresh.type);
    return former?.status === fresh.status && former.reason === fresh.reason && former.message === fresh.message
      ? former
      : { ...fresh, lastTransitionTime: now };
  });
  // An empty namespace is removed at once: conditions that say nothing is left would never be seen.
  if (conditions.every((condition) => known.includes(condition)) || (remaining.length === 0 && known.length === 0)) return object;
  const others = known.filter(({ type }) => !conditions.some((condition) => condition.type === type));
  try {
    return await context.api(namespace).updateStatus({ ...object, status: { ...object.status, conditions: [...others, ...conditions] } });
  } catch (error) {
    if (isConflict(error)) return context.api(namespace).get(refOf(object));
    throw error;
  }
}
