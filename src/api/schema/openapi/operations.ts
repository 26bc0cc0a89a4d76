/**
 * The operations of every served path, independent of the OpenAPI version. Source: apiserver
 * pkg/endpoints/installer.go.
 */

import type { GroupVersionKind } from '../../object.ts';
import type { AnySubresource, SubresourceVerb } from '../../subresource.ts';
import type { Schemas } from '../schema.ts';
import { asCustom } from './custom-operations.ts';
import type { Method, Operation, PathOperations } from './operation.ts';
import type { ParameterName } from './parameters.ts';
import { groupVersionPath, type ServedResource } from './served.ts';

const metaPackage = 'io.k8s.apimachinery.pkg.apis.meta.v1';
const anything = ['*/*'];
const patchTypes = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
];

const listQuery: readonly ParameterName[] = [
  'allowWatchBookmarks',
  'continue',
  'fieldSelector',
  'labelSelector',
  'limit',
  'resourceVersion',
  'resourceVersionMatch',
  'sendInitialEvents',
  'shardSelector',
  'timeoutSeconds',
  'watch',
];
const writeQuery: readonly ParameterName[] = ['dryRun', 'fieldManager', 'fieldValidation'];
const deleteQuery: readonly ParameterName[] = [
  'dryRun',
  'gracePeriodSeconds',
  'ignoreStoreReadErrorWithClusterBreakingPotential',
  'orphanDependents',
  'propagationPolicy',
];
const deleteCollectionQuery: readonly ParameterName[] = [
  'continue',
  'dryRun',
  'fieldSelector',
  'gracePeriodSeconds',
  'ignoreStoreReadErrorWithClusterBreakingPotential',
  'labelSelector',
  'limit',
  'orphanDependents',
  'propagationPolicy',
  'resourceVersion',
  'resourceVersionMatch',
  'sendInitialEvents',
  'shardSelector',
  'timeoutSeconds',
];

/** `apps` → `Apps`, `rbac.authorization.k8s.io` → `RbacAuthorization`, '' → `Core`. */
export function groupName(group: string): string {
  const words = (group === '' ? 'core' : group.replace(/\.k8s\.io$/, '')).split('.');
  return words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
}

const upper = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** `apps_v1`; `apps` for the group itself. */
export const tagOf = (group: string, version?: string): string => {
  const name = groupName(group);
  return `${name.charAt(0).toLowerCase()}${name.slice(1)}${version === undefined ? '' : `_${version}`}`;
};

/** The HTTP method of each verb, and the words for it in operation ids and descriptions. */
const methods: Readonly<Record<SubresourceVerb, readonly [method: Method, word: string]>> = {
  create: ['post', 'create'],
  delete: ['delete', 'delete'],
  get: ['get', 'read'],
  patch: ['patch', 'patch'],
  update: ['put', 'replace'],
};

/** All operations of one resource. */
export class ResourceOperations {
  readonly #resource: ServedResource;
  readonly #schemas: Schemas;
  readonly #prefix: string;
  readonly #own: GroupVersionKind;

  constructor(resource: ServedResource, schemas: Schemas) {
    this.#resource = resource;
    this.#schemas = schemas;
    const { group, version, kind } = resource;
    this.#own = { group, kind, version };
    this.#prefix = `${groupName(resource.group)}${upper(resource.version)}`;
  }

  paths(): PathOperations[] {
    const paths = this.#paths();
    return this.#resource.format === undefined ? paths : paths.map((path) => asCustom(path, this.#own, listQuery));
  }

