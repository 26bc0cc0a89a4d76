/**
 * Controllers: declared with `defineController` and run by the controller runner, which owns queue, back-off, caches,
 * metrics and logging.
 *
 * Contract of `reconcile`: it receives a ref, never an event; it reads only caches and writes through `api`; it never
 * mutates a cached object; it is level-based and idempotent. The runner never runs it twice at once for one ref, and
 * does not run it before the caches show the last write made through `api` for that ref. A thrown error means: back off
 * (5 ms doubling to 1000 s, client-go's default) and retry this ref. Source: controller-runtime
 * pkg/reconcile/reconcile.go; client-go util/workqueue.
 */
import type { AnyKind, Kind } from '../api/kind.ts';
import type { GaugeSpec, Meters } from '../api/meters.ts';
import type { KubeObject, ObjectRef } from '../api/object.ts';
import type { ResourceClient } from '../client/client.ts';
import type { Clock, Upkeep } from '../client/clock.ts';
import type { EventRecorder } from '../client/event-recorder.ts';
import type { Identity } from '../client/identity.ts';
import type { Cache } from '../client/informer.ts';
import type { KindCatalog } from '../client/kind-catalog.ts';
import type { Logger } from '../client/logger.ts';

/**
 * The outcome of a reconcile: done, or reconcile again after a delay, which may be a look whether all is as it was.
 * With a `failure`, again after the back-off, or after the delay when that is shorter: what time alone brings about,
 * such as a Pod's availability, does not wait for what fails.
 */
export type Outcome = {
  readonly requeueAfterMs?: number;
  readonly upkeep?: Upkeep;
  readonly failure?: { readonly error: unknown } | undefined;
};

/** Nothing more to do until something changes. */
export const settled: Outcome = Object.freeze({});

export interface ControllerContext {
  cache<T extends KubeObject>(kind: Kind<T>): Cache<T>;
  api<T extends KubeObject>(kind: Kind<T>): ResourceClient<T>;
  /** Records Events about objects, aggregated as upstream does. */
  readonly events: EventRecorder;
  readonly clock: Clock;
  readonly log: Logger;
  /** Counts what is done, for metrics. */
  readonly meters: Meters;
  readonly signal: AbortSignal;
}

export type ChangeType = 'added' | 'updated' | 'deleted';

/** Maps a change of some object to the refs that must be reconciled. */
export interface Watch<W extends KubeObject = KubeObject> {
  readonly kind: Kind<W>;
  /** The changes that count; default: all. */
  readonly on?: readonly ChangeType[] | undefined;
  /** Called for every change that counts; for an update twice, with the new and the old object. */
  refs(object: W, context: ControllerContext): Iterable<ObjectRef>;
}

/** Maps a change of an object of any Kind, existing now or added later, to the refs that must be reconciled. */
export interface WatchOfAllKinds {
  readonly catalog: KindCatalog;
  /** Which Kinds to watch; called once for each Kind. */
  wants(kind: AnyKind): boolean;
  /** See `Watch`. */
  refs(object: KubeObject, context: ControllerContext): Iterable<ObjectRef>;
  /** The refs that must be reconciled when a Kind was added or removed. */
  refsWhenKindsChange(context: ControllerContext): Iterable<ObjectRef>;
}

/**
 * An index of a cache, for `byIndex`. Index names are shared by all users of the Kind's cache, so a name must always
 * mean the same index.
 */
export interface CacheIndex<W extends KubeObject = KubeObject> {
  readonly kind: Kind<W>;
  readonly name: string;
  values(object: W): readonly string[];
}

/** A metric that is read from caches when somebody asks. */
export interface ControllerGauge extends Omit<GaugeSpec, 'samples'> {
  samples(context: ControllerContext): ReturnType<GaugeSpec['samples']>;
}

export interface Controller<T extends KubeObject = KubeObject> {
  /** Short name for logs, metrics and event sources, e.g. `replicaset`. */
  readonly name: string;
  /** A change of an object of this Kind enqueues its ref. */
  readonly reconciles: Kind<T>;
  /** False: a change of this object enqueues nothing. Default: every change does. Called often, so it must be cheap. */
  concerns?(object: T, context: ControllerContext): boolean;
  /** A change of an object of one of these Kinds enqueues its controller owner, when that is of the reconciled Kind. */
  readonly owns?: readonly Kind[];
  readonly watches?: readonly Watch[];
  readonly watchesAllKinds?: WatchOfAllKinds;
  /** Additional Kinds whose caches it reads. */
  readonly reads?: readonly Kind[];
  /** Indexes that it needs in the caches. */
  readonly indexes?: readonly CacheIndex[];
  /**
   * The user as which it calls the API; default: the ServiceAccount `<name>-controller` of kube-system. The bootstrap
   * role of that account must allow what the controller does.
   */
  readonly identity?: Identity;
  /** `source.component` of its Events; default `<name>-controller`. */
  readonly eventSource?: string;
  readonly gauges?: readonly ControllerGauge[];
  /** How many refs are worked on at once; default 5. */
  readonly workers?: number;
  reconcile(ref: ObjectRef, context: ControllerContext): Promise<Outcome>;
}

/** Declares a controller. */
export function defineController<T extends KubeObject>(controller: Controller<T>): Controller<T> {
  return Object.freeze(controller);
}

/** Builds a `Watch` with its Kind's object type. */
export function watching<W extends KubeObject>(
  kind: Kind<W>,
  refs: (object: W, context: ControllerContext) => Iterable<ObjectRef>,
  on?: readonly ChangeType[],
): Watch {
  const watch: Watch<W> = { kind, refs, on };
  return watch;
}

/** Builds a `CacheIndex` with its Kind's object type. */
export function indexing<W extends KubeObject>(kind: Kind<W>, name: string, values: (object: W) => readonly string[]): CacheIndex {
  const index: CacheIndex<W> = { kind, name, values };
  return index;
}
