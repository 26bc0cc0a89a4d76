/** Starts all controllers. Each has its own user and Event source; all share the same caches. */
import type { Event } from '../api/generated/core/v1.ts';
import { event } from '../api/kinds/core/event.ts';
import { Meters } from '../api/meters.ts';
import { type ApiEventRecorder, createEventRecorder } from '../client/api-event-recorder.ts';
import type { Client } from '../client/client.ts';
import type { Clock } from '../client/clock.ts';
import { controllerAccount, type Identity } from '../client/identity.ts';
import type { InformerFactory } from '../client/informer.ts';
import type { Logger } from '../client/logger.ts';
import type { Controller } from './controller.ts';
import { type ControllerMetrics, runController } from './controller-runner.ts';
import type { BackgroundController, RunDeps, Running } from './running.ts';

export type AnyController = Controller | BackgroundController;

export interface ControllersOptions {
  readonly controllers: readonly AnyController[];
  /** Makes a client that calls the API as one user. */
  readonly clientFor: (identity: Identity) => Client;
  readonly informers: InformerFactory;
  readonly log: Logger;
  /** What they count, beside their queues. Default: nobody reads it. */
  readonly meters?: Meters;
  /** Stops all controllers. */
  readonly signal: AbortSignal;
  /** The cluster's. */
  readonly clock: Clock;
  /** Uniform in [0, 1); default Math.random. */
  readonly random?: () => number;
}

export interface RunningControllers extends Running {
  /** Counters by controller name. */
  readonly metrics: Readonly<Record<string, ControllerMetrics>>;
}

/** Starts all controllers and returns at once. Each begins to work when its caches have synced. */
export function startControllers(options: ControllersOptions): RunningControllers {
  const { controllers, clientFor, informers, log, signal, clock, random = Math.random, meters = new Meters() } = options;
  const recorders: ApiEventRecorder[] = [];
  const metrics: Record<string, () => ControllerMetrics> = {};
  const parts = controllers.map((controller): Running => {
    const component = controller.eventSource ?? `${controller.name}-controller`;
    const client = clientFor(controller.identity ?? controllerAccount(`${controller.name}-controller`));
    const events = createEventRecorder({ api: client.resource<Event>(event), component, clock, log, signal });
    recorders.push(events);
    const deps: RunDeps = { client, informers, events, clock, log, meters, signal, random };
    if (!('reconcile' in controller)) return controller.start(deps);
    const running = runController(controller, deps);
    metrics[controller.name] = () => running.metrics;
    return running;
  });
  return {
    get idle() {
      return parts.every(({ idle }) => idle) && recorders.every(({ pending }) => pending === 0);
    },
    get metrics() {
      return Object.fromEntries(Object.entries(metrics).map(([name, read]) => [name, read()]));
    },
    stopped: async () => {
      await Promise.all(parts.map((part) => part.stopped()));
    },
  };
}
