import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { FakeClock } from '../../client/fake-clock.ts';
import { rateOf } from './usage.ts';
import { type Spans, UsageSamples } from './usage-samples.ts';

/** Nodes whose usage the test decides: containers by name, with their age and the millicores that they use. */
function usages() {
  const clock = new FakeClock();
  const nodeStart = clock.now() - 3_600_000;
  const state = { reads: 0, running: new Map<string, { startedAtMs: number; millicores: number }>() };
  const point = (startedAtMs: number, millicores: number) => {
    const timestampMs = clock.now();
    return { startedAtMs, timestampMs, cpuUsageNs: (timestampMs - startedAtMs) * millicores * 1000, memoryBytes: 1024 };
  };
  const samples = new UsageSamples({
    clock,
    read: async () => {
      state.reads++;
      const containers = [...state.running].map(([name, { startedAtMs, millicores }]) => [name, point(startedAtMs, millicores)] as const);
      return [
        {
          node: 'n',
          machine: point(nodeStart, 500),
          pods: containers.map(([name, one]) => ({ namespace: 'ns', name, containers: { c: one } })),
        },
      ];
    },
  });
  const run = (name: string, ageMs = 0, millicores = 100) => state.running.set(name, { startedAtMs: clock.now() - ageMs, millicores });
  /** Asks, and lets the time pass that the answer needs. */
  const ask = async (): Promise<Spans> => {
    const answer = samples.current();
    for (let i = 0; i < 5; i++) {
      await turn();
      if (clock.pendingTimers > 0) clock.advance(1000);
    }
    return answer;
  };
  const podRate = (spans: Spans, name: string) => {
    const span = spans.pods.get(`ns/${name}`)?.get('c');
    const rate = span === undefined ? undefined : rateOf(span);
    return rate === undefined ? 'unknown' : `${rate.nanoCores / 1e6}m in ${rate.windowMs} ms`;
  };
  return { clock, state, samples, run, ask, podRate };
}

describe('samples of usage', () => {
  it('are taken only when somebody asks: two for the first answer', async () => {
    const { clock, state, run, ask, podRate } = usages();
    run('a', 60_000);
    clock.advance(600_000);
    assert.deepEqual([state.reads, clock.pendingTimers], [0, 0]);
    const spans = await ask();
    assert.equal(state.reads, 2);
    assert.equal(podRate(spans, 'a'), '100m in 1000 ms');
    const node = spans.nodes.get('n');
    assert.equal(node === undefined ? undefined : rateOf(node)?.nanoCores, 500e6);
    assert.equal(clock.pendingTimers, 0);
  });

  it('are shared by all who ask at once, or within ten seconds', async () => {
    const { clock, state, samples, run, ask } = usages();
    run('a', 60_000);
    const first = samples.current();
    const second = samples.current();
    await ask();
    assert.equal(await first, await second);
    clock.advance(9000);
    assert.equal(await samples.current(), await first);
    assert.equal(state.reads, 2);
  });

  it('are compared with those before, unless they are older than a minute', async () => {
    const { clock, state, run, ask, podRate } = usages();
    run('a', 60_000);
    await ask();
    clock.advance(15_000);
    assert.equal(podRate(await ask(), 'a'), '100m in 15000 ms');
    assert.equal(state.reads, 3);
    clock.advance(61_000);
    assert.equal(podRate(await ask(), 'a'), '100m in 1000 ms');
    assert.equal(state.reads, 5);
  });

  it('count new containers from their start when they are ten seconds old, and not before', async () => {
    const { clock, run, ask, podRate } = usages();
    run('old', 60_000);
    await ask();
    clock.advance(3000);
    run('new');
    clock.advance(8000);
    assert.equal(podRate(await ask(), 'new'), 'unknown');
    clock.advance(12_000);
    assert.equal(podRate(await ask(), 'new'), '100m in 12000 ms');
    run('newer');
    clock.advance(12_000);
    assert.equal(podRate(await ask(), 'newer'), '100m in 12000 ms');
  });

  it('do not compare a container with the one before its restart', async () => {
    const { clock, run, ask, podRate } = usages();
    run('a', 60_000, 900);
    await ask();
    clock.advance(11_000);
    run('a', 5000, 50);
    assert.equal(podRate(await ask(), 'a'), 'unknown');
    clock.advance(20_000);
    assert.equal(podRate(await ask(), 'a'), '50m in 20000 ms');
  });

  it('leave out what has used nothing at all, and ask again after a failure', async () => {
    const { clock, run, ask, podRate } = usages();
    run('idle', 60_000, 0);
    assert.equal(podRate(await ask(), 'idle'), 'unknown');
    let fails = true;
    const samples = new UsageSamples({ clock, read: () => (fails ? Promise.reject(new Error('engine away')) : Promise.resolve([])) });
    await assert.rejects(samples.current(), /engine away/);
    fails = false;
    const answer = samples.current();
    await turn();
    clock.advance(1000);
    assert.equal((await answer).nodes.size, 0);
  });
});

describe('a rate', () => {
  const point = { startedAtMs: 0, timestampMs: 10_000, cpuUsageNs: 5e9, memoryBytes: 7 };

  it('is the CPU time by the length of the window, in whole nanoseconds', () => {
    const before = { ...point, timestampMs: 7000, cpuUsageNs: 4e9 };
    assert.deepEqual(rateOf([point, before]), { timestampMs: 10_000, windowMs: 3000, nanoCores: 333_333_333, memoryBytes: 7 });
  });

  it('is unknown when the counter or the start went backwards, or no time has passed', () => {
    assert.equal(rateOf([point, { ...point, timestampMs: 1, cpuUsageNs: 6e9 }]), undefined);
    assert.equal(rateOf([point, { ...point, timestampMs: 1, startedAtMs: 1 }]), undefined);
    assert.equal(rateOf([point, point]), undefined);
  });
});
