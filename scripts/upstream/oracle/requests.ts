/** The requests that a case stands for: every verb, format and dry run, and invalid metadata that no kind accepts. */
import type { JsonObject, JsonValue } from '../../../src/api/json.ts';
import type { CaseRequest, Changes, OracleCase } from './corpus.ts';
import { withChanges } from './corpus.ts';

/** A request that is complete except for values from earlier answers. */
export interface OracleRequest {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: JsonValue | undefined;
  /** The body is the object of the server's last answer with these changes. */
  readonly currentWith?: Changes | undefined;
  /** True: the answer becomes the current object. */
  readonly remember?: boolean;
  /** True: `$start` becomes the resource version of the answer. */
  readonly marksStart?: boolean;
  /** A watch: ends after the first event with this text. */
  readonly until?: string;
  /** True: managed fields are kept, which is done for one answer per kind. */
  readonly managedFields?: boolean;
  readonly view?: string;
}

const table = 'application/json;as=Table;v=v1;g=meta.k8s.io';
const patchTypes = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
} as const;

type More = Partial<Omit<OracleRequest, 'name' | 'method' | 'path'>>;

const request = (name: string, method: string, path: string, more: More = {}): OracleRequest => ({
  name,
  method,
  path,
  ...more,
  headers: {
    ...(more.body === undefined && more.currentWith === undefined ? {} : { 'content-type': 'application/json' }),
    ...more.headers,
  },
});

/** Every request of a case, in order. */
export function requestsOf(oracleCase: OracleCase): readonly OracleRequest[] {
  const { object, collection } = oracleCase;
  const before = (oracleCase.before ?? []).flatMap(({ collection: at, object: body, until }, index) => [
    request(`before ${index + 1}`, 'POST', at, { body }),
    ...(until === undefined ? [] : [settled(`before ${index + 1} is ready`, at, body, until)]),
  ]);
  if (object === undefined || collection === undefined) return [...before, ...listedRequests(oracleCase)];
  const kind = new KindRequests(oracleCase, collection, object);
  return [
    ...before,
    ...kind.creation(),
    ...kind.reading(),
    ...kind.variants(),
    ...kind.updates(),
    ...kind.patches(),
    ...kind.subresources(),
    ...listedRequests(oracleCase),
    ...kind.deletion(),
    ...kind.watches(),
  ];
}

/** Waits until a watch of an object shows a text. How many events there are until then may differ. */
function settled(name: string, collection: string, { metadata }: JsonObject, until: string): OracleRequest {
  const selector = encodeURIComponent(`metadata.name=${String((metadata as JsonObject).name)}`);
  return request(name, 'GET', `${collection}?watch=1&fieldSelector=${selector}`, { until, view: 'nothing' });
}

function listedRequests({ requests = [], object = {} }: OracleCase): readonly OracleRequest[] {
  return requests.map(({ name, method = 'GET', path, accept, contentType, headers, view, until, managedFields, ...rest }: CaseRequest) =>
    request(name, method, path, {
      ...(rest.change === undefined ? {} : { body: withChanges(object, rest.change) }),
      ...(rest.body === undefined ? {} : { body: rest.body }),
      ...(view === undefined ? {} : { view }),
      ...(until === undefined ? {} : { until }),
      ...(managedFields === undefined ? {} : { managedFields }),
      headers: {
        ...(accept === undefined ? {} : { accept }),
        ...(contentType === undefined ? {} : { 'content-type': contentType }),
        ...headers,
      },
    }),
  );
}

/** Metadata that no kind accepts, whatever its spec. */
const badMetadata: Readonly<Record<string, Changes>> = {
  'no name': { '/metadata/name': null },
  'a name that is none': { '/metadata/name': 'Bad_Name' },
  'a name that is too long': { '/metadata/name': 'n'.repeat(260) },
  'a generated name that is none': { '/metadata/name': null, '/metadata/generateName': 'Bad_' },
  // One bad label per request, because Go iterates over maps in random order.
  'a bad label': { '/metadata/labels': { 'a b': 'x' } },
  'a bad value of a label': { '/metadata/labels': { ok: 'not ok!' } },
  'a label with two prefixes': { '/metadata/labels': { 'too/many/slashes': 'y' } },
  'a bad annotation': { '/metadata/annotations': { '-a': 'y' } },
  'a bad finalizer': { '/metadata/finalizers': ['nonsense'] },
  'bad owners': {
    '/metadata/ownerReferences': [
      { apiVersion: '', kind: '', name: '', uid: '' },
      { apiVersion: 'v1', kind: 'Event', name: 'a', uid: 'b' },
    ],
  },
  'a resource version': { '/metadata/resourceVersion': '7' },
  'an unknown field': { '/metadata/nonsense': 1, '/nonsense': { a: 1 } },
  'another kind': { '/kind': 'Nonsense' },
  'another version': { '/apiVersion': 'nonsense/v1' },
  'a number for a name': { '/metadata/name': 7 },
  'a text for labels': { '/metadata/labels': 'x' },
};

