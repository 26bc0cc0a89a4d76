import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { describe, it, type TestContext } from 'node:test';
import { WebSocket, WebSocketServer } from 'ws';
import { FakeClock } from '../fake-clock.ts';
import { acceptOf, connectWebSocket } from './handshake.ts';
import { WebSocketConnection } from './web-socket-connection.ts';

interface Received {
  readonly text: boolean;
  readonly content: Buffer;
}

/** Messages, put together from their pieces. */
function messagesOf(connection: WebSocketConnection): Received[] {
  const messages: Received[] = [];
  let pieces: Buffer[] = [];
  connection.read((piece, { isText, isLast }) => {
    pieces.push(Buffer.from(piece));
    if (!isLast) return;
    messages.push({ text: isText, content: Buffer.concat(pieces) });
    pieces = [];
  });
  return messages;
}

/** A server that accepts one connection. */
async function listening(t: TestContext) {
  const clock = new FakeClock();
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const made = new Promise<WebSocketConnection>((resolve) => {
    server.once('upgrade', (incoming, socket) => {
      const accept = acceptOf(incoming.headers['sec-websocket-key'] ?? '');
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
      );
      resolve(new WebSocketConnection(socket, { role: 'server', protocol: '', clock }));
    });
  });
  return { made, clock, host: `127.0.0.1:${(server.address() as AddressInfo).port}` };
}

