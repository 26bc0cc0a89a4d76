/**
 * A Kind that is added while the server runs is completely served at once and followed by the controllers. When it is
 * removed, nothing of it remains.
 */
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { brotliDecompressSync } from 'node:zlib';
import { fieldErrors } from '../api/field-error.ts';
import type { JsonObject } from '../api/json.ts';
import { defineKind } from '../api/kind.ts';
import type { CustomObject } from '../api/object.ts';
import { describeFields, loadDescriptions } from '../api/schema/descriptions.ts';
import { loadSchemas } from '../api/schema/load.ts';
import { createOpenFormat } from '../api/schema/open-format.ts';
import { createOpenApi } from '../api/schema/openapi.ts';
import { garbageCollector } from '../controllers/garbage-collector/garbage-collector.ts';
import { namespaceController } from '../controllers/namespace-controller.ts';
import { startTestCluster } from '../controllers/testing/test-cluster.ts';
import { RbacAuthorizer } from '../server/auth/rbac.ts';
import { sending, testApp } from '../server/http/test-app.ts';

const schemas = loadSchemas(brotliDecompressSync);
const descriptions = () => loadDescriptions(brotliDecompressSync);

const specOf = (object: CustomObject): JsonObject => (object.spec ?? {}) as JsonObject; // the format keeps JSON

const widget = defineKind<CustomObject>({
  group: 'example.com',
  version: 'v1',
  kind: 'Widget',
  plural: 'widgets',
  scope: 'Namespaced',
  names: { shortNames: ['wd'] },
  codec: { schema: createOpenFormat(schemas, 'com.example.v1.Widget') },
  rules: {
    validate: (object, at) => {
      const { size } = specOf(object);
      return typeof size === 'number' && size < 0 ? [fieldErrors.invalid(at.field('spec', 'size'), size, 'must not be negative')] : [];
    },
  },
  table: {
    columns: [
      { name: 'Name', type: 'string', format: 'name', value: ({ metadata }) => metadata.name },
      { name: 'Size', type: 'integer', value: (object) => Number(specOf(object).size ?? 0) },
    ],
  },
});

const base = '/apis/example.com/v1/namespaces/team/widgets';
const aWidget = (name: string, size: number, metadata: JsonObject = {}) => ({
  apiVersion: 'example.com/v1',
  kind: 'Widget',
  metadata: { name, ...metadata },
  spec: { size, any: { thing: [1, 'b'] } },
});
const accept = (value: string): RequestInit => ({ headers: { accept: value } });
const merge = { 'content-type': 'application/merge-patch+json' };

async function start(t: TestContext) {
  const cluster = await startTestCluster(t, {
    controllers: (kinds) => [garbageCollector(kinds), namespaceController(kinds)],
    namespaces: ['team'],
  });
  const { kinds, registry, store } = cluster;
  const openApi = createOpenApi({ schemas, descriptions, kinds: () => kinds.all, version: 'v1.36.0' });
  const app = testApp(
    { registry, openApi, describeFields: describeFields(schemas, descriptions), currentRevision: () => store.revision },
    store,
  );
  const status = async (path: string): Promise<number> => (await app.fetch(path)).status;
  const resources = async (): Promise<readonly string[]> => {
    if ((await status('/apis/example.com/v1')) !== 200) return [];
    return ((await app.json('/apis/example.com/v1')).body.resources as { name: string }[]).map(({ name }) => name);
  };
  return { cluster, ...app, resources, status };
}

