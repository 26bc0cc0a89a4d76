/**
 * When the store's disk is full, writes are refused and change nothing, reads continue, and writes work again as soon
 * as there is room.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { openSqliteStore } from '../store/sqlite-store.ts';
import type { Store } from '../store/store.ts';
import { configMap, sending, type TestApp, testApp } from './test-app.ts';

const folder = mkdtempSync(join(tmpdir(), 'minik-full-'));
const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', folder], { encoding: 'utf8' });
const skip = mounted.status === 0 ? false : `a small disk needs the right to mount: ${mounted.stderr ?? mounted.error?.message ?? ''}`;
const ballast = join(folder, 'ballast');
const path = join(folder, 'store.db');
const configMaps = '/api/v1/namespaces/default/configmaps';
const large = 'x'.repeat(100_000);
const full = /^the store cannot be written: (?:database or disk is full|disk I\/O error)$/;

describe('a full disk', { skip }, () => {
  let store: Store;
  let app: TestApp;
  const written: string[] = [];
  before(() => {
    writeFileSync(ballast, Buffer.alloc(1_500_000));
    store = openSqliteStore({ path });
    app = testApp({}, store);
  });
  after(async () => {
    await store.close();
    spawnSync('umount', ['--lazy', folder]);
    rmSync(folder, { recursive: true });
  });

  const create = (name: string) => app.json(configMaps, sending('POST', configMap(name, { value: large })));
  const value = async (name: string): Promise<unknown> => (await app.json(`${configMaps}/${name}`)).body.data;

  /** Creates objects until the disk is full. 4 MiB hold fewer than 50 of them. */
  async function fill(): Promise<{ readonly status: number; readonly body: Record<string, unknown> }> {
    for (let n = 0; n < 50; n++) {
      const answer = await create(`filling-${written.length}`);
      if (answer.status !== 201) return answer;
      written.push(`filling-${written.length}`);
    }
    throw new Error('the disk does not get full');
  }

  it('refuses writes with a Status that says why', async () => {
    const { status, body } = await fill();
    assert.ok(written.length > 0, 'some were taken');
    assert.equal(status, 503);
    assert.equal(body.kind, 'Status');
    assert.equal(body.reason, 'ServiceUnavailable');
    assert.match(String(body.message), full);
    assert.match(String(store.problem), full, 'readiness tells it, too');
  });

  it('changes nothing by a refused write, and tells no watcher', async () => {
    const { revision } = store;
    const events: string[] = [];
    const watch = store.watch('', revision, (batch) => events.push(...batch.map(({ entry }) => entry.key)));
    const [first = ''] = written;
    const refused = await Promise.all([
      create('refused'),
      app.json(`${configMaps}/${first}`, sending('PUT', configMap(first, { value: `${large}!` }))),
      app.json(
        `${configMaps}/${first}`,
        sending('PATCH', { data: { value: `${large}?` } }, { 'content-type': 'application/merge-patch+json' }),
      ),
    ]);
    assert.deepEqual(
      refused.map(({ status }) => status),
      [503, 503, 503],
    );
    watch.close();
    assert.deepEqual(events, []);
    assert.equal(store.revision, revision);
    assert.equal((await app.json(`${configMaps}/refused`)).status, 404);
    assert.deepEqual(await value(first), { value: large });
  });

  it('goes on reading', async () => {
    const { status, body } = await app.json(configMaps);
    assert.equal(status, 200);
    assert.deepEqual(
      (body.items as { metadata: { name: string } }[]).map(({ metadata }) => metadata.name),
      [...written].sort(),
    );
  });

  it('takes writes again once there is room, and keeps what it answered', async () => {
    rmSync(ballast);
    assert.equal((await create('after')).status, 201);
    assert.equal(store.problem, undefined);
    const [first = ''] = written;
    assert.equal((await app.json(`${configMaps}/${first}`, sending('PUT', configMap(first, { value: 'new' })))).status, 200);
    const { entries, revision } = store.list('');
    await store.close();
    store = openSqliteStore({ path });
    assert.deepEqual(
      [store.revision, store.list('').entries.map(({ key }) => key)],
      [revision, entries.map(({ key }) => key)],
      'nothing is half there after a restart',
    );
    app = testApp({}, store);
    assert.deepEqual(await value(first), { value: 'new' });
  });

  it('opens a store on a full disk for reading', async () => {
    await fill();
    const { revision } = store;
    await store.close();
    store = openSqliteStore({ path });
    app = testApp({}, store);
    assert.equal(store.revision, revision);
    assert.equal((await app.json(configMaps)).status, 200);
  });
});
