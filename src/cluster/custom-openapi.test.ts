/**
 * What definitions publish in OpenAPI. Source: apiextensions-apiserver pkg/controller/openapi, openapiv3; upstream's
 * conformance suite says the same under CustomResourcePublishOpenAPI.
 */
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { brotliDecompressSync } from 'node:zlib';
import type { JsonObject } from '../api/json.ts';
import { Decoder } from '../api/schema/decode.ts';
import { loadDescriptions } from '../api/schema/descriptions.ts';
import { loadSchemas } from '../api/schema/load.ts';
import { createOpenApi } from '../api/schema/openapi.ts';
import { CustomResources } from '../server/custom-resources/custom-resources.ts';
import { renaming } from '../server/custom-resources/custom-resources-fixture.ts';
import { sending, silentLogger, testApp } from '../server/http/test-app.ts';
import { createMemoryStore } from '../server/store/memory-store.ts';

const schemas = loadSchemas(brotliDecompressSync);
const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
type Models = Readonly<Record<string, JsonObject>>;

function start(t: TestContext) {
  const store = createMemoryStore({ freeze: true });
  const descriptions = () => loadDescriptions(brotliDecompressSync);
  // The models of built-in kinds are not the matter here, and cost time.
  const customKinds = () => app.kinds.all.filter(({ group }) => group.endsWith('example.com'));
  const openApi = createOpenApi({ schemas, descriptions, kinds: customKinds, version: 'v1.36.0' });
  const app = testApp({ openApi }, store);
  const custom = new CustomResources({
    ...{ store, kinds: app.kinds, registry: app.options.registry, schemas, logger: silentLogger, webhooks: renaming },
    decoder: new Decoder(schemas),
    now: Date.now,
    setTimer: () => () => undefined,
  }).start();
  t.after(() => custom.stop());
  const write = async (method: 'POST' | 'PUT', path: string, object: JsonObject): Promise<JsonObject> => {
    const { status, body } = await app.json(path, sending(method, object));
    assert.ok(status < 300, String(body.message));
    await custom.idle();
    return body as JsonObject; // an object of the API
  };
  return {
    define: (definition: JsonObject) => write('POST', definitions, definition),
    /** Replaces the versions of a definition. */
    async change(name: string, versions: readonly JsonObject[]): Promise<void> {
      const { spec, ...rest } = (await app.json(`${definitions}/${name}`)).body as JsonObject & { spec: JsonObject };
      await write('PUT', `${definitions}/${name}`, { ...rest, spec: { ...spec, versions } });
    },
    /** The models of version 2, of custom resources only. */
    async v2(): Promise<Models> {
      const { definitions: models } = (await app.json('/openapi/v2')).body as { definitions: Models };
      return Object.fromEntries(Object.entries(models).filter(([name]) => name.startsWith('com.example.')));
    },
    /** Those of version 3 of a group and version; undefined when there is no such document. */
    async v3(group: string, version: string): Promise<Models | undefined> {
      const answer = await app.fetch(`/openapi/v3/apis/${group}/${version}`);
      if (answer.status === 404) return undefined;
      return ((await answer.json()) as { components: { schemas: Models } }).components.schemas;
    },
    /** Where the document of a version is, with the hash of its content. */
    async address(group: string, version: string): Promise<string | undefined> {
      const { paths } = (await app.json('/openapi/v3')).body as { paths: Record<string, { serverRelativeURL: string }> };
      return paths[`apis/${group}/${version}`]?.serverRelativeURL;
    },
  };
}

const version = (name: string, root: JsonObject, more: JsonObject = {}): JsonObject => ({
  ...{ name, served: true, storage: false, schema: { openAPIV3Schema: { type: 'object', ...root } } },
  ...more,
});
const stored: JsonObject = { storage: true };

const definition = (group: string, kind: string, versions: readonly JsonObject[]): JsonObject => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `${kind.toLowerCase()}s.${group}` },
  spec: { group, scope: 'Namespaced', names: { plural: `${kind.toLowerCase()}s`, kind }, versions },
});

const size = (description: string): JsonObject => ({ properties: { size: { type: 'integer', description } } });
const unknown: JsonObject = { 'x-kubernetes-preserve-unknown-fields': true };
const kindOf = (group: string, served: string, kind: string): JsonObject => ({
  'x-kubernetes-group-version-kind': [{ group, kind, version: served }],
});

