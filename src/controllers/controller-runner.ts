/**
 * Runs one controller: owns its queue, back-off, caches, consistency with its own writes, metrics and logging. The
 * contract towards `reconcile` is in controller.ts. An idle controller costs nothing: there is no resync and no
 * polling.
 * Source: controller-runtime pkg/internal/controller/controller.go
 */
import type { Histogram } from '../api/histogram.ts';
import type { AnyKind, Kind } from '../api/kind.ts';
import { type KubeObject, type ObjectRef, refKey, refOf } from '../api/object.ts';
import { isConflict, isNotFound } from '../api/status-error.ts';
import type { ResourceClient } from '../client/client.ts';
import type { Informer } from '../client/informer.ts';
import { followKinds } from '../client/kind-catalog.ts';
import { WorkQueue } from '../client/work-queue.ts';
import type { ChangeType, Controller, ControllerContext, Watch, WatchOfAllKinds } from './controller.ts';
import type { RunDeps, Running } from './running.ts';
import { WriteTracker } from './write-tracker.ts';

/** Counters since the start. */
export interface ControllerMetrics {
  readonly reconciles: number;
  readonly errors: number;
  /** Refs that wait to be worked on. */
  readonly depth: number;
  readonly active: number;
  /** How many refs have been queued, and how often one was queued again after an error. */
  readonly adds: number;
  readonly retries: number;
  readonly queuedSeconds: Histogram;
  readonly workSeconds: Histogram;
  /** For how long each ref has been worked on. */
  readonly unfinishedSeconds: readonly number[];
}

export interface RunningController extends Running {
  readonly name: string;
  readonly metrics: ControllerMetrics;
}

/** Starts a controller. It begins to work when its caches have synced. */
export function runController<T extends KubeObject>(controller: Controller<T>, deps: RunDeps): RunningController {
  const runner = new Runner(controller, deps);
  runner.start();
  return runner;
}

const defaultWorkers = 5;

class Runner<T extends KubeObject> implements RunningController {
  readonly #controller: Controller<T>;
  readonly #deps: RunDeps;
  readonly #queue: WorkQueue<ObjectRef>;
  readonly #informers = new Map<string, Informer<KubeObject>>();
  /** Writes of earlier reconciles, by ref, that the caches may not show yet. */
  readonly #trackers = new Map<string, WriteTracker>();
  /** Refs that wait until the caches show their own writes. */
  readonly #held = new Map<string, ObjectRef>();
  readonly #unsubscribe: (() => void)[] = [];
  readonly #drained = Promise.withResolvers<void>();
  #synced = false;
  #awake = false;
  #active = 0;
  #reconciles = 0;
  #errors = 0;

  constructor(controller: Controller<T>, deps: RunDeps) {
    this.#controller = controller;
    this.#deps = { ...deps, log: deps.log.with({ controller: controller.name }) };
    this.#queue = new WorkQueue({ clock: deps.clock, key: refKey, available: () => this.#wake() });
  }

  get name(): string {
    return this.#controller.name;
  }

  get idle(): boolean {
    return this.#synced && this.#active === 0 && this.#queue.length === 0 && this.#held.size === 0;
  }

  get metrics(): ControllerMetrics {
    const { adds, retries, queuedSeconds, workSeconds, unfinishedSeconds } = this.#queue;
    const depth = this.#queue.length + this.#held.size;
    const queue = { depth, adds, retries, queuedSeconds, workSeconds, unfinishedSeconds };
    return { reconciles: this.#reconciles, errors: this.#errors, active: this.#active, ...queue };
  }

  stopped(): Promise<void> {
    return this.#drained.promise;
  }

  start(): void {
    const { signal, log } = this.#deps;
    const { reconciles, owns = [], watches = [], reads = [], indexes = [], gauges = [] } = this.#controller;
    const context = this.#context(new WriteTracker());
    const { concerns } = this.#controller;
    this.#follow(reconciles, (object) => (concerns === undefined || concerns(object, context) ? [refOf(object)] : []));
    for (const kind of owns) this.#follow(kind, (object) => this.#ownerRefs(object));
    for (const watch of watches) this.#followWatch(watch, context);
    if (this.#controller.watchesAllKinds !== undefined) this.#followAllKinds(this.#controller.watchesAllKinds, context);
    for (const kind of reads) this.#informer(kind);
    for (const gauge of gauges) this.#deps.meters.gauge({ ...gauge, samples: () => gauge.samples(context) });
    for (const index of indexes) this.#informer(index.kind).addIndex(index.name, (object) => index.values(object));
    const caches = [...this.#informers.values()];
    for (const informer of caches) this.#unsubscribe.push(informer.onProgress(() => this.#releaseHeld()));
    signal.addEventListener('abort', () => this.#stop(), { once: true });
    if (signal.aborted) this.#stop();
    Promise.all(caches.map((informer) => informer.synced()))
      .then(() => {
        this.#synced = true;
        this.#pump();
      })
      .catch((error: unknown) => log.error('controller did not start', { error }));
  }

  #followWatch<W extends KubeObject>(watch: Watch<W>, context: ControllerContext): void {
    this.#follow(watch.kind, (object) => watch.refs(object, context), watch.on);
  }

  #followAllKinds({ catalog, ...watch }: WatchOfAllKinds, context: ControllerContext): void {
    const follow = (kind: AnyKind): (() => void) => this.#addHandlers(kind, (object) => watch.refs(object, context));
    const changed = (): void => this.#enqueue(watch.refsWhenKindsChange(context));
    this.#unsubscribe.push(
      followKinds(catalog, (kind) => watch.wants(kind), follow),
      catalog.onChange(changed),
    );
  }

  #follow<W extends KubeObject>(kind: Kind<W>, refs: (object: W) => Iterable<ObjectRef>, on?: readonly ChangeType[]): void {
    this.#unsubscribe.push(this.#addHandlers(kind, refs, on));
  }

