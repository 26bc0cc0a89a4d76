/**
 * What a delete does to an object before, or instead of, removing it: grace periods and finalizers. Pure. Source:
 * apiserver pkg/registry/rest/delete.go (BeforeDelete), pkg/registry/generic/registry/store.go
 * (updateForGracefulDeletionAndFinalizers).
 */
import { type FieldError, FieldPath, fieldErrors } from '../../api/field-error.ts';
import type { AnyKind } from '../../api/kind.ts';
import type { KubeObject } from '../../api/object.ts';
import { withMeta } from '../../api/object-fields.ts';
import type { DeleteOptions } from '../../api/request-options.ts';
import { statusErrors } from '../../api/status-error.ts';
import { parseTime, rfc3339 } from '../../api/time.ts';

const orphanFinalizer = 'orphan';
const foregroundFinalizer = 'foregroundDeletion';

/** What to do with an object that is to be deleted. */
export type Deletion =
  /** The object is already being deleted, and this request changes nothing. */
  | { readonly type: 'pending' }
  /** The object is marked and stays until a kubelet or a controller has finished. */
  | { readonly type: 'mark'; readonly object: KubeObject }
  /** The object is removed now; `object` is its last state when that differs from the stored one. */
  | { readonly type: 'remove'; readonly object: KubeObject | undefined };

/** Throws StatusError: 422 when the options are invalid, 409 when a precondition fails. */
export function checkDeleteOptions(kind: AnyKind, object: KubeObject, { propagationPolicy, preconditions }: DeleteOptions): void {
  const errors: FieldError[] = [];
  if (propagationPolicy !== undefined && !['Foreground', 'Background', 'Orphan'].includes(propagationPolicy)) {
    const supported = ['Foreground', 'Background', 'Orphan', 'nil'];
    errors.push(fieldErrors.notSupported(FieldPath.root.field('propagationPolicy'), propagationPolicy, supported));
  }
  if (errors.length > 0) throw statusErrors.invalid({ group: 'meta.k8s.io', kind: 'DeleteOptions' }, '', errors);
  checkPreconditions(kind, object, preconditions);
}

function checkPreconditions(kind: AnyKind, { metadata }: KubeObject, preconditions: DeleteOptions['preconditions']): void {
  const { uid, resourceVersion, name } = metadata;
  // In upstream, kinds with a custom delete check the preconditions themselves, with other messages. Source:
  // pkg/registry/core/namespace/storage/storage.go (Delete).
  const own = kind.delete?.mayRemove !== undefined;
  // Upstream's store puts the kind where the resource should be.
  const conflict = (cause: string) => statusErrors.conflict({ group: kind.group, resource: own ? kind.plural : kind.kind }, name, cause);
  if (preconditions?.uid !== undefined && preconditions.uid !== uid) {
    if (own) throw conflict(`Precondition failed: UID in precondition: ${preconditions.uid}, UID in object meta: ${uid}`);
    throw conflict(
      `the UID in the precondition (${preconditions.uid}) does not match the UID in record (${uid}). The object might have been deleted and then recreated`,
    );
  }
  const version = preconditions?.resourceVersion;
  if (version !== undefined && version !== resourceVersion) {
    if (own)
      throw conflict(
        `Precondition failed: ResourceVersion in precondition: ${version}, ResourceVersion in object meta: ${resourceVersion}`,
      );
    throw conflict(
      `the ResourceVersion in the precondition (${version}) does not match the ResourceVersion in record (${resourceVersion}). The object might have been modified`,
    );
  }
}

/** Decides on a delete. `nowMs` is milliseconds since the epoch. */
export function decideDeletion(kind: AnyKind, object: KubeObject, options: DeleteOptions, nowMs: number): Deletion {
  const grace = graceOf(kind, object, options, nowMs);
  if (grace === 'pending') return { type: 'pending' };
  const marked = withGcFinalizers(kind, grace === 'none' ? object : grace.object, options);
  if ((marked.metadata.finalizers ?? []).length > 0) {
    return { type: 'mark', object: grace === 'none' ? markDeleting(marked, nowMs) : marked };
  }
  if (grace === 'none') return { type: 'remove', object: undefined };
  return grace.seconds > 0 ? { type: 'mark', object: marked } : { type: 'remove', object: marked };
}

