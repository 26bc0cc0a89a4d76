/**
 * The kubelet: one per node. Watches the pods bound to its node, keeps a worker for each, registers the node, renews
 * its lease, and serves the streams into its pods.
 *
 * Guarantees: at start it adopts running containers and restarts none without need; sandboxes, containers and folders
 * that belong to no pod are removed; on `stop` containers keep running. Everything is event-driven: pods from an
 * informer, containers from the engine's event stream, volumes from the informers of their sources. Source:
 * pkg/kubelet/kubelet.go.
 */
import { errorStack } from '../../api/error-text.ts';
import type { Node, Pod } from '../../api/generated/core/v1.ts';
import { configMap as configMapKind } from '../../api/kinds/core/config-map.ts';
import { node as nodeKind } from '../../api/kinds/core/node.ts';
import { pod as podKind } from '../../api/kinds/core/pod.ts';
import { secret as secretKind } from '../../api/kinds/core/secret.ts';
import { service as serviceKind } from '../../api/kinds/core/service.ts';
import { type KubeObject, refOf } from '../../api/object.ts';
import type { Client } from '../../client/client.ts';
import type { Clock } from '../../client/clock.ts';
import type { EventRecorder } from '../../client/event-recorder.ts';
import type { InformerFactory } from '../../client/informer.ts';
import type { Logger } from '../../client/logger.ts';
import type { ContainerRuntime, RuntimeInfo } from '../container/container-runtime.ts';
import type { KubeletDeps } from './deps.ts';
import { ImageManager } from './images/image-manager.ts';
import { Limiter } from './limiter.ts';
import { NodeApi } from './node/api/node-api.ts';
import type { MachineUsage } from './node/api/usage.ts';
import { EngineHealth } from './node/engine-health.ts';
import { NodeAgent } from './node/node-agent.ts';
import { type NodeIdentity, nodeResources } from './node/node-status.ts';
import { createApiPodSources } from './pods/api-pod-sources.ts';
import type { ResolverConfig } from './pods/dns-files.ts';
import { OrphanRemover } from './pods/orphans.ts';
import { admissionFailure } from './pods/pod-admission.ts';
import { sourceKey } from './pods/pod-references.ts';
import type { SourceKind } from './pods/pod-sources.ts';
import { PodWorker } from './pods/pod-worker.ts';
import { PodWorkers } from './pods/pod-workers.ts';
import { StatusManager } from './pods/status-manager.ts';
import { StorageEviction } from './pods/storage-eviction.ts';
import type { ProbeManager } from './probes/probe-manager.ts';
import { NodeStreams } from './streams/pod-streams.ts';
import { VolumeManager } from './volumes/volume-manager.ts';
import type { HostMounter } from './volumes/volume-plugin.ts';

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
  /** Measures the resource usage of the machine, for the node API (`/stats/summary`, `/metrics`). */
  machine(): Promise<MachineUsage>;
  /** Folder of the machine's logs, which the node API serves; undefined when it serves none. */
  readonly logFolder?: string;
  /** How many calls may change containers on the engine at once; default two for each CPU, at least 4. */
  readonly engineConcurrency?: number;
}

export interface Kubelet {
  /** Resolves when the node is registered and Ready. */
  readonly ready: Promise<void>;
  readonly streams: NodeStreams;
  readonly api: NodeApi;
  /** Stops working; containers run on. */
  stop(): Promise<void>;
}

