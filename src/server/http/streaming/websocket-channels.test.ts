import assert from 'node:assert/strict';
import { once } from 'node:events';
import { duplexPair } from 'node:stream';
import { describe, it, type TestContext } from 'node:test';
import { FakeClock } from '../../../client/fake-clock.ts';
import { WebSocketConnection } from '../../../client/web-socket/web-socket-connection.ts';
import { WebSocketChannels } from './websocket-channels.ts';

const mask = Buffer.of(1, 2, 3, 4);

/** A client's message on a channel. */
function message(channel: number, text: string | Buffer): Buffer {
  const payload = Buffer.concat([Buffer.of(channel), Buffer.from(text)]);
  const masked = Buffer.from(payload.map((byte, i) => byte ^ (mask[i & 3] ?? 0)));
  return Buffer.concat([Buffer.of(0x82, 0x80 | payload.length), mask, masked]);
}

const closing = Buffer.concat([Buffer.of(0x88, 0x80), mask]);

/** The server's channels 0 and 4, with what each has given so far, and the client's bytes. */
function channelsOf(t: TestContext) {
  const clock = new FakeClock();
  const [ours, theirs] = duplexPair();
  t.after(() => theirs.destroy());
  theirs.resume();
  const channels = new WebSocketChannels(new WebSocketConnection(ours, { role: 'server', protocol: '', clock }), {
    base64: false,
    closeSignal: true,
    clock,
  });
  const seen: string[] = [];
  const ended = [0, 4].map((channel) => {
    const input = channels.input(channel);
    input.on('data', (chunk: Buffer) => seen.push(`${channel}: ${chunk}`));
    return once(input, 'end').then(() => seen.push(`${channel} ends`));
  });
  return { theirs, seen, ended };
}

describe('WebSocketChannels', () => {
  it('joins the messages of a channel that come together, in their order among those of others', async (t) => {
    const { theirs, seen, ended } = channelsOf(t);
    const texts = [message(0, 'one '), message(0, ''), message(0, 'two'), message(4, 'size'), message(0, 'three '), message(0, 'four')];
    theirs.write(Buffer.concat([...texts, message(255, Buffer.of(0)), message(255, Buffer.of(4))]));
    await Promise.all(ended);
    assert.deepEqual(seen, ['0: one two', '4: size', '0: three four', '0 ends', '4 ends']);
  });

  it('hands on what comes alone, and what comes right before the end', async (t) => {
    const { theirs, seen, ended } = channelsOf(t);
    const first = message(0, 'alone');
    theirs.write(first.subarray(0, 7));
    await new Promise((resolve) => setImmediate(resolve));
    theirs.write(first.subarray(7));
    await new Promise((resolve) => setImmediate(resolve));
    theirs.end(Buffer.concat([message(0, ' last'), closing]));
    await Promise.all(ended);
    assert.deepEqual(
      seen.filter((text) => text.startsWith('0')),
      ['0: alone', '0:  last', '0 ends'],
    );
  });
});
