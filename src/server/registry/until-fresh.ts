/**
 * Waits for a resource version that the store has not reached yet. Source: apiserver pkg/storage/cacher/watch_cache.go
 * (waitUntilFreshAndBlock).
 */
import type { RegistryParts } from './registry-parts.ts';

/** Upstream's blockTimeout. */
const waitMs = 3000;

/**
 * Resolves when the store has reached the requested resource version, or after 3 s, when the verb will refuse it.
 * Undefined when there is nothing to wait for. A malformed version is left to the verb, which answers with the right
 * error.
 */
export function untilFresh({ store, setTimer }: RegistryParts, resourceVersion: string): Promise<void> | undefined {
  if (!/^\d+$/.test(resourceVersion)) return undefined;
  const wanted = Number(resourceVersion);
  if (wanted <= store.revision || !Number.isSafeInteger(wanted)) return undefined;
  return new Promise((resolve) => {
    const finish = (): void => {
      unsubscribe();
      cancel();
      resolve();
    };
    const unsubscribe = store.onCommit(() => {
      if (store.revision >= wanted) finish();
    });
    const cancel = setTimer(waitMs, finish);
  });
}
