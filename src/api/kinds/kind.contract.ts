/**
 * Rules for every Kind, checked through the whole API: each verb, dry run, tables, protobuf, every served version,
 * isolation of the status, generations. It runs with the samples of each Kind; a Kind without samples fails.
 */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { brotliDecompressSync } from 'node:zlib';
import { beforeCreate } from '../before-write.ts';
import { renderFieldError } from '../field-error.ts';
import type { JsonObject, JsonValue } from '../json.ts';
import { type KubeObject, startsGeneration } from '../kind.ts';
import { loadSchemas } from '../schema/load.ts';
import { Protobuf } from '../schema/protobuf.ts';
import { received } from './testing/objects.ts';
import { type KindSamples, merged } from './testing/samples.ts';
import { type Answer, ServedKind } from './testing/served-kind.ts';

const codec = new Protobuf(loadSchemas(brotliDecompressSync));
const label = { metadata: { labels: { contract: 'yes' } } };
const protobufType = 'application/vnd.kubernetes.protobuf';

/** The desired state: everything but the status and the metadata that the server sets. */
function desired({ metadata, status: _, ...rest }: JsonObject): JsonObject {
  const { labels, annotations } = metadata as JsonObject;
  return { ...rest, metadata: { ...(labels === undefined ? {} : { labels }), ...(annotations === undefined ? {} : { annotations }) } };
}

/** The desired state without names, to compare objects with different names. */
const sameName = (object: JsonObject): JsonObject =>
  desired(merged(object, { metadata: { labels: { 'kubernetes.io/metadata.name': null } } }));

const versionOf = ({ metadata }: Answer['body']): unknown => metadata.resourceVersion;

/** The contract of the verbs. */
export function verbsContract(samples: KindSamples): void {
  const { kind, change } = samples;

  it('is created, read, listed, watched, replaced and deleted', async () => {
    const served = new ServedKind(samples);
    const seen: string[] = [];
    const { registry } = served.app.options;
    const target = { kind, namespace: kind.scope === 'Namespaced' ? 'default' : '', name: '', subresource: '' };
    const context = { user: { name: 'u', uid: '', groups: [], extra: {} }, userAgent: 't', warn: () => undefined };
    const request = { labelSelector: '', fieldSelector: '', resourceVersion: '', resourceVersionMatch: '' } as const;
    const watching = { ...request, allowBookmarks: false, sendInitialEvents: undefined };
    registry.watch({ ...context, signal: new AbortController().signal }, target, watching, (batch) =>
      seen.push(...batch.map(({ type }) => type)),
    );
    const created = await served.create('a');
    assert.match(String(created.metadata.uid), /./);
    assert.equal((await served.call('POST', served.path(), served.valid('a'))).status, 409);
    assert.deepEqual(await served.get('a'), created);
    const { body: list } = await served.call('GET', served.path());
    assert.equal(list.kind, kind.names.list);
    const [item] = list.items as readonly JsonObject[];
    assert.deepEqual({ ...item, kind: kind.kind, apiVersion: kind.apiVersion }, created);
    const { status, body: replaced } = await served.call('PUT', served.one('a'), merged(created, change));
    assert.equal(status, 200, String(replaced.message));
    assert.notDeepEqual(desired(replaced), desired(created));
    const { status: deleted, body: last } = await served.call('DELETE', `${served.one('a')}?propagationPolicy=Background`);
    assert.equal(deleted, 200);
    assert.equal(last.kind, kind.delete?.answersObject === true ? kind.kind : 'Status');
    const waits = kind.delete?.mayRemove !== undefined;
    assert.equal((await served.call('GET', served.one('a'))).status, waits ? 200 : 404);
    // A graceful delete writes the last state first.
    assert.deepEqual([...new Set(seen)], ['ADDED', 'MODIFIED', ...(waits ? [] : ['DELETED'])]);
  });

  it('makes no revision when nothing changes: what is answered can be sent as it is', async () => {
    const served = new ServedKind(samples);
    const created = await served.create('a');
    const { status, body } = await served.call('PUT', served.one('a'), created);
    assert.deepEqual([status, body], [200, created]);
    assert.equal(versionOf(await served.patch('a', {})), versionOf(created));
  });

  it('takes every type of patch', async () => {
    const served = new ServedKind(samples);
    await served.create('a');
    const path = served.one('a');
    const add = [{ op: 'add', path: '/metadata/annotations', value: { b: 'c' } }];
    assert.equal(((await served.call('PATCH', path, add, 'patch')).body.metadata.annotations as JsonObject).b, 'c');
    assert.equal(((await served.patch('a', label)).metadata.labels as JsonObject).contract, 'yes');
    const { status, body } = await served.call('PATCH', path, { metadata: { labels: { other: 'x' } } }, 'strategic');
    const { schema } = kind.codec;
    const strategic = typeof schema === 'string' || schema.strategicMerge !== undefined;
    assert.equal(status, strategic ? 200 : 415, String(body.message));
    const before = await served.get('a');
    assert.equal((before.metadata.labels as JsonObject).contract, 'yes');
    assert.notDeepEqual(desired(await served.patch('a', change)), desired(before));
  });

  it('changes nothing on a dry run', async () => {
    const served = new ServedKind(samples);
    const { status } = await served.call('POST', `${served.path()}?dryRun=All`, served.valid('a'));
    assert.equal(status, 201);
    assert.equal((await served.call('GET', served.one('a'))).status, 404);
    const created = await served.create('a');
    const path = `${served.one('a')}?dryRun=All`;
    const { body: replaced } = await served.call('PUT', path, merged(created, change));
    assert.notDeepEqual(desired(replaced), desired(created));
    assert.equal((await served.call('PATCH', path, change, 'merge')).status, 200);
    assert.equal((await served.call('DELETE', path)).status, 200);
    assert.deepEqual(await served.get('a'), created);
  });

  it('is deleted with its collection, or is not at all', async () => {
    const served = new ServedKind(samples);
    await served.create('a');
    await served.create('b');
    const { status } = await served.call('DELETE', `${served.path()}?propagationPolicy=Background`);
    const whole = kind.delete?.collection !== false;
    assert.equal(status, whole ? 200 : 405);
    const marks = kind.delete?.mayRemove !== undefined;
    assert.equal(((await served.call('GET', served.path())).body.items as readonly unknown[]).length, whole && !marks ? 0 : 2);
  });

  it('stays while a finalizer holds it', async () => {
    const served = new ServedKind(samples);
    await served.create('a', { metadata: { finalizers: ['example.com/held'] } });
    await served.call('DELETE', `${served.one('a')}?propagationPolicy=Background`);
    assert.match(String((await served.get('a')).metadata.deletionTimestamp), /Z$/);
    const freed = await served.patch('a', { metadata: { finalizers: null } });
    // What is answered is an object of the Kind.
    const goes = kind.delete?.mayRemove?.(freed as unknown as KubeObject) ?? true;
    assert.equal((await served.call('GET', served.one('a'))).status, goes ? 404 : 200);
  });

  if (samples.named !== undefined) return;
  it('gets a name when it brings only the start of one', async () => {
    const served = new ServedKind(samples);
    const { status, body } = await served.call('POST', served.path(), served.valid('a', { metadata: { name: null, generateName: 'a-' } }));
    assert.deepEqual([status, /^a-[a-z0-9]{5}$/.test(String(body.metadata.name))], [201, true], String(body.message));
  });
}

