/**
 * The kubelet: one per node. Watches the pods bound to its node, keeps a worker for each, registers the node, renews its lease, and serves the
 * streams into its pods.
 *
 * Guarantees: at start it adopts the containers that run and restarts nothing that need not be; what belongs to no pod any more is removed; on `stop`
 * containers keep running. Everything is event-driven: pods from an informer, containers from the engine's event stream, volumes from the
 * informers of their sources.
 * Source: pkg/kubelet/kubelet.go.
 */
import type { Pod } from '../../api/generated/core/v1.ts';
import { configMap as configMapKind } from '../../api/kinds/config-map.ts';
import { pod as podKind } from '../../api/kinds/pod.ts';
import { secret as secretKind } from '../../api/kinds/secret.ts';
import { service as serviceKind } from '../../api/kinds/service.ts';
import { type KubeObject, type ObjectRef, refOf } from '../../api/object.ts';
import type { Client } from '../../client/client.ts';
import { type Clock, sleep } from '../../client/clock.ts';
import type { EventRecorder } from '../../client/event-recorder.ts';
import type { InformerFactory } from '../../client/informer.ts';
import type { Logger } from '../../client/logger.ts';
import { type ContainerRuntime, RuntimeError, type RuntimeInfo } from '../container/container-runtime.ts';
import { createApiPodSources } from './api-pod-sources.ts';
import type { KubeletDeps } from './deps.ts';
import type { ResolverConfig } from './dns-files.ts';
import { ImageManager } from './image-manager.ts';
import { Limiter } from './limiter.ts';
import { NodeAgent } from './node-agent.ts';
import { type NodeIdentity, nodeResources } from './node-status.ts';
import { NodeStreams } from './pod-streams.ts';
import { PodWorker } from './pod-worker.ts';
import type { ProbeManager } from './probes/probe-manager.ts';
import { StatusManager } from './status-manager.ts';
import { type HostMounter, VolumeManager } from './volumes/volume-manager.ts';

export interface KubeletOptions {
  readonly identity: NodeIdentity;
  readonly client: Client;
  readonly informers: InformerFactory;
  readonly runtime: ContainerRuntime;
  readonly events: EventRecorder;
  readonly clock: Clock;
  readonly log: Logger;
  /** Folder for pods' volumes and files. */
  readonly root: string;
  readonly mounter: HostMounter;
  readonly probes: ProbeManager;
  readonly clusterDomain: string;
  /** '' when the cluster has no DNS. */
  readonly clusterDns: string;
  readonly hostResolver: ResolverConfig;
  /** How many pods may change containers on the engine at once; default 8. */
  readonly engineConcurrency?: number;
}

export interface Kubelet {
  /** Resolves when the node is registered and Ready. */
  readonly ready: Promise<void>;
  readonly streams: NodeStreams;
  /** Stops working; containers run on. */
  stop(): Promise<void>;
}

const engineRetryMs = 1000;
const nodeIndex = 'node';

/** Starts a kubelet. Rejects when the engine does not answer or the node cannot be registered. */
export async function startKubelet(options: KubeletOptions): Promise<Kubelet> {
  const info = await options.runtime.info();
  const kubelet = new PodSupervisor(options, info);
  return kubelet.start();
}

class PodSupervisor {
  readonly #options: KubeletOptions;
  readonly #info: RuntimeInfo;
  readonly #stop = new AbortController();
  readonly #workers = new Map<string, PodWorker>();
  readonly #byName = new Map<string, PodWorker>();
  readonly #deps: KubeletDeps;
  readonly #agent: NodeAgent;

