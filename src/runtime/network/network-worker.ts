/**
 * The network worker's thread. It has its own event loop, so that traffic and control plane never wait for each other.
 *
 * Started through the `createWorker` that the composition root injects: network-worker-entry.ts as a file, or a bundle
 * of it as text (`new Worker(code, { eval: true })`).
 */
import { randomInt } from 'node:crypto';
import type { MessagePort } from 'node:worker_threads';
import { systemClock } from '../../client/clock.ts';
import { NetworkPlane } from './network-plane.ts';
import type { ToNetworkWorker } from './network-state.ts';

const randomSteps = 2 ** 32;

/** Serves a port until it is told to stop, or the main thread has ended. */
export function runNetworkWorker(port: MessagePort): void {
  const plane = new NetworkPlane({
    clock: systemClock,
    random: () => randomInt(randomSteps) / randomSteps,
    post: (message) => port.postMessage(message),
  });
  port.on('message', (message: ToNetworkWorker) => {
    plane.handle(message);
    if (message.type === 'stop') port.close();
  });
  port.on('close', () => plane.handle({ type: 'stop' }));
}