/** The contract of validation. */
export function validationContract(samples: KindSamples): void {
  const { kind, valid, invalid } = samples;

  it('refuses a bad name and a field that is unknown', async () => {
    const served = new ServedKind(samples);
    assert.equal((await served.call('POST', served.path(), served.valid('a/b'))).status, 422);
    const strict = `${served.path()}?fieldValidation=Strict`;
    const { status, body } = await served.call('POST', strict, served.valid('a', { metadata: { nonsense: 1 } }));
    assert.deepEqual([status, /unknown field "metadata.nonsense"/.test(String(body.message))], [400, true]);
  });

  assert.ok(invalid.length > 0 || kind.rules?.validate === undefined, `${kind.kind} has rules, and no invalid samples`);
  for (const [why, patch, ...errors] of invalid) {
    it(`refuses ${why}`, async () => {
      const object = merged(valid, patch);
      assert.deepEqual(beforeCreate(kind, received(kind, object)).errors.map(renderFieldError), errors);
      const served = new ServedKind(samples);
      const sent = served.valid('a', patch);
      const { status, body } = await served.call('POST', served.path(), sent);
      const name = String((sent.metadata as JsonObject).name);
      const all = errors.length === 1 ? errors[0] : `[${errors.join(', ')}]`;
      const type = kind.group === '' ? kind.kind : `${kind.kind}.${kind.group}`;
      assert.deepEqual([status, body.message], [422, `${type} "${name}" is invalid: ${all}`]);
      assert.equal((await served.call('GET', served.one('a'))).status, 404);
    });
  }
}

