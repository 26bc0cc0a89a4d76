/** The changes of one object. */
import type { KubeObject, ObjectRef } from '../api/object.ts';
import { isExpired } from '../api/status-error.ts';
import type { ResourceClient } from '../client/client.ts';

/** Tells that an object has changed since it was asked the last time. */
export class Changes {
  readonly #api: ResourceClient<KubeObject>;
  readonly #ref: ObjectRef;
  readonly #signal: AbortSignal;
  #iterator: AsyncIterator<unknown> | undefined;

  private constructor(api: ResourceClient<KubeObject>, ref: ObjectRef, signal: AbortSignal) {
    this.#api = api;
    this.#ref = ref;
    this.#signal = signal;
  }

  static async of(api: ResourceClient<KubeObject>, ref: ObjectRef, signal: AbortSignal): Promise<Changes> {
    const changes = new Changes(api, ref, signal);
    await changes.#open();
    return changes;
  }

  /** Resolves after the next change, or when the signal has aborted. May resolve without a change. */
  async next(): Promise<void> {
    try {
      const { done = false } = (await this.#iterator?.next()) ?? {};
      if (done && !this.#signal.aborted) await this.#open();
    } catch (error) {
      if (this.#signal.aborted) return;
      if (!isExpired(error)) throw error;
      await this.#open();
    }
  }

  async #open(): Promise<void> {
    const selection = {
      ...(this.#ref.namespace === '' ? {} : { namespace: this.#ref.namespace }),
      fieldSelector: `metadata.name=${this.#ref.name}`,
    };
    const { resourceVersion } = (await this.#api.list(selection)).metadata;
    this.#iterator = this.#api.watch({ ...selection, resourceVersion, signal: this.#signal })[Symbol.asyncIterator]();
  }
}
