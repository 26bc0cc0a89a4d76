/**
 * Large lists over HTTPS: 5,000 and 50,000 ConfigMaps of 1 KiB in full, 5,000 as a Table, and 16 at once. Prints one
 * JSON document.
 * Usage: scripts/bench/run list, or node --import tsx scripts/bench/list.ts [objects, default 5000] [runs, default 15]
 */
import { withCluster } from './lib/bench-cluster.ts';
import { collection, createAll, createNamespace } from './lib/config-maps.ts';
import { environment, figure, note } from './lib/figures.ts';
import { type LoadClient, load, request, withClients } from './lib/load-client.ts';

const objects = Number(process.argv[2] ?? 5000);
const runs = Number(process.argv[3] ?? 15);
const manyFactor = 10;
const connections = 16;
const tableType = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';

const listOf = (namespace: string, accept = 'application/json'): Buffer => request({ method: 'GET', path: collection(namespace), accept });

/** Milliseconds from sending to the last byte, one after another on one connection. */
async function timesMs(client: LoadClient, bytes: Buffer, times: number): Promise<readonly number[]> {
  const all: number[] = [];
  for (let run = 0; run < times; run++) {
    const from = performance.now();
    const { status } = await client.send(bytes);
    if (status !== 200) throw new Error(`status ${status}`);
    all.push(performance.now() - from);
  }
  return all;
}

const result = await withCluster('simulated', (cluster) =>
  withClients(cluster.connection(), connections, async (clients) => {
    const [client] = clients;
    if (client === undefined) throw new Error('no connection');
    note(`list: creating ${objects} and ${objects * manyFactor} objects`);
    for (const [namespace, count] of [
      ['some', objects],
      ['many', objects * manyFactor],
    ] as const) {
      await createNamespace(client, namespace);
      await createAll(clients, namespace, count);
    }
    const bytes = (await client.send(listOf('some'), true)).body.length;
    await timesMs(client, listOf('some', tableType), 3);
    await timesMs(client, listOf('some'), 3);
    const fullMs = figure(await timesMs(client, listOf('some'), runs));
    const tableMs = figure(await timesMs(client, listOf('some', tableType), runs));
    const rates: number[] = [];
    for (let run = 0; run < 3; run++) {
      const { perSecond } = await load({ clients, count: connections * 8, expected: 200, make: () => listOf('some') });
      rates.push(perSecond);
    }
    const manyMs = figure(await timesMs(client, listOf('many'), 5));
    return {
      megabytes: bytes / 1e6,
      figures: { fullMs, tableMs, inParallelPerSecond: figure(rates), manyMs, manyTimesFull: figure([manyMs.median / fullMs.median]) },
    };
  }),
);
process.stdout.write(
  `${JSON.stringify({ name: 'list', objects, manyObjects: objects * manyFactor, connections, ...result, environment: environment() }, null, 2)}\n`,
);
