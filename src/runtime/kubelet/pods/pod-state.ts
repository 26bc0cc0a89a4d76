/** What one pod worker knows and the steps share: the desired pod, what was observed, why containers wait. */
import type { Container as ContainerSpec, ContainerStatus, Pod, ResourceRequirements } from '../../../api/generated/core/v1.ts';
import type { Container } from '../../container/container-runtime.ts';
import { Backoff } from '../backoff.ts';
import type { PodRuntimeFacts } from '../containers/field-ref.ts';
import type { KubeletDeps } from '../deps.ts';
import { allStopped, finish, mustEnd, newLife, type PodFailure, type PodLife, terminate } from './pod-life.ts';
import { PodObservation } from './pod-observation.ts';
import type { ResizeCondition, Waiting } from './status-input.ts';

/** The reason of aborts; made once, since an exception costs. */
const ended = new Error('the pod ends');

export class PodState {
  /** The newest API object. Steps re-read it; it may change under them. */
  pod: Pod;
  readonly observed = new PodObservation();
  readonly waiting = new Map<string, Waiting>();
  readonly terminationMessages = new Map<string, string>();
  readonly imageRefs = new Map<string, string>();
  readonly crashBackoff: Backoff;
  readonly startTimeMs: number;
  /** Resources by container: as granted to it, and as the engine was told. */
  readonly granted = new Map<string, ResourceRequirements>();
  readonly inForce = new Map<string, ResourceRequirements>();
  /** Containers that were stopped only to start again. */
  readonly mustStart = new Set<string>();
  /**
   * By container that this pass killed: the run that had ended before it, if any. The back-off of the restart counts from there, as upstream's does,
   * whose pass looks at what it saw when it began. Source: kuberuntime_manager.go (doBackOff).
   */
  readonly endedBeforeKill = new Map<string, Container | undefined>();
  /** The newest generation that was decided about: what the status shows is of this one. */
  observedGeneration: number | undefined;
  /** Why a resize is not done. */
  resize: ResizeCondition | undefined;
  /** The API object was removed without waiting for the containers. */
  goneFromApi = false;
  readonly deps: KubeletDeps;
  #life: PodLife = newLife;
  /** The kubelet stops; what runs of the pod runs on. */
  #left = false;
  /** Made when something waits for it. */
  #abort: AbortController | undefined;
  /** Told the new grace period, in seconds, when it gets shorter while containers are being stopped. */
  readonly onHurry = new Set<(seconds: number) => void>();

  constructor(pod: Pod, deps: KubeletDeps) {
    this.pod = pod;
    this.deps = deps;
    this.crashBackoff = new Backoff({ clock: deps.clock });
    const started = pod.status.startTime === undefined ? Number.NaN : Date.parse(pod.status.startTime);
    this.startTimeMs = Number.isNaN(started) ? deps.clock.now() : started;
  }

  /** The pod must end or the kubelet stops: pulls and waits are given up. */
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

  /** Nothing of the pod is started again from now on. */
  finish(): void {
    this.#life = finish(this.#life);
  }

  /** The pod must end from now on: deleted, finished, or failed as a whole. Once it must, other reasons change nothing. */
  terminate(failure?: PodFailure): void {
    this.#life = terminate(this.#life, failure);
    this.#abort?.abort(ended);
  }

  /** Everything of the pod was stopped. */
  allStopped(): void {
    this.#life = allStopped(this.#life);
  }

  /** The kubelet stops. */
  leave(): void {
    this.#left = true;
    this.#abort?.abort(ended);
  }

  get facts(): PodRuntimeFacts {
    const { node } = this.deps;
    const podIp = this.pod.spec.hostNetwork === true ? node.ip : (this.observed.readySandbox()?.ip ?? '');
    return { podIp, hostIp: node.ip, allocatable: node.allocatable };
  }

  /** The container is about to be killed, to be started again in this pass. */
  noteKill(spec: ContainerSpec): void {
    this.endedBeforeKill.set(spec.name, this.observed.lastEnded(spec.name));
  }

  /** The run from whose end the next start's back-off counts. */
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

  /** What the API last said of a container. */
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
