import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { machineUsage } from './machine-usage.ts';

it('tells the same start of the machine each time: a later start means that all counters begin again', async () => {
  const first = await machineUsage(tmpdir());
  for (let i = 0; i < 10; i++) {
    await delay(3);
    const next = await machineUsage(tmpdir());
    assert.equal(next.startedAtMs, first.startedAtMs);
    assert.ok(next.timestampMs > first.timestampMs && next.cpuUsageNs >= first.cpuUsageNs);
  }
});
