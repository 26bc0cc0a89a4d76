/**
 * Streams into the node's pods: exec, attach, port-forward and logs, with upstream's errors for containers that do not
 * run. Source: pkg/kubelet/kubelet_pods.go (GetKubeletContainerLogs, validateContainerLogStatus);
 * pkg/kubelet/kubelet.go.
 */
import type { Duplex, Writable } from 'node:stream';
import type { PodStatus } from '../../../api/generated/core/v1.ts';
import type { ObjectRef } from '../../../api/object.ts';
import { type StatusError, statusErrors } from '../../../api/status-error.ts';
import {
  type AttachOptions,
  type Container,
  type ContainerRuntime,
  type ExecOptions,
  type LogOptions,
  RuntimeError,
} from '../../container/container-runtime.ts';
import type { PodState } from '../pods/pod-state.ts';

const pods = { group: '', resource: 'pods' };

export interface PodLogRequest extends LogOptions {
  /** The container's previous run. */
  readonly previous: boolean;
}

/** A pod as streams see it. */
export interface StreamedPod {
  readonly state: PodState;
  /** The status that the kubelet wrote last. */
  readonly status: PodStatus;
}

export interface NodeStreamsOptions {
  readonly runtime: ContainerRuntime;
  /** A pod on this node, or undefined. */
  find(ref: ObjectRef): StreamedPod | undefined;
}

type Session<T> = Omit<T, 'signal'> & { readonly signal: AbortSignal };

const badRequest = (message: string): StatusError => statusErrors.badRequest(message);

/** Turns an engine failure into what the API shows for a node's failure: 500 with the engine's text. */
async function asStatus<T>(task: Promise<T>): Promise<T> {
  try {
    return await task;
  } catch (error) {
    if (error instanceof RuntimeError) throw statusErrors.internal(error);
    throw error;
  }
}

/** The pod streams of one node, as the API server uses them. */
export class NodeStreams {
  readonly #options: NodeStreamsOptions;

  constructor(options: NodeStreamsOptions) {
    this.#options = options;
  }

  /** Whether this node runs the pod. */
  has(ref: ObjectRef): boolean {
    return this.#options.find(ref) !== undefined;
  }

  /**
   * Why the container cannot be reached, in the words of upstream's kubelet; undefined when it runs. The worker's view
   * may be slightly out of date, so the engine is asked. Source: pkg/kubelet/kubelet_pods.go (GetExec, GetAttach).
   */
  async refusal(verb: 'exec' | 'attach', ref: ObjectRef, container: string): Promise<string | undefined> {
    const latest = this.#state(ref).observed.latest(container);
    const found = latest?.state === 'running' ? await asStatus(this.#options.runtime.containers.inspect(latest.id)) : undefined;
    if (found?.state === 'running') return undefined;
    if (verb === 'exec') return `container not found (${JSON.stringify(container)})`;
    return `container ${container} not found in pod ${ref.name}_${ref.namespace}`;
  }

  /** Resolves with the exit code. */
  async exec(ref: ObjectRef, container: string, options: Session<ExecOptions>): Promise<number> {
    return this.#options.runtime.streams.exec(this.#running(ref, container).id, options);
  }

  /** Resolves when the container's streams end. */
  async attach(ref: ObjectRef, container: string, options: Session<AttachOptions>): Promise<void> {
    return this.#options.runtime.streams.attach(this.#running(ref, container).id, options);
  }

  async portForward(ref: ObjectRef, port: number): Promise<Duplex> {
    const sandbox = this.#state(ref).observed.readySandbox();
    if (sandbox === undefined)
      throw badRequest(
        `unable to forward port because pod is not running. Current status=${this.#state(ref).pod.status.phase ?? 'Pending'}`,
      );
    return asStatus(this.#options.runtime.sandboxes.dial(sandbox.id, port));
  }

  async logs(ref: ObjectRef, container: string, request: PodLogRequest, sink: Writable): Promise<void> {
    const { status } = this.#pod(ref);
    const { previous, ...options } = request;
    const id = loggedRun(ref.name, status, container, previous);
    try {
      await this.#options.runtime.streams.logs(id, options, sink);
    } catch (error) {
      // Source: kuberuntime_container.go (GetContainerLogs).
      if (error instanceof RuntimeError && error.code === 'NotFound')
        throw badRequest(`unable to retrieve container logs for docker://${id}`);
      throw error instanceof RuntimeError ? statusErrors.internal(error) : error;
    }
  }

  #pod(ref: ObjectRef): StreamedPod {
    const pod = this.#options.find(ref);
    if (pod === undefined) throw statusErrors.notFound(pods, ref.name);
    return pod;
  }

  #state(ref: ObjectRef): PodState {
    return this.#pod(ref).state;
  }

  #running(ref: ObjectRef, name: string): Container {
    const latest = this.#state(ref).observed.latest(name);
    if (latest?.state === 'running') return latest;
    // An ended container counts as absent, too. Source: kubelet_pods.go (findContainer).
    throw new RuntimeError('NotFound', `container not found (${JSON.stringify(name)})`);
  }
}

/**
 * The engine's id of the container run whose log is requested. Throws 400 when there is none. Source: kubelet_pods.go
 * (validateContainerLogStatus).
 */
export function loggedRun(podName: string, status: PodStatus, name: string, previous: boolean): string {
  const { containerStatuses = [], initContainerStatuses = [], ephemeralContainerStatuses = [] } = status;
  const found = [...containerStatuses, ...initContainerStatuses, ...ephemeralContainerStatuses].find((one) => one.name === name);
  const subject = `container ${JSON.stringify(name)} in pod ${JSON.stringify(podName)}`;
  if (found === undefined) throw badRequest(`${subject} is not available`);
  const { running, terminated, waiting } = found.state;
  const last = found.lastState.terminated;
  const idOf = (url: string): string => url.replace(/^.*:\/\//, '');
  const orLast = (url: string | undefined): string => {
    const known = [url, last?.containerID].find((id) => id !== undefined && id !== '');
    if (known === undefined) throw badRequest(`${subject} is terminated`);
    return idOf(known);
  };
  if (previous) {
    if ((last?.containerID ?? '') === '') throw badRequest(`previous terminated ${subject} not found`);
    return orLast(undefined);
  }
  if (running !== undefined) return idOf(found.containerID ?? '');
  if (terminated !== undefined) return orLast(terminated.containerID);
  if (last !== undefined) return orLast(undefined);
  if (waiting === undefined) throw badRequest(`${subject} is waiting to start - no logs yet`);
  throw badRequest(`${subject} is waiting to start: ${waitingWords[waiting.reason ?? ''] ?? waiting.reason ?? ''}`);
}

const waitingWords: Readonly<Record<string, string>> = {
  ErrImagePull: "image can't be pulled",
  ImagePullBackOff: 'trying and failing to pull image',
};
