import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { aSandbox } from '../runtime-test-support.ts';
import { createDockerRuntime } from './create-docker-runtime.ts';
import { busyboxImage, docker, startDockerCluster, type TestCluster, testClock, testSubnet } from './docker-test-support.ts';
import { LABEL } from './names-and-labels.ts';

const DAEMON = (process.env.DOCKER_HOST || 'unix:///var/run/docker.sock').replace('unix://', '');

/** A proxy between the runtime and the daemon, with which a test can make the daemon unreachable. */
function startProxy(path: string): Promise<{ stop(): Promise<void> }> {
  const open = new Set<Socket>();
  const server: Server = createServer((client) => {
    const upstream = connect(DAEMON);
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket.on('close', () => open.delete(socket));
      socket.on('error', () => socket.destroy());
    }
    client.pipe(upstream).pipe(client);
  });
  const { promise, resolve } = Promise.withResolvers<{ stop(): Promise<void> }>();
  const stop = async (): Promise<void> => {
    const closed = new Promise((done) => server.close(done));
    for (const socket of open) socket.destroy();
    await closed;
  };
  server.listen(path, () => resolve({ stop }));
  return promise;
}

describe('the Docker engine', { timeout: 120_000 }, () => {
  let cluster: TestCluster;
  let folder: string;
  before(async () => {
    cluster = await startDockerCluster('engine', 4);
    folder = await mkdtemp(join(tmpdir(), 'minik-engine-'));
  });
  after(async () => {
    await cluster.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('is Unavailable while it is away, and its events resync when it is back', async () => {
    const socketPath = join(folder, 'docker.sock');
    const network = { networkName: 'minik-runtime-test-engine', ...testSubnet(4) };
    const runtime = createDockerRuntime({ clusterId: 'runtime-test-engine', clock: testClock, socketPath, ...network });
    await assert.rejects(runtime.prepare(), { name: 'RuntimeError', code: 'Unavailable' });
    const abort = new AbortController();
    const events = runtime.events(abort.signal)[Symbol.asyncIterator]();
    const first = events.next();
    const proxy = await startProxy(socketPath);
    assert.deepEqual(await first, { done: false, value: { type: 'resync' } });
    assert.deepEqual(await runtime.containers.list(), []);
    const again = events.next();
    await proxy.stop();
    const unknown = '0'.repeat(64);
    await assert.rejects(runtime.sandboxes.list(), { code: 'Unavailable' });
    await assert.rejects(runtime.sandboxes.run(aSandbox()), { code: 'Unavailable' });
    await assert.rejects(runtime.containers.inspect(unknown), { code: 'Unavailable' });
    await assert.rejects(runtime.containers.start(unknown), { code: 'Unavailable' });
    await assert.rejects(runtime.containers.stop(unknown, 0), { code: 'Unavailable' });
    await assert.rejects(runtime.streams.exec(unknown, { command: ['true'], tty: false }), { code: 'Unavailable' });
    await assert.rejects(runtime.images.pull('busybox', undefined, abort.signal), { code: 'Unavailable' });
    await assert.rejects(runtime.info(), { code: 'Unavailable' });
    const back = await startProxy(socketPath);
    assert.deepEqual(await again, { done: false, value: { type: 'resync' } });
    assert.deepEqual(await runtime.sandboxes.list(), []);
    abort.abort();
    await runtime.close();
    await back.stop();
  });

  it('removes what killed processes of the cluster have left behind beside pods', async () => {
    const made = (helper: string): string =>
      docker(
        'create',
        '--label',
        `${LABEL.cluster}=runtime-test-engine`,
        ...(helper === '' ? [] : ['--label', `${LABEL.type}=helper`, '--label', `${LABEL.helper}=${helper}`]),
        busyboxImage,
        'true',
      ).trim();
    const [forgotten, kept] = [made('killed'), made('')];
    await cluster.runtime.prepare();
    const isThere = (id: string): boolean => docker('ps', '-aq', '--filter', `id=${id}`).trim() !== '';
    assert.deepEqual([isThere(forgotten), isThere(kept)], [false, true]);
    docker('rm', kept);
  });

  it('prepares twice without harm and makes pruned things again', async () => {
    await cluster.runtime.prepare();
    assert.equal(docker('network', 'ls', '-q', '--filter', 'label=io.minik.cluster=runtime-test-engine').split('\n').length, 1);
    docker('network', 'rm', 'minik-runtime-test-engine');
    const sandbox = await cluster.runtime.sandboxes.run(aSandbox());
    assert.match(sandbox.ip, /^10\.213\.244\./);
    await cluster.runtime.sandboxes.remove(sandbox.id);
  });

  it('changes its subnet when no pod runs, else refuses; skips reserved addresses', async (t) => {
    const reservedIps = ['10.213.245.2'];
    const options = {
      reservedIps,
      clusterId: 'runtime-test-engine',
      clock: testClock,
      networkName: 'minik-runtime-test-engine',
      ...testSubnet(5),
    };
    const moved = createDockerRuntime(options);
    t.after(() => moved.close());
    const sandbox = await cluster.runtime.sandboxes.run(aSandbox());
    await assert.rejects(moved.prepare(), { name: 'RuntimeError', message: /has subnet 10\.213\.244\.0\/24 with 1 running pods/ });
    await cluster.runtime.sandboxes.stop(sandbox.id);
    await moved.prepare();
    assert.equal((await moved.sandboxes.run(aSandbox())).ip, '10.213.245.3');
    await moved.destroy();
    await cluster.runtime.prepare();
  });

  it('gives sandboxes addresses of the range that they ask for, also after a restart and beside strangers', async (t) => {
    const podCidr = '10.213.244.128/29';
    const run = async (runtime = cluster.runtime) => (await runtime.sandboxes.run(aSandbox({ podCidr }))).ip;
    assert.equal(await run(), '10.213.244.129');
    const network = ['--network', 'minik-runtime-test-engine', '--ip', '10.213.244.131'];
    const stranger = docker('run', '--detach', '--rm', ...network, busyboxImage, 'sleep', '600');
    t.after(() => docker('rm', '--force', stranger));
    const clusterId = 'runtime-test-engine';
    const again = createDockerRuntime({ clusterId, clock: testClock, networkName: `minik-${clusterId}`, ...testSubnet(4) });
    t.after(() => again.close());
    assert.deepEqual([await run(again), await run(again)], ['10.213.244.130', '10.213.244.132']);
    const [third, fourth, any] = [await run(again), await run(again), await run(again)];
    assert.deepEqual([third, fourth], ['10.213.244.133', '10.213.244.134']);
    assert.doesNotMatch(any, /^10\.213\.244\.1(29|3[0-4])$/);
    for (const { id } of await again.sandboxes.list()) await again.sandboxes.remove(id);
    assert.equal((await again.sandboxes.run(aSandbox({ podCidr }))).ip, '10.213.244.129');
    for (const { id } of await again.sandboxes.list()) await again.sandboxes.remove(id);
  });

  it('refuses a subnet that overlaps with another network', async (t) => {
    const other = createDockerRuntime({
      clusterId: 'runtime-test-overlap',
      clock: testClock,
      networkName: 'minik-runtime-test-overlap',
      ...testSubnet(4),
    });
    t.after(() => other.close());
    await assert.rejects(other.prepare(), {
      name: 'RuntimeError',
      message: /pod subnet 10\.213\.244\.0\/24 overlaps with another network/,
    });
  });

  it('removes a sandbox that could not start', async () => {
    const config = aSandbox({ sysctls: { 'kernel.no_such_thing': '1' } });
    await assert.rejects(cluster.runtime.sandboxes.run(config), { name: 'RuntimeError' });
    assert.deepEqual(
      (await cluster.runtime.sandboxes.list()).filter(({ pod }) => pod.uid === config.pod.uid),
      [],
    );
  });

  it('names who still uses its network', async () => {
    const stranger = 'minik-runtime-test-stranger';
    docker('run', '--detach', '--name', stranger, '--network', 'minik-runtime-test-engine', cluster.image, 'sleep', '3600');
    try {
      await assert.rejects(cluster.runtime.destroy(), { name: 'RuntimeError', message: new RegExp(`is still used by ${stranger}: `) });
    } finally {
      docker('rm', '--force', stranger);
    }
    await cluster.runtime.prepare();
  });

  it('removes what the engine was still making for a client that was killed', async (t) => {
    const clusterId = 'runtime-test-killed';
    const networkName = `minik-${clusterId}`;
    const label = `io.minik.cluster=${clusterId}`;
    const subnet = testSubnet(7);
    const later = createDockerRuntime({ clusterId, clock: testClock, networkName, ...subnet });
    t.after(() => later.close());
    const body = JSON.stringify({
      ...{ Name: networkName, Driver: 'bridge', CheckDuplicate: true, Labels: { [LABEL.cluster]: clusterId } },
      IPAM: { Driver: 'default', Config: [{ Subnet: subnet.subnet, Gateway: subnet.gateway }] },
    });
    const killed = connect(DAEMON);
    await once(killed, 'connect');
    const head = `POST /networks/create HTTP/1.1\r\nHost: d\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;
    await new Promise((resolve) => killed.write(head + body, resolve));
    killed.destroy();
    await later.destroy(true);
    assert.equal(docker('network', 'ls', '-q', '--filter', `label=${label}`), '');
  });

  it('leaves nothing behind', async () => {
    await cluster.launch(['sleep', '3600']);
    await cluster.runtime.destroy();
    await cluster.runtime.destroy();
    assert.equal(docker('ps', '-aq', '--filter', 'label=io.minik.cluster=runtime-test-engine'), '');
    assert.equal(docker('network', 'ls', '-q', '--filter', 'label=io.minik.cluster=runtime-test-engine'), '');
  });
});
