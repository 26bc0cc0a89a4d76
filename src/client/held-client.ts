/** A client that can be cut off from the API, as by a network that is partitioned. */
import type { Kind } from '../api/kind.ts';
import type { KubeObject } from '../api/object.ts';
import type { Client, ResourceClient } from './client.ts';

/** Every call waits for `passes`, which is undefined while calls pass; watches that have begun go on. */
export function heldClient(client: Client, passes: () => Promise<void> | undefined): Client {
  const held =
    <A extends readonly unknown[], R>(call: (...args: A) => Promise<R>) =>
    (...args: A): Promise<R> => {
      const wait = passes();
      return wait === undefined ? call(...args) : wait.then(() => call(...args));
    };
  return {
    resource<T extends KubeObject>(kind: Kind<T>): ResourceClient<T> {
      const api = client.resource(kind);
      return {
        get: held((...args) => api.get(...args)),
        list: held((...args) => api.list(...args)),
        watch: (...args) => api.watch(...args),
        create: held((...args) => api.create(...args)),
        update: held((...args) => api.update(...args)),
        updateStatus: held((...args) => api.updateStatus(...args)),
        patch: held((...args) => api.patch(...args)),
        delete: held((...args) => api.delete(...args)),
        deleteCollection: held((...args) => api.deleteCollection(...args)),
        subresource: held((...args) => api.subresource(...args)),
      };
    },
  };
}
