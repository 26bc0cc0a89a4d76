/** The operations of every served path, independent of the OpenAPI version. Source: apiserver pkg/endpoints/installer.go. */
import type { Schemas } from '../schema.ts';
import type { GroupVersionKind } from './definitions.ts';
import type { ParameterName } from './parameters.ts';
import { groupVersionPath, type ServedResource } from './served.ts';

export type Method = 'get' | 'put' | 'post' | 'delete' | 'patch';

export interface Operation {
  readonly id: string;
  readonly description: string;
  /** `list`, `get`, `post`, `put`, `patch`, `delete`, `deletecollection`, `connect`; undefined for discovery. */
  readonly action: string | undefined;
  readonly kind: GroupVersionKind | undefined;
  readonly tag: string;
  readonly query: readonly ParameterName[];
  /** Model of the request body. */
  readonly body: string | undefined;
  readonly bodyRequired: boolean;
  readonly bodyTypes: readonly string[];
  /** Model of the answer; `string` for plain text and streams. */
  readonly answer: string;
  readonly codes: readonly number[];
  readonly streams: boolean;
}

export interface PathOperations {
  readonly path: string;
  /** Names in the path's braces, with what they name. */
  readonly pathParameters: ReadonlyMap<'name' | 'namespace' | 'path', string>;
  readonly operations: Partial<Record<Method, Operation>>;
}

const metaPackage = 'io.k8s.apimachinery.pkg.apis.meta.v1';
const anything = ['*/*'];
const patchTypes = ['application/json-patch+json', 'application/merge-patch+json', 'application/strategic-merge-patch+json'];

const listQuery: readonly ParameterName[] = [
  'allowWatchBookmarks',
  'continue',
  'fieldSelector',
  'labelSelector',
  'limit',
  'resourceVersion',
  'resourceVersionMatch',
  'sendInitialEvents',
  'timeoutSeconds',
  'watch',
];
const writeQuery: readonly ParameterName[] = ['dryRun', 'fieldManager', 'fieldValidation'];
const deleteQuery: readonly ParameterName[] = ['dryRun', 'gracePeriodSeconds', 'orphanDependents', 'propagationPolicy'];
const deleteCollectionQuery: readonly ParameterName[] = [
  'continue',
  'dryRun',
  'fieldSelector',
  'gracePeriodSeconds',
  'labelSelector',
  'limit',
  'orphanDependents',
  'propagationPolicy',
  'resourceVersion',
  'resourceVersionMatch',
  'sendInitialEvents',
  'timeoutSeconds',
];

/** `apps` → `Apps`, `rbac.authorization.k8s.io` → `RbacAuthorization`, '' → `Core`. */
export function groupName(group: string): string {
  const words = (group === '' ? 'core' : group.replace(/\.k8s\.io$/, '')).split('.');
  return words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
}

const upper = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** `apps_v1`. */
export const tagOf = (group: string, version: string): string => {
  const name = groupName(group);
  return `${name.charAt(0).toLowerCase()}${name.slice(1)}_${version}`;
};

/** Sub-resources with code of their own: the body they take (a kind of some group and version) and the methods they answer. */
interface ConnectShape {
  readonly kind?: GroupVersionKind;
  readonly methods: readonly Method[];
  readonly query: readonly ParameterName[];
  /** True for `connect` streams. */
  readonly stream: boolean;
  /** Part of the options' kind: `PodExecOptions` is the resource's kind, this, and `Options`. */
  readonly options?: string;
}

const execQuery: readonly ParameterName[] = ['command', 'container', 'stderr', 'stdin', 'stdout', 'tty'];
const every: readonly Method[] = ['get', 'put', 'post', 'delete', 'patch'];

