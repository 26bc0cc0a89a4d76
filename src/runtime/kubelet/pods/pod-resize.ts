/**
 * Resizes running containers. A requested resize is granted when the node has room for it. Then, according to the
 * container's resize policy, the engine changes the limits in place or the container restarts. The limits of a pod as a
 * whole are those of its containers that have none of their own. Source: KEP-1287, KEP-5419;
 * pkg/kubelet/allocation/allocation_manager.go; pkg/kubelet/kuberuntime/kuberuntime_manager.go (doPodResizeAction).
 */
import type { Container as ContainerSpec, ResourceRequirements } from '../../../api/generated/core/v1.ts';
import { RuntimeError } from '../../container/container-runtime.ts';
import { containerResources, podMemoryLimitBytes, quantityMilli, quantityNumber, withPodLimits } from '../containers/resources.ts';
import { insufficientResources, overCapacity } from './pod-admission.ts';
import { podWithResources } from './pod-resources.ts';
import type { PodState } from './pod-state.ts';
import { stopContainers } from './pod-termination.ts';
import type { ResizeCondition, ResourcesInForce } from './status-input.ts';
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

/** Whether the spec asks for other resources of the pod as a whole than were granted. */
const asksForPod = ({ pod, podLevel }: PodState): boolean => differ(pod.spec.resources, podLevel.granted);

const differ = (a: Resources | undefined = {}, b: Resources | undefined = {}): boolean => resizable.some((name) => changed(name, a, b));

const wholeOf = ({ podLevel }: PodState, own: ResourceRequirements): ResourcesInForce => ({
  own,
  whole: withPodLimits(own, podLevel.granted),
});

/** Changes that are granted and not in force yet. */
const open = (state: PodState): Change[] =>
  resizableContainers(state).flatMap((spec) => {
    const granted = wholeOf(state, grantedResources(state, spec));
    const { whole } = state.inForce.get(spec.name) ?? granted;
    return changeOf({ ...spec, resources: granted.whole }, whole).map(({ resources }) => ({
      spec: { ...spec, resources: granted.own },
      resources,
    }));
  });

/** Whether something was granted that is not in force. */
const isOpen = (state: PodState): boolean => open(state).length > 0 || differ(state.podLevel.granted, state.podLevel.inForce);

const summary = ({ pod }: PodState, error?: string): string => {
  const sizes = (list: readonly ContainerSpec[]) => list.map(({ name, resources }) => ({ name, resources }));
  const { initContainers = [], containers } = pod.spec;
  return JSON.stringify({
    ...(initContainers.length === 0 ? {} : { initContainers: sizes(initContainers) }),
    containers: sizes(containers),
    generation: pod.metadata.generation,
    ...(error === undefined ? {} : { error }),
  });
};

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

/** Whether a limit on memory, in bytes, is lower than before; 0 is none. */
const isLower = (limit: number, before: number): boolean => limit !== 0 && (before === 0 || limit < before);

const memoryLimit = ({ limits }: Resources): number => quantityNumber(limits?.memory ?? '0');

/**
 * Throws an error whose message is shown in the resize condition when memory is in use that would be above a limit.
 * Source: kuberuntime_manager.go (validateMemoryResizeAction).
 */
async function checkMemory(state: PodState, changes: readonly Change[]): Promise<void> {
  if (!changes.some(({ resources }) => resources.includes('memory'))) return;
  const lower = new Map<string, number>();
  for (const { spec } of changes) {
    const [limit, before] = [memoryLimit(wholeOf(state, spec.resources).whole), memoryLimit(state.inForce.get(spec.name)?.whole ?? {})];
    if (isLower(limit, before)) lower.set(spec.name, limit);
  }
  const ofPod = podMemoryLimitBytes(podWithResources(state, 'granted')) ?? 0;
  const podLower = isLower(ofPod, podMemoryLimitBytes(podWithResources(state, 'inForce')) ?? 0);
  if (lower.size === 0 && !podLower) return;
  const running = state.observed.running();
  const usage = await Promise.all(running.map(async ({ id }) => (await state.deps.runtime.containers.stats(id)).memoryWorkingSetBytes));
  const total = usage.reduce((sum, bytes) => sum + bytes, 0);
  const tooLow = (what: string, limit: number, used: number): string =>
    `attempting to set ${what} memory limit (${limit}) below current usage (${used})`;
  const errors = podLower && total >= ofPod ? [tooLow('pod', ofPod, total)] : [];
  for (const [i, { name }] of running.entries()) {
    const [limit, used] = [lower.get(name), usage[i] ?? 0];
    if (limit !== undefined && used >= limit) errors.push(tooLow(`container ${JSON.stringify(name)}`, limit, used));
  }
  if (errors.length === 0) return;
  throw new RuntimeError('Other', `cannot decrease memory limits: ${errors.length === 1 ? errors.join() : `[${errors.join(', ')}]`}`);
}

