import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openSqliteStore } from './sqlite-store.ts';
import type { Store, StoreEvent } from './store.ts';

const folder = mkdtempSync(join(tmpdir(), 'minik-crash-'));
after(() => rmSync(folder, { recursive: true }));
const rounds = Number(process.env.MINIK_CRASH_ROUNDS ?? '20');
const program = fileURLToPath(new URL('crash-writer.ts', import.meta.url));

interface Answered {
  readonly version: string;
  readonly revision: number;
}

/** Lets the writer run until it has printed so many answers, kills it, and returns the last answer about each object. */
async function runAndKill(path: string, round: number, answers: number): Promise<Map<string, Answered>> {
  const child = spawn(process.execPath, [program, path, String(round)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const last = new Map<string, Answered>();
  let seen = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    const [name, version, revision] = line.split(' ');
    if (name === undefined || version === undefined || !/^\d+$/.test(revision ?? '')) continue;
    last.set(name, { version, revision: Number(revision) });
    if (++seen === answers) child.kill('SIGKILL');
  }
  const [, signal] = await exited;
  assert.equal(signal, 'SIGKILL');
  return last;
}

function assertNothingLost(store: Store, answered: ReadonlyMap<string, Answered>): void {
  const events: StoreEvent[] = [];
  store.watch('', store.compactedRevision, (batch) => events.push(...batch)).close();
  for (const [name, { version, revision }] of answered) {
    assert.ok(store.revision >= revision, `revision ${revision} is lost`);
    const entry = store.get(`configmaps/default/${name}`);
    // Each lane has one write in flight: what was committed but not answered is among the newest events of the log.
    const replaced = events.some((event) => event.entry.key === `configmaps/default/${name}` && event.revision > revision);
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
    const store = openSqliteStore({ path, logWindow: 100 });
    assert.ok(store.revision > revision);
    revision = store.revision;
    assertNothingLost(store, answered);
    assertNothingHalf(store);
    await store.close();
  }
});
