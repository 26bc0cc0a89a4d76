import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { RuntimeError } from '../container-runtime.ts';
import { OomScores } from './oom-scores.ts';

describe('OOM scores', () => {
  it('are tried once, and only when one is negative', async () => {
    let tries = 0;
    const scores = new OomScores({
      outcome: async () => {
        tries += 1;
        return 0;
      },
    });
    assert.deepEqual([await scores.allowed(undefined), await scores.allowed(1000), tries], [undefined, 1000, 0]);
    assert.deepEqual([await scores.allowed(-997), await scores.allowed(-5), tries], [-997, -5, 1]);
  });

  it('are 0 instead of negative where the daemon may not lower them', async () => {
    const scores = new OomScores({
      outcome: async () => {
        throw new RuntimeError('Other', 'permission denied');
      },
    });
    assert.deepEqual([await scores.allowed(-997), await scores.allowed(3)], [0, 3]);
  });

  it('are tried again after the daemon was away', async () => {
    let away = true;
    const scores = new OomScores({
      outcome: async () => {
        if (away) throw new RuntimeError('Unavailable', 'no daemon');
        return 0;
      },
    });
    await assert.rejects(scores.allowed(-997), { code: 'Unavailable' });
    away = false;
    assert.equal(await scores.allowed(-997), -997);
  });
});
