import assert from 'node:assert/strict';
import { randomBytes, randomInt } from 'node:crypto';
import { once } from 'node:events';
import { Duplex } from 'node:stream';
import { describe, it } from 'node:test';
import { containConnection } from '../error-boundary.ts';
import { readInLargePieces } from './in-large-pieces.ts';

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
