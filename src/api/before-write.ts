/**
 * What every create and update goes through between mutating admission and the store, for all Kinds: the server's own
 * metadata, the Kind's hooks, validation, warnings. Pure, and the only copy: the registry runs it, and so do the tests
 * of Kinds. Source: apiserver pkg/registry/rest/{create,update}.go.
 */
import { type FieldError, FieldPath } from './field-error.ts';
import { type AnyKind, type Kind, type KubeObject, type ServedVersion, startsGeneration, tracksGeneration } from './kind.ts';
import { nameIsDnsSubdomain, nameIsPathSegment } from './names.ts';
import { sameDesired, withMeta, withStatusOf } from './object-fields.ts';
import type { PartSubresource } from './subresource.ts';
import { type ObjectMetaRules, validateObjectMeta, validateObjectMetaUpdate } from './validation/object-meta.ts';

/** A finished object, or all that is wrong with it. */
export interface Finished<T extends KubeObject> {
  readonly object: T;
  readonly errors: readonly FieldError[];
  /** Empty when there are errors. */
  readonly warnings: readonly string[];
}

const root = FieldPath.root;
const metaPath = root.field('metadata');

/**
 * Finishes a new object, given that its name, namespace and system metadata are set. `version`: the one the request
 * uses, when it is not the stored one.
 */
export function beforeCreate<T extends KubeObject>(kind: Kind<T>, received: T, version?: ServedVersion): Finished<T> {
  const { rules, create } = kind;
  const started = startsGeneration(kind) ? withMeta(received, { generation: 1 }) : received;
  const object = create?.prepare?.(started, version?.version) ?? started;
  const own = [
    ...(rules?.validate?.(object, root, version?.version) ?? []),
    ...(create?.validate?.(object, root, version?.version) ?? []),
    ...(version?.validateCreate?.(object, root) ?? []),
  ];
  const metadata = () => validateObjectMeta(object.metadata, newNameRules(kind, object), metaPath);
  const errors = rules?.looseMetadata === 'all' ? (own.length > 0 ? own : metadata()) : [...metadata(), ...own];
  return finished(kind, object, errors, () => rules?.warnings?.(object, undefined));
}

/** Finishes an update of the main resource. */
export function beforeUpdate<T extends KubeObject>(kind: Kind<T>, received: T, previous: T, version?: ServedVersion): Finished<T> {
  const { rules, update, subresources } = kind;
  const kept = keepSystemMeta(received, previous);
  const counted = countChange(kind, subresources.status === undefined ? kept : withStatusOf(kept, previous), previous);
  const object = update?.prepare?.(counted, previous, version?.version) ?? counted;
  const whole = update?.validates === 'alone' ? [] : (rules?.validate?.(object, root, version?.version) ?? []);
  const change = update?.validate?.(object, previous, root, version?.version) ?? [];
  const errors = [
    ...metaErrors(kind, object, previous),
    ...repeatedMetaErrors(kind, object, previous),
    ...(update?.validates === 'first' ? [...change, ...whole] : [...whole, ...change]),
    ...(version?.validateUpdate?.(object, previous, root) ?? []),
  ];
  return finished(kind, object, errors, () => rules?.warnings?.(object, previous));
}

/**
 * Finishes an update through a sub-resource that takes a part of the object. Upstream's strategies of sub-resources
 * warn of nothing. `now`: RFC 3339; `version`: the one the request uses, when it is not the stored one.
 */
export function beforePartUpdate<T extends KubeObject>(
  kind: Kind<T>,
  part: PartSubresource<T>,
  change: { readonly received: T; readonly previous: T; readonly now: string; readonly version?: ServedVersion | undefined },
): Finished<T> {
  const { received, previous, now, version } = change;
  const taken = part.take(keepSystemMeta(received, previous), previous, now);
  const { managedFields } = received.metadata;
  const owned = managedFields === taken.metadata.managedFields ? taken : withMeta(taken, { managedFields });
  const object = countChange(kind, owned, previous);
  const errors = [
    ...metaErrors(kind, object, previous),
    ...(part.validatesWhole ? (kind.rules?.validate?.(object, root, version?.version) ?? []) : []),
    ...(part.validate?.(object, previous, root, version?.version) ?? []),
  ];
  return finished(kind, object, errors, () => []);
}

function finished<T extends KubeObject>(
  { rules }: Kind<T>,
  object: T,
  errors: readonly FieldError[],
  warnings: () => readonly string[] | undefined,
): Finished<T> {
  if (errors.length > 0) return { object, errors, warnings: [] };
  return { object: rules?.canonicalize?.(object) ?? object, errors, warnings: warnings() ?? [] };
}

function metaErrors(kind: AnyKind, object: KubeObject, previous: KubeObject): readonly FieldError[] {
  return [
    ...validateObjectMeta(object.metadata, metaRules(kind), metaPath),
    ...validateObjectMetaUpdate(object.metadata, previous.metadata, metaPath),
  ];
}

/** What upstream tells once more of metadata. Messages tell it once, causes each time. */
function repeatedMetaErrors(kind: AnyKind, object: KubeObject, previous: KubeObject): readonly FieldError[] {
  const { metadata = 'change' } = kind.update ?? {};
  if (metadata === 'unchecked') return [];
  return [
    ...(metadata === 'whole' ? validateObjectMeta(object.metadata, metaRules(kind), metaPath) : []),
    ...validateObjectMetaUpdate(object.metadata, previous.metadata, metaPath),
  ];
}

function newNameRules<T extends KubeObject>(kind: Kind<T>, object: T): ObjectMetaRules {
  const rules = metaRules(kind);
  const { create } = kind;
  if (create?.nameProblems === undefined) return rules;
  const { validateName = nameIsDnsSubdomain } = rules;
  return { ...rules, validateName: (name, prefix) => [...validateName(name, prefix), ...(create.nameProblems?.(object, name) ?? [])] };
}

function metaRules({ scope, rules }: AnyKind): ObjectMetaRules {
  const loose = rules?.looseMetadata;
  const validateName = loose === 'all' ? nameIsPathSegment : rules?.validateName;
  return {
    namespaced: scope === 'Namespaced',
    anyFinalizer: loose !== undefined,
    ...(validateName === undefined ? {} : { validateName }),
  };
}

/** Copies what an update can never change from the previous object, and metadata that the update leaves out. */
function keepSystemMeta<T extends KubeObject>(object: T, { metadata }: T): T {
  const { metadata: next } = object;
  return withMeta(object, {
    generation: metadata.generation,
    uid: next.uid === undefined || next.uid === '' ? metadata.uid : next.uid,
    creationTimestamp: metadata.creationTimestamp,
    deletionTimestamp: metadata.deletionTimestamp ?? next.deletionTimestamp,
    deletionGracePeriodSeconds: next.deletionGracePeriodSeconds ?? metadata.deletionGracePeriodSeconds,
    selfLink: undefined,
  });
}

/** The next generation when the desired state differs. */
function countChange<T extends KubeObject>(kind: Kind<T>, object: T, previous: T): T {
  const changed = tracksGeneration(kind) && !sameDesired(object, previous);
  return changed ? withMeta(object, { generation: (previous.metadata.generation ?? 0) + 1 }) : object;
}
