/**
 * Kinds: one declaration per resource, from which routes, discovery, OpenAPI, storage keys, clients, CLI names and tables derive.
 * A Kind is plain data and pure functions; it never does I/O. Source of the shape: apiserver pkg/registry/rest/{create,update,delete}.go.
 */
import type { FieldError, FieldPath } from './field-error.ts';
import type { JsonObject } from './json.ts';
import type { KubeObject, Received } from './object.ts';

export type Scope = 'Namespaced' | 'Cluster';

/** Who may see what: handed to the hooks that need the time or an id; injected so that tests are exact. */
export interface KindContext {
  /** The time of the request, as an RFC 3339 string with whole seconds. */
  readonly now: string;
}

/** One column of `kubectl get`. Priority 0 is always shown, 1 only with `-o wide`. */
export interface Column<T extends KubeObject> {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'date';
  readonly format?: string;
  readonly description?: string;
  /** Where the description comes from when it is that of a field: schema model and field name. */
  readonly descriptionOf?: readonly [model: string, field: string];
  readonly priority?: number;
  /** The cell. Ages are rendered from `now`, in milliseconds since the epoch. */
  value(object: T, now: number): string | number | boolean | null;
}

/** A condition of a table row, e.g. `Completed`. */
export interface RowCondition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

/** How a scale sub-resource reads and writes its owner. */
export interface ScaleMapping<T extends KubeObject> {
  replicas(object: T): number;
  statusReplicas(object: T): number;
  /** Label selector in its string form. */
  selector(object: T): string;
  /** Returns a copy with the new count. */
  withReplicas(object: T, replicas: number): T;
}

/** A served API version other than the stored one, with pure conversions; `group` only when it differs (extensions → apps). */
export interface ServedVersion {
  readonly group?: string;
  readonly version: string;
  /** Model name in the schema data, e.g. `io.k8s.api.events.v1.Event`. */
  readonly schema: string;
  toStored(object: JsonObject): JsonObject;
  fromStored(object: JsonObject): JsonObject;
  /** What this version asks besides the Kind's own rules, of the object in its stored form. */
  validateCreate?(object: KubeObject, at: FieldPath): readonly FieldError[];
  validateUpdate?(next: KubeObject, previous: KubeObject, at: FieldPath): readonly FieldError[];
  /** Field selectors of this version when they differ: its label → the Kind's. Default: the Kind's own. */
  readonly fieldLabels?: Readonly<Record<string, string>>;
  /** Text of the `Warning:` header, when use of this version is deprecated. */
  readonly deprecation?: string;
}

export interface Subresources<T extends KubeObject> {
  /** `true`: `spec` is written by the main resource, `status` by `/status` only. */
  readonly status?: boolean;
  readonly scale?: ScaleMapping<T>;
  /** Names of sub-resources with code of their own (binding, eviction, log, exec, attach, portforward, proxy, token, ephemeralcontainers, finalize). */
  readonly connect?: readonly string[];
}

export interface KindDeclaration<T extends KubeObject> {
  /** '' is the core group. */
  readonly group: string;
  /** The stored version, also the preferred one. */
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  readonly scope: Scope;
  /** Model name in the schema data, e.g. `io.k8s.api.core.v1.Pod`. */
  readonly schema: string;
  readonly subresources?: Subresources<T>;
  /** Other versions and groups that serve the same stored objects. */
  readonly alsoServed?: readonly ServedVersion[];
  /** How names are checked; default: DNS-1123 sub-domain. Returns messages, none when good. */
  readonly validateName?: (name: string, prefix: boolean) => readonly string[];
  /**
   * Fills in defaults that depend on nothing but the object; runs on every decoded object, before admission. Pure: returns a new object.
   * Schema data has already dropped nulls and added Go's empty structs.
   */
  defaults?(object: T): T;
  /** Clears what a client may not set at creation (status) and sets what the server owns (generation, initial status). After defaults and mutating admission. */
  prepareForCreate?(object: T, context: KindContext): T;
  /** Keeps what a client may not change (status on the main resource), bumps `metadata.generation` when the spec changed: done generically when `subresources.status`; add only what differs. */
  prepareForUpdate?(next: T, previous: T, context: KindContext): T;
  /** All that is wrong with a new object; metadata is validated generically. May not mutate. */
  validate(object: T, at: FieldPath): readonly FieldError[];
  /** What is wrong with a new object only, besides `validate`. */
  validateCreate?(object: T, at: FieldPath): readonly FieldError[];
  /** All that is wrong with an update; `validate` has been run on `next` already. */
  validateUpdate?(next: T, previous: T, at: FieldPath): readonly FieldError[];
  /** Metadata that an update of the status cannot change; default: all of it can, as upstream. */
  readonly keptByStatusUpdates?: readonly ('labels' | 'ownerReferences')[];
  /** The same for the status sub-resource; default: metadata rules only. */
  validateStatusUpdate?(next: T, previous: T, at: FieldPath): readonly FieldError[];
  /** Warnings for the `Warning:` header. */
  warnings?(object: T, previous: T | undefined): readonly string[];
  /** Default grace period of a delete in seconds; absent: deleted at once. Pods only: may look at the object and the request. */
  gracePeriodSeconds?(object: T, requestedSeconds: number | undefined): number;
  /** False: a collection cannot be deleted at once, as upstream for Namespace. Default: true. */
  readonly deleteCollection?: boolean;
  /** Whether a delete answers with the object rather than a Status, as upstream for Pod, Service, Namespace, ServiceAccount and others. */
  readonly returnsDeletedObject?: boolean;
  /** Default of `propagationPolicy`; 'Background' unless said (RC via core/v1 keeps 'Orphan' upstream). */
  readonly defaultPropagation?: 'Background' | 'Orphan' | 'Foreground';
  /** Field selectors besides metadata.name and metadata.namespace: field label → value. */
  selectableFields?(object: T): Readonly<Record<string, string>>;
  /** The labels that `selectableFields` knows, for the error on an unknown one. */
  readonly selectableFieldLabels?: readonly string[];
  /**
   * Objects of this Kind are many, short-lived and seldom read: stores keep them on disk only, and find them by the value of this field selector
   * without a look at each.
   */
  readonly diskOnly?: string;
  /** Columns after Name and before Age are declared here too, whole: Name … Age in order. */
  readonly columns?: readonly Column<T>[];
  /** Conditions of an object's table row; pods that have ended say `Completed`. */
  rowConditions?(object: T): readonly RowCondition[];
  /** False: `metadata.generation` stays unset, as upstream for Namespace, Node, Service and others. Default: as `subresources.status`. */
  readonly generation?: boolean;
  /** Text of the `Warning:` header of every request for the stored version, when its use is deprecated. */
  readonly deprecation?: string;
  /** Allows create on update (PUT of an absent object); Lease, Event, Endpoints … have it upstream. */
  readonly allowCreateOnUpdate?: boolean;
  /** Allows PUT without resourceVersion. True upstream for nearly all kinds; default true. */
  readonly allowUnconditionalUpdate?: boolean;
}

/** A declared Kind with its derived names. Type parameter: the stored shape. */
export interface Kind<T extends KubeObject = KubeObject> extends KindDeclaration<T> {
  /** `v1`, `apps/v1`. */
  readonly apiVersion: string;
  /** `pods`, `deployments.apps`: unique over all Kinds; the storage prefix. */
  readonly resourceName: string;
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
  const { group, version, plural } = declaration;
  return Object.freeze({
    ...declaration,
    apiVersion: group === '' ? version : `${group}/${version}`,
    resourceName: group === '' ? plural : `${plural}.${group}`,
  });
}

export type { KubeObject, Received };
