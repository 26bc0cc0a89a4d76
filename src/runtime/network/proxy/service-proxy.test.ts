import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { aBackend, aConfig, aPort, aService, freePort, listen, startPlane } from '../testing.ts';

const clusterIp = '127.96.0.20';
const servicePort = await freePort();

/** Connects, sends, half-closes, and returns everything that came back; rejects with the socket's error. */
function ask(t: TestContext, host: string, port: number, text = 'hello', localAddress?: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, allowHalfOpen: true, ...(localAddress === undefined ? {} : { localAddress }) });
    t.after(() => socket.destroy());
    let received = '';
    socket.on('data', (chunk: Buffer) => {
      received += chunk.toString();
    });
    socket.on('end', () => resolve(received));
    socket.on('error', reject);
    socket.end(text);
  });
}

/** A backend that answers with its name once the client has finished sending. */
const named = (t: TestContext, name: string): Promise<number> =>
  listen(t, (socket) => {
    let received = '';
    socket.on('data', (chunk: Buffer) => {
      received += chunk.toString();
    });
    socket.on('end', () => socket.end(`${name}:${received}`));
  });

/** A UDP backend that answers with its name and what it was sent. */
async function echoing(t: TestContext, name: string): Promise<number> {
  const socket = createSocket('udp4', (message, client) => socket.send(`${name}:${message}`, client.port, client.address));
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  t.after(() => socket.close());
  return socket.address().port;
}

const codeOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : error);

