/** Waits for a resource version that the store has not reached yet. Source: apiserver pkg/storage/cacher/watch_cache.go (waitUntilFreshAndBlock). */
import type { RegistryParts } from './registry-parts.ts';
import { parseResourceVersion } from './resource-version.ts';

/** Upstream's blockTimeout. */
const waitMs = 3000;

/**
 * Settles once the store is as new as a request wants it, or after 3 s, when the verb refuses; undefined when there is nothing to wait for.
 * Throws StatusError (400).
 */
export function untilFresh({ store, setTimer }: RegistryParts, resourceVersion: string): Promise<void> | undefined {
  if (resourceVersion === '' || resourceVersion === '0') return undefined;
  const wanted = parseResourceVersion(resourceVersion);
  if (wanted <= store.revision) return undefined;
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
