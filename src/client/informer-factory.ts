/** One shared informer per Kind over any client, in process or over HTTP. The guarantees are stated in informer.ts. */
import type { AnyKind, Kind } from '../api/kind.ts';
import type { KubeObject } from '../api/object.ts';
import type { Client } from './client.ts';
import { type Clock, systemClock } from './clock.ts';
import type { Informer, InformerFactory } from './informer.ts';
import { type Logger, silentLogger } from './logger.ts';
import { Reflector } from './reflector.ts';

export interface InformerFactoryOptions {
  readonly client: Client;
  /** Ends all watches; caches stay as they are. */
  readonly signal: AbortSignal;
  /** Default the system's. */
  readonly clock?: Clock;
  /** Default silent. */
  readonly log?: Logger;
  /** Uniform in [0, 1): the jitter of back-offs; default Math.random. */
  readonly random?: () => number;
}

/** An informer factory that can also be asked for what it has made, and told to forget a Kind that is no longer served. */
export interface StoppableInformerFactory extends InformerFactory {
  /** The informers made so far. */
  readonly informers: readonly Informer<KubeObject>[];
  /** Ends a Kind's informer: of a custom resource whose definition was deleted. */
  remove(kind: AnyKind): void;
}

/** Makes a factory; informers start at first use. */
export function createInformerFactory(options: InformerFactoryOptions): StoppableInformerFactory {
  const { client, signal, clock = systemClock, log = silentLogger, random = Math.random } = options;
  const made = new Map<string, { readonly informer: Informer<KubeObject>; readonly stop: AbortController }>();
  return {
    informer: <T extends KubeObject>(kind: Kind<T>): Informer<T> => {
      let known = made.get(kind.resourceName);
      if (known === undefined) {
        const stop = new AbortController();
        const both = AbortSignal.any([signal, stop.signal]);
        const reflector = new Reflector<T>({ api: client.resource(kind), signal: both, clock, log: log.with({ kind: kind.kind }), random });
        reflector.start();
        // The map holds under each Kind the informer made for it; TypeScript cannot say so.
        known = { informer: reflector as unknown as Informer<KubeObject>, stop };
        made.set(kind.resourceName, known);
      }
      return known.informer as unknown as Informer<T>;
    },
    synced: async () => {
      await Promise.all([...made.values()].map(({ informer }) => informer.synced()));
    },
    get informers() {
      return [...made.values()].map(({ informer }) => informer);
    },
    remove: (kind) => {
      made.get(kind.resourceName)?.stop.abort();
      made.delete(kind.resourceName);
    },
  };
}
