/**
 * Ends a pod: preStop hooks, stop signals within the grace period, then the sandbox and, once the pod is deleted,
 * everything else of it. Source: pkg/kubelet/kubelet.go (SyncTerminatingPod, SyncTerminatedPod);
 * pkg/kubelet/kuberuntime/kuberuntime_container.go (killContainer).
 */
import type { Container as ContainerSpec } from '../../../api/generated/core/v1.ts';
import { sleep } from '../../../client/clock.ts';
import { type Container, RuntimeError } from '../../container/container-runtime.ts';
import { HookRunner } from '../containers/lifecycle-hooks.ts';
import { readContainer } from './engine-reader.ts';
import { failureOf } from './pod-life.ts';
import { isSidecar } from './pod-phase.ts';
import type { PodState } from './pod-state.ts';

/**
 * A container gets at least this long to stop after its preStop hook. Source: kuberuntime_container.go
 * (minimumGracePeriodInSeconds).
 */
const minimumGraceSeconds = 2;

/**
 * The grace period of a pod's containers, in seconds, from the pod's deletion or its spec; at least 1. Source:
 * pod_workers.go (calculateEffectiveGracePeriod).
 */
export function graceSeconds(state: PodState): number {
  const { deletionGracePeriodSeconds, deletionTimestamp } = state.pod.metadata;
  // Differs: upstream may give a force-deleted pod its whole grace period; here its containers are stopped at once, as
  // the user asked.
  if (state.goneFromApi) return 1;
  const given = deletionTimestamp === undefined ? undefined : deletionGracePeriodSeconds;
  const seconds = given ?? state.pod.spec.terminationGracePeriodSeconds;
  return Math.max(1, Math.min(seconds, failureOf(state.life)?.graceSeconds ?? seconds));
}

/**
 * Waits for something, at most until the grace period ends, even if that is shortened meanwhile. Returns the seconds
 * that are left.
 */
async function withinGrace(state: PodState, seconds: number, wait: (signal: AbortSignal) => Promise<void>): Promise<number> {
  const { clock } = state.deps;
  const begun = clock.now();
  const timeout = new AbortController();
  const signal = AbortSignal.any([timeout.signal, state.deps.closing]);
  let grace = seconds;
  const hurried = Promise.withResolvers<void>();
  const onHurry = (shorter: number): void => {
    grace = Math.min(grace, shorter);
    sleep(clock, Math.max(0, begun + grace * 1000 - clock.now()), signal).then(hurried.resolve, hurried.reject);
  };
  state.onHurry.add(onHurry);
  try {
    await Promise.race([wait(signal), hurried.promise, sleep(clock, seconds * 1000, signal)]);
  } finally {
    state.onHurry.delete(onHurry);
    timeout.abort();
  }
  return grace - Math.floor((clock.now() - begun) / 1000);
}

/** Runs the preStop hook within the grace period; returns the seconds that are left. */
async function preStop(state: PodState, spec: ContainerSpec, container: Container, seconds: number): Promise<number> {
  const handler = spec.lifecycle?.preStop;
  if (handler === undefined || seconds <= 0) return seconds;
  const { clock, runtime } = state.deps;
  const hooks = new HookRunner({ streams: runtime.streams, clock, warn: (reason, message) => state.event('Warning', reason, message) });
  return withinGrace(state, seconds, (signal) =>
    hooks.run(handler, { containerId: container.id, container: spec, podIp: state.facts.podIp }, signal).catch((error: unknown) => {
      if (!signal.aborted) state.containerEvent(spec, 'Warning', 'FailedPreStopHook', 'PreStopHook failed');
      state.deps.log.warn('preStop hook failed', { pod: state.podText, container: spec.name, error: String(error) });
    }),
  );
}

/** Stops one container on the engine. If the grace period is shortened meanwhile, the shorter one applies. */
async function stopOnEngine(state: PodState, id: string, seconds: number): Promise<void> {
  const { runtime, log } = state.deps;
  const onHurry = (shorter: number): void => {
    runtime.containers.stop(id, Math.max(minimumGraceSeconds, shorter)).catch((error: unknown) => {
      log.warn('container could not be stopped sooner', { pod: state.podText, error: String(error) });
    });
  };
  const { promise: closing, reject } = Promise.withResolvers<never>();
  const onClose = (): void => reject(new RuntimeError('Other', 'the kubelet is stopping'));
  state.deps.closing.addEventListener('abort', onClose, { once: true });
  state.onHurry.add(onHurry);
  try {
    await Promise.race([runtime.containers.stop(id, seconds), closing]);
  } finally {
    state.onHurry.delete(onHurry);
    state.deps.closing.removeEventListener('abort', onClose);
  }
}

