/**
 * Kinds: one declaration per resource, from which routes, discovery, OpenAPI, storage keys, clients, CLI names and tables derive.
 * A Kind is plain data and pure functions; it never does I/O. Its members stand in groups by concern; each hook says when it runs and what it may do.
 * No hook mutates what it is given: one that changes an object returns another.
 *
 * The way of a write: decode (`codec.schema`), `codec.defaults`, mutating admission, `create.prepare` or `update.prepare`, `rules.validate` and
 * `create.validate` or `update.validate`, warnings, `rules.canonicalize`, validating admission, store. `before-write.ts` is the middle of it.
 * Source of the shape: apiserver pkg/registry/rest/{create,update,delete}.go.
 */
import type { FieldError, FieldPath } from './field-error.ts';
import type { JsonObject } from './json.ts';
import type { GroupVersionKind, KubeObject, Received } from './object.ts';
import type { ObjectFormat } from './object-format.ts';
import type { Subresource } from './subresource.ts';
import type { Table } from './table.ts';

export type Scope = 'Namespaced' | 'Cluster';

/** What people call a resource, besides its plural; shown by discovery, understood by kubectl. */
export interface ResourceNames {
  /** Default: the kind in lower case. */
  readonly singular?: string;
  /** `po`, `deploy`. */
  readonly shortNames?: readonly string[];
  /** `all`: `kubectl get all` shows it. */
  readonly categories?: readonly string[];
  /** The kind of lists. Default: the kind and `List`. */
  readonly list?: string;
  /** Where upstream keeps objects in etcd, as some errors tell: `minions`. Default: the plural. Source: pkg/kubeapiserver/default_storage_factory_builder.go. */
  readonly etcdFolder?: string;
}

/** How an object is read from a request and written into an answer. */
export interface Codec<T extends KubeObject> {
  /** Model name in the schema data, e.g. `io.k8s.api.core.v1.Pod`; or the format itself, of a Kind that is defined at run time. */
  readonly schema: string | ObjectFormat;
  /**
   * Fills in defaults that depend on nothing but the object. Runs on every decoded object of every verb, before admission, and again after mutating
   * admission has changed it: running twice must be running once. Schema data has already dropped nulls and added Go's empty structs.
   */
  defaults?(object: T): T;
  /** Other versions and groups that serve the same stored objects. */
  readonly alsoServed?: readonly ServedVersion[];
  /** Text of the `Warning:` header of every request for the stored version, when its use is deprecated. */
  readonly deprecation?: string;
}

/** A served API version other than the stored one, and how objects are converted. */
export type ServedVersion = ServedVersionNames & (PureConversion | SlowConversion);

/** Conversions of built-in kinds: functions of the object alone. */
interface PureConversion {
  /** Runs on a decoded body, before defaults. */
  toStored(object: JsonObject): JsonObject;
  /** Runs on whatever is answered in this version, once for each state of an object. */
  fromStored(object: JsonObject): JsonObject;
  readonly remote?: undefined;
}

/** Conversions that take time and may fail: by webhooks. */
interface SlowConversion {
  readonly remote: RemoteConversion;
}

/** Converts many objects in one go; answers as many, in their order. Rejects with StatusError. */
export interface RemoteConversion {
  toStored(objects: readonly JsonObject[]): Promise<readonly JsonObject[]>;
  fromStored(objects: readonly JsonObject[]): Promise<readonly JsonObject[]>;
}

/** `group` only when it differs from the Kind's (extensions → apps). */
interface ServedVersionNames {
  readonly group?: string;
  readonly version: string;
  /** As for the stored version, e.g. `io.k8s.api.events.v1.Event`. */
  readonly schema: string | ObjectFormat;
  /** What this version asks besides the Kind's own rules, of the object in its stored form. */
  validateCreate?(object: KubeObject, at: FieldPath): readonly FieldError[];
  validateUpdate?(next: KubeObject, previous: KubeObject, at: FieldPath): readonly FieldError[];
  /** Field selectors of this version when they differ: its label → the Kind's. Default: the Kind's own. */
  readonly fieldLabels?: Readonly<Record<string, string>>;
  /** Text of the `Warning:` header, when use of this version is deprecated. */
  readonly deprecation?: string;
}

/** What holds for an object whatever verb writes it. */
export interface Rules<T extends KubeObject> {
  /** How names are checked; default: DNS-1123 sub-domain. Returns messages, none when good. */
  readonly validateName?: (name: string, prefix: boolean) => readonly string[];
  /**
   * What upstream's validation of the kind does not ask of metadata. `finalizers`: that finalizers are ones that Kubernetes knows. `all`: anything but what
   * every object of any API must meet, and that only when the Kind's own rules have found nothing; names are any segment of a path.
   */
  readonly looseMetadata?: 'finalizers' | 'all';
  /** False: `metadata.generation` stays unset, as upstream for Namespace, Node, Service and others. Default: whether there is a status sub-resource. */
  readonly generation?: boolean;
  /** All that is wrong with an object, new or changed; metadata is validated generically before. Runs after prepare. */
  validate?(object: T, at: FieldPath): readonly FieldError[];
  /** Texts of `Warning:` headers for who creates or updates the main resource; runs when validation has found nothing. */
  warnings?(object: T, previous: T | undefined): readonly string[];
  /** Brings an object into its one stored form; runs last, when it is known to be valid. */
  canonicalize?(object: T): T;
}