const connectShapes: Readonly<Record<string, ConnectShape>> = {
  attach: { methods: ['get', 'post'], query: execQuery.filter((name) => name !== 'command'), stream: true, options: 'Attach' },
  exec: { methods: ['get', 'post'], query: execQuery, stream: true, options: 'Exec' },
  portforward: { methods: ['get', 'post'], query: ['ports'], stream: true, options: 'PortForward' },
  proxy: { methods: every, query: ['path'], stream: true, options: 'Proxy' },
  log: {
    methods: ['get'],
    query: ['container', 'follow', 'limitBytes', 'previous', 'sinceSeconds', 'tailLines', 'timestamps'],
    stream: false,
  },
  binding: { kind: { group: '', version: 'v1', kind: 'Binding' }, methods: ['post'], query: writeQuery, stream: false },
  eviction: { kind: { group: 'policy', version: 'v1', kind: 'Eviction' }, methods: ['post'], query: writeQuery, stream: false },
  token: {
    kind: { group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest' },
    methods: ['post'],
    query: writeQuery,
    stream: false,
  },
};

const actions: Readonly<Record<Method, string>> = { get: 'get', put: 'put', post: 'post', delete: 'delete', patch: 'patch' };
const verbs: Readonly<Record<Method, string>> = { get: 'read', put: 'replace', post: 'create', delete: 'delete', patch: 'patch' };

/** All operations of one resource. */
export class ResourceOperations {
  readonly #resource: ServedResource;
  readonly #schemas: Schemas;
  readonly #prefix: string;

  constructor(resource: ServedResource, schemas: Schemas) {
    this.#resource = resource;
    this.#schemas = schemas;
    this.#prefix = `${groupName(resource.group)}${upper(resource.version)}`;
  }

  paths(): PathOperations[] {
    const { group, version, plural, scope, status, scale, connect, verbs: only, deleteCollection } = this.#resource;
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
      ...(status ? [this.#sub(item, 'status')] : []),
      ...(scale ? [this.#sub(item, 'scale', { group: 'autoscaling', version: 'v1', kind: 'Scale' })] : []),
      ...connect.map((name) => this.#connect(item, name)),
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

  get #own(): GroupVersionKind {
    const { group, version, kind } = this.#resource;
    return { group, kind, version };
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
      body: undefined,
      bodyRequired: false,
      bodyTypes: anything,
      answer: this.#resource.schema,
      codes: [200],
      streams: false,
      ...fields,
    };
  }

  #list(allNamespaces: boolean): Operation {
    const { kind, schema } = this.#resource;
    const id = allNamespaces ? `list${this.#prefix}${kind}ForAllNamespaces` : this.#id('list');
    const answer = this.#schemas.find(`${schema}List`) === undefined ? schema : `${schema}List`;
    return this.#operation({
      id,
      description: `list or watch objects of kind ${kind}`,
      action: 'list',
      query: listQuery,
      answer,
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
      answer: `${metaPackage}.Status`,
      codes: [200, 202],
    });
  }

  /** A sub-resource that is read, replaced and patched: status, scale, ephemeralcontainers, resize. */
  #sub(item: string, name: string, kind?: GroupVersionKind): PathOperations {
    const model = kind === undefined ? this.#resource.schema : this.#modelOf(kind);
    const change = (operation: Operation): Operation => ({
      ...operation,
      id: `${operation.id}${upper(name)}`,
      description: operation.description.replace('the specified', `${name} of the specified`),
      kind: kind ?? this.#own,
      answer: model,
      body: operation.body === this.#resource.schema ? model : operation.body,
    });
    return this.#path(`${item}/${name}`, {
      get: change(this.#read()),
      put: change(this.#replace()),
      patch: change(this.#patch()),
    });
  }

  #modelOf(kind: GroupVersionKind): string {
    return this.#schemas.forKind(kind.group, kind.version, kind.kind)?.model ?? this.#resource.schema;
  }

  #connect(item: string, name: string): PathOperations {
    if (name === 'ephemeralcontainers' || name === 'resize') return this.#sub(item, name);
    if (name === 'finalize') {
      const put = { ...this.#replace(), id: this.#id('replace', 'Finalize'), description: 'replace finalize of the specified Namespace' };
      return this.#path(`${item}/${name}`, { put });
    }
    const shape = connectShapes[name] ?? { methods: ['get'], query: [], stream: true };
    const operations = shape.methods.map((method): [Method, Operation] => {
      const options = shape.options === undefined ? this.#own : { ...this.#own, kind: `${this.#resource.kind}${shape.options}Options` };
      const kind = shape.kind ?? options;
      const model = shape.kind === undefined ? undefined : this.#modelOf(shape.kind);
      return [
        method,
        this.#operation({
          id: shape.stream ? this.#id('connect', upper(name), upper(method)) : this.#id(verbs[method], upper(name)),
          description: `${shape.stream ? `connect ${method.toUpperCase()} requests to` : verbs[method]} ${name} of ${this.#resource.kind}`,
          action: shape.stream ? 'connect' : actions[method],
          kind,
          query: shape.query,
          body: model,
          bodyRequired: model !== undefined,
          answer: model ?? 'string',
          codes: model === undefined ? [200] : [200, 201, 202],
        }),
      ];
    });
    return this.#path(`${item}/${name}`, Object.fromEntries(operations));
  }
}

/** The discovery operation of a group version. */
export function discoveryPath(group: string, version: string): PathOperations {
  const operation: Operation = {
    id: `get${groupName(group)}${upper(version)}APIResources`,
    description: 'get available resources',
    action: undefined,
    kind: undefined,
    tag: tagOf(group, version),
    query: [],
    body: undefined,
    bodyRequired: false,
    bodyTypes: anything,
    answer: `${metaPackage}.APIResourceList`,
    codes: [200],
    streams: false,
  };
  return { path: `/${groupVersionPath(group, version)}/`, pathParameters: new Map(), operations: { get: operation } };
}