describe('the OpenAPI of a definition', () => {
  it('describes its fields and says what identifies objects', async (t) => {
    const { define, v2, v3 } = start(t);
    await define(
      definition('a.example.com', 'Box', [version('v1', { description: 'Holds.', required: ['size'], ...size('How big.') }, stored)]),
    );
    for (const models of [await v2(), (await v3('a.example.com', 'v1')) ?? {}]) {
      const { properties, ...model } = models['com.example.a.v1.Box'] as JsonObject & { properties: Models };
      assert.deepEqual(model, { type: 'object', description: 'Holds.', required: ['size'], ...kindOf('a.example.com', 'v1', 'Box') });
      assert.deepEqual(Object.keys(properties).toSorted(), ['apiVersion', 'kind', 'metadata', 'size']);
      assert.deepEqual(properties.size, { type: 'integer', description: 'How big.' });
    }
  });

  it('says of objects whose fields are not known nothing at all in version 2, and that they are kept in version 3', async (t) => {
    const { define, v2, v3 } = start(t);
    await define(definition('a.example.com', 'Box', [version('v1', { ...unknown, ...size('How big.') }, stored)]));
    const named = kindOf('a.example.com', 'v1', 'Box');
    assert.deepEqual((await v2())['com.example.a.v1.Box'], { type: 'object', ...named });
    const kept = (await v3('a.example.com', 'v1'))?.['com.example.a.v1.Box'];
    assert.ok(kept);
    const { properties, ...model } = kept as JsonObject & { properties: Models };
    assert.deepEqual(model, { type: 'object', ...unknown, ...named });
    assert.deepEqual(Object.keys(properties).toSorted(), ['apiVersion', 'kind', 'metadata', 'size']);
  });

  it('says of a field whose own fields are not known that it is anything, in version 2', async (t) => {
    const { define, v2, v3 } = start(t);
    const spec = { type: 'object', description: 'Wanted.', ...unknown, ...size('How big.') };
    await define(definition('a.example.com', 'Box', [version('v1', { properties: { spec } }, stored)]));
    const field = (models: Models | undefined) => (models?.['com.example.a.v1.Box']?.properties as Models | undefined)?.spec;
    assert.deepEqual(field(await v2()), { description: 'Wanted.', ...unknown });
    assert.deepEqual(field(await v3('a.example.com', 'v1')), spec);
  });

  it('names kinds of several groups, versions and names apart', async (t) => {
    const { define, v2, v3 } = start(t);
    await define(definition('a.example.com', 'Box', [version('v1', size('a1'), stored), version('v2', size('a2'))]));
    await define(definition('a.example.com', 'Jar', [version('v1', size('jar'), stored)]));
    await define(definition('b.example.com', 'Box', [version('v1', size('b1'), stored)]));
    const texts = (models: Models | undefined) =>
      Object.fromEntries(
        Object.entries(models ?? {}).flatMap(([name, { properties }]) => {
          const described = (properties as Models | undefined)?.size?.description;
          return described === undefined ? [] : [[name, described]];
        }),
      );
    const expected = {
      'com.example.a.v1.Box': 'a1',
      'com.example.a.v1.Jar': 'jar',
      'com.example.a.v2.Box': 'a2',
      'com.example.b.v1.Box': 'b1',
    };
    assert.deepEqual(texts(await v2()), expected);
    const documents = [await v3('a.example.com', 'v1'), await v3('a.example.com', 'v2'), await v3('b.example.com', 'v1')];
    assert.deepEqual(documents.map(texts), [
      { 'com.example.a.v1.Box': 'a1', 'com.example.a.v1.Jar': 'jar' },
      { 'com.example.a.v2.Box': 'a2' },
      { 'com.example.b.v1.Box': 'b1' },
    ]);
  });

  it('follows a version that gets another name, and leaves the others as they are', async (t) => {
    const { define, change, v2, v3, address } = start(t);
    const group = 'a.example.com';
    await define(definition(group, 'Box', [version('v2', size('two'), stored), version('v3', size('three'))]));
    const [before, unchanged] = [(await v2())['com.example.a.v2.Box'], await address(group, 'v2')];
    await change(`boxs.${group}`, [version('v2', size('two'), stored), version('v4', size('three'))]);
    const models = await v2();
    assert.deepEqual(Object.keys(models).toSorted(), [
      'com.example.a.v2.Box',
      'com.example.a.v2.BoxList',
      'com.example.a.v4.Box',
      'com.example.a.v4.BoxList',
    ]);
    assert.deepEqual(models['com.example.a.v2.Box'], before);
    assert.deepEqual([await v3(group, 'v3'), await address(group, 'v3'), await address(group, 'v2')], [undefined, undefined, unchanged]);
    assert.ok((await v3(group, 'v4'))?.['com.example.a.v4.Box']);
  });

  it('ends with a version that is no longer served, and leaves the others as they are', async (t) => {
    const { define, change, v2, v3, address } = start(t);
    const group = 'a.example.com';
    await define(definition(group, 'Box', [version('v5', size('five'), stored), version('v6', size('six'))]));
    const [before, unchanged] = [(await v2())['com.example.a.v5.Box'], await address(group, 'v5')];
    await change(`boxs.${group}`, [version('v5', size('five'), stored), version('v6', size('six'), { served: false })]);
    const models = await v2();
    assert.deepEqual(Object.keys(models).toSorted(), ['com.example.a.v5.Box', 'com.example.a.v5.BoxList']);
    assert.deepEqual(models['com.example.a.v5.Box'], before);
    assert.deepEqual([await v3(group, 'v6'), await address(group, 'v6'), await address(group, 'v5')], [undefined, undefined, unchanged]);
  });
});