class KindRequests {
  readonly #case: OracleCase;
  readonly #collection: string;
  readonly #object: JsonObject;
  readonly #name: string;
  readonly #one: string;

  constructor(oracleCase: OracleCase, collection: string, object: JsonObject) {
    this.#case = oracleCase;
    this.#collection = collection;
    this.#object = object;
    // Every object of the corpus has a name.
    this.#name = (object.metadata as { readonly name: string }).name;
    this.#one = `${collection}/${this.#name}`;
  }

  get #update(): Changes {
    return this.#case.update ?? { '/metadata/labels/updated': 'yes' };
  }

  creation(): OracleRequest[] {
    const [collection, body] = [this.#collection, this.#object];
    return [
      request('list before', 'GET', collection, { marksStart: true }),
      request('create, dry run', 'POST', `${collection}?dryRun=All`, { body }),
      request('get what a dry run made', 'GET', this.#one),
      request('create', 'POST', collection, { body, remember: true }),
      ...(this.#case.settles === undefined
        ? []
        : [
            settled('create is done', collection, body, this.#case.settles),
            request('get what was created', 'GET', this.#one, { remember: true }),
          ]),
      request('create again', 'POST', collection, { body }),
    ];
  }

  reading(): OracleRequest[] {
    const [collection, one] = [this.#collection, this.#one];
    const as = (accept: string): More => ({ headers: { accept } });
    return [
      request('get', 'GET', one),
      request('get as YAML', 'GET', one, as('application/yaml')),
      request('get as protobuf', 'GET', one, as('application/vnd.kubernetes.protobuf')),
      request('get as Table', 'GET', one, as(table)),
      request('get as Table with objects', 'GET', `${one}?includeObject=Object`, as(table)),
      request('get as Table without objects', 'GET', `${one}?includeObject=None`, as(table)),
      request('get metadata', 'GET', one, as('application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io')),
      request('get what is not there', 'GET', `${collection}/nobody`),
      request('get at a version that is none', 'GET', `${one}?resourceVersion=x`),
      request('list', 'GET', `${collection}?fieldSelector=metadata.name=${this.#name}`),
      request('list as Table', 'GET', `${collection}?fieldSelector=metadata.name=${this.#name}`, as(table)),
      request('list metadata', 'GET', `${collection}?fieldSelector=metadata.name=${this.#name}`, {
        headers: { accept: 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io' },
      }),
      request('list none', 'GET', `${collection}?labelSelector=nobody%3Dhas`),
      request('list by a bad selector', 'GET', `${collection}?labelSelector=a%3D%3D%3Db`),
      request('list by an unknown field', 'GET', `${collection}?fieldSelector=spec.nonsense%3Dx`),
      request('list at a bad version', 'GET', `${collection}?resourceVersion=x`),
      request('list with a bad continuation', 'GET', `${collection}?limit=1&continue=x`),
    ];
  }

  /** Valid and invalid objects, none of which remains. */
  variants(): OracleRequest[] {
    const { valid = {}, invalid = {} } = this.#case;
    const dryRun = `${this.#collection}?dryRun=All`;
    // The name is taken, but invalid objects are refused before that is noticed. Valid objects get another name.
    const other = { '/metadata/name': `${this.#name}2` };
    const created = (name: string, changes: Changes, query = ''): OracleRequest =>
      request(name, 'POST', `${dryRun}${query}`, { body: withChanges(this.#object, { ...other, ...changes }) });
    return [
      ...Object.entries(valid).map(([name, changes]) => created(`valid: ${name}`, changes)),
      ...Object.entries(invalid).map(([name, changes]) => created(`invalid: ${name}`, changes)),
      ...Object.entries(badMetadata).map(([name, changes]) => created(`bad: ${name}`, changes)),
      created('a generated name', { '/metadata/name': null, '/metadata/generateName': 'made-' }),
      created('an unknown field, strictly', { '/nonsense': 1 }, '&fieldValidation=Strict'),
      created('an unknown field, ignored', { '/nonsense': 1 }, '&fieldValidation=Ignore'),
      request('an empty body', 'POST', dryRun, { body: '' }),
      request('an empty object', 'POST', dryRun, { body: {} }),
      request('not JSON', 'POST', dryRun, { body: '{"kind"' }),
    ];
  }

  updates(): OracleRequest[] {
    const one = this.#one;
    const dry = Object.entries(this.#case.updates ?? {}).map(([name, currentWith]) =>
      request(`update: ${name}`, 'PUT', `${one}?dryRun=All`, { currentWith }),
    );
    return [
      request('update with nothing', 'PUT', one, { currentWith: {}, remember: true }),
      request('update, dry run', 'PUT', `${one}?dryRun=All`, { currentWith: this.#update }),
      request('update', 'PUT', one, { currentWith: this.#update, remember: true }),
      request('update of an old version', 'PUT', one, { currentWith: { '/metadata/resourceVersion': '1' } }),
      request('update without a version', 'PUT', `${one}?dryRun=All`, { currentWith: { '/metadata/resourceVersion': null } }),
      request('update of another uid', 'PUT', one, { currentWith: { '/metadata/uid': 'f00dcafe-0000-4000-8000-000000000000' } }),
      request('update under another name', 'PUT', one, { currentWith: { '/metadata/name': 'another' } }),
      request('update of what is not there', 'PUT', `${this.#collection}/nobody?dryRun=All`, {
        currentWith: { '/metadata/name': 'nobody', '/metadata/resourceVersion': null, '/metadata/uid': null },
      }),
      request('update: bad labels', 'PUT', `${one}?dryRun=All`, { currentWith: { '/metadata/labels': { 'a b': 'x' } } }),
      request('update: another time of birth', 'PUT', `${one}?dryRun=All`, {
        currentWith: { '/metadata/creationTimestamp': '2001-01-01T00:00:00Z', '/metadata/generation': 77 },
      }),
      ...dry,
    ];
  }

  patches(): OracleRequest[] {
    const { patches = {} } = this.#case;
    const { apiVersion = '', kind = '' } = this.#object;
    const patch = (type: keyof typeof patchTypes, name: string, body: JsonValue, query = '', more: More = {}): OracleRequest =>
      request(name, 'PATCH', `${this.#one}${query}`, { body, headers: { 'content-type': patchTypes[type] }, ...more });
    const label = (key: string) => ({ metadata: { labels: { [key]: 'yes' } } });
    const applied = { apiVersion, kind, metadata: { name: this.#name, labels: { applied: 'yes' } } };
    const contested = { apiVersion, kind, metadata: { name: this.#name, labels: { merge: 'no' } } };
    const extra = Object.entries(patches).map(([type, body]) =>
      patch(
        type as keyof typeof patchTypes,
        `${type} patch of its own`,
        body,
        type === 'apply' ? '?fieldManager=own&dryRun=All' : '?dryRun=All',
      ),
    );
    return [
      patch('json', 'JSON patch', [{ op: 'add', path: '/metadata/labels/json', value: 'yes' }]),
      patch('json', 'JSON patch of nothing', [{ op: 'replace', path: '/nothing/here', value: 1 }]),
      patch('json', 'JSON patch whose test fails', [{ op: 'test', path: '/metadata/name', value: 'x' }]),
      patch('json', 'JSON patch that is none', { a: 1 }),
      patch('merge', 'merge patch', label('merge')),
      patch('merge', 'merge patch that is none', [1]),
      patch('merge', 'merge patch of an old version', { metadata: { resourceVersion: '1' } }),
      patch('merge', 'merge patch with an unknown field', { nonsense: 1 }, '?fieldValidation=Strict&dryRun=All'),
      patch('strategic', 'strategic merge patch', label('strategic')),
      patch('strategic', 'strategic merge patch of another name', { metadata: { name: 'another' } }, '?dryRun=All'),
      patch('strategic', 'strategic merge patch that deletes', { metadata: { labels: { strategic: null } } }, '?dryRun=All'),
      patch('apply', 'apply', applied, '?fieldManager=one&dryRun=All', { managedFields: true }),
      patch('apply', 'apply without a manager', applied),
      patch('apply', 'apply of what another set', contested, '?fieldManager=two&dryRun=All'),
      patch('apply', 'apply by force', contested, '?fieldManager=two&dryRun=All&force=true'),
      ...extra,
      request('patch of a type that is none', 'PATCH', this.#one, { body: {}, headers: { 'content-type': 'application/nonsense' } }),
      request('patch of what is not there', 'PATCH', `${this.#collection}/nobody`, {
        body: {},
        headers: { 'content-type': patchTypes.merge },
      }),
      request('get with managed fields', 'GET', this.#one, { managedFields: true, remember: true }),
    ];
  }

  subresources(): OracleRequest[] {
    const { status, statusUpdates = {}, scale } = this.#case;
    const [at, scaleAt] = [`${this.#one}/status`, `${this.#one}/scale`];
    const scaled = {
      apiVersion: 'autoscaling/v1',
      kind: 'Scale',
      metadata: { name: this.#name, namespace: '$ns' },
      spec: { replicas: 2 },
    };
    return [
      request('status', 'GET', at),
      ...(status === undefined
        ? []
        : [
            request('update of the status', 'PUT', at, { currentWith: { ...status, '/metadata/labels/status': 'yes' }, remember: true }),
            request('status by the main resource', 'PUT', `${this.#one}?dryRun=All`, { currentWith: { '/status': null } }),
            request('merge patch of the status', 'PATCH', `${at}?dryRun=All`, {
              body: { metadata: { annotations: { status: 'yes' } }, status: {} },
              headers: { 'content-type': patchTypes.merge },
            }),
          ]),
      ...Object.entries(statusUpdates).map(([name, currentWith]) => request(`status: ${name}`, 'PUT', `${at}?dryRun=All`, { currentWith })),
      ...(scale === true
        ? [
            request('scale', 'GET', scaleAt),
            request('scale as Table', 'GET', scaleAt, { headers: { accept: table } }),
            request('update of the scale', 'PUT', `${scaleAt}?dryRun=All`, { body: scaled }),
            request('a negative scale', 'PUT', `${scaleAt}?dryRun=All`, { body: { ...scaled, spec: { replicas: -1 } } }),
            request('a scale of another name', 'PUT', scaleAt, { body: { ...scaled, metadata: { name: 'another', namespace: '$ns' } } }),
            request('patch of the scale', 'PATCH', `${scaleAt}?dryRun=All`, {
              body: { spec: { replicas: 3 } },
              headers: { 'content-type': patchTypes.merge },
            }),
          ]
        : []),
      request('a sub-resource that is none', 'GET', `${this.#one}/nonsense`),
    ];
  }

  deletion(): OracleRequest[] {
    const one = this.#one;
    const options = (more: JsonObject): More => ({ body: { apiVersion: 'v1', kind: 'DeleteOptions', ...more } });
    return [
      request('delete, dry run', 'DELETE', `${one}?dryRun=All`),
      request('delete of another uid', 'DELETE', one, options({ preconditions: { uid: 'f00dcafe-0000-4000-8000-000000000000' } })),
      request('delete of an old version', 'DELETE', one, options({ preconditions: { resourceVersion: '1' } })),
      request('delete with a bad policy', 'DELETE', one, options({ propagationPolicy: 'Nonsense' })),
      request('delete with two policies', 'DELETE', one, options({ propagationPolicy: 'Orphan', orphanDependents: true })),
      request('delete of a collection, dry run', 'DELETE', `${this.#collection}?labelSelector=updated%3Dyes&dryRun=All`),
      request('delete', 'DELETE', one, options({ gracePeriodSeconds: 0 })),
      request('delete again', 'DELETE', one),
    ];
  }

  watches(): OracleRequest[] {
    const last = this.#case.lingers === true ? '"deletionTimestamp"' : '"type":"DELETED"';
    const query = `watch=true&resourceVersion=$start&fieldSelector=metadata.name=${this.#name}&timeoutSeconds=5`;
    return [
      request('watch', 'GET', `${this.#collection}?${query}`, { until: last, view: 'watch' }),
      request('watch as Table', 'GET', `${this.#collection}?${query}`, { until: '"type":"MODIFIED"', headers: { accept: table } }),
      request('watch at a bad version', 'GET', `${this.#collection}?watch=true&resourceVersion=x`),
    ];
  }
}