async function apply(state: PodState, { spec, resources }: Change): Promise<void> {
  const { deps } = state;
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
    } else await deps.runtime.containers.updateResources(latest.id, containerResources(state.grantedPod, spec, deps.node.memoryBytes));
  }
  state.inForce.set(spec.name, wholeOf(state, spec.resources));
}

/**
 * What the pod as a whole was granted by the kubelet before this one, as its status shows it while it runs: the amounts
 * of what it asks for.
 */
function shownForPod({ pod }: PodState, asked: ResourceRequirements): ResourceRequirements {
  const { phase, resources: shown } = pod.status;
  if (phase !== 'Running' || shown === undefined) return asked;
  const ofList = (list: 'requests' | 'limits') => {
    const amounts = Object.entries(asked[list] ?? {}).flatMap(([name]) => {
      const amount = shown[list]?.[name];
      return amount === undefined ? [] : [[name, amount] as const];
    });
    return amounts.length === 0 ? {} : { [list]: Object.fromEntries(amounts) };
  };
  const { requests: _, limits: __, ...others } = asked;
  return { ...others, ...ofList('requests'), ...ofList('limits') };
}

/**
 * Records which resources containers have, before the first status is written. A restarted kubelet reads them back from
 * the API's status.
 */
function noteGranted(state: PodState): void {
  const { podLevel } = state;
  if (!podLevel.known) {
    const asked = state.pod.spec.resources;
    Object.assign(podLevel, { known: true, granted: asked === undefined ? undefined : shownForPod(state, asked) });
    podLevel.inForce = podLevel.granted;
  }
  for (const spec of resizableContainers(state)) {
    if (state.granted.has(spec.name)) continue;
    const granted = grantedResources(state, spec);
    state.granted.set(spec.name, granted);
    state.inForce.set(spec.name, wholeOf(state, granted));
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
  const asksAnything = asked.length > 0 || asksForPod(state);
  const why = asksAnything ? refusal(state) : undefined;
  if (why !== undefined) {
    const known = state.resize;
    state.resize = why;
    if (known?.reason === why.reason && known.message === why.message) return;
    state.event('Warning', `Resize${why.reason}`, `Pod resize ${why.reason}: ${summary(state, why.message)}`);
    return;
  }
  for (const { spec } of asked) state.granted.set(spec.name, spec.resources);
  if (asksAnything) {
    state.podLevel.granted = state.pod.spec.resources;
    state.event('Normal', 'ResizeStarted', `Pod resize started: ${summary(state)}`);
  }
  const pending = state.resize?.type === 'PodResizePending';
  if (asksAnything || pending) state.resize = isOpen(state) ? inProgress : undefined;
}

/** Brings into force what was granted. */
export async function resizePod(state: PodState, result: SyncResult): Promise<void> {
  if (state.resize?.reason === 'Deferred') result.soonest(retryMs);
  if (!isOpen(state)) return;
  let failed: ResizeCondition | undefined;
  const attempt = async (step: () => Promise<void>): Promise<void> => {
    try {
      await step();
    } catch (error) {
      if (!(error instanceof RuntimeError) || error.code === 'Unavailable') throw error;
      failed = { type: 'PodResizeInProgress', reason: 'Error', message: error.message };
    }
  };
  const changes = open(state);
  await attempt(() => checkMemory(state, changes));
  // One that cannot be done as a whole is not done in part.
  if (failed === undefined) for (const change of changes) await attempt(() => apply(state, change));
  if (failed === undefined) {
    state.podLevel.inForce = state.podLevel.granted;
    return;
  }
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
  if (state.resize?.type !== 'PodResizeInProgress' || state.mustStart.size > 0 || isOpen(state)) return;
  state.resize = undefined;
  state.event('Normal', 'ResizeCompleted', `Pod resize completed: ${summary(state)}`);
}