  constructor(options: KubeletOptions, info: RuntimeInfo) {
    this.#options = options;
    this.#info = info;
    const { client, clock, events, identity, informers, log, runtime } = options;
    const signal = this.#stop.signal;
    const pods = informers.informer(podKind);
    pods.addIndex(nodeIndex, (pod) => (pod.spec.nodeName === undefined ? [] : [pod.spec.nodeName]));
    this.#deps = {
      node: {
        name: identity.name,
        ip: identity.ip,
        memoryBytes: info.memoryBytes,
        allocatable: nodeResources(info, identity.maxPods).allocatable,
        clusterDomain: options.clusterDomain,
        clusterDns: options.clusterDns,
        hostResolver: options.hostResolver,
      },
      client,
      runtime,
      sources: createApiPodSources({ client, informers, now: () => clock.now() }),
      volumes: new VolumeManager({ root: options.root, mounter: options.mounter, now: () => clock.now() }),
      images: new ImageManager({ images: runtime.images, events, clock }),
      statuses: new StatusManager({ client, clock, log, signal, cached: (pod) => pods.cache.get(refOf(pod)) }),
      probes: options.probes,
      engineLimiter: new Limiter(options.engineConcurrency ?? 8),
      events,
      clock,
      log,
    };
    this.#agent = new NodeAgent({ identity, info, runtime, client, events, clock, log, signal });
  }

  async start(): Promise<Kubelet> {
    const { informers, log, probes } = this.#options;
    const sources = [informers.informer(configMapKind), informers.informer(secretKind), informers.informer(serviceKind)];
    await Promise.all([informers.informer(podKind).synced(), ...sources.map((s) => s.synced())]);
    const node = await this.#agent.register();
    await this.#adopt();
    this.#watchPods();
    this.#watchVolumeSources();
    probes.onChange((uid) => this.#workers.get(uid)?.wake());
    const loops = Promise.all([this.#agent.run(node), this.#watchEngine()]);
    loops.catch((error: unknown) =>
      log.error('kubelet stopped by a bug', { error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
    );
    return {
      ready: Promise.resolve(),
      streams: new NodeStreams({ runtime: this.#options.runtime, find: (ref) => this.#find(ref) }),
      stop: async () => {
        this.#stop.abort();
        await Promise.all([...this.#workers.values()].map((worker) => worker.close()));
        await Promise.allSettled([loops]);
      },
    };
  }

  #find(ref: ObjectRef): PodWorker['state'] | undefined {
    return this.#byName.get(`${ref.namespace}/${ref.name}`)?.state;
  }

  /** Gives every pod of this node a worker that knows what the engine has of it, and removes what belongs to no pod. */
  async #adopt(): Promise<void> {
    const { runtime, identity, informers } = this.#options;
    const [sandboxes, containers] = await Promise.all([runtime.sandboxes.list(), runtime.containers.list()]);
    const mine = <T extends { readonly pod: { readonly node: string } }>(items: readonly T[]): T[] =>
      items.filter((item) => item.pod.node === identity.name);
    const sandboxesByPod = Map.groupBy(mine(sandboxes), (s) => s.pod.uid);
    const containersByPod = Map.groupBy(mine(containers), (c) => c.pod.uid);
    const pods = new Map(
      informers
        .informer(podKind)
        .cache.byIndex(nodeIndex, identity.name)
        .map((pod) => [pod.metadata.uid, pod]),
    );
    for (const pod of pods.values()) {
      const { uid } = pod.metadata;
      this.#worker(pod).adopt(sandboxesByPod.get(uid) ?? [], containersByPod.get(uid) ?? []);
    }
    const orphans = [...new Set([...sandboxesByPod.keys(), ...containersByPod.keys()])].filter((uid) => !pods.has(uid));
    await Promise.all(orphans.map((uid) => this.#removeOrphan(uid, sandboxesByPod.get(uid) ?? [], containersByPod.get(uid) ?? [])));
  }

  async #removeOrphan(
    uid: string,
    sandboxes: readonly { readonly id: string }[],
    containers: readonly { readonly id: string }[],
  ): Promise<void> {
    const { runtime, log } = this.#options;
    log.info('removing what is left of a deleted pod', { uid });
    await Promise.all(
      containers.map(async ({ id }) => {
        await runtime.containers.stop(id, 0);
        await runtime.containers.remove(id);
      }),
    );
    await Promise.all(
      sandboxes.map(async ({ id }) => {
        await runtime.sandboxes.stop(id);
        await runtime.sandboxes.remove(id);
      }),
    );
    await this.#deps.volumes.tearDown(uid, []);
  }

  #worker(pod: Pod): PodWorker {
    const { uid } = pod.metadata;
    const existing = this.#workers.get(uid);
    if (existing !== undefined) return existing;
    const worker = new PodWorker(pod, this.#deps, (gone) => this.#forget(gone));
    this.#workers.set(uid, worker);
    this.#byName.set(`${pod.metadata.namespace ?? ''}/${pod.metadata.name}`, worker);
    return worker;
  }

  #forget(worker: PodWorker): void {
    const { uid, namespace, name } = worker.state.pod.metadata;
    this.#workers.delete(uid);
    const key = `${namespace ?? ''}/${name}`;
    if (this.#byName.get(key) === worker) this.#byName.delete(key);
  }

  #watchPods(): void {
    const { identity, informers } = this.#options;
    const mine = (pod: Pod): boolean => pod.spec.nodeName === identity.name;
    const upsert = (pod: Pod): void => {
      if (mine(pod)) this.#worker(pod).update(pod);
    };
    const remove = informers.informer(podKind).addHandlers({
      added: upsert,
      updated: (pod, previous) => {
        if (previous.metadata.uid !== pod.metadata.uid) this.#workers.get(previous.metadata.uid)?.deleted();
        upsert(pod);
      },
      deleted: (pod) => this.#workers.get(pod.metadata.uid)?.deleted(),
    });
    this.#stop.signal.addEventListener('abort', remove, { once: true });
  }

  /** A changed config map or secret wakes the pods that mount it. */
  #watchVolumeSources(): void {
    const { informers } = this.#options;
    const wake = (source: 'configMap' | 'secret') => (object: KubeObject) => {
      const { namespace, name } = object.metadata;
      for (const worker of this.#workers.values()) {
        const { pod } = worker.state;
        if (pod.metadata.namespace === namespace && refersTo(pod, source, name)) worker.wake();
      }
    };
    for (const [kind, source] of [
      [configMapKind, 'configMap'],
      [secretKind, 'secret'],
    ] as const) {
      const handler = wake(source);
      const remove = informers.informer<KubeObject>(kind).addHandlers({ added: handler, updated: handler, deleted: handler });
      this.#stop.signal.addEventListener('abort', remove, { once: true });
    }
  }

  async #watchEngine(): Promise<void> {
    const { runtime, clock, identity, log } = this.#options;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        for await (const event of runtime.events(signal, identity.name)) {
          if (event.type === 'resync') await this.#resync();
          else this.#workers.get(event.podUid)?.runtimeEvent(event);
        }
      } catch (error) {
        log.warn('container events broke off', { error: String(error) });
        this.#agent.setRuntimeProblem(`container runtime is down: ${error instanceof Error ? error.message : String(error)}`);
      }
      await sleep(clock, engineRetryMs, signal);
    }
  }

  /** The engine may have been away: its pods are looked at again, and the node says whether it is back. */
  async #resync(): Promise<void> {
    try {
      await this.#options.runtime.info();
      this.#agent.setRuntimeProblem(undefined);
    } catch (error) {
      if (!(error instanceof RuntimeError)) throw error;
      this.#agent.setRuntimeProblem(`container runtime is down: ${error.message}`);
    }
    for (const worker of this.#workers.values()) worker.resync();
  }
}

/** Whether a pod refers to a config map or secret anywhere that a change of it matters. */
function refersTo(pod: Pod, source: 'configMap' | 'secret', name: string): boolean {
  for (const volume of pod.spec.volumes ?? []) {
    if (source === 'configMap' && volume.configMap?.name === name) return true;
    if (source === 'secret' && volume.secret?.secretName === name) return true;
    for (const projection of volume.projected?.sources ?? []) if (projection[source]?.name === name) return true;
  }
  return [...(pod.spec.initContainers ?? []), ...pod.spec.containers].some((container) => {
    const inEnv = container.env?.some(
      (variable) => (source === 'configMap' ? variable.valueFrom?.configMapKeyRef : variable.valueFrom?.secretKeyRef)?.name === name,
    );
    const inEnvFrom = container.envFrom?.some((from) => (source === 'configMap' ? from.configMapRef : from.secretRef)?.name === name);
    return inEnv === true || inEnvFrom === true;
  });
}
