/** Custom resources through the whole API: what a definition makes served, and what becomes of it. */
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { brotliDecompressSync } from 'node:zlib';
import type { ConversionWebhooks } from '../../api/custom-resources/conversion.ts';
import { isObject, type JsonObject, type JsonValue } from '../../api/json.ts';
import { merged } from '../../api/kinds/testing/samples.ts';
import { Decoder } from '../../api/schema/decode.ts';
import { loadSchemas } from '../../api/schema/load.ts';
import { FakeClock } from '../../client/fake-clock.ts';
import { sending, silentLogger, testApp } from '../http/test-app.ts';
import { createMemoryStore } from '../store/memory-store.ts';
import { CustomResources } from './custom-resources.ts';

const schemas = loadSchemas(brotliDecompressSync);
const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const widgets = (version = 'v1'): string => `/apis/example.com/${version}/namespaces/team/widgets`;
const mergeType = { 'content-type': 'application/merge-patch+json' };

/** Renames the field by which the versions of the conversion tests differ. */
const renaming: ConversionWebhooks = {
  convert: async (_definition, objects, apiVersion) =>
    objects.map((object) => {
      const { colour, color, ...spec } = isObject(object.spec) ? object.spec : {};
      return { ...object, apiVersion, spec: { ...spec, [apiVersion.endsWith('v2') ? 'colour' : 'color']: colour ?? color ?? '' } };
    }),
};

function start(t: TestContext, store = createMemoryStore({ freeze: true })) {
  const clock = new FakeClock();
  const app = testApp({ clock }, store);
  const custom = new CustomResources({
    ...{ store, kinds: app.kinds, registry: app.options.registry, schemas, logger: silentLogger, webhooks: renaming },
    decoder: new Decoder(schemas),
    now: Date.now,
    setTimer: () => () => undefined,
  }).start();
  t.after(() => custom.stop());
  const call = async (method: string, path: string, body?: JsonValue, headers: Record<string, string> = {}) => {
    const answer = await app.json(path, body === undefined ? { method } : sending(method, body, headers));
    await custom.idle();
    return answer;
  };
  const status = async (path: string): Promise<number> => (await app.fetch(path)).status;
  const define = async (definition: JsonObject): Promise<Record<string, unknown>> => {
    const { status, body } = await call('POST', definitions, definition);
    assert.equal(status, 201, String(body.message));
    return body;
  };
  const conditions = async (name = 'widgets.example.com'): Promise<readonly string[]> => {
    const { status } = (await call('GET', `${definitions}/${name}`)).body as { status: { conditions: readonly JsonObject[] } };
    return status.conditions.map(({ type, status: value, reason }) => `${type} ${value} ${reason}`);
  };
  return { app, clock, custom, store, call, define, conditions, status };
}

const version = (name: string, storage: boolean, spec: JsonObject, more: JsonObject = {}): JsonObject => ({
  name,
  served: true,
  storage,
  schema: { openAPIV3Schema: { type: 'object', properties: { spec } } },
  ...more,
});

const sized: JsonObject = { type: 'object', required: ['size'], properties: { size: { type: 'integer', minimum: 0 } } };

const definition = (versions: readonly JsonObject[] = [version('v1', true, sized)], more: JsonObject = {}): JsonObject => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'widgets.example.com' },
  spec: { group: 'example.com', scope: 'Namespaced', names: { plural: 'widgets', kind: 'Widget', shortNames: ['wd'] }, versions, ...more },
});

const widget = (name: string, spec: JsonObject, served = 'v1'): JsonObject => ({
  apiVersion: `example.com/${served}`,
  kind: 'Widget',
  metadata: { name },
  spec,
});

