/**
 * Starts one container: back-off, image, configuration, create, start, postStart.
 * Source: pkg/kubelet/kuberuntime/kuberuntime_container.go (startContainer); kuberuntime_manager.go (doBackOff).
 */
import { errorText } from '../../../api/error-text.ts';
import type { Container as ContainerSpec, Secret } from '../../../api/generated/core/v1.ts';
import { goDurationText } from '../../../api/go-duration.ts';
import { type Container, type ContainerConfig, RuntimeError } from '../../container/container-runtime.ts';
import { ImageError } from '../images/image-manager.ts';
import { PodConfigError } from '../pods/pod-sources.ts';
import type { PodState } from '../pods/pod-state.ts';
import { stopContainers } from '../pods/pod-termination.ts';
import { containerConfig } from './container-config.ts';
import { gpuAnnotation } from './gpus.ts';
import { imageMounts } from './image-mounts.ts';
import { HookRunner } from './lifecycle-hooks.ts';
import { withPodLimits } from './resources.ts';
import { runAsNonRootViolation } from './security.ts';
import { AskedUser } from './started-as.ts';

/** In how many milliseconds to look at the container again; undefined: the next event decides. */
export type StartOutcome = { readonly retryAfterMs: number | undefined };

const started: StartOutcome = { retryAfterMs: undefined };
const configRetryMs = 10_000;

const crashKey = (state: PodState, spec: ContainerSpec): string => `${state.pod.metadata.uid}_${spec.name}_${spec.image}`;

/**
 * Runs all steps. When one fails, records the container's waiting reason. Rejects only with `RuntimeError`
 * `Unavailable`.
 */
export async function startContainer(state: PodState, spec: ContainerSpec, sandboxId: string, target?: string): Promise<StartOutcome> {
  const ended = state.lastEnded(spec);
  if (ended !== undefined) {
    const waitMs = state.crashBackoff.remainingMs(crashKey(state, spec), ended.finishedAtMs);
    if (waitMs > 0) return backOff(state, spec, waitMs);
    state.crashBackoff.next(crashKey(state, spec), ended.finishedAtMs);
  }
  try {
    await prepareAndStart(state, spec, { sandboxId, target });
    state.waiting.delete(spec.name);
    return started;
  } catch (error) {
    return failed(state, spec, error);
  }
}

function backOff(state: PodState, spec: ContainerSpec, waitMs: number): StartOutcome {
  const delay = state.crashBackoff.delayMs(crashKey(state, spec));
  const known = state.waiting.get(spec.name);
  const message = `back-off ${goDurationText(delay)} restarting failed container=${spec.name} pod=${state.podText}`;
  if (known?.message !== message) {
    state.containerEvent(spec, 'Warning', 'BackOff', `Back-off restarting failed container ${spec.name} in pod ${state.podText}`);
  }
  state.waiting.set(spec.name, { reason: 'CrashLoopBackOff', message });
  return { retryAfterMs: waitMs };
}

async function pullSecrets(state: PodState): Promise<Secret[]> {
  const namespace = state.pod.metadata.namespace ?? '';
  const found: Secret[] = [];
  for (const { name } of state.pod.spec.imagePullSecrets ?? []) {
    const secret = await state.deps.sources.secret(namespace, name ?? '');
    if (secret !== undefined) found.push(secret);
    else {
      const message = `Unable to retrieve some image pull secrets (${name ?? ''}); attempting to pull the image may not succeed.`;
      state.event('Warning', 'FailedToRetrieveImagePullSecret', message);
    }
  }
  return found;
}

interface Place {
  readonly sandboxId: string;
  /** Name of the container whose processes an ephemeral container sees. */
  readonly target: string | undefined;
}

