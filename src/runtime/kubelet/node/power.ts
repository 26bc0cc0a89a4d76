/** What a machine's end does to the containers of its node, at once and with no word to the API. */
import type { ContainerRuntime } from '../../container/container-runtime.ts';
import { Limiter } from '../../container/limiter.ts';

/** How many containers are killed or removed at once. */
const callsAtOnce = 8;

async function each<T>(all: readonly T[], task: (one: T) => Promise<void>): Promise<void> {
  const limiter = new Limiter(callsAtOnce);
  await Promise.all(all.map((one) => limiter.run(() => task(one))));
}

/**
 * Kills the containers of a node that has no kubelet. Their sandboxes stay, because the engine would give their
 * addresses to other pods while Services still lead there.
 */
export async function losePower({ containers }: ContainerRuntime, node: string): Promise<void> {
  const running = (await containers.list(node)).filter(({ state }) => state === 'running');
  await each(running, ({ id }) => containers.stop(id, 0));
}

/** Ends the sandboxes of a node that has lost its power, as its kubelet finds them when the machine has booted. */
export async function bootAgain({ sandboxes }: ContainerRuntime, node: string): Promise<void> {
  const ready = (await sandboxes.list(node)).filter(({ state }) => state === 'ready');
  await each(ready, ({ id }) => sandboxes.stop(id));
}

/** Removes all containers of a node that has no kubelet. */
export async function removeContainers({ containers, sandboxes }: ContainerRuntime, node: string): Promise<void> {
  await each(await containers.list(node), ({ id }) => containers.remove(id));
  await each(await sandboxes.list(node), ({ id }) => sandboxes.remove(id));
}
