import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock } from '../../client/fake-clock.ts';
import { Backoff } from './backoff.ts';

describe('Backoff', () => {
  it('doubles from 10 s to 5 min, counting from the failure', () => {
    const clock = new FakeClock();
    const backoff = new Backoff({ clock });
    assert.equal(backoff.remainingMs('a', clock.now()), 0);
    const delays = [];
    for (let i = 0; i < 7; i++) {
      backoff.next('a', clock.now());
      delays.push(backoff.delayMs('a') / 1000);
      assert.equal(backoff.remainingMs('a', clock.now()), backoff.delayMs('a'));
      assert.equal(backoff.remainingMs('a', clock.now() - 4000), backoff.delayMs('a') - 4000);
    }
    assert.deepEqual(delays, [10, 20, 40, 80, 160, 300, 300]);
  });

  it('starts over when a failure comes more than ten minutes after the last', () => {
    const clock = new FakeClock();
    const backoff = new Backoff({ clock });
    backoff.next('a', clock.now());
    backoff.next('a', clock.now());
    clock.advance(600_000);
    assert.equal(backoff.remainingMs('a', clock.now()), 20_000);
    clock.advance(1);
    assert.equal(backoff.remainingMs('a', clock.now()), 0);
    backoff.next('a', clock.now());
    assert.equal(backoff.delayMs('a'), 10_000);
  });

  it('forgets by prefix', () => {
    const backoff = new Backoff({ clock: new FakeClock() });
    for (const key of ['pod1_a', 'pod1_b', 'pod2_a']) backoff.next(key, 0);
    backoff.forget('pod1_');
    assert.deepEqual(
      ['pod1_a', 'pod1_b', 'pod2_a'].map((key) => backoff.delayMs(key)),
      [0, 0, 10_000],
    );
  });
});