  #paths(): PathOperations[] {
    const { group, version, plural, scope, subresources, verbs: only, deleteCollection } = this.#resource;
    const root = `/${groupVersionPath(group, version)}`;
    const namespaced = scope === 'Namespaced';
    const collection = namespaced ? `${root}/namespaces/{namespace}/${plural}` : `${root}/${plural}`;
    const item = `${collection}/{name}`;
    if (only !== undefined) return this.#computedPaths(collection, item, only);
    return [
      ...(namespaced ? [this.#path(`${root}/${plural}`, { get: this.#list(true) })] : []),
      this.#path(collection, {
        get: this.#list(false),
        post: this.#create(),
        ...(deleteCollection ? { delete: this.#deleteCollection() } : {}),
      }),
      this.#path(item, { get: this.#read(), put: this.#replace(), patch: this.#patch(), delete: this.#delete() }),
      ...Object.entries(subresources).flatMap(([name, declared]) => this.#subPaths(`${item}/${name}`, name, declared)),
      ...(this.#resource.format === undefined ? this.#watchPaths() : []),
    ];
  }

  /** The old paths of watches, from the time before lists could be watched. */
  #watchPaths(): PathOperations[] {
    const { group, version, plural, scope } = this.#resource;
    const root = `/${groupVersionPath(group, version)}/watch`;
    const namespaced = scope === 'Namespaced';
    const collection = namespaced ? `${root}/namespaces/{namespace}/${plural}` : `${root}/${plural}`;
    const watched = (path: string, get: Operation): PathOperations => ({ ...this.#path(path, { get }), query: listQuery });
    return [
      ...(namespaced ? [watched(`${root}/${plural}`, this.#watchList(true))] : []),
      watched(collection, this.#watchList(false)),
      watched(`${collection}/{name}`, this.#watch()),
    ];
  }

  #computedPaths(collection: string, item: string, only: NonNullable<ServedResource['verbs']>): PathOperations[] {
    const onCollection = {
      ...(only.includes('list') ? { get: this.#list(false) } : {}),
      ...(only.includes('create') ? { post: this.#create() } : {}),
    };
    return [this.#path(collection, onCollection), ...(only.includes('get') ? [this.#path(item, { get: this.#read() })] : [])];
  }

  #path(path: string, operations: PathOperations['operations']): PathOperations {
    const parameters = new Map<'name' | 'namespace' | 'path', string>();
    if (path.includes('{name}')) parameters.set('name', `name of the ${this.#resource.kind}`);
    if (path.includes('{namespace}')) parameters.set('namespace', 'object name and auth scope, such as for teams and projects');
    if (path.includes('{path}')) parameters.set('path', 'path to the resource');
    return { path, pathParameters: parameters, operations };
  }

  #id(verb: string, suffix = '', method = ''): string {
    const { scope, kind } = this.#resource;
    return `${verb}${this.#prefix}${method}${scope === 'Namespaced' ? 'Namespaced' : ''}${kind}${suffix}`;
  }

  #operation(fields: Partial<Operation> & Pick<Operation, 'id' | 'description' | 'action'>): Operation {
    return {
      kind: this.#own,
      tag: tagOf(this.#resource.group, this.#resource.version),
      query: [],
      options: undefined,
      body: undefined,
      bodyRequired: false,
      bodyTypes: anything,
      answer: this.#resource.schema,
      codes: [200],
      streams: false,
      custom: false,
      ...fields,
    };
  }

  #list(allNamespaces: boolean): Operation {
    const { format, kind, listSchema, schema } = this.#resource;
    const id = allNamespaces ? `list${this.#prefix}${kind}ForAllNamespaces` : this.#id('list');
    const answer = format === undefined && this.#schemas.find(listSchema) === undefined ? schema : listSchema;
    return this.#operation({
      id,
      description: `list or watch objects of kind ${kind}`,
      action: 'list',
      query: listQuery,
      answer,
      streams: true,
    });
  }

  #watchList(allNamespaces: boolean): Operation {
    const { kind } = this.#resource;
    return this.#operation({
      id: allNamespaces ? `watch${this.#prefix}${kind}ListForAllNamespaces` : this.#id('watch', 'List'),
      description: `watch individual changes to a list of ${kind}. deprecated: use the 'watch' parameter with a list operation instead.`,
      action: 'watchlist',
      answer: `${metaPackage}.WatchEvent`,
      streams: true,
    });
  }

  #watch(): Operation {
    return this.#operation({
      id: this.#id('watch'),
      description: `watch changes to an object of kind ${this.#resource.kind}. deprecated: use the 'watch' parameter with a list operation instead, filtered to a single item with the 'fieldSelector' parameter.`,
      action: 'watch',
      answer: `${metaPackage}.WatchEvent`,
      streams: true,
    });
  }

  #create(): Operation {
    const { kind, schema } = this.#resource;
    return this.#operation({
      id: this.#id('create'),
      description: `create a ${kind}`,
      action: 'post',
      query: writeQuery,
      body: schema,
      bodyRequired: true,
      codes: [200, 201, 202],
    });
  }

  #deleteCollection(): Operation {
    const { scope, kind } = this.#resource;
    return this.#operation({
      id: `delete${this.#prefix}Collection${scope === 'Namespaced' ? 'Namespaced' : ''}${kind}`,
      description: `delete collection of ${kind}`,
      action: 'deletecollection',
      query: deleteCollectionQuery,
      body: `${metaPackage}.DeleteOptions`,
      answer: `${metaPackage}.Status`,
    });
  }

  #read(): Operation {
    return this.#operation({ id: this.#id('read'), description: `read the specified ${this.#resource.kind}`, action: 'get' });
  }

  #replace(): Operation {
    const { kind, schema } = this.#resource;
    return this.#operation({
      id: this.#id('replace'),
      description: `replace the specified ${kind}`,
      action: 'put',
      query: writeQuery,
      body: schema,
      bodyRequired: true,
      codes: [200, 201],
    });
  }

  #patch(): Operation {
    return this.#operation({
      id: this.#id('patch'),
      description: `partially update the specified ${this.#resource.kind}`,
      action: 'patch',
      query: [...writeQuery, 'force'],
      body: `${metaPackage}.Patch`,
      bodyRequired: true,
      bodyTypes: patchTypes,
      codes: [200, 201],
    });
  }

  #delete(): Operation {
    return this.#operation({
      id: this.#id('delete'),
      description: `delete a ${this.#resource.kind}`,
      action: 'delete',
      query: deleteQuery,
      body: `${metaPackage}.DeleteOptions`,
      answer: this.#resource.answersDeleted ? this.#resource.schema : `${metaPackage}.Status`,
      codes: [200, 202],
    });
  }

  /** A sub-resource that accepts every method (a proxy) also accepts every path below its own. */
  #subPaths(path: string, name: string, declared: AnySubresource): readonly PathOperations[] {
    const own = this.#sub(path, name, declared);
    if (!takesAnything(declared)) return [own];
    const below = Object.entries(own.operations).map(([method, operation]) => [method, { ...operation, id: `${operation.id}WithPath` }]);
    return [own, this.#path(`${path}/{path}`, Object.fromEntries(below))];
  }

  #sub(path: string, name: string, declared: AnySubresource): PathOperations {
    const operations = declared.verbs.map((verb): [Method, Operation] => {
      const [method, word] = methods[verb];
      return [method, this.#subOperation(name, declared, verb, method, word)];
    });
    // A sub-resource that accepts every method also accepts these methods, which belong to no verb.
    const more = takesAnything(declared) ? (['head', 'options'] as const) : [];
    const others = more.map((method): [Method, Operation] => [method, this.#subOperation(name, declared, 'get', method, method)]);
    return this.#path(path, Object.fromEntries([...operations, ...others]));
  }

  #subOperation(name: string, declared: AnySubresource, verb: SubresourceVerb, method: Method, word: string): Operation {
    switch (declared.does) {
      case 'update':
        return this.#change(name, verb, this.#own);
      case 'stand-in':
        return this.#change(name, verb, declared.body);
      case 'create':
        return this.#order(name, declared.body);
      case 'read':
        return this.#operation({
          id: this.#id(word, upper(name)),
          description: `${word} ${name} of the specified ${this.#resource.kind}`,
          action: method,
          options: this.#modelOf(declared.options),
          answer: 'string',
        });
      case 'connect':
        return this.#operation({
          id: this.#id('connect', upper(name), upper(method)),
          description: `connect ${method.toUpperCase()} requests to ${name} of ${this.#resource.kind}`,
          action: 'connect',
          kind: declared.options,
          options: this.#modelOf(declared.options),
          answer: 'string',
        });
    }
  }

  /** Reads, replaces or patches the object, or the type that stands in for it (Scale). */
  #change(name: string, verb: SubresourceVerb, kind: GroupVersionKind): Operation {
    const { schema } = this.#resource;
    const model = kind === this.#own ? schema : this.#modelOf(kind);
    const operation = verb === 'get' ? this.#read() : verb === 'update' ? this.#replace() : this.#patch();
    return {
      ...operation,
      id: `${operation.id}${upper(name)}`,
      description: operation.description.replace('the specified', `${name} of the specified`),
      kind,
      answer: model,
      body: operation.body === schema ? model : operation.body,
    };
  }

  /** Creates an object of another type (binding, eviction, token). */
  #order(name: string, kind: GroupVersionKind): Operation {
    const model = this.#modelOf(kind);
    return this.#operation({
      id: this.#id('create', upper(name)),
      description: `create ${name} of a ${this.#resource.kind}`,
      action: 'post',
      kind,
      query: writeQuery,
      body: model,
      bodyRequired: true,
      answer: model,
      codes: [200, 201, 202],
    });
  }

  #modelOf({ group, version, kind }: GroupVersionKind): string {
    return this.#schemas.forKind(group, version, kind)?.model ?? this.#resource.schema;
  }
}

/** True for proxies, which accept every method. */
const takesAnything = (declared: AnySubresource): boolean => declared.does === 'connect' && declared.verbs.includes('delete');

/** Whether the responses of a path accept the query parameter `pretty`. */
export const takesPretty = (operations: PathOperations['operations']): boolean =>
  Object.values(operations).some(({ action }) => action !== undefined && action !== 'connect');

/** The discovery operation of a group version. */
export function discoveryPath(group: string, version: string): PathOperations {
  const operation: Operation = {
    id: `get${groupName(group)}${upper(version)}APIResources`,
    description: 'get available resources',
    action: undefined,
    kind: undefined,
    tag: tagOf(group, version),
    query: [],
    options: undefined,
    body: undefined,
    bodyRequired: false,
    bodyTypes: ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf'],
    answer: `${metaPackage}.APIResourceList`,
    codes: [200],
    streams: false,
    custom: false,
  };
  return { path: `/${groupVersionPath(group, version)}/`, pathParameters: new Map(), operations: { get: operation } };
}
