import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { Pod, Probe } from '../../../api/generated/core/v1.ts';
import { FakeClock } from '../../../client/fake-clock.ts';
import { ContainerProbes } from './container-probes.ts';
import { failure, type ProbeOutcome, success } from './probe-outcome.ts';
import { ProbeRecords } from './probe-records.ts';

const always: Probe = { exec: { command: [] }, timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3 };

/** Probes of a container that has just started. `answer` is what they find, until `seen` says otherwise. */
function probing(
  t: TestContext,
  probes: { startupProbe?: Probe; livenessProbe?: Probe; readinessProbe?: Probe },
  answer: ProbeOutcome = success,
) {
  const clock = new FakeClock();
  const seen = { answer, attempts: [] as string[], events: [] as string[], changes: 0 };
  const container = { name: 'main', ...probes };
  const pod = { metadata: { name: 'web', namespace: 'default', uid: 'u' }, spec: { containers: [container] } };
  const from = clock.now();
  const subject = new ContainerProbes({
    // Partial: the code under test reads no other fields.
    probed: { pod: pod as unknown as Pod, container: container as never, containerId: 'c', podIp: '', startedAtMs: from },
    streams: {} as never,
    clock,
    events: { event: (_, type, reason, message) => void seen.events.push(`${type} ${reason} ${message}`) },
    records: new ProbeRecords(),
    onChange: () => {
      seen.changes += 1;
    },
    attempt: async ({ kind }) => {
      seen.attempts.push(`${kind} ${(clock.now() - from) / 1000}`);
      return seen.answer;
    },
  });
  void subject.run();
  t.after(() => subject.stop());
  const pass = async (seconds: number): Promise<void> => {
    for (const end = clock.now() + seconds * 1000; ; ) {
      for (let turn = 0; turn < 10; turn++) await Promise.resolve();
      if (clock.now() >= end) return;
      clock.advance(Math.min(clock.nextTimerAt ?? end, end) - clock.now());
    }
  };
  return { subject, seen, pass };
}

describe('the probes of a container', () => {
  it('begin after the initial delay and repeat each period', async (t) => {
    const { seen, pass } = probing(t, { readinessProbe: { ...always, initialDelaySeconds: 5, periodSeconds: 4 } });
    await pass(14);
    assert.deepEqual(seen.attempts, ['readiness 5', 'readiness 9', 'readiness 13']);
  });

  it('of liveness and readiness wait for that of the start, each then by its own period', async (t) => {
    const { subject, seen, pass } = probing(
      t,
      {
        startupProbe: { ...always, periodSeconds: 2, failureThreshold: 100 },
        livenessProbe: { ...always, periodSeconds: 3 },
        readinessProbe: { ...always, periodSeconds: 5 },
      },
      failure('not yet'),
    );
    await pass(5);
    assert.deepEqual(seen.attempts, ['startup 0', 'startup 2', 'startup 4']);
    assert.deepEqual([subject.started, subject.ready], [false, false]);
    assert.deepEqual(new Set(seen.events), new Set(['Warning Unhealthy Startup probe failed: not yet']));
    seen.answer = success;
    await pass(7);
    assert.deepEqual([subject.started, subject.ready], [true, true]);
    assert.deepEqual(seen.attempts.slice(3).toSorted(), [
      'liveness 12',
      'liveness 6',
      'liveness 9',
      'readiness 11',
      'readiness 6',
      'startup 6',
    ]);
  });

  it('fail only after as many failures in a row as the threshold says, and end then', async (t) => {
    for (const kind of ['liveness', 'startup'] as const) {
      const broken = failure('broken');
      const answers = kind === 'startup' ? [broken, broken] : [success, broken, broken, success, broken, broken];
      const { subject, seen, pass } = probing(t, { [`${kind}Probe`]: { ...always, periodSeconds: 1 } }, answers[0]);
      await pass(0);
      for (const answer of answers.slice(1)) {
        seen.answer = answer;
        await pass(1);
        assert.equal(subject.failure, undefined);
      }
      seen.answer = broken;
      await pass(1);
      assert.equal(subject.failure, kind);
      const tried = seen.attempts.length;
      await pass(10);
      assert.equal(seen.attempts.length, tried, 'the container is about to be ended');
    }
  });

  it('of readiness need as many successes in a row as the threshold says', async (t) => {
    const { subject, seen, pass } = probing(t, {
      readinessProbe: { ...always, periodSeconds: 1, successThreshold: 3, failureThreshold: 2 },
    });
    const states: boolean[] = [];
    for (const found of [true, false, true, true, true, false, true, false, false, true]) {
      seen.answer = found ? success : failure('');
      await pass(states.length === 0 ? 0 : 1);
      states.push(subject.ready);
    }
    // The first attempt is at once, and the others are made as a second has passed.
    assert.deepEqual(states, [false, false, false, false, true, true, true, true, false, false]);
    assert.equal(seen.changes, 2);
  });

  it('that cannot be made say so and count for nothing', async (t) => {
    const { subject, seen, pass } = probing(t, { livenessProbe: { ...always, periodSeconds: 1, failureThreshold: 1 } });
    seen.answer = { success: 'unknown', output: 'the engine is away' };
    await pass(3);
    assert.equal(subject.failure, undefined);
    const text = 'Warning Unhealthy Liveness probe errored and resulted in Unknown state: the engine is away';
    assert.deepEqual(new Set(seen.events), new Set([text]));
  });

  it('go on for readiness alone while the container is being stopped', async (t) => {
    const { subject, seen, pass } = probing(t, {
      livenessProbe: { ...always, periodSeconds: 1 },
      readinessProbe: { ...always, periodSeconds: 1 },
    });
    await pass(1);
    subject.stopFatal();
    seen.attempts.length = 0;
    await pass(2);
    assert.deepEqual(seen.attempts, ['readiness 2', 'readiness 3']);
  });
});
