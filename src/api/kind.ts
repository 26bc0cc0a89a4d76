/**
 * Kinds: one declaration per resource. Routes, discovery, OpenAPI, storage keys, clients, CLI names and tables derive
 * from it. A Kind is plain data and pure functions; it never does I/O. Its members are grouped by concern, and each
 * hook says when it runs and what it may do. No hook mutates its arguments: one that changes an object returns a new
 * one.
 *
 * Steps of a write: decode (`codec.schema`), `codec.defaults`, mutating admission, `create.prepare` or
 * `update.prepare`, `rules.validate` and `create.validate` or `update.validate`, warnings, `rules.canonicalize`,
 * validating admission, store. `before-write.ts` runs the steps between the two admissions. Source of the shape:
 * apiserver pkg/registry/rest/{create,update,delete}.go.
 */
import type { FieldError, FieldPath } from './field-error.ts';
import type { JsonObject } from './json.ts';
import type { GroupVersionKind, KubeObject, Received } from './object.ts';
import type { ObjectFormat } from './object-format.ts';
import type { AnySubresource, Subresource } from './subresource.ts';
import type { Table } from './table.ts';

export type Scope = 'Namespaced' | 'Cluster';

/** Names of a resource besides its plural, as discovery lists them and kubectl accepts them. */
export interface ResourceNames {
  /** Default: the kind in lower case. */
  readonly singular?: string;
  /** `po`, `deploy`. */
  readonly shortNames?: readonly string[];
  /** `all`: `kubectl get all` shows it. */
  readonly categories?: readonly string[];
  /** The kind of lists. Default: the kind followed by `List`. */
  readonly list?: string;
  /**
   * The folder in which upstream keeps the objects in etcd, e.g. `minions`; some error messages show it. Default: the
   * plural. Source: pkg/kubeapiserver/default_storage_factory_builder.go.
   */
  readonly etcdFolder?: string;
}

/** How an object is read from a request and written into an answer. */
export interface Codec<T extends KubeObject> {
  /**
   * Model name in the schema data, e.g. `io.k8s.api.core.v1.Pod`. A Kind that is defined at run time gives the format
   * itself.
   */
  readonly schema: string | ObjectFormat;
  /**
   * Fills in defaults that depend on nothing but the object. Runs on every decoded object of every verb, before
   * admission, and again after mutating admission has changed it. It must be idempotent. Schema data has already
   * dropped nulls and added Go's empty structs.
   */
  defaults?(object: T): T;
  /** Other versions and groups that serve the same stored objects. */
  readonly alsoServed?: readonly ServedVersion[];
  /** Text of the `Warning:` header of every request for the stored version, when its use is deprecated. */
  readonly deprecation?: string;
}

/** A served API version other than the stored one, and how objects are converted: functions of the object alone. */
export interface ServedVersion extends ServedVersionNames {
  /** Runs on a decoded body, before defaults. */
  toStored(object: JsonObject): JsonObject;
  /** Runs on every object that is answered in this version, once for each state of an object. */
  fromStored(object: JsonObject): JsonObject;
}

/** Set only when it differs from the Kind's group (extensions → apps). */
interface ServedVersionNames {
  readonly group?: string;
  readonly version: string;
  /** As for the stored version, e.g. `io.k8s.api.events.v1.Event`. */
  readonly schema: string | ObjectFormat;
  /** Rules of this version besides the Kind's own. `object` is in its stored form. */
  validateCreate?(object: KubeObject, at: FieldPath): readonly FieldError[];
  validateUpdate?(next: KubeObject, previous: KubeObject, at: FieldPath): readonly FieldError[];
  /** Field labels of this version, each with the Kind's label that it stands for. Default: the Kind's own labels. */
  readonly fieldLabels?: Readonly<Record<string, string>>;
  /** Text of the `Warning:` header, when use of this version is deprecated. */
  readonly deprecation?: string;
  /** True for a version that Kubernetes no longer serves, and minik still does: `api/legacy/`. */
  readonly old?: boolean;
  /** Sub-resources of this version that are not those of the Kind by the same names, such as an old form of `scale`. */
  readonly subresources?: Readonly<Record<string, AnySubresource>>;
}

/** Rules that hold for an object whichever verb writes it. */
export interface Rules<T extends KubeObject> {
  /** How names are checked; default: DNS-1123 sub-domain. Returns messages, none when the name is valid. */
  readonly validateName?: (name: string, prefix: boolean) => readonly string[];
  /**
   * Checks of metadata that upstream leaves out for this kind. `finalizers`: unqualified finalizers need not be ones
   * that Kubernetes knows. `all`: only the rules that hold for every object of every API are checked, and only when the
   * Kind's own rules have found nothing; a name may be any path segment.
   */
  readonly looseMetadata?: 'finalizers' | 'all';
  /**
   * False: `metadata.generation` stays unset, as upstream for Namespace, Node, Service and others. `constant`: it is 1
   * and stays so, as for PriorityClass. `late`: it is unset until the first change, as for CSIDriver. Default: whether
   * there is a status sub-resource.
   */
  readonly generation?: boolean | 'constant' | 'late';
  /**
   * All that is wrong with an object, new or changed; metadata is validated generically before. Runs after prepare.
   * `version`: that of the request, when it is not the stored one.
   */
  validate?(object: T, at: FieldPath, version?: string): readonly FieldError[];
  /**
   * Texts of `Warning:` headers for clients that create or update the main resource. Runs only when validation has
   * found nothing.
   */
  warnings?(object: T, previous: T | undefined): readonly string[];
  /** Brings a valid object into its one stored form. Runs last. */
  canonicalize?(object: T): T;
}

