/**
 * Lets containers join and leave the cluster's network one after another.
 *
 * The daemon keeps count of the endpoints of a network and loses count when several change together: it then takes a
 * network that nobody uses for used, and refuses to remove it until it is restarted. Several of its calls may share one
 * counter in memory, which each of them reads, changes and writes again when another one was faster. Source: libnetwork
 * endpoint_cnt.go (atomicIncDecEpCnt), store.go (getNetworksFromStore).
 */
import { RuntimeError } from '../container-runtime.ts';
import { Limiter } from '../limiter.ts';
import type { DockerApi } from './docker-api.ts';
import { type EngineEvent, readEngineEvents } from './engine-events.ts';
import { statusOf } from './errors.ts';

/** Longer than a call takes on a busy machine. A call that the daemon never answers must not hold up all others. */
const turnLimitMs = 15_000;

interface Joining {
  readonly container: string;
  endTurn(): void;
}

export class Endpoints {
  readonly #api: DockerApi;
  readonly #network: string;
  readonly #limitMs: number;
  readonly #turns = new Limiter(1);
  #joining: Joining | undefined;
  #following: AbortController | undefined;

  /** `network`: its name. `limitMs`: how long a turn takes at most, when its call has not ended. */
  constructor(api: DockerApi, network: string, limitMs = turnLimitMs) {
    this.#api = api;
    this.#network = network;
    this.#limitMs = limitMs;
  }

  /**
   * Makes and starts a container in turn, so that a crash of minik leaves at most one that does not run; resolves or
   * rejects with the outcome. `make` says which container it is before it starts it. A container joins early in its
   * start, and the daemon tells of it by an event: the turn ends then, or with the call.
   */
  async join<T>(make: (starts: (container: string) => void) => Promise<T>): Promise<T> {
    this.#follow();
    const endTurn = await this.#turn();
    try {
      return await make((container) => {
        this.#joining = { container, endTurn };
      });
    } finally {
      endTurn();
    }
  }

  /**
   * Takes a container off the network, in turn. To be done before it is stopped or removed, which would take it off at
   * any time. Does nothing when it does not run, is gone, or has the host's network. Rejects with RuntimeError when the
   * daemon does not answer.
   */
  async leave(container: string): Promise<void> {
    const body = { Container: container, Force: true };
    const endTurn = await this.#turn();
    try {
      await this.#api.json({ method: 'POST', path: `/networks/${this.#network}/disconnect`, body });
    } catch (error) {
      // The daemon has different words for each of these. What remains on the network leaves it when it is stopped.
      if (!(error instanceof RuntimeError) || statusOf(error.cause) === undefined) throw error;
    } finally {
      endTurn();
    }
  }

  /** Resolves at the turn with what ends it. */
  async #turn(): Promise<() => void> {
    const end = await this.#turns.enter();
    const timer = setTimeout(end, this.#limitMs).unref();
    return () => {
      clearTimeout(timer);
      end();
    };
  }

  /** Gives up the connection to the daemon. */
  close(): void {
    this.#following?.abort();
  }

  /** Opens the event stream unless it is open. Nobody waits for it, since a call's end tells, too. */
  #follow(): void {
    if (this.#following !== undefined) return;
    const following = new AbortController();
    this.#following = following;
    const ended = (): void => {
      this.#following = undefined; // the next start opens it again
    };
    const filters = { type: ['network'], event: ['connect'] };
    readEngineEvents(this.#api, filters, { signal: following.signal, event: (event) => this.#accept(event) }).then(ended, ended);
  }

  #accept({ Actor }: EngineEvent): void {
    if (this.#joining?.container === Actor.Attributes.container) this.#joining?.endTurn();
  }
}
