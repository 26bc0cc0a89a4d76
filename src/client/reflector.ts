/**
 * The engine of an informer: lists, then watches from there, until its signal aborts. Maintains the cache and calls the
 * handlers.
 *
 * States: listing → watching → (broken: back-off → watching) or (expired: back-off → listing). Source: client-go
 * tools/cache/{reflector,shared_informer}.go
 */
import { type KubeObject, refOf } from '../api/object.ts';
import { isExpired } from '../api/status-error.ts';
import type { ResourceClient, WatchEvent } from './client.ts';
import { type Clock, sleep } from './clock.ts';
import { IndexHandlers } from './index-handlers.ts';
import { IndexedCache } from './indexed-cache.ts';
import type { Cache, Informer, InformerHandlers } from './informer.ts';
import type { Logger } from './logger.ts';

export interface ReflectorOptions<T extends KubeObject> {
  readonly api: Pick<ResourceClient<T>, 'list' | 'watch'>;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly log: Logger;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

const backoff = { firstMs: 800, maxMs: 30_000, resetAfterMs: 120_000 } as const;

export class Reflector<T extends KubeObject> implements Informer<T> {
  readonly #options: ReflectorOptions<T>;
  readonly #cache = new IndexedCache<T>();
  readonly #handlers = new Set<InformerHandlers<T>>();
  readonly #indexHandlers = new IndexHandlers<T>((index, object) => this.#cache.indexValues(index, object));
  readonly #listeners = new Set<() => void>();
  readonly #firstList = Promise.withResolvers<void>();
  #resourceVersion = '';
  #listed = false;
  #nextDelayMs: number = backoff.firstMs;
  #lastFailureAt = Number.NEGATIVE_INFINITY;

  constructor(options: ReflectorOptions<T>) {
    this.#options = options;
  }

  get cache(): Cache<T> {
    return this.#cache;
  }

  get resourceVersion(): string {
    return this.#resourceVersion;
  }

  addHandlers(handlers: InformerHandlers<T>): () => void {
    this.#handlers.add(handlers);
    for (const object of this.#cache.list()) this.#guard(() => handlers.added?.(object));
    return () => this.#handlers.delete(handlers);
  }

  addIndexHandlers(index: string, value: string, handlers: InformerHandlers<T>): () => void {
    const remove = this.#indexHandlers.add(index, value, handlers);
    for (const object of this.#cache.byIndex(index, value)) this.#guard(() => handlers.added?.(object));
    return remove;
  }

  addIndex(name: string, values: (object: T) => readonly string[]): void {
    this.#cache.addIndex(name, values);
  }

  synced(): Promise<void> {
    return this.#firstList.promise;
  }

  onProgress(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Begins to list and watch, until the signal aborts. */
  start(): void {
    // An error that #run does not handle is a bug and must not go unnoticed.
    this.#run().catch((error: unknown) => this.#options.log.error('informer stopped', { error }));
  }

  async #run(): Promise<void> {
    const { signal, log } = this.#options;
    while (!signal.aborted) {
      try {
        if (!this.#listed) await this.#list();
        await this.#watch();
      } catch (error) {
        if (signal.aborted) return;
        if (isExpired(error)) this.#listed = false;
        else log.warn('list or watch failed', { error, resourceVersion: this.#resourceVersion });
        await this.#pause();
      }
    }
  }

  async #list(): Promise<void> {
    const { items, metadata } = await this.#options.api.list();
    if (this.#options.signal.aborted) return;
    const changes: (() => void)[] = [];
    const present = new Set<string>();
    for (const object of items) {
      present.add(object.metadata.uid);
      changes.push(...this.#applySet(object));
    }
    for (const object of this.#cache.list()) {
      if (!present.has(object.metadata.uid)) changes.push(...this.#applyDelete(object));
    }
    this.#listed = true;
    this.#resourceVersion = metadata.resourceVersion;
    this.#finish(changes);
    this.#firstList.resolve();
  }

  async #watch(): Promise<void> {
    const { api, signal } = this.#options;
    const watch = api.watch({ resourceVersion: this.#resourceVersion, allowBookmarks: true, signal });
    for await (const batch of watch) {
      if (signal.aborted) return;
      this.#finish(batch.flatMap((event) => this.#apply(event)));
    }
  }

  #apply(event: WatchEvent<T>): readonly (() => void)[] {
    if (event.type === 'BOOKMARK') {
      this.#resourceVersion = event.resourceVersion;
      return [];
    }
    this.#resourceVersion = event.object.metadata.resourceVersion;
    return event.type === 'DELETED' ? this.#applyDelete(event.object) : this.#applySet(event.object);
  }

  /** Updates the cache. Returns the notifications to make once the whole batch has been applied. */
  #applySet(object: T): readonly (() => void)[] {
    const previous = this.#cache.set(object);
    if (previous === undefined) return [() => this.#added(object)];
    if (previous.metadata.resourceVersion === object.metadata.resourceVersion) return [];
    if (previous.metadata.uid === object.metadata.uid) return [() => this.#updated(object, previous)];
    return [() => this.#deleted(previous), () => this.#added(object)];
  }

  #applyDelete(object: T): readonly (() => void)[] {
    if (this.#cache.delete(refOf(object)) === undefined) return [];
    return [() => this.#deleted(object)];
  }

  #finish(notifications: readonly (() => void)[]): void {
    for (const notification of notifications) notification();
    for (const listener of this.#listeners) this.#guard(listener);
  }

  #added(object: T): void {
    for (const handlers of this.#handlers) this.#guard(() => handlers.added?.(object));
    for (const handlers of this.#indexHandlers.entered(object)) this.#guard(() => handlers.added?.(object));
  }

  #updated(object: T, previous: T): void {
    for (const handlers of this.#handlers) this.#guard(() => handlers.updated?.(object, previous));
    for (const handlers of this.#indexHandlers.stayed(object, previous)) this.#guard(() => handlers.updated?.(object, previous));
    for (const handlers of this.#indexHandlers.entered(object, previous)) this.#guard(() => handlers.added?.(object));
    for (const handlers of this.#indexHandlers.entered(previous, object)) this.#guard(() => handlers.deleted?.(previous));
  }

  #deleted(object: T): void {
    for (const handlers of this.#handlers) this.#guard(() => handlers.deleted?.(object));
    for (const handlers of this.#indexHandlers.entered(object)) this.#guard(() => handlers.deleted?.(object));
  }

  /** An exception in one handler must not keep the others from running or end the watch. */
  #guard(call: () => void): void {
    try {
      call();
    } catch (error) {
      this.#options.log.error('informer handler failed', { error });
    }
  }

  async #pause(): Promise<void> {
    const { clock, random, signal } = this.#options;
    if (clock.now() - this.#lastFailureAt > backoff.resetAfterMs) this.#nextDelayMs = backoff.firstMs;
    const delayMs = this.#nextDelayMs * (1 + random());
    this.#nextDelayMs = Math.min(this.#nextDelayMs * 2, backoff.maxMs);
    await sleep(clock, delayMs, signal);
    this.#lastFailureAt = clock.now();
  }
}
