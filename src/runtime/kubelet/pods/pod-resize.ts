/**
 * Resizes running containers. A requested resize is granted when the node has room for it. Then, according to the
 * container's resize policy, the engine changes the limits in place or the container restarts. Source: KEP-1287;
 * pkg/kubelet/allocation/allocation_manager.go; pkg/kubelet/kuberuntime/kuberuntime_manager.go (doPodResizeAction).
 */
import type { Container as ContainerSpec, ResourceRequirements } from '../../../api/generated/core/v1.ts';
import { type Container, RuntimeError } from '../../container/container-runtime.ts';
import { containerResources, quantityMilli, quantityNumber } from '../containers/resources.ts';
import { insufficientResources, overCapacity } from './pod-admission.ts';
import type { PodState } from './pod-state.ts';
import { stopContainers } from './pod-termination.ts';
import type { ResizeCondition } from './status-input.ts';
import type { SyncResult } from './sync-result.ts';

const retryMs = 5000;
const resizable = ['cpu', 'memory'] as const;
type Resizable = (typeof resizable)[number];

type Resources = Pick<ResourceRequirements, 'limits' | 'requests'>;

/**
 * The resources of a container: those last granted; else those in the API's status, for a container that ran before
 * this kubelet; else those of its spec.
 */
function grantedResources(state: PodState, spec: ContainerSpec): ResourceRequirements {
  const known = state.granted.get(spec.name);
  if (known !== undefined) return known;
  const status = state.statusOf(spec.name);
  const running = state.observed.latest(spec.name)?.state === 'running';
  if (!running || status?.resources === undefined) return spec.resources;
  const { limits: _, requests: __, ...others } = spec.resources;
  return { ...others, ...status.resources };
}

const sameAmount = (a: string | undefined, b: string | undefined): boolean =>
  a === b || (a !== undefined && b !== undefined && quantityMilli(a) === quantityMilli(b));

/** Whether two lists differ in a resource, compared by amount: `1` equals `1000m`. */
const changed = (name: Resizable, next: Resources, previous: Resources): boolean =>
  !sameAmount(next.limits?.[name], previous.limits?.[name]) || !sameAmount(next.requests?.[name], previous.requests?.[name]);

/** A change of one container's resources: which resources change, and a spec that holds the target values. */
interface Change {
  readonly spec: ContainerSpec;
  readonly resources: readonly Resizable[];
}

const resizableContainers = ({ pod }: PodState): ContainerSpec[] => [...(pod.spec.initContainers ?? []), ...pod.spec.containers];

function changeOf(spec: ContainerSpec, previous: Resources): Change[] {
  const resources = resizable.filter((name) => changed(name, spec.resources, previous));
  return resources.length === 0 ? [] : [{ spec, resources }];
}

/** Changes that the spec asks for and that are not granted yet. */
const askedFor = (state: PodState): Change[] => resizableContainers(state).flatMap((spec) => changeOf(spec, grantedResources(state, spec)));

/** Changes that are granted and not in force yet. */
const open = (state: PodState): Change[] =>
  resizableContainers(state).flatMap((spec) => {
    const granted = grantedResources(state, spec);
    return changeOf({ ...spec, resources: granted }, state.inForce.get(spec.name) ?? granted);
  });

const summary = (state: PodState, error?: string): string =>
  JSON.stringify({
    containers: state.pod.spec.containers.map(({ name, resources }) => ({ name, resources })),
    generation: state.pod.metadata.generation,
    ...(error === undefined ? {} : { error }),
  });

const inProgress: ResizeCondition = { type: 'PodResizeInProgress', reason: '', message: '' };

/** Why the node cannot grant the resize now (Deferred) or ever (Infeasible). */
function refusal(state: PodState): ResizeCondition | undefined {
  const { deps, pod } = state;
  const { allocatable } = deps.node;
  const never = overCapacity(pod, allocatable);
  if (never !== undefined) return { type: 'PodResizePending', reason: 'Infeasible', message: never };
  const lacking = insufficientResources({ pod, allocatable, others: deps.podsBeside(pod.metadata.uid) });
  return lacking === undefined ? undefined : { type: 'PodResizePending', reason: 'Deferred', message: lacking.message };
}