type Grace = 'none' | 'pending' | { readonly object: KubeObject; readonly seconds: number };

function graceOf(kind: AnyKind, object: KubeObject, { gracePeriodSeconds }: DeleteOptions, nowMs: number): Grace {
  const { delete: rules } = kind;
  if (rules?.gracePeriodSeconds === undefined) return 'none';
  const requested = gracePeriodSeconds !== undefined && gracePeriodSeconds < 0 ? 1 : gracePeriodSeconds;
  const { deletionTimestamp, deletionGracePeriodSeconds } = object.metadata;
  if (deletionTimestamp !== undefined) return shortened({ object, deletionTimestamp, deletionGracePeriodSeconds, requested, nowMs });
  const seconds = rules.gracePeriodSeconds(object, requested);
  const { generation } = object.metadata;
  const marks = { deletionTimestamp: rfc3339(nowMs + seconds * 1000), deletionGracePeriodSeconds: seconds };
  return { object: withMeta(object, { ...marks, generation: generation === undefined ? undefined : generation + 1 }), seconds };
}

interface Shortening {
  readonly object: KubeObject;
  readonly deletionTimestamp: string;
  readonly deletionGracePeriodSeconds: number | undefined;
  readonly requested: number | undefined;
  readonly nowMs: number;
}

/** A grace period that has begun can only be shortened. */
function shortened({ object, deletionTimestamp, deletionGracePeriodSeconds: current, requested, nowMs }: Shortening): Grace {
  if (current === undefined || current === 0) return 'none';
  if (requested === undefined || requested >= current) return 'pending';
  const wanted = (parseTime(deletionTimestamp) ?? nowMs) + (requested - current) * 1000;
  // When the whole period of a graceful delete has passed, the component that stops the object still does the removal.
  const seconds = wanted < nowMs && requested !== 0 ? 1 : requested;
  const marks = { deletionTimestamp: rfc3339(Math.max(wanted, nowMs)), deletionGracePeriodSeconds: seconds };
  return { object: withMeta(object, marks), seconds };
}

/** The finalizers that the propagation policy asks for. Source: store.go (deletionFinalizersForGarbageCollection). */
function withGcFinalizers(kind: AnyKind, object: KubeObject, options: DeleteOptions): KubeObject {
  const finalizers = object.metadata.finalizers ?? [];
  const policy = options.propagationPolicy ?? policyOfFinalizers(finalizers) ?? kind.delete?.propagation ?? 'Background';
  const others = finalizers.filter((finalizer) => finalizer !== orphanFinalizer && finalizer !== foregroundFinalizer);
  const own = policy === 'Orphan' ? [orphanFinalizer] : policy === 'Foreground' ? [foregroundFinalizer] : [];
  const wanted = [...others, ...own];
  const same = wanted.length === finalizers.length && wanted.every((finalizer) => finalizers.includes(finalizer));
  return same ? object : withMeta(object, { finalizers: wanted.length === 0 ? undefined : wanted });
}

function policyOfFinalizers(finalizers: readonly string[]): 'Orphan' | 'Foreground' | undefined {
  const first = finalizers.find((finalizer) => finalizer === orphanFinalizer || finalizer === foregroundFinalizer);
  if (first === undefined) return undefined;
  return first === orphanFinalizer ? 'Orphan' : 'Foreground';
}

/** Marks an object without a grace period as deleted. Source: store.go (markAsDeleting). */
export function markDeleting(object: KubeObject, nowMs: number): KubeObject {
  const { deletionTimestamp, generation } = object.metadata;
  const begun = deletionTimestamp !== undefined && (parseTime(deletionTimestamp) ?? 0) <= nowMs;
  const bumped = deletionTimestamp === undefined && generation !== undefined && generation > 0 ? generation + 1 : generation;
  return withMeta(object, {
    deletionTimestamp: begun ? deletionTimestamp : rfc3339(nowMs),
    deletionGracePeriodSeconds: 0,
    generation: bumped,
  });
}
