/** Keeps a pod worker's view of the engine up to date, and reads the termination messages of ended containers. */
import type { PodState } from './pod-state.ts';
import { terminationMessage } from './termination-message.ts';

/** Tracks which sandboxes and containers must be read again before the next step. */
export class EngineReader {
  /** Ids of the sandboxes and containers to read again. */
  readonly #stale = new Set<string>();
  /** Events were missed: the next step reads everything that is known by then. */
  #everything = false;

  /** True when something must be read. */
  get isBehind(): boolean {
    return this.#everything || this.#stale.size > 0;
  }

  expire(id: string): void {
    this.#stale.add(id);
  }

  expireAll(): void {
    this.#everything = true;
  }

  /**
   * Brings `state.observed` up to date. Rejects when the engine does not answer; what is still unread stays marked for
   * the next call.
   */
  async read(state: PodState): Promise<void> {
    const { observed } = state;
    if (this.#everything) {
      this.#everything = false;
      for (const id of [...observed.containers.keys(), ...observed.sandboxes.keys()]) this.#stale.add(id);
    }
    const stale = [...this.#stale];
    this.#stale.clear();
    try {
      for (const id of stale) {
        if (observed.containers.has(id)) await readContainer(state, id);
        else if (observed.sandboxes.has(id)) await readSandbox(state, id);
      }
    } catch (error) {
      for (const id of stale) this.#stale.add(id);
      throw error;
    }
  }
}

async function readSandbox({ deps, observed }: PodState, id: string): Promise<void> {
  const found = await deps.runtime.sandboxes.inspect(id);
  if (found === undefined) observed.sandboxes.delete(id);
  else observed.sandboxes.set(id, found);
}

/** Reads a container's state, and its termination message when it has ended. */
export async function readContainer(state: PodState, id: string): Promise<void> {
  const found = await state.deps.runtime.containers.inspect(id);
  if (found === undefined) {
    state.forgetContainer(id);
    state.deps.probes.stop(id);
    return;
  }
  state.observed.containers.set(id, found);
  if (found.state !== 'exited') return;
  state.deps.probes.stop(id);
  if (!state.terminationMessages.has(id)) {
    const message = await terminationMessage(state, found);
    if (message !== '') state.terminationMessages.set(id, message);
  }
}