/** Throws an error whose message is shown in the resize condition. */
async function tellEngine(state: PodState, spec: ContainerSpec, running: Container): Promise<void> {
  const { deps, pod } = state;
  const limit = spec.resources.limits?.memory;
  const before = state.inForce.get(spec.name)?.limits?.memory;
  if (limit !== undefined && (before === undefined || quantityNumber(limit) < quantityNumber(before))) {
    const { memoryWorkingSetBytes: usage } = await deps.runtime.containers.stats(running.id);
    const bytes = quantityNumber(limit);
    if (bytes <= usage) {
      throw new RuntimeError(
        'Other',
        `attempting to set container ${JSON.stringify(spec.name)} memory limit (${bytes}) below current usage (${usage})`,
      );
    }
  }
  await deps.runtime.containers.updateResources(running.id, containerResources(pod, spec, deps.node.memoryBytes));
}

async function apply(state: PodState, { spec, resources }: Change): Promise<void> {
  const latest = state.observed.latest(spec.name);
  if (latest?.state === 'running') {
    const restarts = resources.some((name) =>
      spec.resizePolicy?.some((policy) => policy.resourceName === name && policy.restartPolicy === 'RestartContainer'),
    );
    if (restarts) {
      state.containerEvent(spec, 'Normal', 'Killing', `Container ${spec.name} resize requires restart`);
      state.noteKill(spec);
      await stopContainers(state, [latest], state.pod.spec.terminationGracePeriodSeconds);
      state.mustStart.add(spec.name);
    } else await tellEngine(state, spec, latest);
  }
  state.inForce.set(spec.name, spec.resources);
}

/**
 * Records which resources containers have, before the first status is written. A restarted kubelet reads them back from
 * the API's status.
 */
function noteGranted(state: PodState): void {
  for (const spec of resizableContainers(state)) {
    if (state.granted.has(spec.name)) continue;
    const granted = grantedResources(state, spec);
    state.granted.set(spec.name, granted);
    state.inForce.set(spec.name, granted);
  }
}

/**
 * Grants or refuses what the newest generation asks for. This must precede the first status with that
 * `observedGeneration`: a client that sees the generation observed, without a resize condition, takes the resources in
 * that status to be the granted ones. Source: allocation_manager.go (handlePodResourcesResize); kubelet.go (SyncPod).
 */
export function decideResize(state: PodState): void {
  noteGranted(state);
  const asked = askedFor(state);
  const why = asked.length === 0 ? undefined : refusal(state);
  if (why !== undefined) {
    const known = state.resize;
    state.resize = why;
    if (known?.reason === why.reason && known.message === why.message) return;
    state.event('Warning', `Resize${why.reason}`, `Pod resize ${why.reason}: ${summary(state, why.message)}`);
    return;
  }
  for (const { spec } of asked) state.granted.set(spec.name, spec.resources);
  if (asked.length > 0) state.event('Normal', 'ResizeStarted', `Pod resize started: ${summary(state)}`);
  const pending = state.resize?.type === 'PodResizePending';
  if (asked.length > 0 || pending) state.resize = open(state).length > 0 ? inProgress : undefined;
}

/** Brings into force what was granted. */
export async function resizePod(state: PodState, result: SyncResult): Promise<void> {
  if (state.resize?.reason === 'Deferred') result.soonest(retryMs);
  let failed: ResizeCondition | undefined;
  for (const change of open(state)) {
    try {
      await apply(state, change);
    } catch (error) {
      if (!(error instanceof RuntimeError) || error.code === 'Unavailable') throw error;
      failed = { type: 'PodResizeInProgress', reason: 'Error', message: error.message };
    }
  }
  if (failed === undefined) return;
  result.soonest(retryMs);
  if (state.resize?.type === 'PodResizePending') return;
  if (state.resize?.message !== failed.message) {
    state.event('Warning', 'ResizeError', `Pod resize error: ${summary(state, failed.message)}`);
  }
  state.resize = failed;
}

/**
 * Called at the end of a pass. A resize is complete when every change is in force and every container that had to
 * restart for it is running.
 */
export function completeResize(state: PodState): void {
  if (state.resize?.type !== 'PodResizeInProgress' || state.mustStart.size > 0 || open(state).length > 0) return;
  state.resize = undefined;
  state.event('Normal', 'ResizeCompleted', `Pod resize completed: ${summary(state)}`);
}