describe('field selectors of a custom resource', () => {
  it('select by the fields of the version that is asked for, in lists, watches and deletions', async (t) => {
    const by = (name: string, storage: boolean, field: string): JsonObject =>
      version(
        name,
        storage,
        { type: 'object', properties: { [field]: { type: 'string' } } },
        { selectableFields: [{ jsonPath: `.spec.${field}` }] },
      );
    const versions = [by('v1', true, 'color'), by('v2', false, 'colour')];
    const { call, define, app } = start(t);
    const review = { strategy: 'Webhook', webhook: { clientConfig: { url: 'https://hook' }, conversionReviewVersions: ['v1'] } };
    await define(definition(versions, { conversion: review }));
    await call('POST', '/api/v1/namespaces', { metadata: { name: 'team' } });
    for (const [name, colour] of [
      ['a', 'red'],
      ['b', 'green'],
    ] as const) {
      assert.equal((await call('POST', widgets('v2'), widget(name, { colour }, 'v2'))).status, 201);
    }
    const named = async (path: string): Promise<readonly string[]> => {
      const { body } = await call('GET', path);
      return (body.items as readonly { readonly metadata: { readonly name: string } }[]).map(({ metadata }) => metadata.name);
    };
    assert.deepEqual(await named(`${widgets('v2')}?fieldSelector=spec.colour%3Dred`), ['a']);
    assert.deepEqual(await named(`${widgets('v1')}?fieldSelector=spec.color%3Dgreen`), ['b']);
    const seen: string[] = [];
    const { registry } = app.options;
    const kind = app.kinds.byResource('example.com', 'v2', 'widgets');
    assert.ok(kind);
    const context = { user: { name: 'u', uid: '', groups: [], extra: {} }, userAgent: 't', warn: () => undefined };
    const request = { labelSelector: '', fieldSelector: 'spec.colour=red', resourceVersion: '', resourceVersionMatch: '' } as const;
    const options = { ...request, allowBookmarks: false, sendInitialEvents: undefined };
    const target = { kind, served: { group: 'example.com', version: 'v2' }, namespace: 'team', name: '', subresource: '' };
    registry.watch({ ...context, signal: new AbortController().signal }, target, options, (batch) =>
      seen.push(...batch.map((output) => `${output.type} ${output.type === 'BOOKMARK' ? '' : output.entry.object.metadata.name}`)),
    );
    await call('PATCH', `${widgets('v2')}/b`, { spec: { colour: 'red' } }, mergeType);
    await call('DELETE', `${widgets('v2')}?fieldSelector=spec.colour%3Dred`);
    assert.deepEqual(await named(widgets('v2')), []);
    assert.deepEqual(seen, ['ADDED a', 'ADDED b', 'DELETED a', 'DELETED b']);
  });
});

describe('an open watch of a custom resource', () => {
  /** Opens a watch. `ended` resolves with the types of its events when the server ends it. */
  async function open({ app }: ReturnType<typeof start>, path: string) {
    const { body } = await app.fetch(`${path}?watch=true`);
    assert.ok(body);
    let done = false;
    const ended = new Response(body).text().then((text) => {
      done = true;
      return text
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => (JSON.parse(line) as { readonly type: string }).type);
    });
    return { ended, isOpen: () => !done };
  }
  const settled = () => new Promise((resolve) => setImmediate(resolve));

  it('ends when its definition says something else, a second later', async (t) => {
    const started = start(t);
    const { call, define, clock } = started;
    await define(definition());
    const watch = await open(started, widgets());
    await call('POST', widgets(), widget('a', { size: 1 }));
    await call('PATCH', `${definitions}/widgets.example.com`, { metadata: { labels: { a: 'b' } } }, mergeType);
    clock.advance(5000);
    await settled();
    assert.ok(watch.isOpen(), 'metadata is nothing that a definition says');
    const columns = [{ name: 'Size', type: 'integer', jsonPath: '.spec.size' }];
    const versions = [version('v1', true, sized, { additionalPrinterColumns: columns })];
    assert.equal((await call('PATCH', `${definitions}/widgets.example.com`, { spec: { versions } }, mergeType)).status, 200);
    clock.advance(999);
    await settled();
    assert.ok(watch.isOpen());
    const later = await open(started, widgets());
    clock.advance(1);
    assert.deepEqual(await watch.ended, ['ADDED']);
    assert.ok(later.isOpen(), 'one that began after the change goes on');
  });

  it('ends when its definition goes, after the last object has gone', async (t) => {
    const started = start(t);
    const { call, define, clock } = started;
    await define(definition());
    await call('POST', widgets(), widget('a', { size: 1 }));
    const watch = await open(started, widgets());
    await call('DELETE', `${definitions}/widgets.example.com`);
    clock.advance(1000);
    assert.deepEqual(await watch.ended, ['ADDED', 'DELETED']);
  });
});

