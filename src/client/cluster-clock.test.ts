import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { heartbeat } from './clock.ts';
import { ClusterClock } from './cluster-clock.ts';
import { FakeClock } from './fake-clock.ts';

const nothingToDo = { settled: async () => undefined };

describe('ClusterClock', () => {
  it("runs with the host's clock, ahead of it, and stands still when it is frozen", () => {
    const host = new FakeClock(1000);
    const clock = new ClusterClock({ host, state: { offsetMs: 500 } });
    const fired: number[] = [];
    clock.setTimer(20, () => fired.push(clock.now()));
    clock.setTimer(10, () => fired.push(clock.now()));
    host.advance(10);
    assert.deepEqual([clock.now(), fired], [1510, [1510]]);
    clock.freeze();
    host.advance(1000);
    assert.deepEqual([clock.now(), clock.isFrozen, fired], [1510, true, [1510]]);
    clock.resume();
    host.advance(9);
    assert.equal(clock.now(), 1519);
    host.advance(1);
    assert.deepEqual(fired, [1510, 1520]);
  });

  it('goes on from its state, running or frozen', () => {
    const host = new FakeClock(1000);
    const clock = new ClusterClock({ host });
    clock.freeze();
    assert.deepEqual(clock.state, { frozenAtMs: 1000 });
    host.advance(50);
    assert.equal(new ClusterClock({ host, state: clock.state }).now(), 1000);
    clock.resume();
    assert.equal(new ClusterClock({ host, state: clock.state }).now(), 1000);
  });

  it('advances from timer to timer, each in its time and after the work of the one before', async () => {
    const host = new FakeClock(0);
    const clock = new ClusterClock({ host });
    const seen: string[] = [];
    let work: (() => void)[] = [];
    clock.setTimer(30, () => seen.push(`b@${clock.now()}`));
    clock.setTimer(10, () => {
      seen.push(`a@${clock.now()}`);
      work.push(() => clock.setTimer(5, () => seen.push(`c@${clock.now()}`)));
    });
    const settled = async (): Promise<void> => {
      for (const each of work) each();
      work = [];
    };
    const called = await clock.advanceTo(40, { settled });
    assert.deepEqual([called, seen, clock.now()], [3, ['a@10', 'c@15', 'b@30'], 40]);
    assert.equal(clock.isFrozen, false);
    host.advance(1);
    assert.equal(clock.now(), 41);
  });

  it('stays frozen when it was, and stops where a signal ends the advance', async () => {
    const clock = new ClusterClock({ host: new FakeClock(0), state: { frozenAtMs: 100 } });
    const stop = new AbortController();
    clock.setTimer(10, () => stop.abort());
    clock.setTimer(20, () => assert.fail('the advance went on'));
    await clock.advanceTo(1000, { ...nothingToDo, signal: stop.signal });
    assert.deepEqual([clock.now(), clock.isFrozen], [110, true]);
  });

  it('is advanced by one at a time', async () => {
    const clock = new ClusterClock({ host: new FakeClock(0) });
    const first = clock.advanceTo(10, nothingToDo);
    await assert.rejects(clock.advanceTo(10, nothingToDo), /already/);
    await first;
  });

  /** A heart that beats every ten seconds, and a look every fifty whether it does. */
  function watched(clock: ClusterClock): { beats: number; looks: number; diedAtMs: number | undefined; stop(): void } {
    let lastMs = clock.now();
    let cancel: () => void;
    const state = { beats: 0, looks: 0, diedAtMs: undefined as number | undefined, stop: () => cancel() };
    const beat = (): void => {
      lastMs = clock.now();
      state.beats++;
      cancel = clock.setTimer(10_000, beat, heartbeat);
    };
    const look = (): void => {
      state.looks++;
      if (clock.now() - lastMs > 50_000) state.diedAtMs = clock.now();
      else clock.setTimer(lastMs + 50_001 - clock.now(), look, { quietMs: 50_000 });
    };
    beat();
    look();
    return state;
  }

  it('leaves out what only repeats itself, and does it before what comes next', async () => {
    const clock = new ClusterClock({ host: new FakeClock(0) });
    const heart = watched(clock);
    const hours: number[] = [];
    const hourly = (): void => {
      hours.push(heart.diedAtMs ?? clock.now());
      clock.setTimer(3_600_000, hourly);
    };
    clock.setTimer(3_600_000, hourly);
    await clock.advanceTo(24 * 3_600_000, nothingToDo);
    assert.deepEqual([hours.length, hours.at(-1), heart.diedAtMs], [24, 24 * 3_600_000, undefined]);
    assert.ok(heart.beats < 24 * 6, `${heart.beats} beats`);
  });

  it('reaches its end when upkeep calls off what was due next', async () => {
    const clock = new ClusterClock({ host: new FakeClock(0) });
    const seen: number[] = [];
    const cancel = clock.setTimer(50, () => seen.push(clock.now()));
    clock.setTimer(10, cancel, heartbeat);
    clock.setTimer(70, () => seen.push(clock.now()));
    await clock.advanceTo(100, nothingToDo);
    assert.deepEqual([seen, clock.now()], [[70], 100]);
  });

  it('notices in time that a heart has stopped', async () => {
    const clock = new ClusterClock({ host: new FakeClock(0) });
    const heart = watched(clock);
    await clock.advanceTo(7 * 24 * 3_600_000, nothingToDo);
    const stoppedAtMs = clock.now();
    heart.stop();
    await clock.advanceTo(stoppedAtMs + 3_600_000, nothingToDo);
    const noticedMs = (heart.diedAtMs ?? Number.NaN) - stoppedAtMs;
    assert.ok(noticedMs > 0 && noticedMs <= 50_001, `noticed after ${noticedMs} ms`);
  });
});
