/** Custom resources through the whole API: what a definition makes served, and what becomes of it. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isObject, type JsonObject } from '../../api/json.ts';
import { merged } from '../../api/kinds/testing/samples.ts';
import { Decoder } from '../../api/schema/decode.ts';
import { createModelFormats } from '../../api/schema/model-formats.ts';
import { fromLabelSelector } from '../../api/selector.ts';
import type { AdmissionAttributes } from '../admission/admission.ts';
import { matchingVersion } from '../admission/webhooks/matching.ts';
import { fromVersion, inVersion } from '../admission/webhooks/versions.ts';
import { silentLogger, testApp } from '../http/test-app.ts';
import { CustomResources } from './custom-resources.ts';
import {
  definition,
  definitions,
  mergeType,
  renaming,
  schemas,
  sized,
  start,
  version,
  widget,
  widgets,
} from './custom-resources-fixture.ts';

describe('admission of a custom resource', () => {
  it('matches rules for another version, and shows and takes objects in that version', async (t) => {
    const spec: JsonObject = { type: 'object', properties: { color: { type: 'string' }, colour: { type: 'string' } } };
    const { define, app } = start(t);
    const review = { strategy: 'Webhook', webhook: { clientConfig: { url: 'https://hook' }, conversionReviewVersions: ['v1'] } };
    await define(definition([version('v1', true, spec), version('v2', false, spec)], { conversion: review }));
    for (const [asked, wanted, word] of [
      ['v2', 'v1', 'color'],
      ['v1', 'v2', 'colour'],
    ] as const) {
      const kind = app.kinds.byResource('example.com', asked, 'widgets');
      assert.ok(kind);
      const object = widget('a', { [asked === 'v2' ? 'colour' : 'color']: 'red' }, asked);
      const request = {
        kind,
        served: { group: 'example.com', version: asked },
        subresource: '',
        operation: 'CREATE',
        namespace: '',
        name: 'a',
      };
      // Only what matching and conversion look at.
      const attributes = { ...request, object } as unknown as AdmissionAttributes;
      const rules = [{ apiGroups: ['example.com'], apiVersions: [wanted], operations: ['CREATE' as const], resources: ['widgets'] }];
      const all = fromLabelSelector({});
      const matcher = { rules, namespaceSelector: all, objectSelector: all };
      const reader = { get: () => undefined, list: () => [], awaitObject: async () => undefined };
      assert.equal(matchingVersion({ ...matcher, matchPolicy: 'Exact' }, attributes, reader), undefined);
      const found = matchingVersion({ ...matcher, matchPolicy: 'Equivalent' }, attributes, reader);
      assert.deepEqual(found, { group: 'example.com', version: wanted });
      const shown = await inVersion(attributes, attributes.object, found);
      assert.deepEqual([shown?.apiVersion, shown?.spec], [`example.com/${wanted}`, { [word]: 'red' }]);
      const changed = { ...shown, spec: { [word]: 'blue' } };
      const taken = await fromVersion(attributes, changed, found, createModelFormats(schemas));
      const { apiVersion, spec: changes } = JSON.parse(JSON.stringify(taken));
      assert.deepEqual([apiVersion, changes], [`example.com/${asked}`, { [asked === 'v2' ? 'colour' : 'color']: 'blue' }]);
    }
  });
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

  it('serves a kind of the name of a built-in one in its other versions, with objects of its own', async (t) => {
    const { call, define, conditions, status, store, custom } = start(t);
    await call('POST', '/api/v1/namespaces', { metadata: { name: 'team' } });
    await define(
      inGroup('ingresses', 'Ingress', [version('v1', true, sized), version('v1beta1', false, sized), version('v7', false, sized)]),
    );
    assert.ok((await conditions('ingresses.networking.k8s.io')).includes('Established True InitialNamesAccepted'));
    const at = (served: string) => `/apis/networking.k8s.io/${served}/namespaces/team/ingresses`;
    const builtIn = { metadata: { name: 'a' }, spec: { defaultBackend: { service: { name: 's', port: { number: 80 } } } } };
    const own = { apiVersion: 'networking.k8s.io/v7', kind: 'Ingress', metadata: { name: 'a' }, spec: { size: 1 } };
    assert.equal((await call('POST', at('v1'), builtIn)).status, 201);
    assert.equal((await call('POST', at('v7'), own)).status, 201);
    const specs = async (to: typeof call) =>
      Promise.all(['v1', 'v1beta1', 'v7'].map(async (one) => (await to('GET', `${at(one)}/a`)).body.spec));
    const [stable, old, other] = await specs(call);
    assert.deepEqual([(stable as JsonObject).defaultBackend, other], [builtIn.spec.defaultBackend, own.spec]);
    assert.ok(isObject((old as JsonObject).backend), 'an old version of the built-in kind is not taken either');
    custom.stop();
    const again = start(t, store);
    assert.deepEqual((await specs(again.call))[2], own.spec);
    await again.call('DELETE', `${definitions}/ingresses.networking.k8s.io`);
    assert.deepEqual([await again.status(`${at('v1')}/a`), await again.status(`${at('v7')}/a`)], [200, 404]);
    assert.equal(await status(`${at('v1')}/a`), 200);
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
