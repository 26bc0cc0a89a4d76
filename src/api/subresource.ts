/**
 * Sub-resources: one declaration each, in their Kind, from which discovery, OpenAPI, routes, upgrades, the registry's procedures and admission derive.
 * Source of the shape: apiserver pkg/registry/rest/rest.go (Getter, Updater, NamedCreater, Connecter), pkg/endpoints/installer.go.
 */
import type { FieldError, FieldPath } from './field-error.ts';
import type { JsonObject } from './json.ts';
import type { GroupVersionKind, KubeObject } from './object.ts';
import { withMeta, withStatusOf } from './object-fields.ts';

export type SubresourceVerb = 'create' | 'delete' | 'get' | 'patch' | 'update';

/** Shows the object itself and takes a part of it. Admission: UPDATE. */
export interface PartSubresource<T extends KubeObject> {
  readonly does: 'update';
  readonly verbs: readonly ('get' | 'patch' | 'update')[];
  /** The stored object with the part that may be changed here. Runs before validation; the generation is counted after. */
  take(next: T, previous: T): T;
  /** What is wrong with the change, besides metadata. */
  validate?(next: T, previous: T, at: FieldPath): readonly FieldError[];
  /** Whether `rules.validate` runs on the whole object as well. */
  readonly validatesWhole: boolean;
}

/** Shows the object as another type and takes changes in it: scale. Admission: UPDATE of that type. */
export interface StandInSubresource<T extends KubeObject> {
  readonly does: 'stand-in';
  readonly verbs: readonly ('get' | 'patch' | 'update')[];
  readonly body: GroupVersionKind;
  show(object: T): JsonObject;
  /** The stored object with what a valid stand-in asks for. */
  take(standIn: JsonObject, previous: T): T;
  /** What is wrong with a stand-in. */
  validate(standIn: JsonObject, at: FieldPath): readonly FieldError[];
}

/** Takes an order by POST: binding, eviction, token. Its code is the registry's. Admission: CREATE of the body. */
export interface CreateSubresource {
  readonly does: 'create';
  readonly verbs: readonly ['create'];
  readonly body: GroupVersionKind;
  /** True: the body's uid is that of the object it is for, and has to match. Default: it is dropped. */
  readonly keepsSystemMeta?: boolean;
}

/** Answers a GET with text: log. Its code is the server's. Admission sees nothing. */
export interface ReadSubresource {
  readonly does: 'read';
  readonly verbs: readonly ['get'];
  /** What the query's parameters are the fields of. */
  readonly options: GroupVersionKind;
}

/** Connects the client to something: exec, attach, portforward, proxy. Its code is the server's. Admission: CONNECT of the options. */
export interface ConnectSubresource {
  readonly does: 'connect';
  readonly verbs: readonly SubresourceVerb[];
  /** What the query's parameters are the fields of. */
  readonly options: GroupVersionKind;
  /**
   * What is at the other end: a container's streams, a pod's ports, or a server that gets the request, the path below included. Streams need the
   * permission to `create` whatever the method of their upgrade: KEP-4006.
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

/** A part of the object that is read, replaced and patched apart; the whole object has to stay valid. */
export const partSubresource = <T extends KubeObject>(
  part: Pick<PartSubresource<T>, 'take' | 'validate'> & { readonly verbs?: PartSubresource<T>['verbs'] },
): PartSubresource<T> => ({ does: 'update', verbs: readWrite, validatesWhole: true, ...part });

/**
 * The status: written here only, with the metadata; all else stays. `keeps` names metadata that cannot be changed here; default none, as upstream.
 * The rules for the whole object do not run.
 */
export const statusSubresource = <T extends KubeObject>({
  keeps = [],
  validate,
}: Pick<PartSubresource<T>, 'validate'> & { readonly keeps?: readonly ('labels' | 'ownerReferences')[] } = {}): PartSubresource<T> => ({
  does: 'update',
  verbs: readWrite,
  validatesWhole: false,
  take: (next, previous) => {
    const { metadata } = withMeta(next, Object.fromEntries(keeps.map((field) => [field, previous.metadata[field]])));
    return withStatusOf({ ...previous, metadata }, next);
  },
  ...(validate === undefined ? {} : { validate }),
});

const coreOptions = (kind: string): GroupVersionKind => ({ group: '', version: 'v1', kind });

/** Streams over an upgraded connection: exec, attach, portforward. */
export const streamSubresource = (to: 'container' | 'pod', options: string): ConnectSubresource => ({
  does: 'connect',
  verbs: ['create', 'get'],
  options: coreOptions(options),
  to,
});

/** Takes orders. */
export const createSubresource = (body: GroupVersionKind, more: Pick<CreateSubresource, 'keepsSystemMeta'> = {}): CreateSubresource => ({
  does: 'create',
  verbs: ['create'],
  body,
  ...more,
});

/** Passes requests of every method on. */
export const proxySubresource = (options: string): ConnectSubresource => ({
  does: 'connect',
  verbs: ['create', 'delete', 'get', 'patch', 'update'],
  options: coreOptions(options),
  to: 'server',
});

/** What the bodies, answers or options of a sub-resource are in a served version; '' is the main resource. Logs are of their object's own type. */
export function subresourceType(
  { kind, subresources }: { readonly kind: string; readonly subresources: Readonly<Record<string, AnySubresource>> },
  name: string,
  { group, version }: { readonly group: string; readonly version: string },
): GroupVersionKind {
  const declared = name === '' ? undefined : subresources[name];
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