/** The attempt number of the next run: one more than the highest known. The API may know newer runs than the engine. */
function nextAttempt(state: PodState, spec: ContainerSpec): number {
  const latest = state.observed.latest(spec.name);
  if (latest !== undefined) return latest.state === 'created' ? latest.attempt : latest.attempt + 1;
  const restarted = state.restartedInPlace.get(spec.name);
  if (restarted !== undefined) return restarted;
  const status = state.statusOf(spec.name);
  if (status === undefined) return 0;
  return status.containerID === undefined ? status.restartCount : status.restartCount + 1;
}

/** The container that an ephemeral one joins. Source: kuberuntime_container.go (getTargetID). */
function targetId(state: PodState, target: string | undefined): string | undefined {
  if (target === undefined || target === '') return undefined;
  const found = state.observed.latest(target);
  if (found?.state === 'running') return found.id;
  throw new PodConfigError('CreateContainerConfigError', `unable to find target container ${target}`);
}

async function prepareAndStart(state: PodState, spec: ContainerSpec, { sandboxId, target }: Place): Promise<void> {
  const { deps } = state;
  const secrets = await pullSecrets(state);
  const image = await deps.images.ensure({
    pod: state.pod,
    image: spec.image,
    policy: spec.imagePullPolicy,
    fieldPath: state.fieldPath(spec),
    pullSecrets: secrets,
    signal: () => {
      state.leaveStart();
      return state.abortSignal;
    },
  });
  // Source: pkg/kubelet/dockershim/convert.go (toPullableImageID).
  const [digest] = image.repoDigests;
  state.imageRefs.set(image.id, digest === undefined ? `docker://${image.id}` : `docker-pullable://${digest}`);
  const violation = runAsNonRootViolation(state.pod, spec, image);
  if (violation !== undefined) throw new PodConfigError('CreateContainerConfigError', violation);
  const images = await imageMounts(state, spec, secrets);
  const joined = targetId(state, target);
  const attempt = nextAttempt(state, spec);
  const container = { ...spec, resources: state.granted.get(spec.name) ?? spec.resources };
  const built = await containerConfig({ pod: state.grantedPod, container, image, images, sandboxId, attempt, facts: state.facts }, deps);
  if (state.aborted) return;
  const config = joined === undefined ? built : { ...built, pidMode: { target: joined } };
  const user = new AskedUser(state, config, image.id);
  const made = await make(state, spec, { config, imageId: image.id });
  const { resources } = container;
  state.inForce.set(spec.name, { own: resources, whole: withPodLimits(resources, state.grantedPod.spec.resources) });
  await start(state, spec, { container: made, user });
}

interface Making {
  readonly config: ContainerConfig;
  readonly imageId: string;
}

/** Makes the container on the engine, with the GPUs that it is to have. */
async function make(state: PodState, spec: ContainerSpec, { config, imageId }: Making): Promise<Container> {
  const { gpus: pool, clock } = state.deps;
  const gpus = pool.take(spec);
  const annotations = gpus.length === 0 ? config.annotations : { ...config.annotations, [gpuAnnotation]: gpus.join(',') };
  try {
    const id = await create(state, spec, { ...config, gpus, annotations });
    state.containerEvent(spec, 'Normal', 'Created', 'Container created');
    const made: Container = {
      ...{ id, pod: config.pod, sandboxId: config.sandboxId, name: spec.name, attempt: config.attempt, image: spec.image, imageId },
      ...{ state: 'created', createdAtMs: clock.now(), startedAtMs: 0, finishedAtMs: 0, exitCode: 0, reason: '', message: '' },
      ...{ labels: config.labels, annotations },
    };
    state.observed.containers.set(id, made);
    return made;
  } finally {
    pool.settle(gpus);
  }
}

async function create(state: PodState, spec: ContainerSpec, config: ContainerConfig): Promise<string> {
  try {
    return await state.deps.engineLimiter.run(() => state.deps.runtime.containers.create(config));
  } catch (error) {
    if (!(error instanceof RuntimeError) || error.code === 'Unavailable') throw error;
    state.containerEvent(spec, 'Warning', 'Failed', `Error: ${error.message}`);
    throw new PodConfigError('CreateContainerError', error.message);
  }
}

