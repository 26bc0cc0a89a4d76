/** A server whose custom resources are those of the tests. */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { brotliDecompressSync } from 'node:zlib';
import type { ConversionWebhooks } from '../../api/custom-resources/conversion.ts';
import { isObject, type JsonObject, type JsonValue } from '../../api/json.ts';
import { Decoder } from '../../api/schema/decode.ts';
import { loadSchemas } from '../../api/schema/load.ts';
import { FakeClock } from '../../client/fake-clock.ts';
import type { AdmissionPlugin } from '../admission/admission.ts';
import { sending, silentLogger, testApp } from '../http/test-app.ts';
import { createMemoryStore } from '../store/memory-store.ts';
import { CustomResources } from './custom-resources.ts';

export const schemas = loadSchemas(brotliDecompressSync);
export const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
export const widgets = (version = 'v1'): string => `/apis/example.com/${version}/namespaces/team/widgets`;
export const mergeType = { 'content-type': 'application/merge-patch+json' };

/** Renames the field by which the versions of the conversion tests differ. */
export const renaming: ConversionWebhooks = {
  convert: async (_definition, objects, apiVersion) =>
    objects.map((object) => {
      const { colour, color, ...spec } = isObject(object.spec) ? object.spec : {};
      return { ...object, apiVersion, spec: { ...spec, [apiVersion.endsWith('v2') ? 'colour' : 'color']: colour ?? color ?? '' } };
    }),
};

export function start(t: TestContext, store = createMemoryStore({ freeze: true }), plugins: readonly AdmissionPlugin[] = []) {
  const clock = new FakeClock();
  const app = testApp({ clock }, store, plugins);
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

export const version = (name: string, storage: boolean, spec: JsonObject, more: JsonObject = {}): JsonObject => ({
  name,
  served: true,
  storage,
  schema: { openAPIV3Schema: { type: 'object', properties: { spec } } },
  ...more,
});

export const sized: JsonObject = { type: 'object', required: ['size'], properties: { size: { type: 'integer', minimum: 0 } } };

export const definition = (versions: readonly JsonObject[] = [version('v1', true, sized)], more: JsonObject = {}): JsonObject => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'widgets.example.com' },
  spec: { group: 'example.com', scope: 'Namespaced', names: { plural: 'widgets', kind: 'Widget', shortNames: ['wd'] }, versions, ...more },
});

export const widget = (name: string, spec: JsonObject, served = 'v1'): JsonObject => ({
  apiVersion: `example.com/${served}`,
  kind: 'Widget',
  metadata: { name },
  spec,
});
