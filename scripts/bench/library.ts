/**
 * The library in one process: how long a cluster takes to start and to end, what a saved state of 1,000 objects costs
 * to be restored after so many were deleted, and what many clusters take. Prints one JSON document. The figures are of
 * the package that users get (`npm run library`).
 * Usage: scripts/bench/run library
 */
import { resolve } from 'node:path';
import type * as Library from '../../src/library/index.ts';
import { buildCode } from '../library/build.ts';
import { environment, note } from './lib/figures.ts';

const output = resolve(import.meta.dirname, '../../dist/library');
const rounds = 10;
const objects = 1000;
const clusters = 50;

interface Cost {
  readonly ms: number;
  readonly cpuMs: number;
}

async function cost(work: () => Promise<unknown>): Promise<Cost> {
  const before = process.cpuUsage();
  const startedMs = performance.now();
  await work();
  const { user, system } = process.cpuUsage(before);
  return { ms: Math.round((performance.now() - startedMs) * 10) / 10, cpuMs: Math.round((user + system) / 100) / 10 };
}

const median = (costs: readonly Cost[]): Cost | undefined => costs.toSorted((a, b) => a.ms - b.ms)[Math.floor(costs.length / 2)];
const rssMiB = (): number => Math.round(process.memoryUsage().rss / 1024 ** 2);

await buildCode(output);
let library: typeof Library | undefined;
const imported = await cost(async () => {
  library = (await import(`${output}/index.mjs`)) as typeof Library;
});
if (library === undefined) throw new Error('the library was not imported');
const { Cluster, kinds } = library;

note('Starting and ending clusters …');
const starts: Cost[] = [];
const stops: Cost[] = [];
for (let i = 0; i < rounds; i++) {
  let cluster: Library.Cluster | undefined;
  starts.push(
    await cost(async () => {
      cluster = await Cluster.start();
    }),
  );
  stops.push(await cost(async () => cluster?.stop()));
}

note(`Restoring ${objects} objects …`);
const cluster = await Cluster.start();
const names = Array.from({ length: objects }, (_, i) => `c-${i}`);
await cluster.apply(names.map((name) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { key: 'value' } })));
await cluster.save();
const api = cluster.client.resource(kinds.configMap);
const restores: Record<string, Cost | undefined> = {};
for (const deleted of [0, 10, 100, objects]) {
  const costs: Cost[] = [];
  for (let i = 0; i < rounds; i++) {
    await Promise.all(names.slice(0, deleted).map((name) => api.delete({ namespace: 'default', name })));
    costs.push(await cost(() => cluster.restore()));
  }
  restores[deleted] = median(costs);
}
await cluster.stop();

note(`Starting ${clusters} clusters at once …`);
const beforeMiB = rssMiB();
let many: readonly Library.Cluster[] = [];
const manyStarted = await cost(async () => {
  many = await Promise.all(Array.from({ length: clusters }, () => Cluster.start()));
});
const eachMiB = Math.round(((rssMiB() - beforeMiB) / clusters) * 10) / 10;
await Promise.all(many.map((each) => each.stop()));

console.log(
  JSON.stringify({
    benchmark: 'library',
    ...environment(),
    import: imported,
    start: { first: starts[0], median: median(starts) },
    stop: median(stops),
    restoreOf1000ByDeleted: restores,
    atOnce: { clusters, started: manyStarted, eachMiB },
  }),
);