/** What is special about creating. */
export interface CreateRules<T extends KubeObject> {
  /** False: `metadata.generateName` is taken for the name as it is, as upstream for IPAddress. Default: true. */
  readonly generatesName?: boolean;
  /** Set while no object can be created, with the reason: creates are answered with 403. */
  readonly refusal?: string;
  /** What is wrong with a name, besides `rules.validateName`, for objects whose name follows from their spec. */
  nameProblems?(object: T, name: string): readonly string[];
  /**
   * Clears what a client may not set (status) and sets what the server owns. Runs once the name is known and system
   * metadata is set, before validation; must not remove what validation would refuse. `version`: that of the request,
   * when it is not the stored one.
   */
  prepare?(object: T, version?: string): T;
  /**
   * What is wrong with a new object only, besides `rules.validate`. `version`: that of the request, when it is not the
   * stored one.
   */
  validate?(object: T, at: FieldPath, version?: string): readonly FieldError[];
}

/** What is special about updating the main resource; sub-resources have their own rules. */
export interface UpdateRules<T extends KubeObject> {
  /**
   * Keeps the fields that a client may not change. Runs before validation. The status has already been kept and the
   * generation counted for all Kinds, so add only what differs. Must not remove what validation would refuse.
   * `version`: that of the request, when it is not the stored one.
   */
  prepare?(next: T, previous: T, version?: string): T;
  /**
   * All that is wrong with the change, besides what `rules.validate` says of `next`. `version`: that of the request,
   * when it is not the stored one.
   */
  validate?(next: T, previous: T, at: FieldPath, version?: string): readonly FieldError[];
  /**
   * `first`: what is wrong with the change is told before what is wrong with the object, as upstream for Secret,
   * DaemonSet and others. `alone`: only the change is checked, because nothing may change. Default: told after it.
   */
  readonly validates?: 'first' | 'alone';
  /**
   * How many times upstream's own code for the kind looks at the metadata again, after that for all kinds: with the
   * change alone (default), also as a whole, or not at all. What is wrong with it is so often a cause in the answer.
   */
  readonly metadata?: 'whole' | 'unchecked';
  /** True: a PUT of an absent object creates it, as upstream for Lease, Event, Endpoints and others. Default: false. */
  readonly createsAbsent?: boolean;
  /**
   * Fields that a write of the main resource cannot change, so that nobody can own them through it. Default: the
   * status, when there is a status sub-resource. Source: GetResetFields of upstream's strategies.
   */
  readonly resets?: readonly (readonly string[])[];
  /** False: a PUT needs a resourceVersion. Default: true, as upstream for nearly all kinds. */
  readonly unconditional?: boolean;
}

/** What is special about deleting. */
export interface DeleteRules<T extends KubeObject> {
  /**
   * Why an object of this name is never deleted on its own; undefined when it may be. Deletes of collections do not
   * ask, as upstream.
   */
  refusal?(name: string): string | undefined;
  /**
   * The grace period in seconds, given the requested one; undefined: the object is deleted at once. Called when an
   * object is first deleted. Pods only.
   */
  gracePeriodSeconds?(object: T, requestedSeconds: number | undefined): number;
  /**
   * Whether an object that is being deleted may be removed, in addition to having no `metadata.finalizers`. Called by
   * deletes and updates. Namespaces wait until they are empty.
   */
  mayRemove?(object: T): boolean;
  /**
   * Makes further changes when an object is first marked for deletion, such as a namespace's phase. Runs only where
   * there is `mayRemove`.
   */
  mark?(object: T): T;
  /**
   * Default of `propagationPolicy`. Default: 'Background' (upstream keeps 'Orphan' for ReplicationControllers via
   * core/v1).
   */
  readonly propagation?: 'Background' | 'Orphan' | 'Foreground';
  /** Text of the `Warning:` header of a delete that leaves the propagation to the default. */
  readonly defaultWarning?: string;
  /**
   * True: the answer is the object rather than a Status, as upstream for Pod, Service, Namespace, ServiceAccount and
   * others.
   */
  readonly answersObject?: boolean;
  /** False: a collection cannot be deleted at once, as upstream for Namespace. Default: true. */
  readonly collection?: boolean;
}

/**
 * Field selectors besides metadata.name and metadata.namespace: field label → function that returns the value, always a
 * string.
 */
export type SelectableFields<T extends KubeObject> = Readonly<Record<string, FieldOf<T>['value']>>;

