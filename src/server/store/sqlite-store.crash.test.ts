import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { crashDiskOnly, crashKey } from './crash-objects.ts';
import { openSqliteStore } from './sqlite-store.ts';
import type { Store, StoreEvent } from './store.ts';

const folder = mkdtempSync(join(tmpdir(), 'minik-crash-'));
after(() => rmSync(folder, { recursive: true }));
const rounds = Number(process.env.MINIK_CRASH_ROUNDS || '20');
const program = fileURLToPath(new URL('crash-writer.ts', import.meta.url));

interface Answered {
  readonly version: string;
  readonly revision: number;
}

/**
 * Lets the writer run until it has recorded `count` acknowledged writes, kills it, and returns the last acknowledged
 * write of each object.
 */
async function runAndKill(path: string, round: number, answers: number): Promise<Map<string, Answered>> {
  const record = join(folder, 'answers');
  const child = spawn(process.execPath, [program, path, record, String(round)], { stdio: ['ignore', 'pipe', 'inherit'] });
  let seen = 0;
  child.stdout.on('data', (dots: Buffer) => {
    seen += dots.length;
    if (seen >= answers) child.kill('SIGKILL');
  });
  const [, signal] = await once(child, 'exit');
  assert.equal(signal, 'SIGKILL');
  const last = new Map<string, Answered>();
  for (const line of readFileSync(record, 'utf8').split('\n').slice(0, -1)) {
    const [name = '', version = '', revision] = line.split(' ');
    last.set(name, { version, revision: Number(revision) });
  }
  assert.ok(last.size > 0);
  return last;
}

function assertNothingLost(store: Store, answered: ReadonlyMap<string, Answered>): void {
  const events: StoreEvent[] = [];
  store.watch('', store.compactedRevision, (batch) => events.push(...batch)).close();
  for (const [name, { version, revision }] of answered) {
    assert.ok(store.revision >= revision, `revision ${revision} is lost`);
    const entry = store.get(crashKey(name));
    assert.deepEqual(
      store.list(crashKey(name)).entries.map(({ revision }) => revision),
      entry === undefined ? [] : [entry.revision],
    );
    // Each lane has one write in flight: a write that was committed but not acknowledged is among the newest events of
    // the log.
    const replaced = events.some((event) => event.entry.key === crashKey(name) && event.revision > revision);
    if (replaced) continue;
    assert.equal(entry === undefined ? 'deleted' : JSON.parse(entry.bytes.toString()).data.version, version);
  }
}

function assertNothingHalf(store: Store): void {
  for (const entry of store.list('').entries) {
    const { data, metadata } = JSON.parse(entry.bytes.toString());
    assert.equal(metadata.resourceVersion, String(entry.revision));
    assert.equal(data.end, data.version);
    assert.equal(data.padding, data.version.repeat(200));
  }
}

it(`loses no answered write and keeps no half one when killed ${rounds} times under load`, async () => {
  const path = join(folder, 'crash.db');
  let revision = 1;
  for (let round = 0; round < rounds; round++) {
    const answered = await runAndKill(path, round, 20 + ((round * 137) % 900));
    const store = openSqliteStore({ path, logWindow: 100, diskOnly: crashDiskOnly });
    assert.ok(store.revision > revision);
    revision = store.revision;
    assertNothingLost(store, answered);
    assertNothingHalf(store);
    await store.close();
  }
});
