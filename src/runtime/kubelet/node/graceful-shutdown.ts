/**
 * Shuts a node down gracefully: it is no longer Ready, takes no pods, and its pods end, group after group. Source:
 * pkg/kubelet/nodeshutdown/nodeshutdown_manager_linux.go.
 */
import type { Node } from '../../../api/generated/core/v1.ts';
import { type Clock, sleep } from '../../../client/clock.ts';
import type { EventRecorder } from '../../../client/event-recorder.ts';
import { mustEnd } from '../pods/pod-life.ts';
import type { PodWorker } from '../pods/pod-worker.ts';
import type { Waiting } from '../pods/status-input.ts';
import { type ShutdownPeriod, shutdownGroups } from './shutdown-groups.ts';

export interface GracefulShutdownOptions {
  readonly clock: Clock;
  readonly events: EventRecorder;
  node(): Node | undefined;
  workers(): readonly PodWorker[];
  /** Kills the containers that still run. */
  kill(): Promise<void>;
  /** Called when the node begins to shut down, and when it does no longer. */
  onChange(shutsDown: boolean): void;
}

/** How long it may take until the API knows of all that was killed. */
const statusSeconds = 10;

const rejected: Waiting = { reason: 'NodeShutdown', message: 'Pod was rejected as the node is shutting down.' };

export class GracefulShutdown {
  readonly #options: GracefulShutdownOptions;
  #shutsDown = false;

  constructor(options: GracefulShutdownOptions) {
    this.#options = options;
  }

  /** Why a new pod is not taken; undefined when it is. */
  get refusal(): Waiting | undefined {
    return this.#shutsDown ? rejected : undefined;
  }

  /**
   * Ends the pods; what runs when their periods are over is killed. Resolves with how many were ended. When the signal
   * aborts, the node takes pods again, and those that were not ended yet run on.
   */
  async run(periods: readonly ShutdownPeriod[], signal: AbortSignal): Promise<number> {
    const { clock, kill, workers } = this.#options;
    this.#set(true, 'Shutdown manager detected shutdown event');
    const atMost = async (seconds: number, all: readonly Promise<void>[]): Promise<void> => {
      const over = new AbortController();
      await Promise.race([Promise.all(all), sleep(clock, seconds * 1000, AbortSignal.any([over.signal, signal]))]);
      over.abort();
    };
    const active = workers().filter(({ state }) => state.life.stage !== 'terminated');
    const ends: Promise<void>[] = [];
    let ended = 0;
    for (const { seconds, members } of shutdownGroups(periods, active, ({ state }) => state.pod)) {
      if (signal.aborted) break;
      ended += members.filter(({ state }) => !mustEnd(state.life)).length;
      const group = members.map((worker) => worker.shutDown(seconds));
      ends.push(...group);
      await atMost(seconds, group);
    }
    if (signal.aborted) this.#set(false, 'Shutdown manager detected shutdown cancellation');
    else {
      await kill();
      // Otherwise pods that were killed would run again at the next start, as if nobody had ended them.
      await atMost(statusSeconds, ends);
    }
    return ended;
  }

  #set(shutsDown: boolean, message: string): void {
    const { events, node, onChange } = this.#options;
    this.#shutsDown = shutsDown;
    const object = node();
    if (object !== undefined) events.event(object, 'Normal', 'Shutdown', message);
    onChange(shutsDown);
  }
}
