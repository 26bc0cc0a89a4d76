import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { Service } from '../../api/generated/core/v1.ts';
import type { EndpointSlice } from '../../api/generated/discovery/v1.ts';
import { service } from '../../api/kinds/core/service.ts';
import { endpointSlice } from '../../api/kinds/discovery/endpoint-slice.ts';
import type { Received } from '../../api/object.ts';
import type { Client } from '../../client/client.ts';
import type { EventRecorder } from '../../client/event-recorder.ts';
import { FakeClock } from '../../client/fake-clock.ts';
import { createInProcessClient } from '../../client/in-process-client.ts';
import { createInformerFactory } from '../../client/informer-factory.ts';
import { silentLogger } from '../../client/logger.ts';
import { FakeApiServer } from '../../client/testing/fake-api-server.ts';
import { balancersWithoutTraffic, LoadBalancerController, type LoadBalancerOptions, type ProbePort } from './load-balancer.ts';
import { startNetwork } from './start-network.ts';
import { freePort, listen } from './testing.ts';

interface Cluster {
  readonly client: Client;
  readonly informers: ReturnType<typeof createInformerFactory>;
  readonly events: EventRecorder;
  readonly seen: string[];
}

function startCluster(t: TestContext): Cluster {
  const stop = new AbortController();
  t.after(() => stop.abort());
  const client = createInProcessClient(new FakeApiServer(), { user: { name: 'test' } });
  const seen: string[] = [];
  const events: EventRecorder = {
    event: (about, type, reason, message) => {
      const { metadata } = 'object' in about ? about.object : about;
      seen.push(`${metadata.name} ${type} ${reason} ${message}`);
    },
  };
  return { client, informers: createInformerFactory({ client, signal: stop.signal }), events, seen };
}

const aService = (name: string, spec: Received<Service['spec']>): Received<Service> => ({
  metadata: { namespace: 'default', name },
  spec: { type: 'ClusterIP', sessionAffinity: 'None', ...spec },
  status: { loadBalancer: {} },
});

const aSlice = (name: string, port: number): Received<EndpointSlice> => ({
  metadata: { namespace: 'default', name: `${name}-abcde`, labels: { 'kubernetes.io/service-name': name } },
  addressType: 'IPv4',
  endpoints: [{ addresses: ['127.0.0.1'], conditions: { ready: true } }],
  ports: [{ name: 'http', protocol: 'TCP', port }],
});

function greeting(host: string, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket: Socket = connect(port, host);
    socket.once('data', (data: Buffer) => {
      socket.destroy();
      resolve(data.toString());
    });
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('closed')));
  });
}

describe('startNetwork', () => {
  it('serves Services from a worker thread, follows changes, restarts a worker that died, and stops', async (t) => {
    const { client, informers, events } = startCluster(t);
    const backend = await listen(t, (socket) => socket.end('hello'));
    const port = await freePort();
    await client
      .resource(service)
      .create(aService('web', { clusterIP: '127.97.0.20', ports: [{ name: 'http', protocol: 'TCP', port, targetPort: backend }] }));
    await client.resource(endpointSlice).create(aSlice('web', backend));
    const workers: Worker[] = [];
    const started: (() => void)[] = [];
    const network = await startNetwork({
      config: { serviceCidr: '127.97.0.0/24', upstreamDns: [] },
      client,
      informers,
      events,
      logger: silentLogger,
      createWorker: () => {
        const worker = new Worker(new URL('./network-worker-entry.ts', import.meta.url));
        workers.push(worker);
        for (const resolve of started.splice(0)) resolve();
        return worker;
      },
    });
    t.after(() => network.stop());
    await network.ready;
    assert.equal(network.dnsIp, '127.97.0.10');
    assert.equal(await greeting('127.97.0.20', port), 'hello');

    const restarted = new Promise<void>((resolve) => started.push(resolve));
    await workers[0]?.terminate();
    await restarted;
    await network.flush();
    assert.equal(await greeting('127.97.0.20', port), 'hello');

    await client.resource(service).delete({ namespace: 'default', name: 'web' });
    await turn();
    await network.flush();
    await assert.rejects(greeting('127.97.0.20', port), { code: 'ECONNREFUSED' });
    await network.stop();
  });
});

