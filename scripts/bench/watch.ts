/**
 * The time from sending a create to its event at each of 100 and of 1,000 watchers, every one on a TLS connection of
 * its own. Prints one JSON document. Clients and server share the machine: what the clients cost is part of the times,
 * so they read without streams.
 * Usage: scripts/bench/run watch, or node --import tsx scripts/bench/watch.ts [creates, default 200] [runs, default 3]
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { TLSSocket } from 'node:tls';
import { type Connection, withCluster } from './lib/bench-cluster.ts';
import { collection, configMap, createNamespace } from './lib/config-maps.ts';
import { environment, note, percentile, repeated } from './lib/figures.ts';
import { type LoadClient, openSocket, request, withClients } from './lib/load-client.ts';

const creates = Number(process.argv[2] ?? 200);
const runs = Number(process.argv[3] ?? 3);
/** Between two creates, so that each is measured alone. */
const pauseMs = 10;

/** Records when events reach all watchers. */
class Watchers {
  readonly #sockets: TLSSocket[] = [];
  #arrived: number[] = [];
  #all = Promise.withResolvers<void>();

  static async open(connection: Connection, count: number, namespace: string): Promise<Watchers> {
    const watchers = new Watchers();
    const bytes = request({ method: 'GET', path: `${collection(namespace)}?watch=true` });
    // All sockets read into one buffer, because the data is counted and not kept.
    const buffer = Buffer.allocUnsafe(64 * 1024);
    for (let index = 0; index < count; index++) {
      const head = Promise.withResolvers<void>();
      let started = false;
      const callback = (): boolean => {
        if (started) watchers.#take();
        started = true;
        head.resolve();
        return true;
      };
      const socket = await openSocket(connection, { buffer, callback });
      watchers.#sockets.push(socket);
      socket.write(bytes);
      await head.promise;
    }
    return watchers;
  }

  /** Resolves with each watcher's time of arrival, after the next event has reached all. */
  async next(): Promise<readonly number[]> {
    this.#arrived = [];
    this.#all = Promise.withResolvers<void>();
    await this.#all.promise;
    return this.#arrived;
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #take(): void {
    this.#arrived.push(performance.now());
    if (this.#arrived.length === this.#sockets.length) this.#all.resolve();
  }
}

async function round(client: LoadClient, connection: Connection, count: number, namespace: string) {
  await createNamespace(client, namespace);
  // A new namespace gets an object from the control plane, which must not be counted as one of ours.
  await delay(200);
  const watchers = await Watchers.open(connection, count, namespace);
  const timesMs: number[] = [];
  try {
    for (let index = 0; index < creates; index++) {
      const bytes = request({ method: 'POST', path: collection(namespace), body: configMap(namespace, index, '1') });
      const arrivals = watchers.next();
      const from = performance.now();
      const { status } = await client.send(bytes);
      if (status !== 201) throw new Error(`status ${status}`);
      const arrived = await arrivals;
      if (index >= creates / 10) timesMs.push(...arrived.map((at) => at - from));
      await delay(pauseMs);
    }
  } finally {
    watchers.close();
  }
  return { p50Ms: percentile(timesMs, 0.5), p99Ms: percentile(timesMs, 0.99) };
}

const result = await withCluster('simulated', (cluster) => {
  const connection = cluster.connection();
  return withClients(connection, 1, async ([client]) => {
    if (client === undefined) throw new Error('no connection');
    const measure = (count: number) =>
      repeated(runs, (run) => {
        note(`watch: ${count} watchers, run ${run + 1} of ${runs}`);
        return round(client, connection, count, `watch-${count}-${run}`);
      });
    return { at100Watchers: await measure(100), at1000Watchers: await measure(1000) };
  });
});
process.stdout.write(`${JSON.stringify({ name: 'watch', creates, figures: result, environment: environment() }, null, 2)}\n`);
