/** Reads stored objects for admission plugins and token checks. */
import type { KubeObject } from '../../api/object.ts';
import type { ObjectReader } from '../admission/object-reader.ts';
import { type Store, storeKey, storePrefix } from '../store/store.ts';

/**
 * Makes a reader over a store. `setTimer` calls back once after a delay in milliseconds and returns the cancel
 * function.
 */
export function createStoreReader(store: Store, setTimer: (delayMs: number, callback: () => void) => () => void): ObjectReader {
  const get = (resourceName: string, namespace: string, name: string): KubeObject | undefined =>
    store.get(storeKey(resourceName, namespace, name))?.object;
  return {
    get,
    list: (resourceName, namespace) => store.list(storePrefix(resourceName, namespace)).entries.map((entry) => entry.object),
    awaitObject: ({ resourceName, namespace, name }, timeoutMs) =>
      new Promise((resolve) => {
        const key = storeKey(resourceName, namespace, name);
        const finish = (object: KubeObject | undefined): void => {
          cancel();
          handle.close();
          resolve(object);
        };
        const cancel = setTimer(timeoutMs, () => finish(undefined));
        const handle = store.watch(key, store.revision, () => {
          const object = get(resourceName, namespace, name);
          if (object !== undefined) finish(object);
        });
      }),
  };
}