describe('ServiceProxy', () => {
  it('passes data and half-closes both ways', async (t) => {
    const { apply } = await startPlane(t);
    await apply([aService({ ports: [aPort({ port: servicePort, backends: [aBackend('127.0.0.1', await named(t, 'a'))] })] })]);
    assert.equal(await ask(t, clusterIp, servicePort), 'a:hello');
  });

  it('spreads connections over the ready endpoints only', async (t) => {
    const { apply } = await startPlane(t);
    const backends = [
      aBackend('127.0.0.1', await named(t, 'a')),
      aBackend('127.0.0.1', await named(t, 'b')),
      aBackend('127.0.0.1', await named(t, 'c'), { ready: false, serving: false }),
    ];
    await apply([aService({ ports: [aPort({ port: servicePort, backends })] })]);
    const answers: string[] = [];
    for (let i = 0; i < 6; i++) answers.push(await ask(t, clusterIp, servicePort, ''));
    assert.deepEqual([...new Set(answers)].sort(), ['a:', 'b:']);
  });

  it('uses endpoints that serve while terminating when none is ready', async (t) => {
    const { apply } = await startPlane(t);
    const backends = [aBackend('127.0.0.1', await named(t, 'leaving'), { ready: false, terminating: true })];
    await apply([aService({ ports: [aPort({ port: servicePort, backends })] })]);
    assert.equal(await ask(t, clusterIp, servicePort, ''), 'leaving:');
  });

  it('refuses connections when there are no endpoints, and after the Service is gone', async (t) => {
    const { apply } = await startPlane(t);
    await apply([aService({ ports: [aPort({ port: servicePort })] })]);
    assert.equal(await ask(t, clusterIp, servicePort).catch(codeOf), 'ECONNREFUSED');
    await apply([aService({ ports: [aPort({ port: servicePort, backends: [aBackend('127.0.0.1', await named(t, 'a'))] })] })]);
    assert.equal(await ask(t, clusterIp, servicePort, ''), 'a:');
    await apply([], [{ namespace: 'default', name: 'web' }]);
    assert.equal(await ask(t, clusterIp, servicePort).catch(codeOf), 'ECONNREFUSED');
  });

  it('leaves Services alone that are not to be proxied, until they are', async (t) => {
    const { apply } = await startPlane(t);
    const ports = [aPort({ port: servicePort, backends: [aBackend('127.0.0.1', await named(t, 'a'))] })];
    await apply([aService({ ports })]);
    await apply([aService({ ports, proxied: false })]);
    assert.equal(await ask(t, clusterIp, servicePort).catch(codeOf), 'ECONNREFUSED');
    await apply([aService({ ports })]);
    assert.equal(await ask(t, clusterIp, servicePort, ''), 'a:');
  });

  it('tries another endpoint when one refuses, and resets when all do', async (t) => {
    const { apply } = await startPlane(t);
    const dead = await freePort();
    const alive = aBackend('127.0.0.1', await named(t, 'alive'));
    await apply([aService({ ports: [aPort({ port: servicePort, backends: [aBackend('127.0.0.1', dead), alive] })] })]);
    for (let i = 0; i < 4; i++) assert.equal(await ask(t, clusterIp, servicePort, ''), 'alive:');
    await apply([aService({ ports: [aPort({ port: servicePort, backends: [aBackend('127.0.0.1', dead)] })] })]);
    assert.equal(await ask(t, clusterIp, servicePort).catch(codeOf), 'ECONNRESET');
  });

  it('keeps a client on one endpoint with ClientIP affinity', async (t) => {
    const { apply } = await startPlane(t);
    const backends = [];
    for (const name of ['a', 'b', 'c']) backends.push(aBackend('127.0.0.1', await named(t, name)));
    await apply([aService({ clientIpAffinitySeconds: 10, ports: [aPort({ port: servicePort, backends })] })]);
    const answers = new Set<string>();
    for (let i = 0; i < 6; i++) answers.add(await ask(t, clusterIp, servicePort, '', '127.0.0.9'));
    assert.equal(answers.size, 1);
  });

  it('moves large bodies whole in both directions, with a slow reader', async (t) => {
    const { apply } = await startPlane(t);
    const size = 24 << 20;
    const port = await listen(t, (socket) => socket.pipe(socket));
    await apply([aService({ ports: [aPort({ port: servicePort, backends: [aBackend('127.0.0.1', port)] })] })]);
    const socket = connect({ host: clusterIp, port: servicePort, allowHalfOpen: true });
    t.after(() => socket.destroy());
    const sent = Buffer.alloc(size);
    for (let at = 0; at < size; at += 4) sent.writeUInt32BE(at, at);
    socket.end(sent);
    let at = 0;
    let wrong = 0;
    for await (const chunk of socket) {
      const expected = sent.subarray(at, at + chunk.length);
      if (!expected.equals(chunk)) wrong++;
      at += chunk.length;
      if (at % 7 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    assert.equal(at, size);
    assert.equal(wrong, 0);
  });

  it('passes a reset on in both directions', async (t) => {
    const { apply } = await startPlane(t);
    let backend: Socket | undefined;
    const backendError = Promise.withResolvers<unknown>();
    const port = await listen(t, (socket) => {
      backend = socket;
      socket.on('error', (error) => backendError.resolve(codeOf(error)));
      socket.write('hi');
    });
    await apply([aService({ ports: [aPort({ port: servicePort, backends: [aBackend('127.0.0.1', port)] })] })]);
    const open = async (): Promise<Socket> => {
      const socket = connect(servicePort, clusterIp);
      t.after(() => socket.destroy());
      await new Promise((resolve) => socket.once('data', resolve));
      return socket;
    };
    const first = await open();
    first.resetAndDestroy();
    assert.equal(await backendError.promise, 'ECONNRESET');
    const second = await open();
    const clientError = new Promise((resolve) => second.on('error', (error) => resolve(codeOf(error))));
    backend?.resetAndDestroy();
    assert.equal(await clientError, 'ECONNRESET');
  });

  it('keeps half-closes and resets on connections that have carried several requests', async (t) => {
    const { apply } = await startPlane(t);
    const resets: unknown[] = [];
    const reset = Promise.withResolvers<void>();
    const port = await listen(t, (socket) => {
      socket.on('data', (chunk: Buffer) => socket.write(chunk));
      socket.on('end', () => socket.end('bye'));
      socket.on('error', (error) => {
        resets.push(codeOf(error));
        reset.resolve();
      });
    });
    await apply([aService({ ports: [aPort({ port: servicePort, backends: [aBackend('127.0.0.1', port)] })] })]);
    const converse = async (): Promise<Socket> => {
      const socket = connect({ host: clusterIp, port: servicePort, allowHalfOpen: true });
      t.after(() => socket.destroy());
      for (const text of ['one', 'two', 'three', 'four', 'five']) {
        socket.write(text);
        const [echo] = await once(socket, 'data');
        assert.equal(String(echo), text);
      }
      return socket;
    };
    const polite = await converse();
    polite.end();
    const [last] = await once(polite, 'data');
    assert.equal(String(last), 'bye');
    await once(polite, 'end');
    assert.deepEqual(resets, []);
    const rude = await converse();
    rude.resetAndDestroy();
    await reset.promise;
    assert.deepEqual(resets, ['ECONNRESET']);
  });

  it('serves node ports on all addresses beside a cluster IP with the same port', async (t) => {
    const { apply } = await startPlane(t);
    const port = await freePort();
    const node = aPort({ port: servicePort, nodePort: port, backends: [aBackend('127.0.0.1', await named(t, 'node'))] });
    const cluster = aPort({ port, backends: [aBackend('127.0.0.1', await named(t, 'cluster'))] });
    await apply([aService({ name: 'other', clusterIp: '127.96.0.21', ports: [cluster] }), aService({ type: 'NodePort', ports: [node] })]);
    assert.equal(await ask(t, '127.0.0.1', port, ''), 'node:');
    assert.equal(await ask(t, '127.96.0.21', port, ''), 'cluster:');
    await apply([], [{ namespace: 'default', name: 'web' }]);
    assert.equal(await ask(t, '127.96.0.21', port, ''), 'cluster:');
    assert.equal(await ask(t, '127.0.0.1', port, '').catch(codeOf), 'ECONNREFUSED');
  });

  it('lets only the source ranges reach load-balancer addresses', async (t) => {
    const { apply } = await startPlane(t);
    const port = await freePort();
    const ports = [aPort({ port, backends: [aBackend('127.0.0.1', await named(t, 'a'))] })];
    await apply([aService({ type: 'LoadBalancer', loadBalancerIps: ['127.0.0.1'], loadBalancerSourceRanges: ['127.1.0.0/16'], ports })]);
    assert.equal(await ask(t, '127.0.0.1', port, '', '127.1.0.5'), 'a:');
    assert.equal(await ask(t, '127.0.0.1', port, '', '127.2.0.5').catch(codeOf), 'ECONNRESET');
    assert.equal(await ask(t, clusterIp, port, '', '127.2.0.5'), 'a:');
  });

  it('serves only endpoints of the entry node under externalTrafficPolicy Local', async (t) => {
    const nodes = [
      { name: 'one', ip: '127.0.0.1' },
      { name: 'two', ip: '127.0.0.2' },
    ];
    const { apply } = await startPlane(t, aConfig({ nodes }));
    const nodePort = await freePort();
    const backends = [
      aBackend('127.0.0.1', await named(t, 'one'), { nodeName: 'one' }),
      aBackend('127.0.0.1', await named(t, 'two'), { nodeName: 'two' }),
    ];
    await apply([
      aService({ type: 'NodePort', externalTrafficPolicy: 'Local', ports: [aPort({ port: servicePort, nodePort, backends })] }),
    ]);
    for (let i = 0; i < 3; i++) assert.equal(await ask(t, '127.0.0.2', nodePort, ''), 'two:');
  });

  it("serves only endpoints of the client's node under internalTrafficPolicy Local, whatever pod the client is", async (t) => {
    const nodes = [
      { name: 'one', ip: '127.0.0.1', podCidr: '127.1.1.0/24' },
      { name: 'two', ip: '127.0.0.2', podCidr: '127.1.2.0/24' },
    ];
    const { apply } = await startPlane(t, aConfig({ nodes }));
    const backends = [
      aBackend('127.0.0.1', await named(t, 'one'), { nodeName: 'one' }),
      aBackend('127.0.0.1', await named(t, 'leaves one'), { nodeName: 'one', ready: false, terminating: true }),
      aBackend('127.0.0.1', await named(t, 'leaves two'), { nodeName: 'two', ready: false, terminating: true }),
    ];
    const set = (all: typeof backends) =>
      apply([aService({ internalTrafficPolicy: 'Local', ports: [aPort({ port: servicePort, backends: all })] })]);
    await set(backends);
    for (let i = 0; i < 3; i++) {
      assert.equal(await ask(t, clusterIp, servicePort, '', '127.1.1.7'), 'one:');
      assert.equal(await ask(t, clusterIp, servicePort, '', '127.1.2.7'), 'leaves two:');
    }
    await set(backends.slice(0, 2));
    assert.equal(await ask(t, clusterIp, servicePort, '', '127.1.1.7'), 'one:');
    assert.equal(await ask(t, clusterIp, servicePort, '', '127.1.2.7').catch(codeOf), 'ECONNRESET');
  });

  describe('with hints', () => {
    const nodes = [
      { name: 'one', ip: '127.0.0.1', podCidr: '127.1.1.0/24', zone: 'a' },
      { name: 'two', ip: '127.0.0.2', podCidr: '127.1.2.0/24', zone: 'b' },
    ];
    const hinted = async (t: TestContext) => [
      aBackend('127.0.0.1', await named(t, 'a'), { nodeName: 'one', forZones: ['a'] }),
      aBackend('127.0.0.1', await named(t, 'b'), { nodeName: 'two', forZones: ['b'] }),
    ];
    /** The distinct answers to a few connections. */
    const answers = async (t: TestContext, host: string, port: number, from: string): Promise<string> => {
      const received = [];
      for (let i = 0; i < 4; i++) received.push(await ask(t, host, port, '', from));
      return [...new Set(received)].toSorted().join('');
    };

    it("prefers endpoints for the zone of the client's node, and follows nodes to other zones", async (t) => {
      const { apply, plane } = await startPlane(t, aConfig({ nodes }));
      await apply([aService({ ports: [aPort({ port: servicePort, backends: await hinted(t) })] })]);
      assert.equal(await answers(t, clusterIp, servicePort, '127.1.1.7'), 'a:');
      assert.equal(await answers(t, clusterIp, servicePort, '127.1.2.7'), 'b:');
      assert.equal(await answers(t, clusterIp, servicePort, '127.1.3.7'), 'a:b:');
      plane.handle({ type: 'configure', config: aConfig({ nodes: nodes.map((node) => ({ ...node, zone: 'b' })) }) });
      assert.equal(await answers(t, clusterIp, servicePort, '127.1.1.7'), 'b:');
      plane.handle({ type: 'configure', config: aConfig({ nodes: nodes.slice(0, 1) }) });
      assert.equal(await answers(t, clusterIp, servicePort, '127.1.3.7'), 'a:');
    });

    it('prefers on node ports endpoints for the zone of the node whose address is used', async (t) => {
      const { apply } = await startPlane(t, aConfig({ nodes }));
      const nodePort = await freePort();
      await apply([aService({ type: 'NodePort', ports: [aPort({ port: servicePort, nodePort, backends: await hinted(t) })] })]);
      assert.equal(await answers(t, '127.0.0.1', nodePort, '127.1.2.7'), 'a:');
      assert.equal(await answers(t, '127.0.0.2', nodePort, '127.1.1.7'), 'b:');
      assert.equal(await answers(t, '127.0.0.3', nodePort, '127.1.1.7'), 'a:');
      assert.equal(await answers(t, '127.0.0.3', nodePort, '127.1.3.7'), 'a:b:');
    });

    it('prefers near endpoints for datagrams as well, or those of the node under Local', async (t) => {
      const { apply } = await startPlane(t, aConfig({ nodes }));
      const backends = [
        aBackend('127.0.0.1', await echoing(t, 'a'), { nodeName: 'two', forZones: ['a'] }),
        aBackend('127.0.0.1', await echoing(t, 'b'), { nodeName: 'one', forZones: ['b'] }),
      ];
      const ports = [aPort({ protocol: 'UDP', port: servicePort, backends })];
      /** The answers to a few clients on node `one`. */
      const reached = async (): Promise<string> => {
        const received = [];
        for (let i = 0; i < 4; i++) {
          const client = createSocket('udp4');
          t.after(() => client.close());
          await new Promise<void>((resolve) => client.bind(0, '127.1.1.7', resolve));
          client.send('', servicePort, clusterIp);
          const [message] = await once(client, 'message');
          received.push(String(message));
        }
        return [...new Set(received)].join('');
      };
      await apply([aService({ ports })]);
      assert.equal(await reached(), 'a:');
      await apply([aService({ ports, internalTrafficPolicy: 'Local' })]);
      assert.equal(await reached(), 'b:');
    });

    it('goes by nodes, not hints, where the traffic policy is Local', async (t) => {
      const { apply } = await startPlane(t, aConfig({ nodes: nodes.map((node) => ({ ...node, zone: 'a' })) }));
      const nodePort = await freePort();
      const ports = [aPort({ port: servicePort, nodePort, backends: await hinted(t) })];
      const set = (change: Parameters<typeof aService>[0]) => apply([aService({ type: 'NodePort', ports, ...change })]);
      await set({ internalTrafficPolicy: 'Local' });
      assert.equal(await answers(t, clusterIp, servicePort, '127.1.2.7'), 'b:');
      assert.equal(await answers(t, '127.0.0.2', nodePort, '127.1.2.7'), 'a:');
      await set({ externalTrafficPolicy: 'Local' });
      assert.equal(await answers(t, clusterIp, servicePort, '127.1.2.7'), 'a:');
      assert.equal(await answers(t, '127.0.0.2', nodePort, '127.1.2.7'), 'b:');
    });
  });

  it('reports a port in use, and that it works once the port is free', async (t) => {
    const { apply, message } = await startPlane(t);
    const port = await freePort();
    const intruder = createServer();
    await new Promise<void>((resolve) => intruder.listen(port, '0.0.0.0', resolve));
    t.after(() => intruder.close());
    await apply([aService({ ports: [aPort({ port, backends: [aBackend('127.0.0.1', await named(t, 'a'))] })] })]);
    const failed = await message((candidate) => candidate.type === 'listener' && candidate.error !== undefined);
    assert.deepEqual(failed, {
      type: 'listener',
      namespace: 'default',
      name: 'web',
      address: clusterIp,
      port,
      protocol: 'TCP',
      error: `port ${port} is in use by another process on this machine`,
    });
    await new Promise((resolve) => intruder.close(resolve));
    await message((candidate) => candidate.type === 'listener' && candidate.error === undefined);
    assert.equal(await ask(t, clusterIp, port, ''), 'a:');
  });

  it('gives an address and port to one Service only, and to the next when the first goes', async (t) => {
    const { apply, message } = await startPlane(t);
    const port = await freePort();
    const balanced = async (name: string, ip: string): Promise<ReturnType<typeof aService>> =>
      aService({
        name,
        clusterIp: ip,
        type: 'LoadBalancer',
        loadBalancerIps: ['127.0.0.1'],
        ports: [aPort({ port, backends: [aBackend('127.0.0.1', await named(t, name))] })],
      });
    await apply([await balanced('first', '127.96.0.31'), await balanced('second', '127.96.0.32')]);
    const conflict = await message((candidate) => candidate.type === 'listener');
    assert.equal(conflict.type === 'listener' && conflict.name, 'second');
    assert.equal(await ask(t, '127.0.0.1', port, ''), 'first:');
    await apply([], [{ namespace: 'default', name: 'first' }]);
    assert.equal(await ask(t, '127.0.0.1', port, ''), 'second:');
  });

  it('relays UDP flows and moves them when their endpoint goes', async (t) => {
    const { apply } = await startPlane(t);
    const [a, b] = [await echoing(t, 'a'), await echoing(t, 'b')];
    const service = (port: number): ReturnType<typeof aService> =>
      aService({ ports: [aPort({ protocol: 'UDP', port: servicePort, backends: [aBackend('127.0.0.1', port)] })] });
    await apply([service(a)]);
    const client = createSocket('udp4');
    t.after(() => client.close());
    const query = (text: string): Promise<string> =>
      new Promise((resolve) => {
        client.once('message', (message) => resolve(message.toString()));
        client.send(text, servicePort, clusterIp);
      });
    assert.equal(await query('one'), 'a:one');
    assert.equal(await query('two'), 'a:two');
    await apply([service(b)]);
    assert.equal(await query('three'), 'b:three');
  });
});
