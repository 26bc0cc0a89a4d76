/** What runs: controllers and other background parts have one shape for the composition root. */
import type { Client } from '../client/client.ts';
import type { Clock } from '../client/clock.ts';
import type { EventRecorder } from '../client/event-recorder.ts';
import type { Identity } from '../client/identity.ts';
import type { InformerFactory } from '../client/informer.ts';
import type { Logger } from '../client/logger.ts';

/** What a background part is given. */
export interface RunDeps {
  readonly client: Client;
  readonly informers: InformerFactory;
  readonly events: EventRecorder;
  readonly clock: Clock;
  readonly log: Logger;
  /** Ends the part. */
  readonly signal: AbortSignal;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

/** A started part. */
export interface Running {
  /** True when nothing is queued or being worked on; delayed work does not count. */
  readonly idle: boolean;
  /** Resolves when the work in hand at the time of the abort has ended. */
  stopped(): Promise<void>;
}

/** A part that does not fit `Controller`: it looks at several Kinds alike. */
export interface BackgroundController {
  readonly name: string;
  /** Whom it calls the API as; default: the ServiceAccount `<name>-controller` of kube-system. Its bootstrap role says what it may do. */
  readonly identity?: Identity;
  /** `source.component` of its Events; default `<name>-controller`. */
  readonly eventSource?: string;
  start(deps: RunDeps): Running;
}