const nodeIndex = 'kubelet node';
const removalsAtOnce = 32;

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
  readonly #workers = new PodWorkers();
  readonly #deps: KubeletDeps;
  readonly #agent: NodeAgent;
  readonly #engine: EngineHealth;
  readonly #orphans: OrphanRemover;
  readonly #storage: StorageEviction;
  #node: Node | undefined;
  #adopted = false;

  constructor(options: KubeletOptions, info: RuntimeInfo) {
    this.#options = options;
    this.#info = info;
    const { client, clock, events, identity, log, runtime } = options;
    const signal = this.#stop.signal;
    this.#agent = new NodeAgent({ identity, info, runtime, client, events, clock, log, signal });
    const onChange = (problem: string | undefined): void => {
      this.#agent.setRuntimeProblem(problem);
      if (problem === undefined) for (const worker of this.#workers.all()) worker.resync();
    };
    this.#engine = new EngineHealth({ runtime, clock, log, signal, onChange });
    this.#deps = this.#makeDeps(info);
    this.#storage = new StorageEviction({ deps: this.#deps, workers: () => this.#workers.all() });
    this.#orphans = new OrphanRemover({ runtime, volumes: this.#deps.volumes, node: identity.name, log });
  }

  async start(): Promise<Kubelet> {
    const { informers, log, probes, runtime } = this.#options;
    const sources = [informers.informer(configMapKind), informers.informer(secretKind), informers.informer(serviceKind)];
    await Promise.all([informers.informer(podKind).synced(), ...sources.map((s) => s.synced())]);
    this.#node = await this.#agent.register();
    const adopted = await this.#adopt();
    if (adopted.pods > 0) log.info('Running pods were adopted', { node: this.#options.identity.name, ...adopted });
    this.#adopted = true;
    this.#watchPods();
    this.#watchNode();
    this.#watchSources('configMap');
    this.#watchSources('secret');
    probes.onChange((uid) => this.#workers.byUid(uid)?.wake());
    const loops = Promise.all([this.#agent.run(this.#node), this.#watchEngine()]);
    loops.catch((error: unknown) => log.error('kubelet stopped by a bug', { error: errorStack(error) }));
    return {
      ready: Promise.resolve(),
      streams: new NodeStreams({ runtime, find: (ref) => this.#workers.byRef(ref) }),
      api: this.#makeApi(),
      stop: async () => {
        this.#stop.abort();
        for (const worker of this.#workers.all()) worker.stopProbes();
        await Promise.all(this.#workers.all().map((worker) => worker.close()));
        await Promise.allSettled([loops, this.#engine.settled()]);
      },
    };
  }

  #makeApi(): NodeApi {
    const { identity, runtime, clusterDomain, clusterDns, logFolder } = this.#options;
    return new NodeApi({
      ...{ identity, runtime, clusterDomain, clusterDns, logFolder, info: this.#info },
      pods: () => this.#workers.all().map(({ state }) => state.pod),
      machine: () => this.#options.machine(),
    });
  }

  #makeDeps(info: RuntimeInfo): KubeletDeps {
    const options = this.#options;
    const { client, clock, events, identity, informers, log, runtime } = options;
    const pods = informers.informer(podKind);
    pods.addIndex(nodeIndex, (pod) => (pod.spec.nodeName === undefined ? [] : [pod.spec.nodeName]));
    const now = (): number => clock.now();
    const own = nodeResources(info, identity.maxPods).allocatable;
    const allocatable = (): Readonly<Record<string, string>> => this.#currentNode()?.status.allocatable ?? own;
    return {
      node: {
        name: identity.name,
        ip: identity.ip,
        memoryBytes: info.memoryBytes,
        // The API's Node is used, because other clients may have added resources to its capacity.
        get allocatable() {
          return allocatable();
        },
        clusterDomain: options.clusterDomain,
        clusterDns: options.clusterDns,
        hostResolver: options.hostResolver,
      },
      client,
      runtime,
      sources: createApiPodSources({ client, informers, now }),
      volumes: new VolumeManager({ root: options.root, mounter: options.mounter, now, writes: runtime.readsHostFiles }),
      images: new ImageManager({ images: runtime.images, events, clock }),
      statuses: new StatusManager({ client, clock, log, signal: this.#stop.signal, cached: (pod) => pods.cache.get(refOf(pod)) }),
      probes: options.probes,
      podsBeside: (uid) => this.#workers.active().filter(({ metadata }) => metadata.uid !== uid),
      engineLimiter: new Limiter(options.engineConcurrency ?? Math.max(4, 2 * info.cpus)),
      removalLimiter: new Limiter(removalsAtOnce),
      engineAway: () => this.#engine.check(),
      closing: this.#stop.signal,
      events,
      clock,
      log,
    };
  }

  /**
   * Gives every pod of this node a worker that knows the pod's sandboxes and containers, and removes everything that
   * belongs to no pod. Resolves with the number of adopted pods and containers.
   */
  async #adopt(): Promise<{ readonly pods: number; readonly containers: number }> {
    const { runtime, identity, informers } = this.#options;
    const [sandboxes, containers] = await Promise.all([runtime.sandboxes.list(identity.name), runtime.containers.list(identity.name)]);
    const sandboxesByPod = Map.groupBy(sandboxes, (s) => s.pod.uid);
    const containersByPod = Map.groupBy(containers, (c) => c.pod.uid);
    for (const pod of informers.informer(podKind).cache.byIndex(nodeIndex, identity.name)) {
      const { uid } = pod.metadata;
      const known = [sandboxesByPod.get(uid) ?? [], containersByPod.get(uid) ?? []] as const;
      const worker = this.#workers.byUid(uid) ?? this.#admit(pod, known[0].length + known[1].length > 0);
      worker.adopt(...known);
    }
    const owned = (uid: string): boolean => this.#workers.byUid(uid) !== undefined;
    await this.#orphans.remove({ sandboxes, containers }, owned);
    const running = containers.filter(({ state, pod }) => state === 'running' && owned(pod.uid));
    return { pods: new Set(running.map(({ pod }) => pod.uid)).size, containers: running.length };
  }

  /**
   * Makes the worker of a pod that has none. A pod that the node cannot run is rejected, unless its containers are
   * already running.
   */
  #admit(pod: Pod, runs: boolean): PodWorker {
    const worker = new PodWorker(pod, this.#deps, (gone) => this.#workers.delete(gone));
    const isNew = !runs && pod.status.startTime === undefined && pod.metadata.deletionTimestamp === undefined;
    const others = isNew ? this.#workers.active() : [];
    this.#workers.add(worker);
    this.#storage.added(pod);
    const node = this.#currentNode();
    if (!isNew || node === undefined) return worker;
    const refusal = admissionFailure({ pod, node, allocatable: this.#deps.node.allocatable, others });
    if (refusal !== undefined) worker.refuse(refusal);
    return worker;
  }

  #currentNode(): Node | undefined {
    const { identity, informers } = this.#options;
    return informers.informer(nodeKind).cache.get({ namespace: '', name: identity.name }) ?? this.#node;
  }

  #watchNode(): void {
    const { identity, informers } = this.#options;
    const look = (node: Node): void => {
      if (node.metadata.name === identity.name) this.#agent.nodeChanged(node);
    };
    const remove = informers.informer(nodeKind).addHandlers({ added: look, updated: look, deleted: () => undefined });
    this.#stop.signal.addEventListener('abort', remove, { once: true });
  }

  #watchPods(): void {
    const { identity, informers } = this.#options;
    const upsert = (pod: Pod): void => {
      const known = this.#workers.byUid(pod.metadata.uid);
      if (known !== undefined) known.update(pod);
      else this.#admit(pod, false).update(pod);
    };
    const remove = informers.informer(podKind).addIndexHandlers(nodeIndex, identity.name, {
      added: upsert,
      updated: upsert,
      deleted: (pod) => this.#workers.byUid(pod.metadata.uid)?.deleted(pod),
    });
    this.#stop.signal.addEventListener('abort', remove, { once: true });
  }

  /** A changed config map or secret wakes the pods that refer to it. */
  #watchSources(source: SourceKind): void {
    const handler = ({ metadata }: KubeObject): void => {
      for (const worker of this.#workers.referringTo(sourceKey(source, metadata.namespace ?? '', metadata.name))) worker.sourceChanged();
    };
    const informer = this.#options.informers.informer<KubeObject>(source === 'configMap' ? configMapKind : secretKind);
    const remove = informer.addHandlers({ added: handler, updated: handler, deleted: handler });
    this.#stop.signal.addEventListener('abort', remove, { once: true });
  }

  async #watchEngine(): Promise<void> {
    const { runtime, identity } = this.#options;
    let first = true;
    for await (const event of runtime.events(this.#stop.signal, identity.name)) {
      if (event.type === 'unavailable') this.#engine.check();
      else if (event.type === 'resync') {
        this.#engine.check();
        // The first resync only means that the stream is open. The sandboxes and containers were listed just before, so
        // they are not listed again.
        this.#resync(first);
        first = false;
      } else this.#workers.byUid(event.podUid)?.runtimeEvent(event);
    }
  }

  /**
   * Called when events were missed. Every worker reads its pod from the engine again. Unless `quick`, the engine is
   * also searched for what no pod owns.
   */
  #resync(quick: boolean): void {
    for (const worker of this.#workers.all()) worker.resync();
    if (quick || !this.#adopted) return;
    this.#adopt().catch((error: unknown) => this.#options.log.warn('engine could not be listed', { error: String(error) }));
  }
}
