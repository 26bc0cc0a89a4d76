/**
 * Resizes running containers: what was asked for is granted when the node can give it, and then told the engine, or the container restarts, by its policy.
 * Source: KEP-1287; pkg/kubelet/allocation/allocation_manager.go; pkg/kubelet/kuberuntime/kuberuntime_manager.go (doPodResizeAction).
 */
import { deepEqual } from '../../api/deep-equal.ts';
import type { Container as ContainerSpec, Pod, ResourceRequirements } from '../../api/generated/core/v1.ts';
import { type Container, RuntimeError } from '../container/container-runtime.ts';
import { insufficientResources, overCapacity } from './pod-admission.ts';
import type { PodState } from './pod-state.ts';
import { stopContainers } from './pod-termination.ts';
import { containerResources, quantityNumber } from './resources.ts';
import type { ResizeCondition } from './status-input.ts';
import type { SyncResult } from './sync-result.ts';

const retryMs = 5000;
const resizable = ['cpu', 'memory'] as const;
type Resizable = (typeof resizable)[number];

type Resources = Pick<ResourceRequirements, 'limits' | 'requests'>;

/** What a container has: as last granted, as the API says of one that ran before, or as its spec says. */
function grantedResources(state: PodState, spec: ContainerSpec): ResourceRequirements {
  const known = state.granted.get(spec.name);
  if (known !== undefined) return known;
  const status = state.statusOf(spec.name);
  const running = state.observed.latest(spec.name)?.state === 'running';
  if (!running || status?.resources === undefined) return spec.resources;
  const { limits: _, requests: __, ...others } = spec.resources;
  return { ...others, ...status.resources };
}

/** What the engine was told last; differs from what is granted while that fails. */
const grantedInForce = (state: PodState, spec: ContainerSpec): ResourceRequirements =>
  state.inForce.get(spec.name) ?? grantedResources(state, spec);

const changed = (name: Resizable, next: Resources, previous: Resources): boolean =>
  next.limits?.[name] !== previous.limits?.[name] || next.requests?.[name] !== previous.requests?.[name];

interface Change {
  readonly spec: ContainerSpec;
  readonly resources: readonly Resizable[];
}

function changesOf(state: PodState): Change[] {
  const { initContainers = [], containers } = state.pod.spec;
  return [...initContainers, ...containers].flatMap((spec) => {
    const granted = grantedResources(state, spec);
    if (deepEqual(granted, spec.resources)) return [];
    const resources = resizable.filter((name) => changed(name, spec.resources, granted));
    return resources.length === 0 ? [] : [{ spec, resources }];
  });
}

const summary = ({ metadata, spec }: Pod, error?: string): string =>
  JSON.stringify({
    containers: spec.containers.map(({ name, resources }) => ({ name, resources })),
    generation: metadata.generation,
    ...(error === undefined ? {} : { error }),
  });

/** Why the node cannot grant the resize now (Deferred) or ever (Infeasible). */
function refusal(state: PodState): ResizeCondition | undefined {
  const { deps, pod } = state;
  const { allocatable } = deps.node;
  const never = overCapacity(pod, allocatable);
  if (never !== undefined) return { type: 'PodResizePending', reason: 'Infeasible', message: never };
  const lacking = insufficientResources({ pod, allocatable, others: deps.podsBeside(pod.metadata.uid) });
  return lacking === undefined ? undefined : { type: 'PodResizePending', reason: 'Deferred', message: lacking.message };
}

/** Throws what the condition shows. */
async function tellEngine(state: PodState, spec: ContainerSpec, running: Container): Promise<void> {
  const { deps, pod } = state;
  const limit = spec.resources.limits?.memory;
  const before = grantedInForce(state, spec).limits?.memory;
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
      await stopContainers(state, [latest], state.pod.spec.terminationGracePeriodSeconds);
      state.mustStart.add(spec.name);
    } else await tellEngine(state, spec, latest);
  }
  state.inForce.set(spec.name, spec.resources);
}

/** Notes what containers have before anything is shown of them: a kubelet that starts finds it in the API. */
export function noteGranted(state: PodState): void {
  for (const spec of [...(state.pod.spec.initContainers ?? []), ...state.pod.spec.containers]) {
    if (state.granted.has(spec.name)) continue;
    const granted = grantedResources(state, spec);
    state.granted.set(spec.name, granted);
    state.inForce.set(spec.name, granted);
  }
}

/** Goes on with a resize that was asked for. */
export async function resizePod(state: PodState, result: SyncResult): Promise<void> {
  const wanted = changesOf(state);
  if (wanted.length > 0) {
    const why = refusal(state);
    if (why !== undefined) return refuse(state, why, result);
    for (const { spec } of wanted) state.granted.set(spec.name, spec.resources);
  }
  await actuate(state, result);
}

function refuse(state: PodState, why: ResizeCondition, result: SyncResult): void {
  if (state.resize?.reason !== why.reason || state.resize.message !== why.message) {
    state.event('Warning', `Resize${why.reason}`, `Pod resize ${why.reason}: ${summary(state.pod, why.message)}`);
  }
  state.resize = why;
  if (why.reason === 'Deferred') result.soonest(retryMs);
}

/** Brings into force what was granted. */
async function actuate(state: PodState, result: SyncResult): Promise<void> {
  const { pod } = state;
  const open = [...(pod.spec.initContainers ?? []), ...pod.spec.containers].flatMap((spec): Change[] => {
    const inForce = grantedInForce(state, spec);
    const resources = resizable.filter((name) => changed(name, spec.resources, inForce));
    return resources.length === 0 ? [] : [{ spec, resources }];
  });
  let failed: ResizeCondition | undefined;
  for (const change of open) {
    try {
      await apply(state, change);
    } catch (error) {
      if (!(error instanceof RuntimeError) || error.code === 'Unavailable') throw error;
      failed = { type: 'PodResizeInProgress', reason: 'Error', message: error.message };
    }
  }
  if (failed !== undefined) result.soonest(retryMs);
  else if (open.length > 0) state.event('Normal', 'ResizeCompleted', `Pod resize completed: ${summary(pod)}`);
  state.resize = failed;
}
