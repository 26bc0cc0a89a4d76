/** Locks between processes: a file with the holder's identity, recognized as stale when that process is gone. */
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { processStartOf } from './process-identity.ts';

export interface LockHolder {
  readonly pid: number;
  readonly purpose: string;
}

/** Takes the lock and returns the function that releases it, or returns who has it. */
export function tryLock(path: string, purpose: string): (() => void) | LockHolder {
  for (let attempt = 0; ; attempt++) {
    try {
      writeFileSync(path, `${process.pid} ${processStartOf(process.pid)} ${purpose}`, { flag: 'wx', mode: 0o600 });
      chmodSync(path, 0o644);
      return () => rmSync(path, { force: true });
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
    const [pid = '0', start = '', ...rest] = existsSync(path) ? readFileSync(path, 'utf8').split(' ') : [];
    const alive = start !== '' && processStartOf(Number(pid)) === start;
    // An empty file is one that its holder is just writing.
    if (alive || (start === '' && attempt < 3)) {
      if (alive) return { pid: Number(pid), purpose: rest.join(' ') };
      continue;
    }
    rmSync(path, { force: true });
  }
}

const retryMs = 20;

/** Waits for the lock; rejects after `timeoutMs`. */
export async function waitForLock(path: string, purpose: string, timeoutMs: number): Promise<() => void> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const outcome = tryLock(path, purpose);
    if (typeof outcome === 'function') return outcome;
    if (Date.now() > deadline) throw new Error(`${path} is held by process ${outcome.pid} (${outcome.purpose})`);
    await delay(retryMs);
  }
}
