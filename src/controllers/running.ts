/** The common shape of controllers and other background parts, for the composition root. */
import type { Meters } from '../api/meters.ts';
import type { Client } from '../client/client.ts';
import type { Clock } from '../client/clock.ts';
import type { EventRecorder } from '../client/event-recorder.ts';
import type { Identity } from '../client/identity.ts';
import type { InformerFactory } from '../client/informer.ts';
import type { Logger } from '../client/logger.ts';

/** What a background part receives. */
export interface RunDeps {
  readonly client: Client;
  readonly informers: InformerFactory;
  readonly events: EventRecorder;
  readonly clock: Clock;
  readonly log: Logger;
  /** The cluster's metrics. */
  readonly meters: Meters;
  /** Ends the part. */
  readonly signal: AbortSignal;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

/** A started part. */
export interface Running {
  /** True when nothing is queued or being worked on; delayed work does not count. */
  readonly idle: boolean;
  /** Resolves when the work that was in progress at the abort has ended. */
  stopped(): Promise<void>;
}

/** A part that does not fit `Controller`, because it handles several Kinds in the same way. */
export interface BackgroundController {
  readonly name: string;
  /**
   * The user as which it calls the API; default: the ServiceAccount `<name>-controller` of kube-system. The bootstrap
   * role of that account must allow what it does.
   */
  readonly identity?: Identity;
  /** `source.component` of its Events; default `<name>-controller`. */
  readonly eventSource?: string;
  start(deps: RunDeps): Running;
}
