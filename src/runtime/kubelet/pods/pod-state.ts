/**
 * The state that the steps of one pod worker share: the desired pod, the observed sandboxes and containers, why
 * containers wait.
 */
import type { Container as ContainerSpec, ContainerStatus, Pod, ResourceRequirements } from '../../../api/generated/core/v1.ts';
import type { Container, ProcessUser } from '../../container/container-runtime.ts';
import { Backoff } from '../backoff.ts';
import type { PodRuntimeFacts } from '../containers/field-ref.ts';
import type { KubeletDeps } from '../deps.ts';
import { allStopped, finish, mustEnd, newLife, type PodFailure, type PodLife, terminate } from './pod-life.ts';
import { PodObservation } from './pod-observation.ts';
import type { PodLevelResources, ResizeCondition, ResourcesInForce, Waiting } from './status-input.ts';

/** The reason of all aborts. It is made once, because making an exception is expensive. */
const ended = new Error('the pod ends');

const firstBackoffMs = 10_000;

export class PodState {
  /** The newest API object. It may be replaced while a step awaits something, so steps must read it again. */
  pod: Pod;
  readonly observed = new PodObservation();
  readonly waiting = new Map<string, Waiting>();
  readonly terminationMessages = new Map<string, string>();
  readonly imageRefs = new Map<string, string>();
  readonly users = new Map<string, ProcessUser>();
  /** Called when something that the status shows was learned outside of a step. */
  onLearned: (() => void) | undefined;
  readonly crashBackoff: Backoff;
  readonly startTimeMs: number;
  /** Resources by container name: `granted` by this kubelet, and `inForce` as last set on the engine. */
  readonly granted = new Map<string, ResourceRequirements>();
  readonly inForce = new Map<string, ResourcesInForce>();
  /** The resources of the pod as a whole, likewise. */
  readonly podLevel: PodLevelResources = { granted: undefined, inForce: undefined, known: false };
  /** All containers are being removed, in order to be restarted together. */
  restartingAll: boolean;
  /** Containers that were removed to be restarted together, with the number of their next run. */
  readonly restartedInPlace = new Map<string, number>();
  /** Containers that were stopped in order to be restarted. */
  readonly mustStart = new Set<string>();
  /**
   * For each container that this pass killed: the previous run that had ended by then, if any. The restart's back-off
   * counts from the end of that run. Upstream does the same, because its pass uses the state observed when the pass
   * began. Source: kuberuntime_manager.go (doBackOff).
   */
  readonly endedBeforeKill = new Map<string, Container | undefined>();
  /** The newest generation whose resize was decided; the status describes this generation. */
  observedGeneration: number | undefined;
  /** Why a resize is not done. */
  resize: ResizeCondition | undefined;
  /** The API object was removed without waiting for the containers. */
  goneFromApi = false;
  readonly deps: KubeletDeps;
  #life: PodLife = newLife;
  /** The kubelet is stopping; the pod's containers keep running. */
  #left = false;
  /** Made when something waits for it. */
  #abort: AbortController | undefined;
  /** Gives back the place among the pods that start. */
  #leaveStart: (() => void) | undefined;
  /** Called with the new grace period, in seconds, when it is shortened while containers are being stopped. */
  readonly onHurry = new Set<(seconds: number) => void>();

  constructor(pod: Pod, deps: KubeletDeps) {
    this.pod = pod;
    this.deps = deps;
    this.restartingAll =
      pod.status.conditions?.some(({ type, status }) => type === 'AllContainersRestarting' && status === 'True') === true;
    const maxMs = deps.config.maxContainerRestartPeriodMs;
    this.crashBackoff = new Backoff({ clock: deps.clock, initialMs: Math.min(firstBackoffMs, maxMs), maxMs });
    const started = pod.status.startTime === undefined ? Number.NaN : Date.parse(pod.status.startTime);
    this.startTimeMs = Number.isNaN(started) ? deps.clock.now() : started;
  }

  /** True when the pod must end or the kubelet is stopping, which cancels pulls and waits. */
  get aborted(): boolean {
    return this.#left || mustEnd(this.#life);
  }