/** Our server's end, and the raw connection of a client whose handshake is done. */
async function accepted(t: TestContext) {
  const { made, clock, host } = await listening(t);
  const asked = request(`http://${host}`, { headers: { Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Key': 'a key' } });
  asked.end();
  const [, peer] = (await once(asked, 'upgrade')) as [unknown, Duplex];
  const ours = await made;
  peer.on('error', () => peer.destroy());
  t.after(() => peer.destroy());
  return { ours, peer, clock };
}

const mask = Buffer.of(1, 2, 3, 4);
/** A client's frame. */
function frame(first: number, payload: Buffer): Buffer {
  const masked = Buffer.from(payload.map((byte, i) => byte ^ (mask[i & 3] ?? 0)));
  return Buffer.concat([Buffer.of(first, 0x80 | payload.length), mask, masked]);
}

/** What ends the connection: the code of the closing frame that the server sends. */
async function refusalOf(t: TestContext, bytes: Buffer): Promise<number> {
  const { ours, peer } = await accepted(t);
  ours.read(() => undefined);
  const chunks: Buffer[] = [];
  peer.on('data', (chunk: Buffer) => chunks.push(chunk));
  peer.write(bytes);
  await once(peer, 'end');
  const answer = Buffer.concat(chunks);
  assert.equal(answer[0], 0x88);
  return answer.readUInt16BE(2);
}

describe('WebSocketConnection', () => {
  const lengths = [0, 1, 125, 126, 65_535, 65_536, 300_001];

  it('understands ws as a client and is understood by it', async (t) => {
    const { made, host } = await listening(t);
    const client = new WebSocket(`ws://${host}`, { perMessageDeflate: false });
    const ours = await made;
    const seen: Received[] = [];
    client.on('message', (content: Buffer, isBinary) => seen.push({ text: !isBinary, content }));
    await once(client, 'open');
    const messages = messagesOf(ours);
    const sent = lengths.map((length, i) => ({
      text: i % 2 === 1,
      content: Buffer.from(randomBytes(length).toString('hex').slice(0, length)),
    }));
    for (const { text, content } of sent) {
      client.send(content, { binary: !text });
      ours.send([content.subarray(0, 3), content.subarray(3)], { isText: text });
    }
    client.ping();
    await once(client, 'pong');
    client.close(1000);
    const [code] = await once(ours, 'close');
    assert.equal(code, 1000);
    assert.deepEqual(messages, sent);
    assert.deepEqual(seen, sent);
  });

  it('understands ws as a server and is understood by it', async (t) => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: () => 'b' });
    await once(server, 'listening');
    t.after(() => server.close());
    const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const theirs = once(server, 'connection') as Promise<[WebSocket]>;
    const ours = await connectWebSocket({ url, protocols: ['a', 'b'], headers: {}, tls: {}, clock: new FakeClock() });
    assert.equal(ours.protocol, 'b');
    const [peer] = await theirs;
    const seen: Buffer[] = [];
    peer.on('message', (content: Buffer) => seen.push(content));
    const messages = messagesOf(ours);
    const sent = lengths.map((length) => randomBytes(length));
    for (const content of sent) {
      peer.send(content);
      ours.send([content.subarray(0, 5), content.subarray(5)]);
    }
    peer.ping();
    await once(peer, 'pong');
    ours.close();
    await Promise.all([once(ours, 'close'), once(peer, 'close')]);
    assert.deepEqual(
      messages.map(({ content }) => content),
      sent,
    );
    assert.deepEqual(seen, sent);
  });

  it('puts fragmented messages together, whatever the pieces they come in and what comes between', async (t) => {
    const { ours, peer } = await accepted(t);
    const messages = messagesOf(ours);
    const bytes = Buffer.concat([
      frame(0x02, Buffer.from('one ')),
      frame(0x89, Buffer.from('ping')),
      frame(0x00, Buffer.from('')),
      frame(0x80, Buffer.from('message')),
      frame(0x81, Buffer.from('text')),
      frame(0x88, Buffer.of(0x03, 0xe9)),
    ]);
    const closed = once(ours, 'close');
    peer.resume();
    peer.once('end', () => peer.end());
    for (const byte of bytes) {
      peer.write(Buffer.of(byte));
      await new Promise(setImmediate);
    }
    const [code] = await closed;
    assert.equal(code, 1001);
    assert.deepEqual(messages, [
      { text: false, content: Buffer.from('one message') },
      { text: true, content: Buffer.from('text') },
    ]);
  });

  it('says what was wrong with a frame', async (t) => {
    assert.equal(await refusalOf(t, Buffer.of(0x82, 0x01, 0x00)), 1002, 'no mask');
    assert.equal(await refusalOf(t, frame(0xc2, Buffer.of(1))), 1002, 'reserved bits');
    assert.equal(await refusalOf(t, frame(0x83, Buffer.of(1))), 1002, 'unknown opcode');
    assert.equal(await refusalOf(t, frame(0x80, Buffer.of(1))), 1002, 'continues nothing');
    assert.equal(await refusalOf(t, Buffer.concat([frame(0x02, Buffer.of(1)), frame(0x82, Buffer.of(1))])), 1002, 'message in a message');
    assert.equal(await refusalOf(t, frame(0x09, Buffer.of(1))), 1002, 'fragmented ping');
    assert.equal(await refusalOf(t, Buffer.concat([Buffer.of(0x82, 0xff), Buffer.alloc(8, 0xff), mask])), 1009, 'too long');
  });

  it('ends a connection that its peer leaves half closed', async (t) => {
    for (const closes of ['ours', 'peer']) {
      const { ours, peer, clock } = await accepted(t);
      ours.read(() => undefined);
      const closed = once(ours, 'close');
      if (closes === 'ours') ours.close();
      else peer.write(frame(0x88, Buffer.of(0x03, 0xe8)));
      while (ours.isOpen) await new Promise(setImmediate);
      clock.advance(30_000);
      const [code] = await closed;
      assert.equal(code, closes === 'ours' ? 1006 : 1000);
      assert.equal(clock.pendingTimers, 0);
    }
  });

  it('calls back for what can no longer be sent', async (t) => {
    const { ours, peer } = await accepted(t);
    ours.read(() => undefined);
    peer.destroy();
    await once(ours, 'close');
    await new Promise<void>((resolve) => ours.send([Buffer.of(1)], { sent: resolve }));
  });
});
