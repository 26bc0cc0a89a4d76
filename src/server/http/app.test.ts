import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { configMap, sending, testApp } from './test-app.ts';

const base = '/api/v1/namespaces/default/configmaps';

describe('objects', () => {
  it('creates with 201 and the stored bytes', async () => {
    const { json } = testApp();
    const { status, body } = await json(base, sending('POST', configMap('a', { k: 'v' })));
    assert.equal(status, 201);
    assert.equal(body.kind, 'ConfigMap');
    const got = await json(`${base}/a`);
    assert.deepEqual(got, { status: 200, body });
  });

  it('says what is not found', async () => {
    const { json } = testApp();
    assert.deepEqual(await json(`${base}/none`), {
      status: 404,
      body: {
        kind: 'Status',
        apiVersion: 'v1',
        metadata: {},
        status: 'Failure',
        message: 'configmaps "none" not found',
        reason: 'NotFound',
        details: { name: 'none', kind: 'configmaps' },
        code: 404,
      },
    });
  });

  it('answers plain text where nothing is served', async () => {
    const { fetch } = testApp();
    for (const path of ['/apis/none.io/v1/things', '/nowhere', '/apis/none.io']) {
      const response = await fetch(path);
      assert.equal(response.status, 404, path);
      assert.equal(await response.text(), '404 page not found\n', path);
    }
  });

  it('answers a Status for what a served group does not know', async () => {
    const { fetch } = testApp();
    const paths = [
      '/api/v1/nonsense',
      '/api/v1/namespaces/default/nodes',
      '/api/v1/pods/x',
      `${base}/a/nonsense`,
      '/api/v1/watch',
      '/api/v9',
      '/apis/apps/v9',
    ];
    for (const path of paths) {
      const response = await fetch(path);
      assert.equal(response.status, 404, path);
      assert.equal(
        await response.text(),
        '{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"the server could not find the requested resource","reason":"NotFound","details":{},"code":404}\n',
        path,
      );
    }
  });

  it('answers 405 to methods that a path does not have', async () => {
    const { fetch } = testApp();
    const tries = [
      ['PUT', base],
      ['POST', `${base}/a`],
      ['DELETE', '/api/v1/configmaps'],
      ['DELETE', '/api/v1/namespaces'],
      ['OPTIONS', base],
      ['GET', '/apis/authentication.k8s.io/v1/tokenreviews'],
      ['POST', '/apis/apps/v1'],
      ['DELETE', '/api'],
    ] as const;
    for (const [method, path] of tries) {
      const response = await fetch(path, { method });
      assert.equal(response.status, 405, `${method} ${path}`);
      assert.equal(
        await response.text(),
        '{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"the server does not allow this method on the requested resource","reason":"MethodNotAllowed","details":{},"code":405}\n',
      );
    }
  });

  it('reads YAML and protobuf bodies', async () => {
    const { fetch, options } = testApp();
    const yaml = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: yaml\ndata:\n  k: v\n';
    const first = await fetch(base, { method: 'POST', body: yaml, headers: { 'content-type': 'application/yaml' } });
    assert.equal(first.status, 201);
    const bytes = options.codec.encode({ ...configMap('p', { k: 'v' }) });
    const type = 'application/vnd.kubernetes.protobuf';
    const second = await fetch(base, { method: 'POST', body: Buffer.from(bytes), headers: { 'content-type': type, accept: type } });
    assert.equal(second.status, 201);
    assert.equal(second.headers.get('content-type'), type);
    const decoded = options.codec.decode(new Uint8Array(await second.arrayBuffer()), { apiVersion: '', kind: '' });
    assert.deepEqual(decoded.data, { k: 'v' });
  });

  it('refuses malformed, unknown and too large bodies', async () => {
    const { json } = testApp();
    const message = async (init: RequestInit): Promise<string> => {
      const { status, body } = await json(base, init);
      return `${status} ${String(body.reason)} ${String(body.message)}`;
    };
    assert.equal(
      await message(sending('POST', '{"kind"')),
      `400 BadRequest the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; json parse error: unexpected end of JSON input ({"kind")`,
    );
    assert.equal(
      await message(sending('POST', 'x', { 'content-type': 'text/plain' })),
      '415 UnsupportedMediaType the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf',
    );
    const large = 'x'.repeat(3 * 1024 * 1024 + 1);
    assert.equal(await message(sending('POST', large)), '413 RequestEntityTooLarge Request entity too large: limit is 3145728');
    assert.equal(
      await message(sending('POST', large, { 'content-length': String(large.length) })),
      '413 RequestEntityTooLarge Request entity too large: limit is 3145728',
    );
  });

  it('says which kind was sent instead of the wanted one', async () => {
    const { json } = testApp();
    const message = async (body: unknown): Promise<unknown> => (await json(base, sending('POST', body))).body.message;
    assert.equal(
      await message({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' } }),
      'Pod in version "v1" cannot be handled as a ConfigMap: converting (v1.Pod) to (core.ConfigMap): unknown conversion',
    );
    assert.equal(
      await message({ apiVersion: 'v2', kind: 'ConfigMap', metadata: { name: 'a' } }),
      'ConfigMap in version "v2" cannot be handled as a ConfigMap: no kind "ConfigMap" is registered for version "v2" in scheme "pkg/api/legacyscheme/scheme.go:30"',
    );
    assert.equal(await message('null'), 'ConfigMap "" is invalid: metadata.name: Required value: name or generateName is required');
    const event = { apiVersion: 'events.k8s.io/v1', kind: 'Event', metadata: { name: 'a' } };
    assert.equal(
      (await json('/api/v1/namespaces/default/events', sending('POST', event))).body.message,
      'the API version in the data (events.k8s.io/v1) does not match the expected API version (v1)',
    );
  });

  it('takes keys that JavaScript objects inherit for what they are', async () => {
    const { json } = testApp();
    const patched = async (body: string) =>
      (await json(`${base}/odd`, sending('PATCH', body, { 'content-type': 'application/merge-patch+json' }))).body.data;
    await json(base, sending('POST', configMap('odd')));
    assert.deepEqual(await patched('{"data":{"constructor":"x"}}'), { constructor: 'x' });
    const odd = Object.keys((await patched('{"data":{"__proto__":"y","toString":"z"}}')) as object);
    assert.deepEqual(odd.toSorted(), ['__proto__', 'constructor', 'toString']);
    const refused = await json(`${base}/odd`, sending('PATCH', '{}', { 'content-type': 'constructor' }));
    assert.equal(refused.status, 415);
  });

  it('refuses bodies that nest too deep to be walked', async () => {
    const { json } = testApp();
    const deep = `{"metadata":{"name":"deep"},"x":${'['.repeat(20_000)}${']'.repeat(20_000)}}`;
    const { status, body } = await json(base, sending('POST', deep));
    assert.equal(status, 400);
    assert.match(String(body.message), /couldn't get version\/kind; json parse error: exceeded max depth \(/);
    await json(base, sending('POST', configMap('a')));
    const patch = await json(`${base}/a`, sending('PATCH', deep, { 'content-type': 'application/merge-patch+json' }));
    assert.deepEqual([patch.status, patch.body.message], [400, 'exceeded max depth']);
  });

  it('finds keys given twice in YAML', async () => {
    const { fetch } = testApp();
    const post = (validation: string, body: string): Promise<Response> =>
      fetch(`${base}?fieldValidation=${validation}`, { method: 'POST', body, headers: { 'content-type': 'application/yaml' } });
    const twice = 'metadata:\n  name: twice\ndata:\n  a: b\n  a: c\n';
    assert.equal(
      ((await (await post('Strict', twice)).json()) as { message: string }).message,
      'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: yaml: unmarshal errors:\n  line 5: key "a" already set in map',
    );
    const warned = await post('Warn', twice);
    assert.equal(warned.headers.get('warning'), '299 - "yaml: unmarshal errors:   line 5: key \\"a\\" already set in map"');
    assert.deepEqual(((await warned.json()) as { data: unknown }).data, { a: 'c' });
    assert.match(
      ((await (await post('Warn', 'a: b: c')).json()) as { message: string }).message,
      /^the object provided is unrecognized \(must be of type ConfigMap\): yaml: .* \(613a20623a2063\)$/,
    );
  });

  it('finds fields given twice in patches', async () => {
    const { json } = testApp();
    await json(base, sending('POST', configMap('a')));
    const twice = (validation: string, type: string, body: string): ReturnType<typeof json> =>
      json(`${base}/a?fieldValidation=${validation}`, { method: 'PATCH', body, headers: { 'content-type': `application/${type}+json` } });
    const merge = await twice('Strict', 'merge-patch', '{"data":{"a":"b","a":"c"},"foo":1}');
    assert.equal(merge.status, 422);
    assert.match(String(merge.body.message), /: strict decoding error: duplicate field "data\.a", unknown field "foo"$/);
    const operations = await twice('Strict', 'json-patch', '[{"op":"add","path":"/data","value":{},"foo":1}]');
    assert.match(String(operations.body.message), /: strict decoding error: json patch unknown field "\[0\]\.foo"$/);
    assert.equal((await twice('Warn', 'strategic-merge-patch', '{"data":{"a":"b","a":"c"}}')).status, 200);
  });

  it('refuses bad options with upstream sentences', async () => {
    const { json } = testApp();
    const message = async (path: string, init?: RequestInit): Promise<string> => {
      const { status, body } = await json(path, init);
      return `${status} ${String(body.message)}`;
    };
    assert.equal(
      await message(`${base}?dryRun=x`, sending('POST', configMap('a'))),
      '422 CreateOptions.meta.k8s.io "" is invalid: dryRun: Unsupported value: ["x"]: supported values: "All"',
    );
    assert.equal(
      await message(`${base}?fieldValidation=x`, sending('POST', configMap('a'))),
      '422 CreateOptions.meta.k8s.io "" is invalid: fieldValidation: Unsupported value: "x": supported values: "", "Ignore", "Strict", "Warn"',
    );
    assert.equal(await message(`${base}?limit=x`), '400 strconv.ParseInt: parsing "x": invalid syntax');
    assert.equal(
      await message(`${base}?resourceVersionMatch=Exact`),
      '422 ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided',
    );
    assert.equal(
      await message(`${base}/a`, sending('DELETE', { propagationPolicy: 'Maybe' })),
      '422 DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Unsupported value: "Maybe": supported values: "Foreground", "Background", "Orphan", "nil"',
    );
  });

  it('stores nothing on a dry run', async () => {
    const { fetch } = testApp();
    assert.equal((await fetch(`${base}?dryRun=All`, sending('POST', configMap('a')))).status, 201);
    assert.equal((await fetch(`${base}/a`)).status, 404);
  });

  it('updates, patches by type, and refuses other patches', async () => {
    const { json } = testApp();
    const { body } = await json(base, sending('POST', configMap('a', { k: '1' })));
    const put = await json(`${base}/a`, sending('PUT', { ...body, data: { k: '2' } }));
    assert.deepEqual([put.status, put.body.data], [200, { k: '2' }]);
    const stale = await json(`${base}/a`, sending('PUT', body));
    assert.equal(stale.status, 409);
    const patch = (type: string, patchBody: unknown) => json(`${base}/a`, sending('PATCH', patchBody, { 'content-type': type }));
    assert.deepEqual((await patch('application/merge-patch+json', { data: { m: '3' } })).body.data, { k: '2', m: '3' });
    // The type in a strategic merge patch is ignored; the results of other patches are decoded as objects.
    const scale = await patch('application/strategic-merge-patch+json', { apiVersion: 'autoscaling/v1', kind: 'Scale', data: { s: '1' } });
    assert.deepEqual([scale.status, scale.body.kind, scale.body.apiVersion], [200, 'ConfigMap', 'v1']);
    assert.equal((await patch('application/merge-patch+json', { kind: 'Scale' })).status, 422);
    assert.equal((await patch('application/strategic-merge-patch+json', { data: { s: null } })).status, 200);
    assert.deepEqual((await patch('application/strategic-merge-patch+json', { data: { m: null } })).body.data, { k: '2' });
    assert.deepEqual((await patch('application/json-patch+json', [{ op: 'add', path: '/data/j', value: '4' }])).body.data, {
      k: '2',
      j: '4',
    });
    const refused = await patch('application/json', {});
    assert.equal(refused.status, 415);
    assert.equal(refused.body.message, '415: Unsupported Media Type');
  });

  it('deletes with a Status and collections with their objects', async () => {
    const { json } = testApp();
    for (const name of ['a', 'b', 'c']) await json(base, sending('POST', configMap(name, {}, { app: name })));
    const one = await json(`${base}/a`, { method: 'DELETE' });
    assert.equal(one.status, 200);
    assert.deepEqual([one.body.kind, one.body.status], ['Status', 'Success']);
    const many = await json(`${base}?labelSelector=app%3Db`, { method: 'DELETE' });
    assert.equal(many.body.kind, 'ConfigMapList');
    const left = await json(base);
    assert.deepEqual(
      (left.body.items as { metadata: { name: string } }[]).map(({ metadata }) => metadata.name),
      ['c'],
    );
  });

  it('warns of unknown fields', async () => {
    const { fetch } = testApp();
    const response = await fetch(base, sending('POST', { ...configMap('a'), dta: {} }));
    assert.equal(response.headers.get('warning'), '299 - "unknown field \\"dta\\""');
  });

  it('carries the audit id and forbids caching', async () => {
    const { fetch } = testApp();
    const response = await fetch(base, { headers: { 'audit-id': 'abc-1' } });
    assert.equal(response.headers.get('audit-id'), 'abc-1');
    assert.equal(response.headers.get('cache-control'), 'no-cache, private');
  });

  it('serves HEAD without a body where upstream does', async () => {
    const { fetch } = testApp();
    for (const [path, expected] of [
      ['/healthz', 200],
      ['/metrics', 200],
      ['/openapi/v2', 200],
      [base, 405],
      [`${base}/a`, 405],
      ['/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', 405],
      ['/api', 405],
      ['/apis/apps/v1', 405],
      ['/version', 405],
    ] as const) {
      const response = await fetch(path, { method: 'HEAD' });
      assert.deepEqual([response.status, await response.text()], [expected, ''], path);
    }
  });
});

describe('representations', () => {
  it('lists from the stored bytes', async () => {
    const { fetch, json } = testApp();
    for (const name of ['a', 'b']) await json(base, sending('POST', configMap(name)));
    const { body } = await json(`${base}?limit=1`);
    const meta = body.metadata as Record<string, unknown>;
    assert.equal((body.items as unknown[]).length, 1);
    assert.equal(meta.remainingItemCount, 1);
    const next = await json(`${base}?limit=1&continue=${encodeURIComponent(String(meta.continue))}`);
    assert.equal((next.body.items as { metadata: { name: string } }[])[0]?.metadata.name, 'b');
    const empty = await fetch('/api/v1/namespaces/none/configmaps');
    assert.match(
      await empty.text(),
      /^\{"kind":"ConfigMapList","apiVersion":"v1","metadata":\{"resourceVersion":"\d+"\},"items":\[\]\}\n$/,
    );
  });

  it('names the type of the items of a list in no form of built-in Kinds, but in partial lists and in full rows', async () => {
    const { fetch, json } = testApp();
    await json(base, sending('POST', configMap('a')));
    await json('/apis/events.k8s.io/v1/namespaces/default/events', {
      ...sending('POST', {
        metadata: { name: 'e' },
        eventTime: '2026-01-01T00:00:00.000000Z',
        action: 'a',
        reason: 'r',
        type: 'Normal',
        reportingController: 'x.io/c',
        reportingInstance: 'i',
      }),
    });
    const itemsOf = ({ body }: { body: Record<string, unknown> }) => body.items as readonly Record<string, unknown>[];
    const typeOf = ({ apiVersion, kind }: Record<string, unknown>) => [apiVersion, kind];
    const paths = [base, `${base}?pretty=true`, '/api/v1/namespaces/default/events', '/apis/events.k8s.io/v1/namespaces/default/events'];
    for (const path of paths) {
      const items = itemsOf(await json(path));
      assert.deepEqual([items.length, items.map(typeOf)], [1, [[undefined, undefined]]], path);
      assert.ok(items[0]?.metadata, path);
    }
    const collection = await json(base, { ...sending('DELETE', { dryRun: ['All'] }) });
    assert.deepEqual(itemsOf(collection).map(typeOf), [[undefined, undefined]]);
    const yaml = await (await fetch(base, { headers: { accept: 'application/yaml' } })).text();
    assert.deepEqual(yaml.match(/kind: .*/g), ['kind: ConfigMapList']);
    const partial = await json(base, { headers: { accept: 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io' } });
    assert.deepEqual(itemsOf(partial).map(typeOf), [['meta.k8s.io/v1', 'PartialObjectMetadata']]);
    const table = await json(`${base}?includeObject=Object`, { headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' } });
    assert.deepEqual(
      (table.body.rows as readonly { object: Record<string, unknown> }[]).map(({ object }) => typeOf(object)),
      [['v1', 'ConfigMap']],
    );
  });

  it('makes Tables with the metadata of each row', async () => {
    const { json } = testApp();
    await json(base, sending('POST', configMap('a', { k: 'v' })));
    const { body } = await json(base, { headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json' } });
    assert.equal(body.kind, 'Table');
    const [row] = body.rows as { cells: unknown[]; object: { kind: string; metadata: { name: string }; data?: unknown } }[];
    assert.equal(row?.cells[0], 'a');
    assert.equal(row?.object.kind, 'PartialObjectMetadata');
    assert.equal(row?.object.data, undefined);
    const columns = body.columnDefinitions as { name: string; format: string }[];
    assert.deepEqual([columns[0]?.name, columns[0]?.format], ['Name', 'name']);
    const full = await json(`${base}?includeObject=Object`, { headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' } });
    assert.deepEqual((full.body.rows as { object: { data: unknown } }[])[0]?.object.data, { k: 'v' });
  });

  it('makes PartialObjectMetadata of objects and lists', async () => {
    const { json } = testApp();
    await json(base, sending('POST', configMap('a', { k: 'v' })));
    const accept = (kind: string) => ({ headers: { accept: `application/json;as=${kind};v=v1;g=meta.k8s.io` } });
    const one = await json(`${base}/a`, accept('PartialObjectMetadata'));
    assert.deepEqual([one.body.kind, one.body.data], ['PartialObjectMetadata', undefined]);
    const many = await json(base, accept('PartialObjectMetadataList'));
    assert.equal(many.body.kind, 'PartialObjectMetadataList');
    assert.equal((await json(base, accept('PartialObjectMetadata'))).status, 406);
  });

  it('shows the scale of an object in every form, after writes, too', async () => {
    const { json } = testApp();
    const deployments = '/apis/apps/v1/namespaces/default/deployments';
    const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } };
    const spec = { selector: { matchLabels: { a: 'b' } }, template };
    await json(deployments, sending('POST', { metadata: { name: 'd' }, spec }));
    const scale = `${deployments}/d/scale`;
    const as = (form: string) => `application/json;as=${form};v=v1;g=meta.k8s.io`;
    const table = await json(scale, { headers: { accept: as('Table') } });
    const columns = table.body.columnDefinitions as readonly { name: string; description: string }[];
    assert.deepEqual(
      columns.map(({ name }) => name),
      ['Name', 'Desired', 'Available', 'Age'],
    );
    const cellsOf = ({ body }: typeof table) =>
      (body.rows as readonly { cells: readonly unknown[] }[]).map(({ cells }) => cells.slice(0, 3));
    assert.deepEqual(cellsOf(table), [['d', 1, 0]]);
    const headers = { 'content-type': 'application/merge-patch+json', accept: as('Table') };
    const patched = await json(scale, { method: 'PATCH', body: JSON.stringify({ spec: { replicas: 3 } }), headers });
    assert.deepEqual(cellsOf(patched), [['d', 3, 0]]);
    const partial = await json(scale, { headers: { accept: as('PartialObjectMetadata') } });
    assert.deepEqual([partial.body.kind, partial.body.spec], ['PartialObjectMetadata', undefined]);
    const list = await json(scale, { headers: { accept: as('PartialObjectMetadataList') } });
    assert.deepEqual(
      [list.status, list.body.message],
      [406, 'you requested PartialObjectMetadataList, but the requested object is not a list (*autoscaling.Scale)'],
    );
  });

  it('quotes in YAML what would be read as a time', async () => {
    const { fetch, json } = testApp();
    await json(base, sending('POST', configMap('a', { k: 'yes' })));
    const yaml = await (await fetch(`${base}/a`, { headers: { accept: 'application/yaml' } })).text();
    assert.match(yaml, /creationTimestamp: "\d{4}-\d\d-\d\dT[\d:]+Z"\n/);
    assert.match(yaml, /k: "yes"\n/);
  });

  it('writes YAML, pretty JSON and protobuf lists', async () => {
    const { fetch, options } = testApp();
    await fetch(base, sending('POST', configMap('a', { k: 'v' })));
    const yaml = await fetch(`${base}/a`, { headers: { accept: 'application/yaml' } });
    assert.match(await yaml.text(), /^apiVersion: v1\ndata:\n {2}k: v\n/);
    const pretty = await fetch(`${base}/a?pretty=true`);
    assert.match(await pretty.text(), /^\{\n {2}"/);
    const bytes = await (await fetch(base, { headers: { accept: 'application/vnd.kubernetes.protobuf' } })).arrayBuffer();
    const list = options.codec.decode(new Uint8Array(bytes), { apiVersion: '', kind: '' });
    assert.equal(list.kind, 'ConfigMapList');
  });

  it('compresses large answers when asked', async () => {
    const { fetch } = testApp();
    await fetch(base, sending('POST', configMap('a', { k: 'x'.repeat(200_000) })));
    const response = await fetch(base, { headers: { 'accept-encoding': 'gzip' } });
    assert.equal(response.headers.get('content-encoding'), 'gzip');
    assert.ok((await response.arrayBuffer()).byteLength < 10_000);
  });

  it('answers 406 for what it cannot write', async () => {
    const { json } = testApp();
    const { status, body } = await json(base, { headers: { accept: 'text/html' } });
    assert.deepEqual([status, body.reason], [406, 'NotAcceptable']);
    const types = 'application/json, application/yaml, application/vnd.kubernetes.protobuf';
    assert.equal(
      body.message,
      `406: Not Acceptable\n\nAvailable representations: ${types}, application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch`,
    );
    // Reviews have no metadata that a row could show. Source: test/e2e/apimachinery/table_conversion.go.
    const review = {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      spec: { nonResourceAttributes: { path: '/', verb: 'get' } },
    };
    const table = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' };
    const refused = await json('/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', sending('POST', review, table));
    assert.deepEqual([refused.status, refused.body.reason], [406, 'NotAcceptable']);
  });
});

describe('sub-resources', () => {
  const deployments = '/apis/apps/v1/namespaces/default/deployments';
  const deployment = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'd' },
    spec: {
      replicas: 2,
      selector: { matchLabels: { a: 'b' } },
      template: { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } },
    },
  };

  it('reads, writes and patches scale', async () => {
    const { json } = testApp();
    assert.equal((await json(deployments, sending('POST', deployment))).status, 201);
    const { body } = await json(`${deployments}/d/scale`);
    assert.deepEqual([body.kind, body.apiVersion, body.spec], ['Scale', 'autoscaling/v1', { replicas: 2 }]);
    const patched = await json(
      `${deployments}/d/scale`,
      sending('PATCH', { spec: { replicas: 5 } }, { 'content-type': 'application/merge-patch+json' }),
    );
    assert.deepEqual(patched.body.spec, { replicas: 5 });
    assert.equal((await json(`${deployments}/d/scale`, { method: 'DELETE' })).status, 405);
  });

  it('writes status apart from spec', async () => {
    const { json } = testApp();
    const { body } = await json(deployments, sending('POST', deployment));
    const put = await json(`${deployments}/d/status`, sending('PUT', { ...body, spec: {}, status: { replicas: 7 } }));
    assert.equal(put.status, 200);
    assert.equal((put.body.status as { replicas: number }).replicas, 7);
    assert.equal((put.body.spec as { replicas: number }).replicas, 2);
  });

  it('knows no sub-resources that a kind does not have', async () => {
    const { fetch } = testApp();
    assert.equal((await fetch(`${base}/a/scale`)).status, 404);
    assert.equal((await fetch(`${base}/a/exec`)).status, 404);
  });
});
