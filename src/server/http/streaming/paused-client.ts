/**
 * Asks a client that is not read whether it is still there. Nobody hears the end of a connection that is not read: it
 * lies behind what the client sent before, or never left its machine. Writing tells: the machine of a client that has
 * gone answers with a reset, and the next write fails.
 */
import type { Clock } from '../../../client/clock.ts';

/** As often as clients ask servers. Source: client-go tools/remotecommand/websocket.go (pingPeriod). */
const pingPeriodMs = 5000;

export class PausedClient {
  readonly #clock: Clock;
  readonly #ping: () => void;
  #cancel: (() => void) | undefined;

  /** `ping` writes what any client understands and none minds. */
  constructor(clock: Clock, ping: () => void) {
    this.#clock = clock;
    this.#ping = ping;
  }

  /** The client is not read from now on. */
  paused(): void {
    this.#cancel ??= this.#clock.setTimer(pingPeriodMs, () => {
      this.#cancel = undefined;
      this.paused();
      this.#ping();
    });
  }

  /** The client is read again, or has gone. */
  over(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }
}
