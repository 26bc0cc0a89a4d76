/**
 * Serves custom resources: follows the definitions in the store, writes their status, and cleans up when they are
 * deleted. A resource is served from the commit on in which its definition becomes established. A cluster without
 * definitions pays for one watch. Source: apiextensions-apiserver pkg/controller.
 */
import type { CustomKindParts } from '../../api/custom-resources/custom-kind.ts';
import { deepEqual } from '../../api/deep-equal.ts';
import type { CustomResourceDefinition } from '../../api/generated/apiextensions/v1.ts';
import { takenNames } from '../../api/kinds/apiextensions/accepted-names.ts';
import { isTrue } from '../../api/kinds/apiextensions/conditions.ts';
import { cleanupFinalizer, customResourceDefinition } from '../../api/kinds/apiextensions/custom-resource-definition.ts';
import { nextStatus } from '../../api/kinds/apiextensions/next-status.ts';
import { isConflict, isNotFound } from '../../api/status-error.ts';
import { rfc3339 } from '../../api/time.ts';
import type { Logger } from '../../client/logger.ts';
import type { MutableKindSet } from '../registry/kind-set.ts';
import type { Registry } from '../registry/registry.ts';
import { type Store, type StoreEvent, storeKey, storePrefix, type WatchHandle } from '../store/store.ts';
import { CustomKinds, definitionIn } from './custom-kinds.ts';
import { DefinitionWriter } from './definition-writer.ts';
import { InstanceCleanup } from './instance-cleanup.ts';

export interface CustomResourcesOptions extends CustomKindParts {
  readonly store: Store;
  readonly kinds: MutableKindSet;
  readonly registry: Registry;
  readonly logger: Logger;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly setTimer: (delayMs: number, callback: () => void) => () => void;
}

const prefix = storePrefix(customResourceDefinition.resourceName);
const retryDelayMs = { first: 1000, most: 60_000 };

export class CustomResources {
  readonly #options: CustomResourcesOptions;
  readonly #kinds: CustomKinds;
  readonly #writer: DefinitionWriter;
  readonly #cleanup: InstanceCleanup;
  /** The names of definitions to look at, in order. */
  readonly #queue = new Set<string>();
  /** The generations whose schemas have been looked at. */
  readonly #checked = new Map<string, number>();
  readonly #failures = new Map<string, number>();
  readonly #timers = new Set<() => void>();
  #watch: WatchHandle | undefined;
  #working: Promise<void> | undefined;
  #stopped = false;

  constructor(options: CustomResourcesOptions) {
    this.#options = options;
    this.#kinds = new CustomKinds(options.kinds, options);
    this.#writer = new DefinitionWriter(options.registry);
    this.#cleanup = new InstanceCleanup({ ...options, writer: this.#writer, wake: (name) => this.#enqueue(name) });
  }

  /** Serves all established definitions before it returns, then follows changes. */
  start(): this {
    const { store } = this.#options;
    const { entries, revision } = store.list(prefix);
    this.#kinds.update(entries);
    for (const entry of entries) {
      const { metadata, status } = definitionIn(entry);
      this.#checked.set(metadata.name, metadata.generation ?? 0);
      if (
        metadata.deletionTimestamp !== undefined ||
        !isTrue(definitionIn(entry), 'Established') ||
        (status.conditions ?? []).length === 0
      ) {
        this.#enqueue(metadata.name);
      }
    }
    this.#watch = store.watch(prefix, revision, (events) => this.#follow(events));
    return this;
  }

  stop(): void {
    this.#stopped = true;
    this.#watch?.close();
    this.#cleanup.stop();
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
  }

  /** Resolves when nothing is left to do but to wait for others. */
  async idle(): Promise<void> {
    while (this.#working !== undefined) await this.#working;
  }

  #follow(events: readonly StoreEvent[]): void {
    for (const { type, entry } of events) {
      const { name } = entry.object.metadata;
      if (type === 'DELETED') {
        this.#kinds.remove(name);
        this.#cleanup.forget(name);
        this.#checked.delete(name);
        this.#failures.delete(name);
        this.#enqueueOthers(definitionIn(entry));
      } else {
        this.#kinds.update([entry]);
        this.#enqueue(name);
      }
    }
  }

  #enqueue(name: string): void {
    if (this.#stopped) return;
    this.#queue.add(name);
    this.#working ??= this.#work().finally(() => {
      this.#working = undefined;
    });
  }

  /** Names may have become free for the other definitions of the group. */
  #enqueueOthers({ metadata, spec }: CustomResourceDefinition): void {
    for (const entry of this.#options.store.list(prefix).entries) {
      const other = definitionIn(entry);
      const waits = (other.status.conditions ?? []).some(({ type, status }) => type === 'NamesAccepted' && status === 'False');
      if (waits && other.spec.group === spec.group && other.metadata.name !== metadata.name) this.#enqueue(other.metadata.name);
    }
  }

  async #work(): Promise<void> {
    // Not within the commit that has caused it.
    await Promise.resolve();
    for (const name of this.#queue) {
      this.#queue.delete(name);
      if (this.#stopped) return;
      try {
        await this.#reconcile(name);
        this.#failures.delete(name);
      } catch (error) {
        if (!isConflict(error) && !isNotFound(error)) this.#retry(name, error);
        else if (isConflict(error)) this.#queue.add(name);
      }
    }
  }

  #retry(name: string, error: unknown): void {
    const failures = this.#failures.get(name) ?? 0;
    this.#failures.set(name, failures + 1);
    this.#options.logger.warn('A custom resource definition could not be processed; it will be tried again', { definition: name, error });
    const cancel = this.#options.setTimer(Math.min(retryDelayMs.first * 2 ** failures, retryDelayMs.most), () => {
      this.#timers.delete(cancel);
      this.#enqueue(name);
    });
    this.#timers.add(cancel);
  }

  async #reconcile(name: string): Promise<void> {
    const { store, now } = this.#options;
    const entry = store.get(storeKey(customResourceDefinition.resourceName, '', name));
    if (entry === undefined) return;
    const definition = definitionIn(entry);
    const generation = definition.metadata.generation ?? 0;
    const checksSchemas = this.#checked.get(name) !== generation;
    const group = store
      .list(prefix)
      .entries.map(definitionIn)
      .filter(({ spec }) => spec.group === definition.spec.group);
    const status = nextStatus(definition, { taken: takenNames(group), checksSchemas, now: rfc3339(now()) });
    this.#checked.set(name, generation);
    if (status !== definition.status) {
      await this.#writer.writeStatus({ ...definition, status });
      if (!deepEqual(status.acceptedNames, definition.status.acceptedNames)) this.#enqueueOthers(definition);
      return;
    }
    const { deletionTimestamp, finalizers = [] } = definition.metadata;
    if (deletionTimestamp !== undefined && finalizers.includes(cleanupFinalizer)) await this.#cleanup.run(definition);
  }
}