describe('a definition in a group of Kubernetes', () => {
  const approved = { 'api-approved.kubernetes.io': 'unapproved, experimental' };
  const inGroup = (plural: string, kind: string, versions: readonly JsonObject[]): JsonObject => ({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.networking.k8s.io`, annotations: approved },
    spec: { group: 'networking.k8s.io', scope: 'Namespaced', names: { plural, kind }, versions },
  });

  it('serves nothing in versions that are served already, and its other versions', async (t) => {
    const { call, define, conditions, status } = start(t);
    await define(inGroup('gates', 'Gate', [version('v1', true, sized), version('v7', false, sized)]));
    assert.ok((await conditions('gates.networking.k8s.io')).includes('Established True InitialNamesAccepted'));
    assert.equal(await status('/apis/networking.k8s.io/v1/namespaces/team/gates'), 404);
    assert.equal(await status('/apis/networking.k8s.io/v7/namespaces/team/gates'), 200);
    const { body } = await call('GET', '/apis/networking.k8s.io/v1');
    assert.ok(!JSON.stringify(body).includes('gates'));
  });

  it('does not take the place of a built-in kind', async (t) => {
    const { call, define } = start(t);
    await define(inGroup('ingresses', 'Ingress', [version('v1', true, sized)]));
    const { status, body } = await call('POST', '/apis/networking.k8s.io/v1/namespaces/default/ingresses', {
      metadata: { name: 'a' },
      spec: { defaultBackend: { service: { name: 's', port: { number: 80 } } } },
    });
    assert.equal(status, 201, String(body.message));
    await call('DELETE', `${definitions}/ingresses.networking.k8s.io`);
    assert.equal((await call('GET', '/apis/networking.k8s.io/v1/namespaces/default/ingresses/a')).status, 200);
  });
});

describe('a custom resource', () => {
  it('is served once its definition is established, and not after it is gone', async (t) => {
    const { call, define, conditions, status } = start(t);
    assert.equal(await status(widgets()), 404);
    await define(definition());
    assert.deepEqual(await conditions(), ['NamesAccepted True NoConflicts', 'Established True InitialNamesAccepted']);
    assert.equal((await call('POST', widgets(), widget('a', { size: 1 }))).status, 201);
    const { body } = await call('DELETE', `${definitions}/widgets.example.com`);
    assert.equal(body.kind, 'CustomResourceDefinition');
    assert.equal((await call('GET', `${definitions}/widgets.example.com`)).status, 404);
    assert.equal(await status(widgets()), 404);
  });

  it('is served again after a restart, with what is stored', async (t) => {
    const { call, define, store, custom } = start(t);
    await define(definition());
    await call('POST', widgets(), widget('a', { size: 1 }));
    custom.stop();
    const { revision } = store;
    const again = start(t, store);
    assert.deepEqual(((await again.call('GET', `${widgets()}/a`)).body.spec as JsonObject).size, 1);
    assert.equal(store.revision, revision);
  });

  it('keeps its definition while an object cannot go, and takes no new ones', async (t) => {
    const { call, define, conditions } = start(t);
    await define(definition());
    await call('POST', widgets(), merged(widget('held', { size: 1 }), { metadata: { finalizers: ['example.com/held'] } }));
    await call('DELETE', `${definitions}/widgets.example.com`);
    assert.ok((await conditions()).includes('Terminating True InstanceDeletionInProgress'));
    const refused = await call('POST', widgets(), widget('b', { size: 1 }));
    assert.deepEqual(
      [refused.status, refused.body.message],
      [403, 'widgets.example.com "b" is forbidden: create not allowed while custom resource definition is terminating'],
    );
    await call('PATCH', `${widgets()}/held`, { metadata: { finalizers: null } }, mergeType);
    assert.equal((await call('GET', `${definitions}/widgets.example.com`)).status, 404);
  });

  it('waits for names that another definition of its group has', async (t) => {
    const { call, define, conditions } = start(t);
    await define(definition());
    const gadgets = merged(definition(), {
      metadata: { name: 'gadgets.example.com' },
      spec: { names: { plural: 'gadgets', kind: 'Widget', shortNames: ['gd'] } },
    });
    await define(gadgets);
    assert.deepEqual(await conditions('gadgets.example.com'), ['NamesAccepted False ListKindConflict', 'Established False NotAccepted']);
    await call('DELETE', `${definitions}/widgets.example.com`);
    assert.deepEqual(await conditions('gadgets.example.com'), ['NamesAccepted True NoConflicts', 'Established True InitialNamesAccepted']);
  });
});

describe('objects of a definition that changes', () => {
  it('are pruned and defaulted when they are read, without being written', async (t) => {
    const { call, define, store } = start(t);
    await define(definition([version('v1', true, { type: 'object', 'x-kubernetes-preserve-unknown-fields': true })]));
    await call('POST', widgets(), widget('a', { size: 1, extra: true }));
    const schema = { type: 'object', properties: { size: { type: 'integer' }, color: { type: 'string', default: 'red' } } };
    await call('PATCH', `${definitions}/widgets.example.com`, { spec: { versions: [version('v1', true, schema)] } }, mergeType);
    const { revision } = store;
    assert.deepEqual((await call('GET', `${widgets()}/a`)).body.spec, { color: 'red', size: 1 });
    const { items } = (await call('GET', widgets())).body as { items: readonly JsonObject[] };
    assert.deepEqual(
      items.map(({ spec }) => spec),
      [{ color: 'red', size: 1 }],
    );
    assert.equal(store.revision, revision);
    await call('PATCH', `${widgets()}/a`, { spec: { size: 2 } }, mergeType);
    assert.deepEqual(store.get('widgets.example.com/team/a')?.object, {
      ...store.get('widgets.example.com/team/a')?.object,
      spec: { color: 'red', size: 2 },
    });
  });

  it('may keep what was valid before, as long as it is not touched', async (t) => {
    const { call, define } = start(t);
    await define(definition());
    await call('POST', widgets(), widget('a', { size: 7 }));
    const smaller = { type: 'object', properties: { size: { type: 'integer', maximum: 5 }, note: { type: 'string' } } };
    await call('PATCH', `${definitions}/widgets.example.com`, { spec: { versions: [version('v1', true, smaller)] } }, mergeType);
    assert.equal((await call('PATCH', `${widgets()}/a`, { spec: { note: 'x' } }, mergeType)).status, 200);
    const { status, body } = await call('PATCH', `${widgets()}/a`, { spec: { size: 8 } }, mergeType);
    assert.deepEqual(
      [status, body.message],
      [422, 'Widget.example.com "a" is invalid: spec.size: Invalid value: 8: spec.size in body should be less than or equal to 5'],
    );
  });
});

describe('versions of a custom resource', () => {
  const two = (stored: 'v1' | 'v2'): readonly JsonObject[] => [
    version('v1', stored === 'v1', { type: 'object', properties: { color: { type: 'string', enum: ['red', 'blue'] } } }),
    version('v2', stored === 'v2', { type: 'object', properties: { colour: { type: 'string', maxLength: 3 } } }),
  ];
  const webhook = {
    conversion: { strategy: 'Webhook', webhook: { clientConfig: { url: 'https://a.example.com' }, conversionReviewVersions: ['v1'] } },
  };

  it('are checked in the version of the request, and stored in one', async (t) => {
    const { call, define, store } = start(t);
    await define(definition(two('v1'), webhook));
    assert.equal((await call('POST', widgets('v2'), widget('a', { colour: 'red' }, 'v2'))).status, 201);
    assert.deepEqual((await call('GET', `${widgets('v1')}/a`)).body.spec, { color: 'red' });
    assert.equal(store.get('widgets.example.com/team/a')?.object.apiVersion, 'example.com/v1');
    const { body } = await call('POST', widgets('v2'), widget('b', { colour: 'green' }, 'v2'));
    assert.equal(body.message, 'Widget.example.com "b" is invalid: spec.colour: Too long: may not be more than 3 bytes');
    const other = await call('POST', widgets('v2'), widget('b', { colour: 'red' }, 'v1'));
    assert.equal(
      other.body.message,
      'the API version in the data (example.com/v1) does not match the expected API version (example.com/v2)',
    );
  });

  it('stay readable when another becomes the stored one', async (t) => {
    const { call, define, store } = start(t);
    const made = await define(definition(two('v1'), webhook));
    await call('POST', widgets('v1'), widget('old', { color: 'red' }));
    await call('PATCH', `${definitions}/widgets.example.com`, { spec: { versions: two('v2') } }, mergeType);
    const { status } = (await call('GET', `${definitions}/widgets.example.com`)).body as { status: JsonObject };
    assert.deepEqual([(made.status as JsonObject).storedVersions, status.storedVersions], [['v1'], ['v1', 'v2']]);
    assert.deepEqual((await call('GET', `${widgets('v2')}/old`)).body.spec, { colour: 'red' });
    await call('PATCH', `${widgets('v1')}/old`, { spec: { color: 'blue' } }, mergeType);
    assert.equal(store.get('widgets.example.com/team/old')?.object.apiVersion, 'example.com/v2');
    const { items } = (await call('GET', widgets('v1'))).body as { items: readonly JsonObject[] };
    assert.deepEqual(
      items.map(({ apiVersion, spec }) => [apiVersion, spec]),
      [['example.com/v1', { color: 'blue' }]],
    );
  });

  it('can be stored without being served', async (t) => {
    const { call, define, status } = start(t);
    await define(definition([{ ...version('v1', true, sized), served: false }, version('v2', false, sized, { deprecated: true })]));
    assert.equal(await status(widgets('v1')), 404);
    assert.equal((await call('POST', widgets('v2'), widget('a', { size: 1 }, 'v2'))).status, 201);
    assert.equal(await status('/apis/example.com/v1'), 404);
    assert.deepEqual(
      (((await call('GET', '/apis/example.com')).body as JsonObject).versions as readonly JsonObject[]).map(({ version: name }) => name),
      ['v2'],
    );
  });
});

describe('many definitions', () => {
  it('are loaded in one change of the served Kinds, and nothing is written', async (t) => {
    const { call, store, custom } = start(t);
    for (let i = 0; i < 500; i++) {
      await call(
        'POST',
        definitions,
        merged(definition(), {
          metadata: { name: `r${i}.g${i % 20}.example.com` },
          spec: { group: `g${i % 20}.example.com`, names: { plural: `r${i}`, kind: `R${i}`, shortNames: null } },
        }),
      );
    }
    custom.stop();
    const { revision } = store;
    const again = testApp({}, store);
    let changes = 0;
    again.kinds.onChange(() => {
      changes += 1;
    });
    const restarted = new CustomResources({
      ...{ store, kinds: again.kinds, registry: again.options.registry, schemas, logger: silentLogger, webhooks: renaming },
      decoder: new Decoder(schemas),
      now: Date.now,
      setTimer: () => () => undefined,
    }).start();
    t.after(() => restarted.stop());
    await restarted.idle();
    assert.deepEqual([changes, store.revision], [1, revision]);
    assert.equal((await again.json('/apis/g3.example.com/v1/r3')).status, 200);
  });
});
