/**
 * Preloaded into the process of each test file: ends it when its time is up. node:test fails the tests that take too
 * long, but waits without limit for a process that still holds something open, which is what such a test leaves.
 * The time is in milliseconds: `--import …/end-test-file.ts?limitMs=60000`.
 */
import { isMainThread } from 'node:worker_threads';

const limitMs = Number(new URL(import.meta.url).searchParams.get('limitMs'));

function end(): void {
  const held = process.getActiveResourcesInfo().join(', ');
  process.stderr.write(`${process.argv[1]} has not ended after ${limitMs / 1000} s. It holds: ${held}\n`);
  process.exit(1);
}

if (isMainThread && limitMs > 0) setTimeout(end, limitMs).unref();