/** What is special about creating. */
export interface CreateRules<T extends KubeObject> {
  /**
   * Clears what a client may not set (status) and sets what the server owns. Runs once the name is known and system metadata is set, before validation;
   * must not remove what validation would refuse.
   */
  prepare?(object: T): T;
  /** What is wrong with a new object only, besides `rules.validate`. */
  validate?(object: T, at: FieldPath): readonly FieldError[];
}

/** What is special about updating the main resource; sub-resources have their own rules. */
export interface UpdateRules<T extends KubeObject> {
  /**
   * Keeps what a client may not change. Runs before validation, when the status has been kept and the generation counted generically: add only what
   * differs. Must not remove what validation would refuse.
   */
  prepare?(next: T, previous: T): T;
  /** All that is wrong with the change; `rules.validate` has been run on `next` already. */
  validate?(next: T, previous: T, at: FieldPath): readonly FieldError[];
  /** True: a PUT of an absent object creates it; Lease, Event, Endpoints … have it upstream. Default: false. */
  readonly createsAbsent?: boolean;
  /** False: a PUT needs a resourceVersion. Default: true, as upstream for nearly all kinds. */
  readonly unconditional?: boolean;
}

/** What is special about deleting. */
export interface DeleteRules<T extends KubeObject> {
  /** The grace period in seconds, given what was requested; absent: deleted at once. Asked when an object is first deleted. Pods only. */
  gracePeriodSeconds?(object: T, requestedSeconds: number | undefined): number;
  /** Whether an object that is being deleted may go, besides `metadata.finalizers`; asked by deletes and updates. Namespaces wait for their content. */
  mayRemove?(object: T): boolean;
  /** What else changes when an object is first marked for deletion (a namespace's phase). Runs only where there is `mayRemove`. */
  mark?(object: T): T;
  /** Default of `propagationPolicy`; 'Background' unless said (RC via core/v1 keeps 'Orphan' upstream). */
  readonly propagation?: 'Background' | 'Orphan' | 'Foreground';
  /** True: the answer is the object rather than a Status, as upstream for Pod, Service, Namespace, ServiceAccount and others. */
  readonly answersObject?: boolean;
  /** False: a collection cannot be deleted at once, as upstream for Namespace. Default: true. */
  readonly collection?: boolean;
}

/** Field selectors besides metadata.name and metadata.namespace: field label → its value, a string always. */
export type SelectableFields<T extends KubeObject> = Readonly<Record<string, FieldOf<T>['value']>>;

/** A method, hence bivariant: see `AnyKind`. */
interface FieldOf<T extends KubeObject> {
  value(object: T): string;
}

/** How stores keep the objects of a Kind. */
export interface StorageRules {
  /**
   * Objects of this Kind are many, short-lived and seldom read: stores keep them on disk only, and find them by the value of this field selector
   * without a look at each.
   */
  readonly diskOnly?: string;
}

/** What names a Kind. */
export interface KindIdentity {
  /** '' is the core group. */
  readonly group: string;
  /** The stored version, also the preferred one. */
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly scope: Scope;
}

export interface KindDeclaration<T extends KubeObject> extends KindIdentity {
  readonly names?: ResourceNames;
  readonly codec: Codec<T>;
  readonly rules?: Rules<T>;
  readonly create?: CreateRules<T>;
  readonly update?: UpdateRules<T>;
  readonly delete?: DeleteRules<T>;
  /** Default: name and creation time. */
  readonly table?: Table<T>;
  readonly select?: SelectableFields<T>;
  readonly storage?: StorageRules;
  /** By name. */
  readonly subresources?: Readonly<Record<string, Subresource<T>>>;
}

/** A declared Kind with its derived names. Type parameter: the stored shape. */
export interface Kind<T extends KubeObject = KubeObject> extends KindDeclaration<T> {
  /** `v1`, `apps/v1`. */
  readonly apiVersion: string;
  /** `pods`, `deployments.apps`: unique over all Kinds; the storage prefix. */
  readonly resourceName: string;
  readonly names: Required<ResourceNames>;
  readonly subresources: Readonly<Record<string, Subresource<T>>>;
  /** Phantom: makes `Kind<Pod>` and `Kind<Node>` different types. Never set. */
  readonly _object?: T;
}

/**
 * Any Kind, when the object type does not matter (lists of Kinds, generic procedures). Hooks are declared as methods, hence bivariant,
 * so that every `Kind<T>` is an `AnyKind`; only a Kind's own objects ever reach its hooks.
 */
export type AnyKind = Kind<KubeObject>;

/** Declares a Kind and derives its names. */
export function defineKind<T extends KubeObject>(declaration: KindDeclaration<T>): Kind<T> {
  const { group, version, kind, plural, names, subresources } = declaration;
  return Object.freeze({
    ...declaration,
    apiVersion: apiVersionOf(group, version),
    resourceName: group === '' ? plural : `${plural}.${group}`,
    names: { singular: kind.toLowerCase(), shortNames: [], categories: [], list: `${kind}List`, etcdFolder: plural, ...names },
    subresources: subresources ?? {},
  });
}

/** `v1`, `apps/v1`. */
export const apiVersionOf = (group: string, version: string): string => (group === '' ? version : `${group}/${version}`);

/** Whether `metadata.generation` counts changes of the desired state. */
export const tracksGeneration = ({ rules, subresources }: AnyKind): boolean => rules?.generation ?? subresources.status !== undefined;

export type { GroupVersionKind, KubeObject, Received };
