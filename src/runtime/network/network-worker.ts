/**
 * The network worker's thread: its own event loop, so that traffic never waits for the control plane nor the other way round.
 *
 * Started in one of three ways, all through the `createWorker` that the composition root injects: this folder's network-worker-entry.ts as a file; a second bundle of it as text
 * (`new Worker(code, { eval: true })`); or the main bundle again with `workerData: networkWorkerData`, whose entry point asks `isNetworkWorker(workerData)` first.
 */
import { randomInt } from 'node:crypto';
import type { MessagePort } from 'node:worker_threads';
import { systemClock } from '../../client/clock.ts';
import { NetworkPlane } from './network-plane.ts';
import type { ToNetworkWorker } from './network-state.ts';

/** What the main bundle is started with to become the network worker. */
export const networkWorkerData: { readonly role: 'network' } = Object.freeze({ role: 'network' });

/** Whether this thread was started to be the network worker. */
export function isNetworkWorker(workerData: unknown): boolean {
  return typeof workerData === 'object' && workerData !== null && 'role' in workerData && workerData.role === networkWorkerData.role;
}

const randomSteps = 2 ** 32;

/** Serves a port until it is told to stop, or the main thread is gone. */
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
