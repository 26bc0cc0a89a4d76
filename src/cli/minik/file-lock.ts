/** Locks between processes. A lock is a file with the holder's identity; it is stale when that process is gone. */
import { randomBytes } from 'node:crypto';
import { linkSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { processStartOf } from './process-identity.ts';
import { readText } from './read-text.ts';

export interface LockHolder {
  readonly pid: number;
  readonly purpose: string;
}

export const hasCode = (error: unknown, code: string): boolean => error instanceof Error && 'code' in error && error.code === code;

/** An unpredictable name beside the lock. */
const besides = (path: string): string => `${path}.${randomBytes(8).toString('hex')}`;

/** Creates a file with its content atomically; false when the file exists. */
function createWhole(path: string, content: string): boolean {
  const draft = besides(path);
  writeFileSync(draft, content, { flag: 'wx', mode: 0o600 });
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

/** The content of the lock's file; undefined when there is none. */
function contentOf(path: string): string | undefined {
  try {
    return readText(path);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return;
    throw error;
  }
}

/**
 * Removes the file of a holder that is gone. Other processes may do so at the same moment: if one of them has created a
 * new lock, that is put back. False when the file belongs to another user, who alone may remove it.
 */
function removeStale(path: string, stale: string): boolean {
  const aside = besides(path);
  try {
    renameSync(path, aside);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return true;
    if (hasCode(error, 'EPERM') || hasCode(error, 'EACCES')) return false;
    throw error;
  }
  if (contentOf(aside) === stale) rmSync(aside, { force: true });
  else renameSync(aside, path);
  return true;
}

/** A function that releases the lock, but only at its first call: later the file may belong to another holder. */
function releaseOnce(path: string): () => void {
  let held = true;
  return () => {
    if (held) rmSync(path, { force: true });
    held = false;
  };
}

/** Takes the lock and returns the function that releases it (later calls do nothing), or returns the holder. */
export function tryLock(path: string, purpose: string): (() => void) | LockHolder {
  for (;;) {
    if (createWhole(path, `${process.pid} ${processStartOf(process.pid)} ${purpose}`)) return releaseOnce(path);
    const content = contentOf(path);
    if (content === undefined) continue;
    const [pid = '', start = '', ...rest] = content.split(' ');
    if (start !== '' && processStartOf(Number(pid)) === start) return { pid: Number(pid), purpose: rest.join(' ') };
    // Nobody holds the lock, but it cannot be removed. Continue without a lock rather than fail for ever.
    if (!removeStale(path, content)) return () => undefined;
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
