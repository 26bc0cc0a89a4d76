/**
 * Requests a second and their latencies over HTTPS: each verb on ConfigMaps of 1 KiB, 16 keep-alive connections with a
 * client certificate. With the server's processor time per request, which depends less than rates do on what else the
 * machine does. Prints one JSON document. Usage: scripts/bench/run api, or node --import tsx scripts/bench/api.ts
 * [objects, default 2000] [runs, default 5]
 */
import { withCluster } from './lib/bench-cluster.ts';
import { collection, configMap, createAll, createNamespace, nameOf } from './lib/config-maps.ts';
import { environment, note, repeated } from './lib/figures.ts';
import { type LoadClient, load, request, withClients } from './lib/load-client.ts';
import { usageOf } from './lib/processes.ts';

const count = Number(process.argv[2] ?? 2000);
const runs = Number(process.argv[3] ?? 5);
const connections = 16;

/** Every verb once, on objects of its own namespace. */
async function round(clients: readonly LoadClient[], namespace: string, serverPid: number) {
  const [client] = clients;
  if (client === undefined) throw new Error('no connection');
  await createNamespace(client, namespace);
  const costing = async (measure: () => ReturnType<typeof load>) => {
    const before = usageOf(serverPid).cpuSeconds;
    const result = await measure();
    return { ...result, cpuMicros: ((usageOf(serverPid).cpuSeconds - before) * 1e6) / count };
  };
  const at = (index: number): string => `${collection(namespace)}/${nameOf(index)}`;
  const each = (method: string, more: (index: number) => { readonly body?: string; readonly contentType?: string } = () => ({})) =>
    costing(() => load({ clients, count, expected: 200, make: (index) => request({ method, path: at(index), ...more(index) }) }));
  const lists = (query: string) =>
    costing(() =>
      load({ clients, count, expected: 200, make: () => request({ method: 'GET', path: `${collection(namespace)}?${query}` }) }),
    );
  const merge = 'application/merge-patch+json';
  const results = {
    create: await costing(() => createAll(clients, namespace, count)),
    get: await each('GET'),
    update: await each('PUT', (index) => ({ body: configMap(namespace, index, '2') })),
    patch: await each('PATCH', () => ({ body: '{"data":{"version":"3"}}', contentType: merge })),
    listByLabel: await lists('labelSelector=group%3D7'),
    firstPageOf50: await lists('limit=50'),
    delete: await each('DELETE'),
  };
  return Object.fromEntries(
    Object.entries(results).flatMap(([verb, { perSecond, p50Ms, p99Ms, cpuMicros }]) => [
      [`${verb}PerSecond`, perSecond],
      [`${verb}P50Ms`, p50Ms],
      [`${verb}P99Ms`, p99Ms],
      [`${verb}ServerCpuMicros`, cpuMicros],
    ]),
  );
}

const result = await withCluster('simulated', (cluster) =>
  withClients(cluster.connection(), connections, async (clients) => {
    await round(clients, 'warm-up-1', cluster.pid);
    await round(clients, 'warm-up-2', cluster.pid);
    return repeated(runs, (run) => {
      note(`api: run ${run + 1} of ${runs}`);
      return round(clients, `run-${run}`, cluster.pid);
    });
  }),
);
process.stdout.write(
  `${JSON.stringify({ name: 'api', objects: count, connections, figures: result, environment: environment() }, null, 2)}\n`,
);
