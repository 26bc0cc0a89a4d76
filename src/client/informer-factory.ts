/** One shared informer per Kind over any client, in process or over HTTP. The guarantees are stated in informer.ts. */
import type { Kind } from '../api/kind.ts';
import type { KubeObject } from '../api/object.ts';
import type { Client } from './client.ts';
import { type Clock, systemClock } from './clock.ts';
import type { Informer, InformerFactory } from './informer.ts';
import type { KindCatalog } from './kind-catalog.ts';
import { type Logger, silentLogger } from './logger.ts';
import { Reflector } from './reflector.ts';

export interface InformerFactoryOptions {
  readonly client: Client;
  /** The Kinds that exist. The informer of a Kind that is removed or replaced ends. Default: Kinds never change. */
  readonly kinds?: Pick<KindCatalog, 'onChange'>;
  /** Ends all watches; caches stay as they are. */
  readonly signal: AbortSignal;
  /** Default: the system's clock. */
  readonly clock?: Clock;
  /** Default: logs nothing. */
  readonly log?: Logger;
  /** Uniform in [0, 1), for the jitter of back-offs; default Math.random. */
  readonly random?: () => number;
}

/** An informer factory that also lists the informers that it has made. */
export interface InspectableInformerFactory extends InformerFactory {
  /** The informers made so far. */
  readonly informers: readonly Informer<KubeObject>[];
}

/** Makes a factory. Informers start on first use. */
export function createInformerFactory(options: InformerFactoryOptions): InspectableInformerFactory {
  const { client, signal, clock = systemClock, log = silentLogger, random = Math.random } = options;
  const made = new Map<string, { readonly informer: Informer<KubeObject>; readonly stop: AbortController }>();
  const unsubscribe = options.kinds?.onChange(({ removed }) => {
    for (const { resourceName } of removed) {
      made.get(resourceName)?.stop.abort();
      made.delete(resourceName);
    }
  });
  if (unsubscribe !== undefined) signal.addEventListener('abort', unsubscribe, { once: true });
  return {
    informer: <T extends KubeObject>(kind: Kind<T>): Informer<T> => {
      let known = made.get(kind.resourceName);
      if (known === undefined) {
        const stop = new AbortController();
        const both = AbortSignal.any([signal, stop.signal]);
        const reflector = new Reflector<T>({ api: client.resource(kind), signal: both, clock, log: log.with({ kind: kind.kind }), random });
        reflector.start();
        // For each Kind the map holds the informer that was made for it; TypeScript cannot express this.
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
  };
}
