/**
 * A CronJob that runs every hour for a year, on the clock of a simulated cluster: every run must have been made, at its
 * time, and must have completed. Prints one JSON document; fails when a run is missing.
 * Usage: scripts/bench/run clock, or node --import tsx scripts/bench/clock.ts [days, default 365]
 */
import { Cluster, kinds } from '../../src/library/index.ts';
import { environment, note } from './lib/figures.ts';

const days = Number(process.argv[2] ?? 365);
const hours = days * 24;
const hourMs = 3_600_000;
const startMs = Date.UTC(2027, 0, 1);
const name = 'hourly';

await using cluster = await Cluster.start({ clock: { now: new Date(startMs - 60_000), frozen: true } });
const completed = new Map<string, string>();
const stop = new AbortController();
const watch = cluster.client.resource(kinds.job).watch({ namespace: 'default', resourceVersion: '0', signal: stop.signal });
const counted = (async () => {
  for await (const batch of watch)
    for (const event of batch)
      if (event.type !== 'BOOKMARK' && event.object.status.completionTime !== undefined)
        completed.set(event.object.metadata.name, event.object.status.startTime ?? '');
})();
await cluster.apply({
  apiVersion: 'batch/v1',
  kind: 'CronJob',
  metadata: { name },
  spec: {
    schedule: '0 * * * *',
    successfulJobsHistoryLimit: 1,
    jobTemplate: {
      spec: {
        template: {
          metadata: { annotations: { 'simulated.minik.io/run-ms': '2000' } },
          spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'busybox' }] },
        },
      },
    },
  },
});
const before = process.cpuUsage();
const startedMs = performance.now();
for (let day = 0; day < days; day++) {
  await cluster.clock.advance('24h');
  if (day % 30 === 29) note(`${day + 1} days: ${completed.size} runs`);
}
const { user, system } = process.cpuUsage(before);
stop.abort();
await counted;
const missing = Array.from({ length: hours }, (_, hour) => startMs + hour * hourMs).filter((atMs) => {
  const startedAt = Date.parse(completed.get(`${name}-${atMs / 60_000}`) ?? '');
  return !(startedAt >= atMs && startedAt < atMs + 10_000);
});
console.log(
  JSON.stringify({
    ...{ benchmark: 'clock', ...environment(), days, runs: completed.size, missing: missing.length },
    ...{ seconds: Math.round(performance.now() - startedMs) / 1000, cpuSeconds: Math.round((user + system) / 1000) / 1000 },
  }),
);
if (missing.length > 0) process.exitCode = 1;
