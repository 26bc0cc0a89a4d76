/** Relays end when their client vanishes, also one that is not read at the moment: whatever carries them. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { deflateSync } from 'node:zlib';
import { FakeClock } from '../../../client/fake-clock.ts';
import { WebSocketConnection } from '../../../client/web-socket/web-socket-connection.ts';
import { controlFrame, dataHeader, dictionary, frameTypes, uint32 } from './spdy-frames.ts';
import { SpdySession, type SpdyStream } from './spdy-session.ts';
import { WebSocketChannels } from './websocket-channels.ts';

const piece = Buffer.alloc(64 * 1024, 'x');
const pingMs = 5000;

/** A server's connection, and the client's end of it. */
async function connection(t: TestContext): Promise<{ readonly server: Socket; readonly client: Socket }> {
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const client = connect((listener.address() as AddressInfo).port, '127.0.0.1');
  const [server] = (await once(listener, 'connection')) as [Socket];
  client.on('error', () => client.destroy());
  t.after(() => {
    client.destroy();
    server.destroy();
    listener.close();
  });
  return { server, client };
}

/** Lets pings pass until the connection has ended; each has time to be answered before the next. */
async function endsByPings(clock: FakeClock, hasEnded: () => boolean): Promise<void> {
  for (let pings = 0; pings < 1000 && !hasEnded() && clock.pendingTimers > 0; pings++) {
    clock.advance(pingMs);
    await delay(1);
  }
}

describe('a client that vanishes while it is not read', () => {
  it('ends its SPDY connection', async (t) => {
    const { server, client } = await connection(t);
    const clock = new FakeClock();
    const opened = Promise.withResolvers<SpdyStream>();
    let ended = false;
    new SpdySession(
      server,
      {
        onStream: opened.resolve,
        onClose: () => {
          ended = true;
        },
      },
      clock,
    );
    const headers = deflateSync(uint32(0), { dictionary });
    client.write(controlFrame(frameTypes.synStream, 0, Buffer.concat([uint32(1), uint32(0), Buffer.alloc(2), headers])));
    await opened.promise;
    assert.equal(clock.pendingTimers, 0);
    for (let i = 0; i < 8; i++) client.write(Buffer.concat([dataHeader(1, false, piece.length), piece]));
    await once(server, 'pause');
    assert.equal(clock.pendingTimers, 1);
    client.destroy();
    await once(client, 'close');
    await endsByPings(clock, () => ended);
    assert.equal(ended, true);
    assert.equal(clock.pendingTimers, 0);
  });

  it('is asked no more once it is read again', async (t) => {
    const { server, client } = await connection(t);
    const clock = new FakeClock();
    const opened = Promise.withResolvers<SpdyStream>();
    new SpdySession(server, { onStream: opened.resolve, onClose: () => undefined }, clock);
    const headers = deflateSync(uint32(0), { dictionary });
    client.write(controlFrame(frameTypes.synStream, 0, Buffer.concat([uint32(1), uint32(0), Buffer.alloc(2), headers])));
    const stream = await opened.promise;
    for (let i = 0; i < 8; i++) client.write(Buffer.concat([dataHeader(1, i === 7, piece.length), piece]));
    await once(server, 'pause');
    let bytes = 0;
    for await (const chunk of stream) bytes += (chunk as Buffer).length;
    assert.equal(bytes, 8 * piece.length);
    assert.equal(clock.pendingTimers, 0);
  });

  it('ends its WebSocket', async (t) => {
    const { server, client } = await connection(t);
    const clock = new FakeClock();
    const accepted = new WebSocketConnection(server, { role: 'server', protocol: '', clock });
    const channels = new WebSocketChannels(accepted, { base64: false, closeSignal: true, clock });
    channels.input(0);
    assert.equal(clock.pendingTimers, 0);
    const sender = new WebSocketConnection(client, { role: 'client', protocol: '', clock });
    for (let i = 0; i < 8; i++) sender.send([Buffer.of(0), piece]);
    await once(server, 'pause');
    assert.equal(accepted.isPaused, true);
    assert.equal(clock.pendingTimers, 1);
    sender.terminate();
    await once(client, 'close');
    await endsByPings(clock, () => channels.signal.aborted);
    assert.equal(channels.signal.aborted, true);
    assert.equal(clock.pendingTimers, 0);
  });
});
