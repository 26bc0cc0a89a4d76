/**
 * Waits for a resource version that the store has not reached yet. Source: apiserver pkg/storage/cacher/watch_cache.go
 * (waitUntilFreshAndBlock).
 */
import type { RegistryParts } from './registry-parts.ts';

/** Upstream's blockTimeout. */
const waitMs = 3000;

/**
 * Settles once the store is as new as a request wants it, or after 3 s, when the verb refuses; undefined when there is
 * nothing to wait for. What is no resource version is left to the verb, which knows how to refuse it.
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