/** Declared as a method so that its parameter is bivariant: see `AnyKind`. */
interface FieldOf<T extends KubeObject> {
  value(object: T): string;
}

/**
 * How the objects of a Kind come out of the store and go into it, when they may be stored otherwise than the Kind wants
 * them: in another version, or written before the schema changed. Answers as many objects as it is given, in their
 * order. Conversions that take time answer a promise, which rejects with StatusError.
 */
export interface StoredForm {
  /** Whether an object that was stored at a revision is as this Kind wants it. */
  isCurrent(object: KubeObject, revision: number): boolean;
  /** Objects that are not current, as this Kind wants them. */
  read(objects: readonly KubeObject[]): readonly KubeObject[] | Promise<readonly KubeObject[]>;
  /** An object as it is to be stored. */
  write(object: KubeObject): KubeObject | Promise<KubeObject>;
}

/** How stores keep the objects of a Kind. */
export interface StorageRules {
  /**
   * For Kinds whose objects are many, short-lived and seldom read. Stores keep them on disk only. The value names a
   * field selector that stores index, so that they find objects by it without reading each.
   */
  readonly diskOnly?: string;
  /** Default: objects are stored as they are. */
  readonly form?: StoredForm;
  /**
   * How upstream encodes the stored objects: of lists without omitempty, JSON keeps the empty apart from the absent.
   * Default: protobuf.
   */
  readonly encoding?: 'protobuf' | 'JSON';
}

/** The names that identify a Kind. */
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
  /** Keyed by the sub-resource's name. */
  readonly subresources?: Readonly<Record<string, Subresource<T>>>;
  /**
   * The other versions of a custom resource, each a Kind of its own with the same names: objects are read, admitted and
   * checked in the version of the request, and converted when they are stored (`storage.form`).
   */
  readonly otherVersions?: readonly AnyKind[];
  /** For a Kind with other versions, and for each of these: all that are served, in the order of the definition. */
  readonly allVersions?: () => readonly AnyKind[];
  /** The resource name of a Kind that shares plural and group with another one. Default: `<plural>.<group>`. */
  readonly storedAs?: string;
  /**
   * For a Kind that is defined at run time: the store's revision from which on its definition says the same of it.
   * Watches of the Kind end when that changes.
   */
  readonly definedSince?: number;
  /** True: the version is stored, and not served. Only for Kinds with `otherVersions`. */
  readonly unserved?: boolean;
}

/** A declared Kind with its derived names. Type parameter: the stored shape. */
export interface Kind<T extends KubeObject = KubeObject> extends KindDeclaration<T> {
  /** `v1`, `apps/v1`. */
  readonly apiVersion: string;
  /** `pods`, `deployments.apps`: unique over all Kinds; also the storage prefix. */
  readonly resourceName: string;
  readonly names: Required<ResourceNames>;
  readonly subresources: Readonly<Record<string, Subresource<T>>>;
  /** Phantom: makes `Kind<Pod>` and `Kind<Node>` different types. Never set. */
  readonly _object?: T;
}

/**
 * Any Kind, when the object type does not matter (lists of Kinds, generic procedures). Hooks are declared as methods,
 * hence bivariant, so that every `Kind<T>` is an `AnyKind`; only a Kind's own objects ever reach its hooks.
 */
export type AnyKind = Kind<KubeObject>;

/** Declares a Kind and derives its names. */
export function defineKind<T extends KubeObject>(declaration: KindDeclaration<T>): Kind<T> {
  const { group, version, kind, plural, names, subresources, storedAs } = declaration;
  return Object.freeze({
    ...declaration,
    apiVersion: apiVersionOf(group, version),
    resourceName: storedAs ?? (group === '' ? plural : `${plural}.${group}`),
    names: { singular: kind.toLowerCase(), shortNames: [], categories: [], list: `${kind}List`, etcdFolder: plural, ...names },
    subresources: subresources ?? {},
  });
}

/** `v1`, `apps/v1`. */
export const apiVersionOf = (group: string, version: string): string => (group === '' ? version : `${group}/${version}`);

/** Whether a Kind was defined at run time, by a CustomResourceDefinition. */
export const isCustom = ({ codec }: AnyKind): boolean => typeof codec.schema !== 'string';

/** The Kind itself and its other versions, as far as they are served. */
export const servedKinds = (kind: AnyKind): readonly AnyKind[] => [
  ...(kind.unserved === true ? [] : [kind]),
  ...(kind.otherVersions ?? []),
];

/** Whether new objects get a `metadata.generation`. */
export const startsGeneration = (kind: AnyKind): boolean => generationRule(kind) !== false && generationRule(kind) !== 'late';

const generationRule = ({ rules, subresources }: AnyKind): boolean | 'constant' | 'late' =>
  rules?.generation ?? subresources.status !== undefined;

/** Whether `metadata.generation` counts changes of the desired state. */
export const tracksGeneration = (kind: AnyKind): boolean => generationRule(kind) !== false && generationRule(kind) !== 'constant';

export type { GroupVersionKind, KubeObject, Received };
