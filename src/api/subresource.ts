/**
 * Sub-resources: each is declared once, in its Kind. Discovery, OpenAPI, routes, upgrades, the registry's procedures
 * and admission derive from the declaration. Source of the shape: apiserver pkg/registry/rest/rest.go (Getter, Updater,
 * NamedCreater, Connecter), pkg/endpoints/installer.go.
 */
import type { FieldError, FieldPath } from './field-error.ts';
import type { JsonObject } from './json.ts';
import type { GroupVersionKind, KubeObject } from './object.ts';
import { withMeta, withStatusOf } from './object-fields.ts';

export type SubresourceVerb = 'create' | 'delete' | 'get' | 'patch' | 'update';

/** Reads the object itself and updates one part of it. Admission: UPDATE. */
export interface PartSubresource<T extends KubeObject> {
  readonly does: 'update';
  readonly verbs: readonly ('get' | 'patch' | 'update')[];
  /**
   * Returns the stored object with the part that may be changed here replaced. Runs before validation; the generation
   * is counted after. `now`: the time of the change, RFC 3339.
   */
  take(next: T, previous: T, now: string): T;
  /**
   * What is wrong with the change, apart from metadata. `version`: that of the request, when it is not the stored one.
   */
  validate?(next: T, previous: T, at: FieldPath, version?: string): readonly FieldError[];
  /**
   * Fields that are kept as they were, so that nobody can own them through this sub-resource. Source: GetResetFields of
   * upstream's strategies.
   */
  readonly resets?: readonly (readonly string[])[];
  /** Whether `rules.validate` also runs on the whole object. */
  readonly validatesWhole: boolean;
}

/** Reads and updates the object through another type: scale. Admission: UPDATE of that type. */
export interface StandInSubresource<T extends KubeObject> {
  readonly does: 'stand-in';
  readonly verbs: readonly ('get' | 'patch' | 'update')[];
  readonly body: GroupVersionKind;
  show(object: T): JsonObject;
  /** The stand-in that patches change. Default: `show`. */
  showForChange?(object: T): JsonObject;
  /** Returns the stored object changed as a valid stand-in asks. */
  take(standIn: JsonObject, previous: T): T;
  /**
   * The object's field that the stand-in's `spec.replicas` stands for, in a version; undefined: it has none there.
   * Default: `spec.replicas` in all.
   */
  readonly ownedField?: readonly string[] | ((apiVersion: string) => readonly string[] | undefined);
  /** What is wrong with a stand-in object. */
  validate(standIn: JsonObject, at: FieldPath): readonly FieldError[];
}

/** Accepts only POST: binding, eviction, token. Implemented by the registry. Admission: CREATE of the body. */
export interface CreateSubresource {
  readonly does: 'create';
  readonly verbs: readonly ['create'];
  readonly body: GroupVersionKind;
  /** Other versions that a body may name, each with the same fields: those that Kubernetes has removed. */
  readonly oldVersions?: readonly string[];
  /** True: the body's uid must be that of the object it is for. Default: the uid is dropped. */
  readonly keepsSystemMeta?: boolean;
}

/** Answers a GET with text: log. Implemented by the server. Not subject to admission. */
export interface ReadSubresource {
  readonly does: 'read';
  readonly verbs: readonly ['get'];
  /** The options type whose fields are the query parameters. */
  readonly options: GroupVersionKind;
}

/**
 * Connects the client to something: exec, attach, portforward, proxy. Implemented by the server. Admission: CONNECT of
 * the options.
 */
export interface ConnectSubresource {
  readonly does: 'connect';
  readonly verbs: readonly SubresourceVerb[];
  /** The options type whose fields are the query parameters. */
  readonly options: GroupVersionKind;
  /**
   * The other end: a container's streams, a pod's ports, or a server to which the request is passed with the rest of
   * its path. Streams need the permission to `create`, whichever method starts the upgrade: KEP-4006.
   */
  readonly to: 'container' | 'pod' | 'server';
}

export type Subresource<T extends KubeObject> =
  | PartSubresource<T>
  | StandInSubresource<T>
  | CreateSubresource
  | ReadSubresource
  | ConnectSubresource;

