/**
 * An error in the handling of one connection ends that connection and is logged. Other connections and the process
 * continue.
 */
import assert from 'node:assert/strict';
import { type EventEmitter, once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { request } from 'node:https';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { constants, deflateSync } from 'node:zlib';
import { WebSocket } from 'ws';
import { Answer } from './answer.ts';
import { throughHono } from './app.ts';
import type { PodStreams } from './streaming/pod-streams.ts';
import { controlFrame, dataHeader, dictionary, frameTypes, uint32 } from './streaming/spdy-frames.ts';
import { noStreams, pod, sending, silentLogger } from './test-app.ts';
import { ask, closed, type Running, start } from './test-server.ts';

const bug = new Error('bug');
const broken = (): never => {
  throw bug;
};

interface Isolated extends Running {
  readonly errors: unknown[];
}

/** A server whose pods' streams throw errors, from the event loop, and the errors that it logs. */
async function startBroken(t: TestContext, streams: Partial<PodStreams> = {}): Promise<Isolated> {
  const errors: unknown[] = [];
  const logger = {
    ...silentLogger,
    error: (_message: string, fields: Readonly<Record<string, unknown>> = {}) => void errors.push(fields.error),
  };
  const running = await start(t, { podStreams: { ...noStreams, ...streams }, logger: { ...logger, with: () => logger } });
  await running.fetch('/api/v1/namespaces/default/pods', sending('POST', pod('p')));
  return { ...running, errors };
}

const path = '/api/v1/namespaces/default/pods/p';

async function serves({ server, identity }: Isolated): Promise<void> {
  assert.equal((await ask(`${server.url}/version`, { ...identity, agent: false })).status, 200);
}

const throwingInput: PodStreams['exec'] = async (_ref, _container, { stdin, signal }) => {
  stdin?.on('data', broken);
  await once(signal ?? assert.fail(), 'abort');
  return 0;
};

/**
 * The frames that open streams of these types, with ids 1, 3, 5 …: all header blocks of a connection share their
 * compression state.
 */
function* openStreams(types: readonly string[]): Generator<Buffer> {
  const text = (value: string): Buffer => Buffer.concat([uint32(Buffer.byteLength(value)), Buffer.from(value)]);
  for (const [index, type] of types.entries()) {
    const headers = Buffer.concat([uint32(1), text('streamtype'), text(type)]);
    const length = Buffer.alloc(4);
    length.writeUInt16LE(headers.length, 0);
    length.writeUInt16LE(~headers.length & 0xffff, 2);
    const block =
      index === 0
        ? deflateSync(headers, { dictionary, finishFlush: constants.Z_SYNC_FLUSH })
        : Buffer.concat([Buffer.from([0]), length, headers, Buffer.from([0, 0, 0, 0xff, 0xff])]);
    yield controlFrame(frameTypes.synStream, 0, Buffer.concat([uint32(index * 2 + 1), uint32(0), Buffer.alloc(2), block]));
  }
}

describe('an error in a handler', () => {
  for (const [part, event] of [
    ['incoming', 'data'],
    ['incoming', 'end'],
    ['incoming', 'close'],
    ['outgoing', 'finish'],
    ['outgoing', 'close'],
    ['outgoing', 'made up'],
  ] as const) {
    it(`ends its request: ${event} of the ${part === 'incoming' ? 'request' : 'answer'}, over HTTP/1.1 and HTTP/2`, async (t) => {
      const running = await startBroken(t);
      const { server, identity, errors } = running;
      server.app.hono.all('/broken', ({ env }) => {
        const emitter: EventEmitter = env[part];
        emitter.on(event, broken);
        setImmediate(() => emitter.emit('made up'));
        env.incoming.resume();
        // A request whose answer has gone out may never be read.
        return throughHono(
          event === 'data' || event === 'end' ? new Promise(() => undefined) : Promise.resolve(new Answer(200, {}, 'answer')),
        );
      });
      const http1 = request(new URL('/broken', server.url), { ...identity, method: 'POST', agent: false });
      http1.on('response', (response) => response.on('error', () => undefined).resume());
      http1.on('error', () => undefined).end('x'.repeat(100_000));
      await closed(http1);
      while (errors.length === 0) await delay(1);
      assert.ok(errors.every((error) => error === bug));
      await serves(running);

      const before = errors.length;
      const session = connectHttp2(server.url, identity);
      const http2 = session.request({ ':path': '/broken', ':method': 'POST' });
      for (const each of [session, http2]) each.on('error', () => undefined);
      http2.end('x'.repeat(100_000));
      await closed(http2.resume());
      session.destroy();
      await serves(running);
      assert.ok(errors.length > before && errors.every((error) => error === bug));
    });
  }

  it('ends its WebSocket', async (t) => {
    const running = await startBroken(t, { exec: throwingInput });
    const { server, identity } = running;
    const url = `${server.url.replace('https', 'wss')}${path}/exec?command=cat&stdin=true&stdout=true`;
    const socket = new WebSocket(url, ['v5.channel.k8s.io'], { ...identity });
    await once(socket, 'open');
    socket.send(Buffer.from('\0some input'));
    const [code] = await once(socket, 'close');
    assert.equal(code, 1006);
    assert.deepEqual(running.errors, [bug]);
    await serves(running);
  });

  it('ends its SPDY connection', async (t) => {
    const running = await startBroken(t, { exec: throwingInput });
    const { server, identity } = running;
    const outgoing = request(`${server.url}${path}/exec?command=cat&stdin=true&stdout=true`, {
      ...identity,
      method: 'POST',
      headers: { Connection: 'Upgrade', Upgrade: 'SPDY/3.1', 'X-Stream-Protocol-Version': 'v4.channel.k8s.io' },
    });
    outgoing.end();
    const [, socket] = await once(outgoing, 'upgrade');
    socket.on('error', () => undefined);
    for (const frame of openStreams(['error', 'stdout', 'stdin'])) socket.write(frame);
    socket.write(Buffer.concat([dataHeader(5, false, 5), Buffer.from('input')]));
    await closed(socket.resume());
    assert.deepEqual(running.errors, [bug]);
    await serves(running);
  });
});