  #enqueue(refs: Iterable<ObjectRef>): void {
    for (const ref of refs) this.#queue.add(ref);
  }

  #addHandlers<W extends KubeObject>(
    kind: Kind<W>,
    refs: (object: W) => Iterable<ObjectRef>,
    on: readonly ChangeType[] = ['added', 'updated', 'deleted'],
  ): () => void {
    const enqueue = (object: W): void => this.#enqueue(refs(object));
    const updated = (object: W, previous: W): void => {
      enqueue(previous);
      enqueue(object);
    };
    const handlers = { added: enqueue, updated, deleted: enqueue };
    return this.#informer(kind).addHandlers(Object.fromEntries(on.map((type) => [type, handlers[type]])));
  }

  #ownerRefs(object: KubeObject): readonly ObjectRef[] {
    const { reconciles } = this.#controller;
    const owner = object.metadata.ownerReferences?.find(({ controller }) => controller === true);
    if (owner?.kind !== reconciles.kind || groupOf(owner.apiVersion) !== reconciles.group) return [];
    return [{ namespace: reconciles.scope === 'Cluster' ? '' : (object.metadata.namespace ?? ''), name: owner.name }];
  }

  #informer<W extends KubeObject>(kind: Kind<W>): Informer<W> {
    const informer = this.#deps.informers.informer(kind);
    // Of the informers in the map, only resourceVersion, synced and onProgress are used.
    this.#informers.set(kind.resourceName, informer as unknown as Informer<KubeObject>);
    return informer;
  }

  #context(tracker: WriteTracker): ControllerContext {
    const { client, informers, events, clock, log, meters, signal } = this.#deps;
    return {
      cache: (kind) => informers.informer(kind).cache,
      api: <W extends KubeObject>(kind: Kind<W>): ResourceClient<W> => {
        const api = client.resource(kind);
        return this.#informers.has(kind.resourceName) ? tracker.wrap(api, informers.informer(kind)) : api;
      },
      events,
      clock,
      log,
      meters,
      signal,
    };
  }

  /**
   * Starts work in a microtask, after the current batch of events has been delivered. So several changes of one object
   * in a batch cause one reconcile.
   */
  #wake(): void {
    if (this.#awake) return;
    this.#awake = true;
    queueMicrotask(() => {
      this.#awake = false;
      this.#pump();
    });
  }

  #pump(): void {
    if (!this.#synced || this.#deps.signal.aborted) return;
    const { workers = defaultWorkers } = this.#controller;
    while (this.#active < workers) {
      const ref = this.#queue.take();
      if (ref === undefined) return;
      const key = refKey(ref);
      if (this.#trackers.get(key)?.satisfied === false) {
        this.#held.set(key, ref);
        this.#queue.done(ref);
        continue;
      }
      this.#trackers.delete(key);
      this.#active++;
      this.#work(ref).catch((error: unknown) => this.#deps.log.error('controller runner failed', { error }));
    }
  }

  #releaseHeld(): void {
    for (const [key, ref] of this.#held) {
      if (this.#trackers.get(key)?.satisfied === false) continue;
      this.#held.delete(key);
      this.#queue.add(ref);
    }
  }

  async #work(ref: ObjectRef): Promise<void> {
    const tracker = new WriteTracker();
    try {
      this.#reconciles++;
      const { requeueAfterMs, upkeep, failure } = await this.#controller.reconcile(ref, this.#context(tracker));
      if (failure === undefined) this.#queue.forget(ref);
      else this.#failed(ref, failure.error);
      if (requeueAfterMs !== undefined) this.#queue.addAfter(ref, Math.max(requeueAfterMs, 1), upkeep);
    } catch (error) {
      this.#failed(ref, error);
    } finally {
      if (!tracker.satisfied) this.#trackers.set(refKey(ref), tracker);
      this.#active--;
      this.#queue.done(ref);
      if (this.#deps.signal.aborted) this.#settleStop();
      else this.#pump();
    }
  }

  #failed(ref: ObjectRef, error: unknown): void {
    if (this.#deps.signal.aborted) return;
    this.#errors++;
    const retryInMs = this.#queue.addRateLimited(ref);
    const fields = { ref: refKey(ref), error, retryInMs };
    if (isConflict(error) || isNotFound(error)) this.#deps.log.debug('reconcile lost a race', fields);
    else this.#deps.log.warn('reconcile failed', fields);
  }

  #stop(): void {
    this.#queue.close();
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    this.#held.clear();
    this.#settleStop();
  }

  #settleStop(): void {
    if (this.#active === 0) this.#drained.resolve();
  }
}

const groupOf = (apiVersion: string): string => (apiVersion.includes('/') ? (apiVersion.split('/', 1)[0] ?? '') : '');
