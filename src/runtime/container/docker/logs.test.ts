import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { RuntimeClock } from '../runtime-clock.ts';
import { collector } from '../runtime-test-support.ts';
import { createVirtualClock } from '../simulated/virtual-clock.ts';
import { startFakeEngine, streamFrame } from './fake-engine.ts';
import { FramedEntries, RawEntries } from './log-entries.ts';
import { LogPosition } from './log-position.ts';
import { DockerLogs } from './logs.ts';

const virtual = createVirtualClock();
/** How much time the engine has taken. */
let takenMs = 0;
const clock: RuntimeClock = { ...virtual, now: () => virtual.now() + takenMs };
/** The time of a line, as nanoseconds after the clock's present time. */
const time = (n: number): string => `${new Date(clock.now()).toISOString().slice(0, 20)}${String(n).padStart(9, '0')}Z`;
const line = (n: number, stream: 'stdout' | 'stderr' = 'stdout'): Buffer => streamFrame(stream, `${time(n)} line ${n}\n`);
const lines = (...numbers: number[]): Buffer => Buffer.concat(numbers.map((n) => line(n)));
const printed = (...numbers: number[]): string => numbers.map((n) => `line ${n}\n`).join('');

/** What a position passes on, with the times of lines where they begin. */
const textOf = (position: LogPosition, timestamps: boolean): string =>
  position
    .take()
    .map(({ time: at, begins, bytes }) => `${timestamps && begins ? `${at} ` : ''}${Buffer.from(bytes).toString()}`)
    .join('');

/**
 * Follows a log that the engine answers in these passes, each of which takes `passMs` (default: no time); the container
 * ends with the last one. Reading on for ever fails.
 */
async function follow(
  t: TestContext,
  passes: readonly (Buffer | { readonly silent: Buffer })[],
  { timestamps = false, passMs = 0 } = {},
): Promise<{ text: string; asked: string[] }> {
  const asked: string[] = [];
  const left = [...passes];
  const { api } = await startFakeEngine(t, {
    answer: (call, query, response) => {
      if (call.endsWith('/json')) return { Config: { Tty: false }, State: { Running: left.length > 1 } };
      asked.push(`${query.get('follow') === 'true' ? 'follow' : 'read'} ${query.get('since') === null ? 'all' : 'on'}`);
      if (asked.length > 20) return response.writeHead(500).end('read for ever') && 'answered';
      takenMs += passMs;
      response.writeHead(200, { date: new Date(clock.now()).toUTCString() });
      const pass = left.shift() ?? Buffer.alloc(0);
      if (Buffer.isBuffer(pass)) response.end(pass);
      else response.write(pass.silent);
      return 'answered';
    },
  });
  const out = collector();
  const { signal } = new AbortController();
  t.after(() => {
    takenMs = 0;
  });
  await new DockerLogs(api, clock).read('c', { follow: true, timestamps, signal }, out.sink);
  return { text: out.text(), asked };
}

describe('a log that is followed', () => {
  it('has each line once, where the engine repeats some as it begins another file', async (t) => {
    const { text } = await follow(t, [lines(1, 2), lines(2, 3, 3, 4, 5, 3, 4, 5, 6), lines(6)]);
    assert.equal(text, printed(1, 2, 3, 4, 5, 6));
  });

  it('has the end, which the engine leaves out when the container ends', async (t) => {
    const { text, asked } = await follow(t, [lines(1), lines(1, 2), lines(2, 3, 4)]);
    assert.equal(text, printed(1, 2, 3, 4));
    assert.deepEqual(asked, ['read all', 'follow on', 'read on']);
  });

  it('is read anew once the engine is late, before it can pass over a file', async (t) => {
    const old = streamFrame('stdout', `${new Date(clock.now() - 5000).toISOString().replace('Z', '000000Z')} late\n`);
    // The follower's answer never ends by itself; it is ended because it is late.
    const { text, asked } = await follow(t, [Buffer.alloc(0), { silent: old }, Buffer.concat([old, lines(2, 3, 4)]), lines(4), lines(4)]);
    assert.equal(text, `late\n${printed(2, 3, 4)}`);
    assert.deepEqual(asked, ['read all', 'follow all', 'read on', 'follow on', 'read on']);
  });

  it('ends with the container although each reading takes long and brings much, as on a busy machine', async (t) => {
    const much = (n: number): Buffer => streamFrame('stdout', `${time(n)} ${'x'.repeat(2_000_000)}${n}\n`);
    const passes = [much(1), much(2), much(3)];
    const { text, asked } = await follow(t, passes, { passMs: 2000 });
    assert.deepEqual(asked, ['read all', 'read on', 'read on']);
    assert.deepEqual(text.match(/\d\n/g), ['1\n', '2\n', '3\n']);
  });

  it('is not read over and over where the engine takes long to find little', async (t) => {
    const { text, asked } = await follow(t, [lines(1), lines(1), lines(1, 2)], { passMs: 2000 });
    assert.equal(text, printed(1, 2));
    assert.deepEqual(asked, ['read all', 'follow on', 'read on']);
  });

  it('has lines that are stamped earlier because the clock was set back', async (t) => {
    const { text } = await follow(t, [lines(5), lines(5, 6, 2, 3), lines(3)]);
    assert.equal(text, printed(5, 6, 2, 3));
  });

  it('keeps streams apart whose lines were written in another order than they were stamped', async (t) => {
    const { text } = await follow(t, [
      Buffer.concat([line(2, 'stderr'), line(1), line(3)]),
      Buffer.concat([line(2, 'stderr'), line(1), line(3), line(4)]),
      lines(4),
    ]);
    assert.equal(text, printed(2, 1, 3, 4));
  });
});

describe('lines over 16 KiB', () => {
  const piece = (text: string): string => `${time(1)} ${text}`;
  const long = 'x'.repeat(16 * 1024);
  const whole = `${time(1)} ${long}${long}end\n${time(2)} next\n`;

  it('have their time once, whether framed or not, however the bytes arrive', () => {
    const framed = Buffer.concat(
      [long, long, 'end\n'].map((text) => streamFrame('stdout', piece(text))).concat(streamFrame('stdout', `${time(2)} next\n`)),
    );
    const raw = Buffer.from(`${[long, long, 'end\n'].map(piece).join('')}${time(2)} next\n`);
    for (const size of [1, 7, 16_384, 100_000]) {
      for (const [bytes, Entries] of [
        [framed, FramedEntries],
        [raw, RawEntries],
      ] as const) {
        const position = new LogPosition();
        const entries = new Entries(position);
        let text = '';
        for (let at = 0; at < bytes.length; at += size) {
          entries.push(bytes.subarray(at, at + size));
          text += textOf(position, true);
        }
        assert.equal(text, whole);
      }
    }
  });

  it('go on where they were left when the log is read again', () => {
    const position = new LogPosition();
    new FramedEntries(position).push(Buffer.concat([line(0), streamFrame('stdout', piece(long))]));
    position.again();
    const again = [line(0), streamFrame('stdout', piece(long)), streamFrame('stdout', piece('end\n')), line(2)];
    new FramedEntries(position).push(Buffer.concat(again));
    assert.equal(textOf(position, false), `line 0\n${long}end\nline 2\n`);
  });
});
