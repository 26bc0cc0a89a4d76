import assert from 'node:assert/strict';
import { it } from 'node:test';
import { systemClock } from './clock.ts';

const dayMs = 86_400_000;

it('waits for longer than the timers of Node can', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  let called = 0;
  systemClock.setTimer(60 * dayMs, () => called++);
  const cancel = systemClock.setTimer(50 * dayMs, () => assert.fail('was cancelled'));
  for (let day = 0; day < 59; day++) {
    t.mock.timers.tick(dayMs);
    if (day === 40) cancel();
  }
  assert.equal(called, 0);
  // Each part begins with a tick, and so at most a day late.
  for (let day = 0; day < 4; day++) t.mock.timers.tick(dayMs);
  assert.equal(called, 1);
});
