import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inSlowStart } from './slow-start.ts';

describe('a slow start', () => {
  it('doubles the batches, whose calls run at once', async () => {
    let running = 0;
    const most: number[] = [];
    const done = await inSlowStart(12, async () => {
      running++;
      await Promise.resolve();
      most.push(running);
      await Promise.resolve();
      running--;
    });
    assert.deepEqual(done, { successes: 12 });
    assert.deepEqual(most, [1, 2, 2, 4, 4, 4, 4, 5, 5, 5, 5, 5]);
  });

  it('ends with the batch in which a call fails, so that what cannot be made is not tried a thousand times', async () => {
    let calls = 0;
    const refused = new Error('exceeded quota');
    const done = await inSlowStart(1000, async () => {
      calls++;
      if (calls === 3) throw refused;
    });
    assert.deepEqual([done, calls], [{ successes: 2, error: refused }, 3]);
  });

  it('does nothing for nothing', async () => {
    assert.deepEqual(await inSlowStart(0, () => Promise.reject(new Error('called'))), { successes: 0 });
  });
});
