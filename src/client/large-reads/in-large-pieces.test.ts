import assert from 'node:assert/strict';
import { randomBytes, randomInt } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket, connect as tcpConnect } from 'node:net';
import { Duplex } from 'node:stream';
import { describe, it, type TestContext } from 'node:test';
import { createServer as createTlsServer, connect as tlsConnect } from 'node:tls';
import { containConnection } from '../error-boundary.ts';
import { readInLargePieces } from './in-large-pieces.ts';
import { readIntoMemory } from './into-memory.ts';

/** A connection on which nothing comes but what the test pushes. */
const quiet = (): Duplex => new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() });
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('readInLargePieces', () => {
  it('joins what comes in one turn, and waits for no other', async () => {
    const source = quiet();
    const pieces: string[] = [];
    readInLargePieces(source, (piece) => pieces.push(piece.toString()));
    await turn();
    for (const text of ['what ', 'comes ', 'together']) source.push(text);
    await turn();
    source.push('alone');
    await turn();
    assert.deepEqual(pieces, ['what comes together', 'alone']);
  });

  it('loses and changes nothing, however the stream is cut', async () => {
    const source = quiet();
    const pieces: Buffer[] = [];
    readInLargePieces(source, (piece) => pieces.push(piece));
    const sent = randomBytes(5_000_000);
    for (let at = 0; at < sent.length; ) {
      const bytes = randomInt(1, randomInt(2, 200_000));
      source.push(sent.subarray(at, at + bytes));
      at += bytes;
      if (randomInt(8) === 0) await turn();
    }
    source.push(null);
    await once(source, 'end');
    // The pieces are the receiver's: what is read later is not written over them.
    assert.ok(Buffer.concat(pieces).equals(sent));
  });

  it('hands on what has come before it tells of the end', async () => {
    for (const event of ['end', 'close']) {
      const source = quiet();
      const seen: string[] = [];
      source.on(event, () => seen.push(event));
      readInLargePieces(source, (piece) => seen.push(piece.toString()));
      await turn();
      source.push('the last words');
      if (event === 'end') source.push(null);
      else source.destroy();
      await once(source, event);
      assert.deepEqual(seen, ['the last words', event]);
    }
  });

  it('lets an error of the receiver end the connection, and nothing else', async () => {
    const source = quiet();
    const reported: unknown[] = [];
    containConnection(source, (error) => reported.push(error));
    const error = new Error('the receiver failed');
    readInLargePieces(source, () => {
      throw error;
    });
    await turn();
    source.push('bytes');
    await once(source, 'close');
    assert.deepEqual(reported, [error]);
  });

  it('hands on nothing once it is stopped', async () => {
    const source = quiet();
    const pieces: string[] = [];
    const stop = readInLargePieces(source, (piece) => pieces.push(piece.toString()));
    await turn();
    source.push('bytes');
    stop();
    await turn();
    source.push('more');
    await turn();
    assert.deepEqual(pieces, []);
  });
});

/** Both ends of a connection, the server's first. */
const connections: Readonly<Record<string, (t: TestContext) => Promise<readonly [Socket, Socket]>>> = {
  TCP: (t) => connected(t, createTcpServer(), 'connection', tcpConnect),
  TLS: (t) => {
    // With a shared key there is no need of certificates.
    const key = randomBytes(32);
    const options = { ciphers: 'PSK', maxVersion: 'TLSv1.2' } as const;
    const server = createTlsServer({ ...options, pskCallback: () => key });
    const connect = (port: number): Socket =>
      tlsConnect({
        ...options,
        port,
        host: '127.0.0.1',
        pskCallback: () => ({ psk: key, identity: 'test' }),
        checkServerIdentity: () => undefined,
      });
    return connected(t, server, 'secureConnection', connect);
  },
};

async function connected(t: TestContext, server: Server, event: string, connect: (port: number) => Socket) {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const accepted = once(server, event) as Promise<[Socket]>;
  const theirs = connect((server.address() as AddressInfo).port);
  const [ours] = await accepted;
  for (const socket of [ours, theirs]) {
    socket.on('error', () => socket.destroy());
    t.after(() => socket.destroy());
  }
  return [ours, theirs] as const;
}

/** Resolves when a condition holds that comes true in the course of what sockets do. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await turn();
}

for (const [kind, open] of Object.entries(connections)) {
  describe(`readInLargePieces over ${kind}`, () => {
    it('has the bytes written into its own memory', async (t) => {
      const [ours, theirs] = await open(t);
      const memory = Buffer.alloc(100);
      let bytes = 0;
      const isDirect = readIntoMemory(ours, {
        room: () => memory.subarray(bytes),
        onBytes: (more) => {
          bytes += more;
        },
      });
      assert.ok(isDirect);
      ours.resume();
      for (const text of ['some ', 'bytes']) {
        const expected = bytes + text.length;
        theirs.write(text);
        await until(() => bytes === expected);
      }
      assert.equal(memory.toString('utf8', 0, bytes), 'some bytes');
    });

    it('loses and changes nothing, and tells of the end after the last bytes', async (t) => {
      const [ours, theirs] = await open(t);
      const pieces: Buffer[] = [];
      const sent = randomBytes(5_000_000);
      let endedAfter = -1;
      ours.on('end', () => {
        endedAfter = Buffer.concat(pieces).length;
      });
      readInLargePieces(ours, (piece) => pieces.push(piece));
      for (let at = 0; at < sent.length; ) {
        const bytes = randomInt(1, randomInt(2, 200_000));
        theirs.write(sent.subarray(at, at + bytes));
        at += bytes;
        if (randomInt(8) === 0) await turn();
      }
      theirs.end();
      await once(ours, 'end');
      assert.equal(endedAfter, sent.length);
      assert.ok(Buffer.concat(pieces).equals(sent));
    });

    it('begins with what the connection had read before', async (t) => {
      const [ours, theirs] = await open(t);
      theirs.write('early ');
      await once(ours, 'readable');
      ours.unshift(Buffer.from('very '));
      theirs.write('late');
      let text = '';
      readInLargePieces(ours, (piece) => {
        text += piece.toString();
      });
      await until(() => text.length >= 15);
      assert.equal(text, 'very early late');
    });

    it('reads nothing while the connection is paused: the sender waits', async (t) => {
      const [ours, theirs] = await open(t);
      let bytes = 0;
      readInLargePieces(ours, (piece) => {
        if (bytes === 0) ours.pause();
        bytes += piece.length;
      });
      const mebibyte = randomBytes(1024 * 1024);
      let sent = 0;
      while (theirs.writableLength < 4 * mebibyte.length && sent < 64) {
        theirs.write(mebibyte);
        sent += 1;
        for (let i = 0; i < 20; i += 1) await turn();
      }
      assert.ok(sent < 64, 'everything was read, or went into the kernel');
      assert.ok(bytes < 1024 * 1024, `${bytes} bytes were read`);
      ours.resume();
      await until(() => bytes === sent * mebibyte.length);
    });

    it('lets an error of the receiver end the connection, and nothing else', async (t) => {
      const [ours, theirs] = await open(t);
      const reported: unknown[] = [];
      containConnection(ours, (error) => reported.push(error));
      const error = new Error('the receiver failed');
      readInLargePieces(ours, () => {
        throw error;
      });
      theirs.write(randomBytes(1_000_000));
      await once(ours, 'close');
      assert.deepEqual(new Set(reported), new Set([error]));
    });
  });
}