describe('a Kind added at run time', () => {
  it('is unknown before, served at once, and unknown again when it is removed', async (t) => {
    const { cluster, json, resources, status } = await start(t);
    assert.deepEqual(await resources(), []);
    assert.equal(await status(base), 404);
    cluster.kinds.add(widget);
    assert.deepEqual(await resources(), ['widgets']);
    assert.equal(await status(base), 200);
    const aggregated = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
    const groups = async () => JSON.stringify((await json('/apis', accept(aggregated))).body).includes('"widgets"');
    assert.ok(await groups());
    cluster.kinds.remove(widget.resourceName);
    assert.deepEqual(await resources(), []);
    assert.equal(await status(base), 404);
    assert.ok(!(await groups()));
  });

  it('is created, defaulted in its metadata, validated, listed and shown as a Table', async (t) => {
    const { cluster, json } = await start(t);
    cluster.kinds.add(widget);
    const made = await json(base, sending('POST', aWidget('a', 3)));
    assert.equal(made.status, 201);
    assert.deepEqual(Object.keys(made.body), ['apiVersion', 'kind', 'metadata', 'spec']);
    assert.deepEqual(made.body.spec, { any: { thing: [1, 'b'] }, size: 3 });
    const refused = await json(base, sending('POST', aWidget('b', -1)));
    assert.equal(refused.status, 422);
    assert.equal(refused.body.message, 'Widget.example.com "b" is invalid: spec.size: Invalid value: -1: must not be negative');
    const strict = await json(`${base}?fieldValidation=Strict`, sending('POST', aWidget('c', 1, { nonsense: true })));
    assert.equal(strict.status, 400);
    assert.match(String(strict.body.message), /unknown field "metadata\.nonsense"/);
    const list = await json(base);
    assert.equal(list.body.kind, 'WidgetList');
    // Their list items have apiVersion and kind; those of built-in Kinds do not.
    assert.deepEqual(
      (list.body.items as readonly { kind?: string }[]).map(({ kind }) => kind),
      ['Widget'],
    );
    const table = await json(base, accept('application/json;as=Table;g=meta.k8s.io;v=v1'));
    assert.deepEqual(
      (table.body.rows as { cells: unknown[] }[]).map(({ cells }) => cells),
      [['a', 3]],
    );
  });

  it('is watched and patched, but not strategically, and has no protobuf form', async (t) => {
    const { cluster, fetch, json } = await start(t);
    cluster.kinds.add(widget);
    await json(base, sending('POST', aWidget('a', 3)));
    const watch = await fetch(`${base}?watch=1&resourceVersion=${cluster.store.revision}`);
    const patched = await json(`${base}/a`, sending('PATCH', { spec: { size: 5, any: null } }, merge));
    assert.deepEqual(patched.body.spec, { size: 5 });
    assert.ok(watch.body);
    const reader = watch.body.getReader();
    const event = JSON.parse(Buffer.from((await reader.read()).value ?? []).toString('utf8'));
    assert.deepEqual([event.type, event.object.spec], ['MODIFIED', { size: 5 }]);
    await reader.cancel();
    const strategic = await json(`${base}/a`, sending('PATCH', {}, { 'content-type': 'application/strategic-merge-patch+json' }));
    assert.equal(strategic.status, 415);
    assert.equal((await fetch(`${base}/a`, accept('application/vnd.kubernetes.protobuf'))).status, 406);
    const fallback = await fetch(`${base}/a`, accept('application/vnd.kubernetes.protobuf, application/json'));
    assert.equal(fallback.headers.get('content-type'), 'application/json');
  });

  it('is in the OpenAPI documents, with its list, while it is served', async (t) => {
    const { cluster, json, status } = await start(t);
    const path = '/openapi/v3/apis/example.com/v1';
    cluster.kinds.add(widget);
    const { components, paths } = (await json(path)).body as {
      components: { schemas: Record<string, JsonObject> };
      paths: Record<string, unknown>;
    };
    const gvk = (kind: string) => [{ group: 'example.com', version: 'v1', kind }];
    assert.deepEqual(components.schemas['com.example.v1.Widget'], { type: 'object', 'x-kubernetes-group-version-kind': gvk('Widget') });
    assert.deepEqual(components.schemas['com.example.v1.WidgetList']?.['x-kubernetes-group-version-kind'], gvk('WidgetList'));
    assert.ok('/apis/example.com/v1/namespaces/{namespace}/widgets/{name}' in paths);
    cluster.kinds.remove(widget.resourceName);
    assert.equal(await status(path), 404);
  });

  it('is garbage-collected, and deleted with its namespace', async (t) => {
    const { cluster, json } = await start(t);
    cluster.kinds.add(widget);
    const owner = (await json(base, sending('POST', aWidget('owner', 1)))).body.metadata as { uid: string };
    const ownerReferences = [{ apiVersion: 'example.com/v1', kind: 'Widget', name: 'owner', uid: owner.uid }];
    await json('/api/v1/namespaces/team/configmaps', sending('POST', { metadata: { name: 'owned', ownerReferences } }));
    await json(base, sending('POST', aWidget('other', 1)));
    await cluster.settle();
    await json(`${base}/owner`, { method: 'DELETE' });
    await cluster.settle();
    assert.equal((await json('/api/v1/namespaces/team/configmaps/owned')).status, 404);
    assert.equal((await json(`${base}/other`)).status, 200);
    await json('/api/v1/namespaces/team', { method: 'DELETE' });
    await cluster.settle();
    assert.equal((await json('/api/v1/namespaces/team')).status, 404);
    assert.equal((await json(`${base}/other`)).status, 404);
  });

  it('is covered by rules that name its resource', () => {
    const rules = [{ verbs: ['get'], apiGroups: ['example.com'], resources: ['widgets'] }];
    const subjects = [{ kind: 'User', name: 'jane' }];
    const authorizer = new RbacAuthorizer({
      revision: 0,
      clusterRoleBindings: () => [{ roleRef: { kind: 'ClusterRole', name: 'r' }, subjects }],
      roleBindings: () => [],
      clusterRole: () => rules,
      role: () => undefined,
    });
    const may = (resource: string): boolean =>
      authorizer.authorize({
        user: { name: 'jane', uid: '', groups: [], extra: {} },
        verb: 'get',
        isResourceRequest: true,
        namespace: 'team',
        apiGroup: 'example.com',
        resource,
        subresource: '',
        name: 'a',
        path: '',
      }).allowed;
    assert.deepEqual([may('widgets'), may('gadgets')], [true, false]);
  });
});