/**
 * The order in which containers are stopped. A container's wait for its turn counts against its grace period. Source:
 * kuberuntime_termination_order.go.
 */
interface Turns {
  /** Resolves when all containers that must end before `name` have ended. */
  of(name: string): Promise<unknown> | undefined;
  ended(name: string): void;
}

/** Stops containers concurrently and records how they ended. */
export async function stopContainers(state: PodState, containers: readonly Container[], seconds: number, turns?: Turns): Promise<void> {
  const { probes } = state.deps;
  await Promise.all(
    containers.map(async (container) => {
      probes.stopFatal(container.id);
      const spec = state.spec(container.name);
      let left = spec === undefined ? seconds : await preStop(state, spec, container, seconds);
      const turn = turns?.of(container.name);
      if (turn !== undefined && left > 0) left = await withinGrace(state, left, () => turn.then(() => undefined));
      await stopOnEngine(state, container.id, Math.max(minimumGraceSeconds, left));
      await readContainer(state, container.id);
      turns?.ended(container.name);
    }),
  );
}

/** A sidecar waits for the main containers and for the sidecars that come after it in the spec. */
function terminationOrder({ pod }: PodState, running: readonly Container[]): Turns {
  const sidecars = (pod.spec.initContainers ?? []).filter(isSidecar).map((c) => c.name);
  const ends = new Map(running.map(({ name }) => [name, Promise.withResolvers<void>()]));
  return {
    of: (name) => {
      const place = sidecars.indexOf(name);
      if (place === -1) return undefined;
      const first = new Set([...pod.spec.containers.map((c) => c.name), ...sidecars.slice(place + 1)]);
      const before = [...ends].filter(([other]) => first.has(other));
      return Promise.all(before.map(([, { promise }]) => promise));
    },
    ended: (name) => ends.get(name)?.resolve(),
  };
}

/**
 * Stops all running containers concurrently. preStop hooks start at once; only the stop signals of sidecars wait for
 * their turn. Idempotent.
 */
export async function stopContainersOfPod(state: PodState): Promise<void> {
  const running = state.observed.running();
  for (const container of running) {
    const spec = state.spec(container.name);
    if (spec !== undefined) state.containerEvent(spec, 'Normal', 'Killing', `Stopping container ${container.name}`);
  }
  await stopContainers(state, running, graceSeconds(state), terminationOrder(state, running));
}

/** Stops the pod's sandboxes; their containers must have been stopped. Idempotent. */
export async function stopSandboxes(state: PodState): Promise<void> {
  const { sandboxes } = state.observed;
  const ready = [...sandboxes.values()].filter((sandbox) => sandbox.state === 'ready');
  await Promise.all(
    ready.map(async (sandbox) => {
      await state.deps.runtime.sandboxes.stop(sandbox.id);
      sandboxes.set(sandbox.id, { ...sandbox, state: 'notReady' });
    }),
  );
}

/** Removes a container that has ended, once its log is where it is wanted. */
export async function removeContainer({ deps: { logs, runtime } }: PodState, container: Container): Promise<void> {
  await logs.complete([container.id]);
  await runtime.containers.remove(container.id);
  logs.removed(container);
}

/**
 * Removes by force what a deleted pod left on the engine and on disk. Idempotent. The sandbox is removed first, because
 * the engine releases addresses one at a time for the whole network; the removals that follow keep another core busy
 * meanwhile. Removing sandboxes and containers of many pods concurrently is slower.
 */
export async function removePod(state: PodState): Promise<void> {
  const { runtime, volumes, images, logs, probes, removalLimiter } = state.deps;
  const { containers, sandboxes } = state.observed;
  const { uid } = state.pod.metadata;
  for (const id of containers.keys()) probes.stop(id);
  logs.leave(uid);
  await logs.complete(containers.keys());
  await removalLimiter.run(async () => {
    await Promise.all([...sandboxes.keys()].map((id) => runtime.sandboxes.remove(id)));
    await Promise.all([...containers.keys()].map((id) => runtime.containers.remove(id)));
  });
  for (const container of containers.values()) logs.removed(container);
  containers.clear();
  sandboxes.clear();
  await volumes.tearDown(uid);
  images.forget(uid);
  probes.forget(uid);
}
