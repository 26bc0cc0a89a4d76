import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { SignalName, Signals } from '../signals.ts';
import { runChild } from './child.ts';

/** Signals that the test sends. */
function fakeSignals(): Signals & { send(signal: SignalName): void; readonly listening: number } {
  const listeners = new Set<(signal: SignalName) => void>();
  return {
    listen: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    send: (signal) => {
      for (const listener of listeners) listener(signal);
    },
    get listening() {
      return listeners.size;
    },
  };
}

const { env } = process;

describe('the command of a run', () => {
  it('ends with the exit code that a shell would report', async () => {
    for (const [command, code, why] of [
      [['sh', '-c', 'exit 7'], 7, undefined],
      [['true'], 0, undefined],
      [['sh', '-c', 'kill -KILL $$'], 137, 'ended by SIGKILL'],
      [['/no/such/command'], 127, '/no/such/command: there is no such command'],
      [['/'], 126, '/: spawn / EACCES'],
    ] as const) {
      const signals = fakeSignals();
      const end = await runChild({ command, env, signals });
      assert.deepEqual([end.code, end.why], [code, why], command.join(' '));
      assert.equal(signals.listening, 0, 'and signals are no longer passed on');
    }
  });

  it('gets the signals, and decides itself what to do', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'minik-child-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const ready = join(folder, 'ready');
    const signals = fakeSignals();
    // A shell that waits for its child runs the trap at once.
    const script = 'sleep 60 & trap "kill $!; exit 9" TERM; : > "$READY"; wait; exit 1';
    const end = runChild({ command: ['sh', '-c', script], env: { ...env, READY: ready }, signals });
    while (!existsSync(ready)) await delay(5);
    signals.send('SIGTERM');
    assert.equal((await end).code, 9);
  });

  it('finds the command by the PATH that it is given', async () => {
    assert.equal((await runChild({ command: ['true'], env: { PATH: '/nowhere' }, signals: fakeSignals() })).code, 127);
  });
});