interface Starting {
  readonly container: Container;
  readonly user: AskedUser;
}

async function start(state: PodState, spec: ContainerSpec, { container, user }: Starting): Promise<void> {
  const { deps } = state;
  try {
    await deps.engineLimiter.run(() => deps.runtime.containers.start(container.id));
  } catch (error) {
    if (!(error instanceof RuntimeError) || error.code === 'Unavailable') throw error;
    const found = await deps.runtime.containers.inspect(container.id);
    if (found !== undefined) state.observed.containers.set(found.id, found);
    const message = `failed to start container ${JSON.stringify(container.id)}: Error response from daemon: ${error.message}`;
    // Ids would make every attempt's event another one. Source: kuberuntime_container.go (recordContainerEvent).
    state.containerEvent(spec, 'Warning', 'Failed', `Error: ${message.replaceAll(container.id, spec.name)}`);
    throw new PodConfigError('RunContainerError', message);
  }
  user.note(state, container.id);
  // If the container has exited meanwhile, an event will report it and the container is then inspected.
  const running: Container = { ...container, state: 'running', startedAtMs: deps.clock.now() };
  state.observed.containers.set(container.id, running);
  deps.logs.started(running);
  state.containerEvent(spec, 'Normal', 'Started', 'Container started');
  deps.probes.start({
    pod: state.pod,
    container: spec,
    containerId: container.id,
    podIp: state.facts.podIp,
    startedAtMs: deps.clock.now(),
  });
  await postStart(state, spec, container.id);
}

async function postStart(state: PodState, spec: ContainerSpec, containerId: string): Promise<void> {
  const handler = spec.lifecycle?.postStart;
  if (handler !== undefined) state.leaveStart();
  if (handler === undefined) return;
  const hooks = new HookRunner({
    streams: state.deps.runtime.streams,
    clock: state.deps.clock,
    warn: (reason, message) => state.event('Warning', reason, message),
  });
  try {
    await hooks.run(handler, { containerId, container: spec, podIp: state.facts.podIp }, state.abortSignal);
  } catch (error) {
    if (state.aborted) return;
    const message = errorText(error);
    state.containerEvent(spec, 'Warning', 'FailedPostStartHook', `PostStartHook failed`);
    state.containerEvent(spec, 'Normal', 'Killing', 'FailedPostStartHook');
    const running = state.observed.containers.get(containerId);
    if (running !== undefined) await stopContainers(state, [running], state.pod.spec.terminationGracePeriodSeconds);
    throw new PodConfigError('PostStartHookError', message);
  }
}

function failed(state: PodState, spec: ContainerSpec, error: unknown): StartOutcome {
  if (error instanceof ImageError) {
    const known = state.waiting.get(spec.name)?.reason;
    if (known !== error.reason || error.reason !== 'ImagePullBackOff')
      state.containerEvent(spec, 'Warning', 'Failed', `Error: ${error.reason}`);
    state.waiting.set(spec.name, { reason: error.reason, message: error.message });
    return { retryAfterMs: error.retryAfterMs === 0 ? undefined : error.retryAfterMs };
  }
  if (error instanceof PodConfigError) {
    if (error.reason === 'CreateContainerConfigError') state.containerEvent(spec, 'Warning', 'Failed', `Error: ${error.message}`);
    // A container that was made but failed to run is restarted with the crash back-off once its exit is seen.
    if (error.reason === 'RunContainerError' || error.reason === 'PostStartHookError') {
      state.waiting.set(spec.name, { reason: error.reason, message: error.message });
      return { retryAfterMs: 1000 };
    }
    state.waiting.set(spec.name, { reason: error.reason, message: error.message });
    return { retryAfterMs: configRetryMs };
  }
  throw error;
}