/** A sub-resource of any Kind. */
export type AnySubresource = Subresource<KubeObject>;

const readWrite = ['get', 'patch', 'update'] as const;

/** Declares a part of the object that is read, replaced and patched separately. The whole object must stay valid. */
export const partSubresource = <T extends KubeObject>(
  part: Pick<PartSubresource<T>, 'take' | 'validate' | 'resets'> & { readonly verbs?: PartSubresource<T>['verbs'] },
): PartSubresource<T> => ({ does: 'update', verbs: readWrite, validatesWhole: true, ...part });

/**
 * Declares the status sub-resource: it writes the status and metadata, and nothing else. `keeps` names metadata that
 * cannot be changed here; default none, as upstream; `resets` further fields that cannot be owned. `prepare` completes
 * the status, such as with the time of a change. The rules for the whole object do not run.
 */
export const statusSubresource = <T extends KubeObject>({
  keeps = [],
  resets = [],
  prepare,
  validate,
}: Pick<PartSubresource<T>, 'validate' | 'resets'> & {
  readonly keeps?: readonly ('annotations' | 'finalizers' | 'labels' | 'ownerReferences')[];
  prepare?(next: T, previous: T, now: string): T;
} = {}): PartSubresource<T> => ({
  does: 'update',
  // Upstream's strategies that keep all of this name the metadata as a whole.
  resets: [['spec'], ...(keeps.length === 4 ? [['metadata']] : keeps.map((field) => ['metadata', field])), ...resets],
  verbs: readWrite,
  validatesWhole: false,
  take: (next, previous, now) => {
    const { metadata } = withMeta(next, Object.fromEntries(keeps.map((field) => [field, previous.metadata[field]])));
    const taken = withStatusOf({ ...previous, metadata }, next);
    return prepare?.(taken, previous, now) ?? taken;
  },
  ...(validate === undefined ? {} : { validate }),
});

const coreOptions = (kind: string): GroupVersionKind => ({ group: '', version: 'v1', kind });

/** Declares streams over an upgraded connection: exec, attach, portforward. */
export const streamSubresource = (to: 'container' | 'pod', options: string): ConnectSubresource => ({
  does: 'connect',
  verbs: ['create', 'get'],
  options: coreOptions(options),
  to,
});

/** Declares a sub-resource that accepts only POST. */
export const createSubresource = (
  body: GroupVersionKind,
  more: Pick<CreateSubresource, 'keepsSystemMeta' | 'oldVersions'> = {},
): CreateSubresource => ({
  does: 'create',
  verbs: ['create'],
  body,
  ...more,
});

/** Declares a proxy, which passes requests of every method on. */
export const proxySubresource = (options: string): ConnectSubresource => ({
  does: 'connect',
  verbs: ['create', 'delete', 'get', 'patch', 'update'],
  options: coreOptions(options),
  to: 'server',
});

type Subresources = Readonly<Record<string, AnySubresource>>;

/** What a Kind says of sub-resources. */
interface WithSubresources {
  readonly group: string;
  readonly kind: string;
  readonly subresources: Subresources;
  readonly codec: {
    readonly alsoServed?: readonly { readonly group?: string; readonly version: string; readonly subresources?: Subresources }[];
  };
}

type GroupVersion = Pick<GroupVersionKind, 'group' | 'version'>;

/** The sub-resources of a Kind in one of its versions. */
export function subresourcesIn(kind: WithSubresources, { group, version }: GroupVersion): Subresources {
  const served = kind.codec.alsoServed?.find((one) => (one.group ?? kind.group) === group && one.version === version);
  return served?.subresources === undefined ? kind.subresources : { ...kind.subresources, ...served.subresources };
}

/**
 * The type of the bodies, answers or options of a sub-resource in a served version; '' is the main resource. Logs have
 * the type of their object.
 */
export function subresourceType(owner: WithSubresources, name: string, { group, version }: GroupVersion): GroupVersionKind {
  const { kind } = owner;
  const declared = name === '' ? undefined : subresourcesIn(owner, { group, version })[name];
  switch (declared?.does) {
    case 'stand-in':
    case 'create':
      return declared.body;
    case 'connect':
      return declared.options;
    default:
      return { group, version, kind };
  }
}
