/**
 * Knows whether the container engine answers, and watches for its return. Source: pkg/kubelet/runtime.go;
 * pkg/kubelet/kubelet.go (updateRuntimeUp).
 */
import { type Clock, sleep } from '../../../client/clock.ts';
import type { Logger } from '../../../client/logger.ts';
import { type ContainerRuntime, RuntimeError } from '../../container/container-runtime.ts';

export interface EngineHealthOptions {
  readonly runtime: ContainerRuntime;
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /**
   * Called with the node condition's message when the engine stops answering, and with undefined when it answers again.
   */
  onChange(problem: string | undefined): void;
}

const retryMs = 1000;
/** Source: pkg/kubelet/runtime.go (runtimeErrors). */
export const runtimeDown = 'container runtime is down';

export class EngineHealth {
  readonly #options: EngineHealthOptions;
  #checking: Promise<void> | undefined;
  #away = false;

  constructor(options: EngineHealthOptions) {
    this.#options = options;
  }

  /** Asks the engine until it answers. Called when a call found it down, and when the event stream is open again. */
  check(): void {
    this.#checking ??= this.#check().finally(() => {
      this.#checking = undefined;
    });
  }

  /** Resolves when no check is running. */
  async settled(): Promise<void> {
    await this.#checking;
  }

  async #check(): Promise<void> {
    const { clock, signal } = this.#options;
    while (!signal.aborted) {
      const answers = await this.#answers();
      if (signal.aborted) return;
      if (answers === this.#away) this.#changed(!answers);
      if (answers) return;
      await sleep(clock, retryMs, signal);
    }
  }

  #changed(away: boolean): void {
    this.#away = away;
    this.#options.log[away ? 'warn' : 'info'](away ? 'container engine does not answer' : 'container engine answers again');
    this.#options.onChange(away ? runtimeDown : undefined);
  }

  async #answers(): Promise<boolean> {
    try {
      await this.#options.runtime.info();
      return true;
    } catch (error) {
      if (!(error instanceof RuntimeError)) throw error;
      return false;
    }
  }
}
