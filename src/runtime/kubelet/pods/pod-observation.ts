/** The sandboxes and containers that the engine has for one pod, as a pod worker last read them. */
import type { Pod } from '../../../api/generated/core/v1.ts';
import type { Container, Sandbox } from '../../container/container-runtime.ts';

export class PodObservation {
  readonly sandboxes = new Map<string, Sandbox>();
  readonly containers = new Map<string, Container>();

  /** The newest running sandbox. */
  readySandbox(): Sandbox | undefined {
    return this.#newestSandbox((s) => s.state === 'ready');
  }

  newestSandbox(): Sandbox | undefined {
    return this.#newestSandbox(() => true);
  }

  /** All containers of one name, newest first. */
  history(name: string): readonly Container[] {
    return [...this.containers.values()]
      .filter((c) => c.name === name)
      .sort((a, b) => b.attempt - a.attempt || b.createdAtMs - a.createdAtMs);
  }

  latest(name: string): Container | undefined {
    return this.history(name)[0];
  }

  /** The newest run of a container that has ended. */
  lastEnded(name: string): Container | undefined {
    return this.history(name).find(({ state }) => state === 'exited');
  }

  running(): readonly Container[] {
    return [...this.containers.values()].filter((c) => c.state === 'running');
  }

  /** Running containers that are not the newest of their name, and so must be stopped. */
  outrun(): readonly Container[] {
    return this.running().filter((container) => this.latest(container.name) !== container);
  }

  /** Containers to remove: those whose name is not in the spec, and all but the last two of each name. */
  superfluous(pod: Pod): readonly Container[] {
    const names = new Set([...this.containers.values()].map((c) => c.name));
    const wanted = new Set(
      [...(pod.spec.initContainers ?? []), ...pod.spec.containers, ...(pod.spec.ephemeralContainers ?? [])].map((c) => c.name),
    );
    return [...names].flatMap((name) => this.history(name).slice(wanted.has(name) ? 2 : 0)).filter((c) => c.state !== 'running');
  }

  #newestSandbox(matches: (sandbox: Sandbox) => boolean): Sandbox | undefined {
    let newest: Sandbox | undefined;
    for (const sandbox of this.sandboxes.values()) {
      if (matches(sandbox) && (newest === undefined || sandbox.attempt > newest.attempt)) newest = sandbox;
    }
    return newest;
  }
}
