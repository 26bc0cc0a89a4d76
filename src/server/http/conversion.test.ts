/** Versions whose conversions take time, such as by webhooks of custom resources. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JsonObject } from '../../api/json.ts';
import { defineKind } from '../../api/kind.ts';
import { configMap } from '../../api/kinds/core/config-map.ts';
import type { KubeObject } from '../../api/object.ts';
import { asJson, asObject } from '../../api/object-fields.ts';
import { statusErrors } from '../../api/status-error.ts';
import { sending, type TestApp, testApp } from './test-app.ts';

const stored = '/apis/example.com/v1/namespaces/default/widgets';
const other = '/apis/example.com/v2/namespaces/default/widgets';

interface Conversions {
  readonly app: TestApp;
  /** The names of the objects in each call of the conversion to the other version. */
  readonly calls: string[];
  /** While this is set, conversions wait for it. */
  gate: Promise<void> | undefined;
  fails: boolean;
}

/** An app that serves widgets; v2 renames `data.color` to `data.colour`. */
function start(): Conversions {
  const swap = (object: JsonObject, from: string, to: string): JsonObject => {
    const data = object.data as Record<string, string> | undefined;
    return { ...object, data: data === undefined ? {} : { [to]: data[from] ?? '' } };
  };
  const calls: string[] = [];
  const conversions: Conversions = { app: testApp(), calls, gate: undefined, fails: false };
  const nameOf = ({ metadata }: JsonObject): string => String((metadata as JsonObject).name);
  const names = {
    group: 'example.com',
    kind: 'Widget',
    plural: 'widgets',
    scope: 'Namespaced',
    codec: { schema: configMap.codec.schema },
  } as const;
  const v2 = defineKind<KubeObject>({
    ...names,
    version: 'v2',
    storage: {
      form: {
        isCurrent: ({ apiVersion }) => apiVersion === 'example.com/v2',
        read: async (objects) => {
          calls.push(objects.map((object) => nameOf(asJson(object))).join(','));
          await conversions.gate;
          if (conversions.fails) throw statusErrors.internal(new Error('conversion webhook failed'));
          return objects.map((object) => asObject({ ...swap(asJson(object), 'color', 'colour'), apiVersion: 'example.com/v2' }));
        },
        write: async (object) => asObject({ ...swap(asJson(object), 'colour', 'color'), apiVersion: 'example.com/v1' }),
      },
    },
  });
  conversions.app.kinds.add(defineKind<KubeObject>({ ...names, version: 'v1', otherVersions: [v2] }));
  return conversions;
}

const widget = (name: string, version: string, data: JsonObject) => ({
  apiVersion: `example.com/${version}`,
  kind: 'Widget',
  metadata: { name },
  data,
});

/** The lines of a watch, as they come. */
async function* lines(response: Response): AsyncGenerator<{ readonly type: string; readonly object: JsonObject }> {
  assert.ok(response.body);
  let text = '';
  for await (const chunk of response.body) {
    text += Buffer.from(chunk).toString('utf8');
    const whole = text.split('\n');
    text = whole.pop() ?? '';
    for (const line of whole) yield JSON.parse(line);
  }
}

const seen = ({ type, object }: { readonly type: string; readonly object: JsonObject }): string =>
  `${type} ${String(object.apiVersion)} ${JSON.stringify(object.data ?? object.message)}`;

async function take(
  watch: AsyncGenerator<{ readonly type: string; readonly object: JsonObject }>,
  count: number,
): Promise<readonly string[]> {
  const out: string[] = [];
  while (out.length < count) {
    const { value, done } = await watch.next();
    if (done === true) break;
    out.push(seen(value));
  }
  return out;
}

describe('a version that is converted elsewhere', () => {
  it('is written, patched and read like any other; the stored one is what is kept', async () => {
    const { app } = start();
    const made = await app.json(other, sending('POST', widget('a', 'v2', { colour: 'red' })));
    assert.equal(made.status, 201);
    assert.deepEqual([made.body.apiVersion, made.body.data], ['example.com/v2', { colour: 'red' }]);
    assert.deepEqual((await app.json(`${stored}/a`)).body.data, { color: 'red' });
    const merge = { 'content-type': 'application/merge-patch+json' };
    const patched = await app.json(`${other}/a`, sending('PATCH', { data: { colour: 'blue' } }, merge));
    assert.deepEqual(patched.body.data, { colour: 'blue' });
    assert.deepEqual((await app.json(`${stored}/a`)).body.data, { color: 'blue' });
    const { items } = (await app.json(other)).body as { items: JsonObject[] };
    assert.deepEqual(
      items.map(({ data }) => data),
      [{ colour: 'blue' }],
    );
  });

  it('converts a list in one go, and each state of an object once', async () => {
    const { app, calls } = start();
    for (const name of ['a', 'b', 'c']) await app.json(stored, sending('POST', widget(name, 'v1', { color: name })));
    await app.json(other);
    await app.json(other);
    await app.json(`${other}/b`);
    assert.deepEqual(calls, ['a,b,c']);
  });

  it('converts a change once for all who watch, and tells it in order', async () => {
    const { app, calls } = start();
    const watches = await Promise.all(
      [1, 2, 3].map(async () => lines(await app.fetch(`${other}?watch=1&resourceVersion=${app.store.revision}`))),
    );
    await app.json(stored, sending('POST', widget('a', 'v1', { color: 'red' })));
    await app.json(`${stored}/a`, sending('PUT', widget('a', 'v1', { color: 'blue' })));
    for (const watch of watches) {
      assert.deepEqual(await take(watch, 2), ['ADDED example.com/v2 {"colour":"red"}', 'MODIFIED example.com/v2 {"colour":"blue"}']);
      await watch.return(undefined);
    }
    assert.deepEqual(calls, ['a', 'a']);
  });

  it('keeps the order when a later change is converted sooner', async () => {
    const conversions = start();
    const { app } = conversions;
    const watch = lines(await app.fetch(`${other}?watch=1&resourceVersion=${app.store.revision}`));
    const { promise, resolve } = Promise.withResolvers<void>();
    conversions.gate = promise;
    await app.json(stored, sending('POST', widget('slow', 'v1', { color: 'red' })));
    conversions.gate = undefined;
    await app.json(stored, sending('POST', widget('quick', 'v1', { color: 'blue' })));
    resolve();
    assert.deepEqual(await take(watch, 2), ['ADDED example.com/v2 {"colour":"red"}', 'ADDED example.com/v2 {"colour":"blue"}']);
    await watch.return(undefined);
  });

  it('answers what a conversion failed with, and ends watches with it', async () => {
    const conversions = start();
    const { app } = conversions;
    await app.json(stored, sending('POST', widget('a', 'v1', { color: 'red' })));
    conversions.fails = true;
    const { status, body } = await app.json(`${other}/a`);
    assert.deepEqual([status, body.message], [500, 'Internal error occurred: conversion webhook failed']);
    const watch = lines(await app.fetch(`${other}?watch=1`));
    assert.deepEqual(await take(watch, 2), ['ERROR v1 "Internal error occurred: conversion webhook failed"']);
    assert.equal((await app.json(`${stored}/a`)).status, 200);
  });
});
