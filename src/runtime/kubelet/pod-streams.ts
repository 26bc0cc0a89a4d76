/**
 * Streams into the node's pods: exec, attach, port-forward and logs, with upstream's errors for containers that do not run.
 * Source: pkg/kubelet/kubelet_pods.go (GetKubeletContainerLogs, validateContainerLogStatus); pkg/kubelet/kubelet.go.
 */
import type { Duplex, Writable } from 'node:stream';
import type { Container as ContainerSpec } from '../../api/generated/core/v1.ts';
import type { ObjectRef } from '../../api/object.ts';
import { type StatusError, statusErrors } from '../../api/status-error.ts';
import {
  type AttachOptions,
  type Container,
  type ContainerRuntime,
  type ExecOptions,
  type LogOptions,
  RuntimeError,
} from '../container/container-runtime.ts';
import type { PodState } from './pod-state.ts';

const pods = { group: '', resource: 'pods' };

export interface PodLogRequest extends LogOptions {
  /** The container's previous run. */
  readonly previous: boolean;
}

export interface NodeStreamsOptions {
  readonly runtime: ContainerRuntime;
  /** The state of a pod on this node, or undefined. */
  find(ref: ObjectRef): PodState | undefined;
}

type Session<T> = Omit<T, 'signal'> & { readonly signal: AbortSignal };

const badRequest = (message: string): StatusError => statusErrors.badRequest(message);

/** Engine failures as the API shows those of a node: 500 with the engine's text. */
async function asStatus<T>(task: Promise<T>): Promise<T> {
  try {
    return await task;
  } catch (error) {
    if (error instanceof RuntimeError) throw statusErrors.internal(error);
    throw error;
  }
}

/** One node's share of the API server's pod streams. */
export class NodeStreams {
  readonly #options: NodeStreamsOptions;

  constructor(options: NodeStreamsOptions) {
    this.#options = options;
  }

  /** Whether this node runs the pod. */
  has(ref: ObjectRef): boolean {
    return this.#options.find(ref) !== undefined;
  }

  /** Resolves with the exit code. */
  async exec(ref: ObjectRef, container: string, options: Session<ExecOptions>): Promise<number> {
    const { id } = this.#running(ref, container);
    return asStatus(this.#options.runtime.streams.exec(id, options));
  }

  /** Resolves with the exit code, or undefined when the container runs on. */
  async attach(ref: ObjectRef, container: string, options: Session<AttachOptions>): Promise<number | undefined> {
    const { id } = this.#running(ref, container);
    await asStatus(this.#options.runtime.streams.attach(id, options));
    if (options.signal.aborted) return undefined;
    const found = await asStatus(this.#options.runtime.containers.inspect(id));
    return found?.state === 'exited' ? found.exitCode : undefined;
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
    const state = this.#state(ref);
    const { previous, ...options } = request;
    const { id } = loggable(state, container, previous);
    await asStatus(this.#options.runtime.streams.logs(id, options, sink));
  }

  #state(ref: ObjectRef): PodState {
    const state = this.#options.find(ref);
    if (state === undefined) throw statusErrors.notFound(pods, ref.name);
    return state;
  }

  #running(ref: ObjectRef, name: string): Container {
    const latest = this.#state(ref).observed.latest(name);
    if (latest?.state === 'running') return latest;
    // One that has ended counts as absent, too. Source: kubelet_pods.go (findContainer).
    throw statusErrors.internal(new Error(`unable to upgrade connection: container not found (${JSON.stringify(name)})`));
  }
}

function loggable(state: PodState, name: string, previous: boolean): Container {
  const [latest, before] = state.observed.history(name);
  const { name: podName } = state.pod.metadata;
  const spec: ContainerSpec | undefined = state.spec(name);
  if (spec === undefined) throw badRequest(`container ${name} is not valid for pod ${podName}`);
  if (previous) {
    const ended = latest?.state === 'exited' ? latest : before;
    const wanted = latest?.state === 'exited' && before !== undefined && state.waiting.get(name) === undefined ? before : ended;
    if (wanted === undefined)
      throw badRequest(`previous terminated container ${JSON.stringify(name)} in pod ${JSON.stringify(podName)} not found`);
    return wanted;
  }
  if (latest !== undefined && latest.state !== 'created') return latest;
  const waiting = state.waiting.get(name);
  if (waiting?.reason === 'ErrImagePull' || waiting?.reason === 'ImagePullBackOff') {
    const why = waiting.reason === 'ErrImagePull' ? "image can't be pulled" : 'trying and failing to pull image';
    throw badRequest(`container ${JSON.stringify(name)} in pod ${JSON.stringify(podName)} is waiting to start: ${why}`);
  }
  const reason = waiting?.reason ?? ((state.pod.spec.initContainers ?? []).length > 0 ? 'PodInitializing' : 'ContainerCreating');
  throw badRequest(`container ${JSON.stringify(name)} in pod ${JSON.stringify(podName)} is waiting to start: ${reason}`);
}