  get abortSignal(): AbortSignal {
    this.#abort ??= new AbortController();
    if (this.aborted) this.#abort.abort(ended);
    return this.#abort.signal;
  }

  get life(): PodLife {
    return this.#life;
  }

  /** Waits until the pod may start: see `KubeletDeps.startLimiter`. */
  async enterStart(): Promise<void> {
    this.#leaveStart ??= await this.deps.startLimiter.enter();
  }

  /** Lets another pod start. Does nothing when this one has no place. */
  leaveStart(): void {
    this.#leaveStart?.();
    this.#leaveStart = undefined;
  }

  /** From now on no container of the pod is started. */
  finish(): void {
    this.#life = finish(this.#life);
  }

  /** From now on the pod must end: it was deleted, finished, or failed as a whole. Later reasons change nothing. */
  terminate(failure?: PodFailure): void {
    this.#life = terminate(this.#life, failure);
    this.#abort?.abort(ended);
  }

  /** Everything of the pod was stopped. */
  allStopped(): void {
    this.#life = allStopped(this.#life);
  }

  /** Called when the kubelet stops: pulls and waits end, containers keep running. */
  leave(): void {
    this.#left = true;
    this.#abort?.abort(ended);
  }

  /** The pod with the resources that it was granted as a whole, for what its containers are made with. */
  get grantedPod(): Pod {
    const { resources, ...spec } = this.pod.spec;
    const { known, granted } = this.podLevel;
    if (!known || granted === resources) return this.pod;
    return { ...this.pod, spec: granted === undefined ? spec : { ...spec, resources: granted } };
  }

  get facts(): PodRuntimeFacts {
    const { node } = this.deps;
    const podIp = this.pod.spec.hostNetwork === true ? node.ip : (this.observed.readySandbox()?.ip ?? '');
    return { podIp, hostIp: node.ip, allocatable: node.allocatable };
  }

  /** The engine no longer has the container. */
  forgetContainer(id: string): void {
    this.observed.containers.delete(id);
    this.terminationMessages.delete(id);
    this.users.delete(id);
  }

  /** Called before a container is killed that this pass starts again. */
  noteKill(spec: ContainerSpec): void {
    this.endedBeforeKill.set(spec.name, this.observed.lastEnded(spec.name));
  }

  /** The ended run from whose end the next start's back-off counts. */
  lastEnded(spec: ContainerSpec): Container | undefined {
    return this.endedBeforeKill.has(spec.name) ? this.endedBeforeKill.get(spec.name) : this.observed.lastEnded(spec.name);
  }

  event(type: 'Normal' | 'Warning', reason: string, message: string): void {
    this.deps.events.event(this.pod, type, reason, message);
  }

  containerEvent(spec: ContainerSpec, type: 'Normal' | 'Warning', reason: string, message: string): void {
    this.deps.events.event({ object: this.pod, fieldPath: this.fieldPath(spec) }, type, reason, message);
  }

  fieldPath(spec: ContainerSpec): string {
    if (this.pod.spec.initContainers?.some((c) => c.name === spec.name) === true) return `spec.initContainers{${spec.name}}`;
    if (this.pod.spec.ephemeralContainers?.some((c) => c.name === spec.name) === true) return `spec.ephemeralContainers{${spec.name}}`;
    return `spec.containers{${spec.name}}`;
  }

  spec(name: string): ContainerSpec | undefined {
    const { initContainers = [], containers, ephemeralContainers = [] } = this.pod.spec;
    return [...initContainers, ...containers].find((c) => c.name === name) ?? ephemeralContainers.find((c) => c.name === name);
  }

  /** A container's status as last seen in the API. */
  statusOf(name: string): ContainerStatus | undefined {
    const { initContainerStatuses = [], containerStatuses = [], ephemeralContainerStatuses = [] } = this.pod.status;
    return [...initContainerStatuses, ...containerStatuses, ...ephemeralContainerStatuses].find((status) => status.name === name);
  }

  /** `name_namespace(uid)`, as upstream's messages name a pod. */
  get podText(): string {
    const { name, namespace, uid } = this.pod.metadata;
    return `${name}_${namespace ?? ''}(${uid})`;
  }
}