describe('LoadBalancerController', () => {
  async function start(t: TestContext, probe: ProbePort | Pick<LoadBalancerOptions, 'probe' | 'network'>, cluster = startCluster(t)) {
    const clock = new FakeClock();
    const where = typeof probe === 'function' ? { probe } : probe;
    const controller = new LoadBalancerController({ ...cluster, logger: silentLogger, clock, ...where });
    await controller.start();
    t.after(() => controller.stop());
    const settle = async (): Promise<void> => {
      for (let i = 0; i < 5; i++) {
        await turn();
        await controller.settled();
      }
    };
    const addressOf = async (name: string): Promise<string | undefined> => {
      await settle();
      return (await cluster.client.resource(service).get({ namespace: 'default', name })).status.loadBalancer.ingress?.[0]?.ip;
    };
    const create = (name: string, port: number, spec: Received<Service['spec']> = {}): Promise<Service> =>
      cluster.client
        .resource(service)
        .create(aService(name, { type: 'LoadBalancer', ports: [{ protocol: 'TCP', port, targetPort: port }], ...spec }));
    return { ...cluster, clock, settle, addressOf, create };
  }
  const allFree: ProbePort = async () => undefined;

  it('gives 127.0.0.1, and the next address when the port is taken', async (t) => {
    const { create, addressOf, seen } = await start(t, allFree);
    await create('a', 8080);
    assert.equal(await addressOf('a'), '127.0.0.1');
    await create('b', 8080);
    await create('c', 9090);
    assert.equal(await addressOf('b'), '127.0.0.2');
    assert.equal(await addressOf('c'), '127.0.0.1');
    assert.deepEqual(seen.slice(0, 2), [
      'a Normal EnsuringLoadBalancer Ensuring load balancer',
      'a Normal EnsuredLoadBalancer Ensured load balancer',
    ]);
  });

  it('gives addresses that are on no network where there is no traffic, and looks at no port of the host', async (t) => {
    const { create, addressOf } = await start(t, balancersWithoutTraffic);
    await create('a', 1);
    await create('b', 1);
    assert.deepEqual([await addressOf('a'), await addressOf('b')], ['192.0.2.1', '192.0.2.2']);
  });

  it('avoids ports of host processes', async (t) => {
    const { create, addressOf } = await start(t, async (address) => {
      if (address === '127.0.0.1') throw Object.assign(new Error('in use'), { code: 'EADDRINUSE' });
    });
    await create('a', 8080);
    assert.equal(await addressOf('a'), '127.0.0.2');
  });

  it('tells why it cannot, and tries again later', async (t) => {
    let blocked = true;
    const { create, addressOf, seen, clock } = await start(t, async () => {
      if (blocked) throw Object.assign(new Error('no'), { code: 'EACCES' });
    });
    await create('a', 80);
    assert.equal(await addressOf('a'), undefined);
    assert.ok(seen.includes('a Warning SyncLoadBalancerFailed Error syncing load balancer: no permission to listen on port 80'));
    blocked = false;
    clock.advance(5000);
    assert.equal(await addressOf('a'), '127.0.0.1');
  });

  it('leaves classes of others alone, and honours a requested address', async (t) => {
    const { create, addressOf } = await start(t, allFree);
    await create('theirs', 80, { loadBalancerClass: 'example.com/other' });
    await create('asked', 80, { loadBalancerIP: '127.0.0.77' });
    assert.equal(await addressOf('theirs'), undefined);
    assert.equal(await addressOf('asked'), '127.0.0.77');
  });

  it('takes the address back when the type changes, and gives it to who waits', async (t) => {
    const { create, addressOf, client, seen } = await start(t, allFree);
    const a = await create('a', 80, { loadBalancerIP: '127.0.0.9' });
    assert.equal(await addressOf('a'), '127.0.0.9');
    await create('b', 80, { loadBalancerIP: '127.0.0.9' });
    assert.equal(await addressOf('b'), undefined);
    const current = await client.resource(service).get({ namespace: 'default', name: 'a' });
    await client.resource(service).update({ ...current, spec: { ...a.spec, type: 'ClusterIP' } });
    assert.equal(await addressOf('a'), undefined);
    assert.equal(await addressOf('b'), '127.0.0.9');
    assert.ok(seen.includes('a Normal Type LoadBalancer -> ClusterIP'));
    assert.ok(seen.includes('a Normal DeletedLoadBalancer Deleted load balancer'));
  });
});
