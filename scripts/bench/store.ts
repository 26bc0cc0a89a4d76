/**
 * Measures the store alone: writes, reads, lists, watch fan-out, restart. Prints one JSON document. Usage: node
 * scripts/bench/store.ts [objects]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KubeObject } from '../../src/api/object.ts';
import { createMemoryStore } from '../../src/server/store/memory-store.ts';
import { openSqliteStore } from '../../src/server/store/sqlite-store.ts';
import type { Store } from '../../src/server/store/store.ts';

const count = Number(process.argv[2] ?? '5000');
const concurrency = 16;

function configMap(name: string, version: string): KubeObject {
  const metadata = { name, namespace: 'bench', uid: name, resourceVersion: '', creationTimestamp: '2026-01-01T00:00:00Z' };
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { version, payload: 'x'.repeat(1024) } };
  return object;
}

const keyOf = (index: number): string => `configmaps/bench/object-${String(index).padStart(6, '0')}`;

/** Runs `count` steps on 16 lanes and returns steps per second. */
async function perSecond(step: (index: number) => unknown): Promise<number> {
  const start = performance.now();
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) await step(next++);
  };
  await Promise.all(Array.from({ length: concurrency }, lane));
  return Math.round((count / (performance.now() - start)) * 1000);
}

function medianMs(rounds: number, step: () => void): number {
  const times = Array.from({ length: rounds }, () => {
    const start = performance.now();
    step();
    return performance.now() - start;
  }).sort((a, b) => a - b);
  return Number((times[rounds >> 1] ?? 0).toFixed(3));
}

async function fanOutMs(store: Store, watchers: number): Promise<number> {
  let received = 0;
  const handles = Array.from({ length: watchers }, () => store.watch('configmaps/', store.revision, () => void received++));
  const times: number[] = [];
  for (let round = 0; round < 50; round++) {
    const start = performance.now();
    await store.write({ key: keyOf(count + 1), object: configMap('fan-out', String(round)) });
    times.push(performance.now() - start);
  }
  for (const handle of handles) handle.close();
  if (received !== watchers * 50) throw new Error(`${received} events arrived, not ${watchers * 50}`);
  return Number((times.sort((a, b) => a - b)[25] ?? 0).toFixed(3));
}

async function measure(store: Store): Promise<Record<string, number>> {
  const prefix = 'configmaps/bench/';
  return {
    createsPerSecond: await perSecond((index) =>
      store.write({ key: keyOf(index), object: configMap(`object-${index}`, '1'), expectedRevision: 0 }),
    ),
    updatesPerSecond: await perSecond((index) => store.write({ key: keyOf(index), object: configMap(`object-${index}`, '2') })),
    getsPerSecond: await perSecond((index) => store.get(keyOf(index))),
    listMs: medianMs(21, () => void store.list(prefix)),
    listBytesMs: medianMs(21, () => void Buffer.concat(store.list(prefix).entries.map((entry) => entry.bytes))),
    pageOf50Ms: medianMs(201, () => void store.list(prefix, { after: keyOf(count >> 1), limit: 50 })),
    eventTo100WatchersMs: await fanOutMs(store, 100),
    eventTo1000WatchersMs: await fanOutMs(store, 1000),
  };
}

const folder = mkdtempSync(join(tmpdir(), 'minik-bench-'));
try {
  const path = join(folder, 'store.db');
  const disk = openSqliteStore({ path, freeze: false });
  const sqlite = await measure(disk);
  await disk.close();
  const start = performance.now();
  const again = openSqliteStore({ path, freeze: false });
  const openMs = Math.round(performance.now() - start);
  await again.close();
  const memory = await measure(createMemoryStore({ freeze: false }));
  process.stdout.write(`${JSON.stringify({ objects: count, concurrency, sqlite: { ...sqlite, openMs }, memory }, null, 2)}\n`);
} finally {
  rmSync(folder, { recursive: true });
}