/** The contract of status and generation. */
export function statusContract(samples: KindSamples): void {
  const { kind, change, status } = samples;

  it('counts the generations of what is wanted, and nothing else', async () => {
    const served = new ServedKind(samples);
    const { metadata } = await served.create('a');
    assert.ok(metadata.generation !== undefined || !startsGeneration(kind));
    if (metadata.generation === undefined) return;
    assert.equal(metadata.generation, 1);
    const second = kind.rules?.generation === 'constant' ? 1 : 2;
    assert.equal((await served.patch('a', change)).metadata.generation, second);
    assert.equal((await served.patch('a', { metadata: { finalizers: ['example.com/x'] } })).metadata.generation, second);
  });

  if (kind.subresources.status === undefined) return;
  it('keeps the status apart from the rest', async () => {
    assert.ok(status !== undefined, 'a status sub-resource needs a sample of a status');
    const served = new ServedKind(samples);
    const created = await served.create('a');
    const both = merged(merged(created, { status }), change);
    const { body: main } = await served.call('PUT', served.one('a'), both);
    assert.deepEqual(main.status, created.status);
    assert.notDeepEqual(desired(main), desired(created));
    const before = await served.get('a');
    const { status: code, body: after } = await served.call(
      'PUT',
      `${served.one('a')}/status`,
      merged(merged(before, { status }), { spec: created.spec ?? null }),
    );
    assert.equal(code, 200, String(after.message));
    assert.deepEqual(desired(after), desired(before));
    assert.notDeepEqual(after.status, before.status);
    assert.equal(after.metadata.generation, before.metadata.generation);
    assert.deepEqual((await served.patch('a', { status }, '/status')).status, after.status);
    assert.deepEqual(await served.get('a'), (await served.call('GET', `${served.one('a')}/status`)).body);
  });
}

/** The contract of the encodings. */
export function formsContract(samples: KindSamples): void {
  const { kind } = samples;
  const named = (text: string): JsonObject => samples.named?.(text) ?? { metadata: { name: text } };

  it('is shown as a row of a Table', async () => {
    const served = new ServedKind(samples);
    await served.create('a');
    const response = await served.app.fetch(served.path(), { headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' } });
    const table = (await response.json()) as { columnDefinitions: readonly JsonObject[]; rows: readonly { cells: readonly JsonValue[] }[] };
    assert.deepEqual(
      table.columnDefinitions.map(({ name }) => name),
      kind.table?.columns.map(({ name }) => name) ?? ['Name', 'Created At'],
    );
    const [row] = table.rows;
    assert.equal(row?.cells.length, table.columnDefinitions.length + (kind.table?.moreCells?.length ?? 0));
    for (const cell of row?.cells ?? []) assert.ok(cell !== undefined && typeof cell !== 'object');
  });

  it('is the same in protobuf, both ways, or is not given in it', async () => {
    const served = new ServedKind(samples);
    const created = await served.create('a');
    const response = await served.app.fetch(served.one('a'), { headers: { accept: protobufType } });
    if (!codec.supports(kind.apiVersion, kind.kind)) {
      assert.equal(response.status, 406);
      return;
    }
    const type = { apiVersion: kind.apiVersion, kind: kind.kind };
    // Protobuf has no null.
    const decoded = codec.decode(new Uint8Array(await response.arrayBuffer()), type);
    assert.deepEqual(received(kind, decoded), received(kind, created));
    const body = Buffer.from(codec.encode(served.valid('b')));
    const sent = await served.app.fetch(served.path(), { method: 'POST', body, headers: { 'content-type': protobufType } });
    assert.equal(sent.status, 201, await sent.text());
    assert.deepEqual(sameName(await served.get('b')), sameName(merged(created, named('b'))));
  });

  for (const version of kind.codec.alsoServed ?? []) {
    const group = version.group ?? kind.group;
    it(`is served as ${group}/${version.version}, and comes back from it unchanged`, async () => {
      const served = new ServedKind(samples);
      // Old versions give an object without labels those of its template.
      const created = await served.create('a', label);
      const path = served.path({ group, version: version.version });
      const { status, body } = await served.call('GET', `${path}/${served.name('a')}`);
      assert.deepEqual([status, body.apiVersion, body.kind], [200, `${group}/${version.version}`, kind.kind]);
      const { status: code, body: again } = await served.call('PUT', `${path}/${served.name('a')}`, body);
      assert.equal(code, 200, String(again.message));
      assert.deepEqual(await served.get('a'), created);
      const copy = merged(merged(body, named('b')), { metadata: { resourceVersion: null, uid: null } });
      assert.equal((await served.call('POST', path, copy)).status, 201);
      assert.deepEqual(sameName(await served.get('b')), sameName(merged(created, named('b'))));
    });
  }

  it('has values for its field selectors, by which it is found', async () => {
    const served = new ServedKind(samples);
    const created = await served.create('a');
    for (const [field, read] of Object.entries(kind.select ?? {})) {
      // What is stored is an object of the Kind.
      const value = read(created as unknown as KubeObject);
      assert.equal(typeof value, 'string', field);
      const { body } = await served.call(
        'GET',
        `${served.path()}?fieldSelector=${encodeURIComponent(`${field}=${value.replace(/[\\,=]/g, '\\$&')}`)}`,
      );
      assert.equal((body.items as readonly unknown[]).length, 1, field);
    }
    assert.equal((await served.call('GET', `${served.path()}?fieldSelector=no.such=x`)).status, 400);
  });
}
