/**
 * Ends a pod: preStop hooks, stop signals within the grace period, then the sandbox and, once the pod is deleted, every trace of it.
 * Source: pkg/kubelet/kubelet.go (SyncTerminatingPod, SyncTerminatedPod); pkg/kubelet/kuberuntime/kuberuntime_container.go (killContainer).
 */
import { open } from 'node:fs/promises';
import type { Container as ContainerSpec } from '../../api/generated/core/v1.ts';
import { sleep } from '../../client/clock.ts';
import type { Container } from '../container/container-runtime.ts';
import { terminationLogAnnotation } from './container-config.ts';
import { HookRunner } from './lifecycle-hooks.ts';
import type { PodState } from './pod-state.ts';
import { isSidecar } from './pod-status.ts';
import { isErrno } from './volumes/atomic-writer.ts';

/** At least this long is left to a container after its preStop hook. Source: kuberuntime_container.go (minimumGracePeriodInSeconds). */
const minimumGraceSeconds = 2;
const maxMessageBytes = 4096;
const maxLogMessageBytes = 2048;
const maxLogMessageLines = 80;

/** Seconds that a pod's containers get to end, from its deletion or its spec. */
export function graceSeconds(state: PodState): number {
  const { deletionGracePeriodSeconds, deletionTimestamp } = state.pod.metadata;
  if (deletionTimestamp !== undefined && deletionGracePeriodSeconds !== undefined) return Math.max(0, deletionGracePeriodSeconds);
  return Math.max(1, state.pod.spec.terminationGracePeriodSeconds);
}

async function preStop(state: PodState, spec: ContainerSpec, container: Container, seconds: number): Promise<number> {
  const handler = spec.lifecycle?.preStop;
  if (handler === undefined || seconds === 0) return seconds;
  const { clock, runtime } = state.deps;
  const begun = clock.now();
  const timeout = new AbortController();
  const hooks = new HookRunner({ streams: runtime.streams, clock });
  const run = hooks
    .run(handler, { containerId: container.id, container: spec, podIp: state.facts.podIp }, timeout.signal)
    .catch((error: unknown) => {
      if (!timeout.signal.aborted) state.containerEvent(spec, 'Warning', 'FailedPreStopHook', 'PreStopHook failed');
      state.deps.log.warn('preStop hook failed', { pod: state.podText, container: spec.name, error: String(error) });
    });
  await Promise.race([run, sleep(clock, seconds * 1000, timeout.signal)]);
  timeout.abort();
  return Math.max(minimumGraceSeconds, seconds - Math.floor((clock.now() - begun) / 1000));
}

/** Stops containers side by side and records how they ended. */
export async function stopContainers(state: PodState, containers: readonly Container[], seconds: number): Promise<void> {
  const { runtime, probes } = state.deps;
  await Promise.all(
    containers.map(async (container) => {
      probes.stop(container.id);
      const spec = state.spec(container.name);
      const left = spec === undefined ? seconds : await preStop(state, spec, container, seconds);
      await runtime.containers.stop(container.id, left);
      await refreshContainer(state, container.id);
    }),
  );
}

/** Reads a container's state from the engine, and its last words when it has ended. */
export async function refreshContainer(state: PodState, id: string): Promise<void> {
  const found = await state.deps.runtime.containers.inspect(id);
  if (found === undefined) {
    state.observed.containers.delete(id);
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

/** Source: pkg/kubelet/kuberuntime/kuberuntime_container.go (getTerminationMessage). */
async function terminationMessage(state: PodState, container: Container): Promise<string> {
  const path = container.annotations[terminationLogAnnotation];
  const spec = state.spec(container.name);
  if (path === undefined || spec === undefined || spec.terminationMessagePath === '') return '';
  const message = await tailOfFile(path, maxMessageBytes);
  if (message !== '' || spec.terminationMessagePolicy !== 'FallbackToLogsOnError' || container.exitCode === 0) return message;
  return tailOfLog(state, container.id);
}

async function tailOfFile(path: string, maxBytes: number): Promise<string> {
  try {
    const file = await open(path, 'r');
    try {
      const { size } = await file.stat();
      const length = Math.min(size, maxBytes);
      const { buffer } = await file.read(Buffer.alloc(length), 0, length, size - length);
      return buffer.toString('utf8');
    } finally {
      await file.close();
    }
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return '';
    throw error;
  }
}

async function tailOfLog(state: PodState, id: string): Promise<string> {
  const { PassThrough } = await import('node:stream');
  const sink = new PassThrough();
  const chunks: Buffer[] = [];
  sink.on('data', (chunk: Buffer) => chunks.push(chunk));
  await state.deps.runtime.streams.logs(
    id,
    { follow: false, tailLines: maxLogMessageLines, timestamps: false, signal: state.abort.signal },
    sink,
  );
  return Buffer.concat(chunks).subarray(-maxLogMessageBytes).toString('utf8');
}

/** Stops everything that runs: containers first, then sidecars in reverse order, then the sandboxes. Idempotent. */
export async function stopPod(state: PodState): Promise<void> {
  const { runtime } = state.deps;
  const begun = state.deps.clock.now();
  const sidecars = (state.pod.spec.initContainers ?? []).filter(isSidecar).map((c) => c.name);
  const running = state.observed.running();
  for (const container of running) {
    const spec = state.spec(container.name);
    if (spec !== undefined) state.containerEvent(spec, 'Normal', 'Killing', `Stopping container ${container.name}`);
  }
  await stopContainers(
    state,
    running.filter((c) => !sidecars.includes(c.name)),
    graceSeconds(state),
  );
  const left = Math.max(minimumGraceSeconds, graceSeconds(state) - Math.floor((state.deps.clock.now() - begun) / 1000));
  for (const name of sidecars.reverse())
    await stopContainers(
      state,
      running.filter((c) => c.name === name),
      left,
    );
  await Promise.all(
    [...state.observed.sandboxes.values()].map(async (sandbox) => {
      await runtime.sandboxes.stop(sandbox.id);
      state.observed.sandboxes.set(sandbox.id, { ...sandbox, state: 'notReady' });
    }),
  );
}

/** Removes what a deleted pod left on the engine and on disk. Idempotent. */
export async function removePod(state: PodState): Promise<void> {
  const { runtime, volumes, images, probes } = state.deps;
  const { uid } = state.pod.metadata;
  await Promise.all(
    [...state.observed.containers.keys()].map(async (id) => {
      probes.stop(id);
      await runtime.containers.remove(id);
      state.observed.containers.delete(id);
    }),
  );
  await Promise.all(
    [...state.observed.sandboxes.keys()].map(async (id) => {
      await runtime.sandboxes.remove(id);
      state.observed.sandboxes.delete(id);
    }),
  );
  await volumes.tearDown(uid, state.pod.spec.volumes ?? []);
  images.forget(uid);
}
