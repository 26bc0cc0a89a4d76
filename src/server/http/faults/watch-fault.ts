/** A watch that a fault strikes: from some moment on it ends, breaks, or says nothing more. */
import type { Clock } from '../../../client/clock.ts';
import type { WatchOutput } from '../../registry/registry.ts';
import type { NodeBindings } from '../exchange.ts';
import { maxBacklogEvents, type WatchStream } from '../watch/watch-stream.ts';
import type { Strike } from './fault-source.ts';
import { resetConnection } from './reset-connection.ts';

export interface WatchFaultOptions {
  readonly strike: Strike;
  readonly stream: WatchStream;
  /** The host's. */
  readonly clock: Clock;
  /** The connection; absent over WebSocket and in tests that use no sockets. */
  readonly node: NodeBindings | undefined;
}

/** Stands between the registry and the stream of one watch. */
export class WatchFault {
  readonly #options: WatchFaultOptions;
  /** How many events the watch is still well for. */
  #left: number;
  #isOpen = false;
  #struck = false;
  /** Those that a silent watch does not send. */
  #held: WatchOutput[] = [];
  #cancel = (): void => undefined;

  constructor(options: WatchFaultOptions) {
    this.#options = options;
    this.#left = options.strike.rule.events ?? Number.POSITIVE_INFINITY;
  }

  /** Takes what the registry delivers. */
  push(batch: readonly WatchOutput[]): void {
    const { stream } = this.#options;
    const well = this.#struck ? 0 : this.#wellOf(batch);
    if (well > 0) stream.push(well === batch.length ? batch : batch.slice(0, well));
    if (this.#left === 0 && this.#isOpen) this.#strike();
    if (well < batch.length) this.#hold(batch.slice(well));
  }

  /** Begins when the watch has been opened. */
  opened(): void {
    const { strike, clock } = this.#options;
    const { afterMs, events } = strike.rule;
    this.#isOpen = true;
    if (this.#left === 0) this.#strike();
    else if (afterMs !== undefined || events === undefined) this.#cancel = clock.setTimer(afterMs ?? 0, () => this.#strike());
  }

  closed(): void {
    this.#cancel();
    this.#options.strike.over.removeEventListener('abort', this.#release);
    this.#held = [];
  }

  /** How many outputs of a batch are sent: those up to the last event for which the watch is well. */
  #wellOf(batch: readonly WatchOutput[]): number {
    let sent = 0;
    for (const { type } of batch) {
      if (this.#left === 0) break;
      if (type !== 'BOOKMARK') this.#left--;
      sent++;
    }
    return sent;
  }

  #strike(): void {
    if (this.#struck) return;
    this.#struck = true;
    this.#cancel();
    const { strike, stream, node, clock } = this.#options;
    switch (strike.rule.fault) {
      case 'watch-close':
        stream.end();
        break;
      case 'watch-reset':
        // What has been written is sent before.
        this.#cancel = clock.setTimer(0, () => {
          if (node !== undefined) resetConnection(node);
          stream.cut();
        });
        break;
      default:
        stream.holdsBack = true;
        strike.over.addEventListener('abort', this.#release, { once: true });
        if (strike.over.aborted) this.#release();
    }
  }

  #hold(outputs: readonly WatchOutput[]): void {
    const { strike, stream } = this.#options;
    if (strike.rule.fault !== 'watch-silence') return;
    this.#held.push(...outputs);
    // As for a client that does not read.
    if (this.#held.length > maxBacklogEvents) stream.cut();
  }

  readonly #release = (): void => {
    const { stream } = this.#options;
    stream.holdsBack = false;
    this.#struck = false;
    this.#left = Number.POSITIVE_INFINITY;
    const held = this.#held;
    this.#held = [];
    if (held.length > 0) stream.push(held);
  };
}
