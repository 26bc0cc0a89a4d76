import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { sleep } from './clock.ts';
import { FakeClock } from './fake-clock.ts';

describe('FakeClock', () => {
  it('fires timers in order of their time, including those set on the way', () => {
    const clock = new FakeClock(0);
    const fired: string[] = [];
    clock.setTimer(20, () => fired.push(`b@${clock.now()}`));
    clock.setTimer(10, () => {
      fired.push(`a@${clock.now()}`);
      clock.setTimer(5, () => fired.push(`c@${clock.now()}`));
    });
    clock.advance(30);
    assert.deepEqual(fired, ['a@10', 'c@15', 'b@20']);
    assert.equal(clock.now(), 30);
    assert.equal(clock.pendingTimers, 0);
  });

  it('does not fire a cancelled timer', () => {
    const clock = new FakeClock(0);
    const cancel = clock.setTimer(1, () => assert.fail('fired'));
    cancel();
    clock.advance(10);
  });

  it('drives sleep, which ends early when aborted', async () => {
    const clock = new FakeClock(0);
    const slept = sleep(clock, 1000);
    clock.advance(1000);
    await slept;
    const abort = new AbortController();
    const cut = sleep(clock, 1000, abort.signal);
    abort.abort();
    await cut;
    assert.equal(clock.pendingTimers, 0);
  });
});
