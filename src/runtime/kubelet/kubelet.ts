/**
 * The kubelet: one per node. Watches the pods bound to its node, keeps a worker for each, registers the node, renews
 * its lease, and serves the streams into its pods.
 *
 * Guarantees: at start it adopts running containers and restarts none without need; sandboxes, containers and folders
 * that belong to no pod are removed; on `stop` containers keep running. Everything is event-driven: pods from an
 * informer, containers from the engine's event stream, volumes from the informers of their sources. Source:
 * pkg/kubelet/kubelet.go.
 */
import { join } from 'node:path';
import { errorStack } from '../../api/error-text.ts';
import type { Node, Pod } from '../../api/generated/core/v1.ts';
import type { Kind } from '../../api/kind.ts';
import { configMap as configMapKind } from '../../api/kinds/core/config-map.ts';
import { node as nodeKind } from '../../api/kinds/core/node.ts';
import { persistentVolumeClaim as claimKind } from '../../api/kinds/core/persistent-volume-claim.ts';
import { pod as podKind } from '../../api/kinds/core/pod.ts';
import { secret as secretKind } from '../../api/kinds/core/secret.ts';
import { service as serviceKind } from '../../api/kinds/core/service.ts';
import { type KubeObject, refOf } from '../../api/object.ts';
import { toNumber } from '../../api/quantity.ts';
import type { Client } from '../../client/client.ts';
import type { Clock } from '../../client/clock.ts';
import type { EventRecorder } from '../../client/event-recorder.ts';
import type { InformerFactory } from '../../client/informer.ts';
import type { Logger } from '../../client/logger.ts';
import type { ContainerRuntime, RuntimeInfo } from '../container/container-runtime.ts';
import { Limiter } from '../container/limiter.ts';
import { defaultKubeletConfig, type KubeletConfig } from './config/kubelet-config.ts';
import type { KubeletDeps } from './deps.ts';
import { PressureEviction } from './eviction/pressure-eviction.ts';
import type { NodeReserves } from './eviction/reserves.ts';
import { ImageCollector } from './images/image-collector.ts';
import { ImageManager, type PullQuestion } from './images/image-manager.ts';
import { PullRecords } from './images/pull-records.ts';
import { PulledImages } from './images/pulled-images.ts';
import { NodeLogs } from './logs/node-logs.ts';
import { NodeApi } from './node/api/node-api.ts';
import type { MachineUsage } from './node/api/usage.ts';
import { EngineHealth } from './node/engine-health.ts';
import { GracefulShutdown } from './node/graceful-shutdown.ts';
import { NodeAgent } from './node/node-agent.ts';
import { type NodeIdentity, nodeResources } from './node/node-status.ts';
import { losePower } from './node/power.ts';
import type { ShutdownPeriod } from './node/shutdown-groups.ts';
import { createApiPodSources } from './pods/api-pod-sources.ts';
import { isCritical, noRoomMessage, podsToPreempt } from './pods/critical-preemption.ts';
import type { ResolverConfig } from './pods/dns-files.ts';
import { OrphanRemover } from './pods/orphans.ts';
import { admissionFailure, appArmorProblem, type Shortfall, shortfalls } from './pods/pod-admission.ts';
import { sourceKey } from './pods/pod-references.ts';
import type { SourceKind } from './pods/pod-sources.ts';
import { PodWorker } from './pods/pod-worker.ts';
import { PodWorkers } from './pods/pod-workers.ts';
import type { Waiting } from './pods/status-input.ts';
import { StatusManager } from './pods/status-manager.ts';
import { StorageEviction } from './pods/storage-eviction.ts';
import { TerminationCounts } from './pods/termination-counts.ts';
import type { ProbeManager } from './probes/probe-manager.ts';
import { isMirrorPod, isStaticPod } from './static-pods/config-annotations.ts';
import { StaticPods } from './static-pods/static-pods.ts';
import { NodeStreams } from './streams/pod-streams.ts';
import { VolumeManager } from './volumes/volume-manager.ts';
import type { HostMounter } from './volumes/volume-plugin.ts';

export interface KubeletOptions {
  readonly identity: NodeIdentity;
  /** Default: `defaultKubeletConfig`. */
  readonly config?: KubeletConfig;
  readonly client: Client;
  readonly informers: InformerFactory;
  readonly runtime: ContainerRuntime;
  readonly events: EventRecorder;
  readonly clock: Clock;
  readonly log: Logger;
  /** Folder for pods' volumes and files. */
  readonly root: string;
  /** Default: a node's own, in `root`. Nodes that share an engine share them. */
  readonly pullRecords?: PullRecords;
  readonly mounter: HostMounter;
  readonly probes: ProbeManager;
  readonly clusterDomain: string;
  /** '' when the cluster has no DNS. */
  readonly clusterDns: string;
  readonly hostResolver: ResolverConfig;
  /** Absolute path of the folder with the seccomp profiles that pods may name; default `seccomp` in `root`. */
  readonly seccompFolder?: string;
  /** Whether this node has the machine's GPUs; default true. Only one of several nodes may. */
  readonly hasGpus?: boolean;
  /** Measures the resource usage of the machine, for the node API (`/stats/summary`, `/metrics`). */
  machine(): Promise<MachineUsage>;
  /**
   * Measures what the node has left of memory, disk and processes. Default: nothing is ever short. `node`: the API's
   * object, once it is known.
   */
  reserves?(node: Node | undefined, info: RuntimeInfo): Promise<NodeReserves>;
  /**
   * Folder of the machine's logs, which the node API serves, and pods see below their node's `/var/log`; undefined when
   * they see none.
   */
  readonly logFolder?: string;
  /** See `ImageManagerOptions`. */
  pullFailure?(pull: PullQuestion): string | undefined;
  /** How many pods may start, and calls change containers, at once; default two for each CPU, at least 4. */
  readonly engineConcurrency?: number;
}

export interface Kubelet {
  /** Resolves when the node is registered and Ready. */
  readonly ready: Promise<void>;
  readonly streams: NodeStreams;
  readonly api: NodeApi;
  /** How long its configuration gives pods when the node shuts down; 0: it does not shut down gracefully. */
  readonly shutdownSeconds: number;
  /**
   * Shuts the node down gracefully, if its configuration says how long that may take, or else within `otherwise`.
   * Resolves with how many pods it ended, as `GracefulShutdown.run` does; does nothing when neither says anything.
   */
  shutDown(otherwise: readonly ShutdownPeriod[], signal: AbortSignal): Promise<number>;
  /** Stops working; containers run on. */
  stop(): Promise<void>;
}

const nodeIndex = 'kubelet node';
const nameIndex = 'kubelet name';
const sourceKinds = { configMap: configMapKind, secret: secretKind, claim: claimKind } as const;
const removalsAtOnce = 32;

/** Starts a kubelet. Rejects when the engine does not answer or the node cannot be registered. */
export async function startKubelet(options: KubeletOptions): Promise<Kubelet> {
  const found = await options.runtime.info();
  const info = options.hasGpus === false ? { ...found, devices: {} } : found;
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
  readonly #pressure: PressureEviction;
  readonly #pulled: PulledImages;
  readonly #pullRecords: PullRecords;
  readonly #collector: ImageCollector;
  readonly #static: StaticPods;
  readonly #shutdown: GracefulShutdown;
  readonly #config: KubeletConfig;
  #node: Node | undefined;
  #adopted = false;
  /** Pods that are about to be taken back. */
  readonly #returned: Pod[] = [];

  constructor(options: KubeletOptions, info: RuntimeInfo) {
    this.#options = options;
    this.#info = info;
    const { client, clock, events, identity, log, runtime } = options;
    const signal = this.#stop.signal;
    this.#config = options.config ?? defaultKubeletConfig;
    this.#agent = new NodeAgent({ identity, info, config: this.#config, runtime, client, events, clock, log, signal });
    const onChange = (problem: string | undefined): void => {
      this.#agent.setRuntimeProblem(problem);
      if (problem === undefined) for (const worker of this.#workers.all()) worker.resync();
    };
    this.#engine = new EngineHealth({ runtime, clock, log, signal, onChange });
    this.#pullRecords = options.pullRecords ?? new PullRecords(join(options.root, 'image-pulls.json'));
    this.#deps = this.#makeDeps(info);
    this.#storage = new StorageEviction({ deps: this.#deps, workers: () => this.#workers.all() });
    const reserves = async (): Promise<NodeReserves> => (await options.reserves?.(this.#currentNode(), info)) ?? {};
    this.#pulled = new PulledImages(options.root);
    this.#collector = new ImageCollector({
      ...{
        runtime,
        pulled: this.#pulled,
        records: this.#pullRecords,
        config: this.#config,
        clock,
        events,
        log,
        signal,
        reserves,
        node: () => this.#currentNode(),
      },
      mounted: () => this.#deps.volumes.imagesInUse(),
      onChange: () => this.#agent.touch(),
    });
    this.#static = new StaticPods({
      ...{ path: this.#config.staticPodPath, client, clock, log, signal, workers: () => this.#workers.all() },
      node: () => this.#node,
      podsInApi: () => options.informers.informer(podKind).cache.byIndex(nodeIndex, identity.name),
      run: (pod) => void this.#admit(pod, pod.status.startTime !== undefined).wake(),
    });
    this.#pressure = new PressureEviction({
      ...{ deps: this.#deps, config: this.#config, workers: () => this.#workers.all(), node: () => this.#currentNode() },
      reserves,
      reclaimDisk: () => this.#collector.removeUnused(),
      onChange: () => this.#agent.setPressure(this.#pressure.conditions),
    });
    this.#shutdown = new GracefulShutdown({
      ...{ clock, events, node: () => this.#currentNode(), workers: () => this.#workers.all() },
      kill: () => losePower(runtime, identity.name),
      onChange: (shutsDown) => this.#agent.setShutsDown(shutsDown),
    });
    this.#orphans = new OrphanRemover({ runtime, volumes: this.#deps.volumes, node: identity.name, log });
  }

  async start(): Promise<Kubelet> {
    const { informers, log, probes, runtime } = this.#options;
    const kinds = [podKind, serviceKind, ...Object.values(sourceKinds)] as readonly Kind<KubeObject>[];
    await Promise.all(kinds.map((kind) => informers.informer(kind).synced()));
    this.#node = await this.#agent.register();
    await this.#static.start();
    const adopted = await this.#adopt();
    if (adopted.pods > 0) log.info('Running pods were adopted', { node: this.#options.identity.name, ...adopted });
    this.#adopted = true;
    this.#watchPods();
    this.#watchNode();
    this.#watchSources('configMap');
    this.#watchSources('secret');
    this.#watchSources('claim');
    probes.onChange((uid) => this.#workers.byUid(uid)?.probed());
    const loops = Promise.all([this.#agent.run(this.#node), this.#watchEngine(), this.#pressure.start(), this.#collector.start()]);
    loops.catch((error: unknown) => log.error('kubelet stopped by a bug', { error: errorStack(error) }));
    return {
      ready: Promise.resolve(),
      streams: new NodeStreams({ runtime, find: (ref) => this.#workers.byRef(ref) }),
      api: this.#makeApi(),
      shutdownSeconds: this.#config.shutdownPeriods.reduce((sum, { seconds }) => sum + seconds, 0),
      shutDown: async (otherwise, signal) => {
        const { shutdownPeriods: own } = this.#config;
        const periods = own.length > 0 ? own : otherwise;
        return periods.length === 0 ? 0 : this.#shutdown.run(periods, AbortSignal.any([signal, this.#stop.signal]));
      },
      stop: async () => {
        this.#stop.abort();
        for (const worker of this.#workers.all()) worker.stopProbes();
        await Promise.all(this.#workers.all().map((worker) => worker.close()));
        await Promise.allSettled([loops, this.#engine.settled(), this.#deps.logs.stopped()]);
      },
    };
  }

  #makeApi(): NodeApi {
    const { identity, runtime, clusterDomain, clusterDns, logFolder } = this.#options;
    return new NodeApi({
      ...{ identity, config: this.#config, runtime, clusterDomain, clusterDns, logFolder, info: this.#info },
      pods: () => this.#workers.all().map(({ state }) => state.pod),
      machine: () => this.#options.machine(),
      probes: () => this.#options.probes.records(),
      terminations: () => this.#deps.terminations.all(),
    });
  }

  #makeDeps(info: RuntimeInfo): KubeletDeps {
    const options = this.#options;
    const { client, clock, events, identity, informers, log, runtime } = options;
    const pods = informers.informer(podKind);
    pods.addIndex(nodeIndex, (pod) => (pod.spec.nodeName === undefined ? [] : [pod.spec.nodeName]));
    const now = (): number => clock.now();
    const own = nodeResources(info, this.#config).allocatable;
    const { engineConcurrency = Math.max(4, 2 * info.cpus) } = options;
    const podCidr = (): string | undefined => this.#currentNode()?.spec.podCIDR || undefined;
    const allocatable = (): Readonly<Record<string, string>> => this.#currentNode()?.status.allocatable ?? own;
    const logs = new NodeLogs({
      ...{ root: options.root, runtime, clock, log, signal: this.#stop.signal, machineLogs: options.logFolder },
      rotation: { maxBytes: toNumber(this.#config.containerLogMaxSize), maxFiles: this.#config.containerLogMaxFiles },
      containers: () => this.#workers.all().flatMap(({ state }) => [...state.observed.containers.values()]),
    });
    return {
      node: {
        name: identity.name,
        ip: identity.ip,
        memoryBytes: info.memoryBytes,
        recursiveReadOnly: info.recursiveReadOnly,
        // The API's Node is used, because other clients may have added resources to its capacity.
        get allocatable() {
          return allocatable();
        },
        // Somebody else gives the node its range, after it has registered.
        get podCidr() {
          return podCidr();
        },
        clusterDomain: options.clusterDomain,
        clusterDns: options.clusterDns,
        hostResolver: options.hostResolver,
        seccompFolder: options.seccompFolder ?? join(options.root, 'seccomp'),
      },
      config: this.#config,
      client,
      runtime,
      sources: createApiPodSources({ client, informers, now }),
      volumes: new VolumeManager({
        ...{ root: options.root, mounter: options.mounter, now, writes: runtime.readsHostFiles, places: logs },
        unpack: (imageId, folder) => runtime.images.unpack(imageId, folder),
      }),
      logs,
      images: new ImageManager({
        ...{ images: runtime.images, events, clock, maxParallelPulls: this.#config.maxParallelImagePulls },
        ...{ records: this.#pullRecords, verification: this.#config.imagePullVerification },
        pullFailure: (pull) => options.pullFailure?.(pull),
        onPulled: async (name, isNew) => {
          if (isNew) await this.#pulled.pulled(name, clock.now());
          this.#collector.wake();
          this.#agent.touch();
        },
      }),
      statuses: new StatusManager({ client, clock, log, signal: this.#stop.signal, cached: (pod) => pods.cache.get(refOf(pod)) }),
      terminations: new TerminationCounts(),
      probes: options.probes,
      gpus: this.#workers.gpuPool(info),
      podsBeside: (uid) => this.#workers.active().filter(({ metadata }) => metadata.uid !== uid),
      engineLimiter: new Limiter(engineConcurrency),
      startLimiter: new Limiter(engineConcurrency),
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
    const ofPod = (uid: string) => [sandboxesByPod.get(uid) ?? [], containersByPod.get(uid) ?? []] as const;
    for (const pod of informers.informer(podKind).cache.byIndex(nodeIndex, identity.name)) {
      const { uid } = pod.metadata;
      const known = ofPod(uid);
      if (!isMirrorPod(pod) && this.#workers.byUid(uid) === undefined) this.#admit(pod, known[0].length + known[1].length > 0);
    }
    for (const worker of this.#workers.all()) worker.adopt(...ofPod(worker.state.pod.metadata.uid));
    const owned = (uid: string): boolean => this.#workers.byUid(uid) !== undefined;
    await this.#orphans.remove({ sandboxes, containers }, owned);
    await this.#deps.logs.prune();
    const running = containers.filter(({ state, pod }) => state === 'running' && owned(pod.uid));
    return { pods: new Set(running.map(({ pod }) => pod.uid)).size, containers: running.length };
  }

  /**
   * Makes the worker of a pod that has none. A pod that the node cannot run is rejected, unless its containers are
   * already running.
   */
  #admit(pod: Pod, runs: boolean): PodWorker {
    const worker = new PodWorker(pod, this.#deps, (gone) => {
      this.#workers.delete(gone);
      if (isStaticPod(gone.state.pod)) this.#static.look();
    });
    const isNew = !runs && pod.status.startTime === undefined && pod.metadata.deletionTimestamp === undefined;
    const others = isNew ? this.#workers.active() : [];
    this.#workers.add(worker);
    this.#storage.added(pod);
    const node = this.#currentNode();
    if (!isNew || node === undefined) return worker;
    const mayPreempt = isCritical(pod);
    const { allowedUnsafeSysctls: allowedSysctls } = this.#config;
    const input = { pod, node, allocatable: this.#deps.node.allocatable, others };
    const refusal =
      this.#shutdown.refusal ??
      this.#pressure.refusal(pod) ??
      admissionFailure({ ...input, allowedSysctls, mayPreempt }) ??
      (mayPreempt ? this.#makeWay(pod, shortfalls(input), others) : undefined);
    if (refusal !== undefined) worker.refuse(refusal);
    const unconfined = this.#info.appArmor ? undefined : appArmorProblem(pod);
    if (unconfined !== undefined) worker.refuse(unconfined);
    return worker;
  }

  /**
   * Ends other pods so that a critical pod has room; returns why that is not possible. Differs: upstream starts the
   * critical pod when the others have ended; here it starts beside them.
   */
  #makeWay(pod: Pod, lacking: readonly Shortfall[], others: readonly Pod[]): Waiting | undefined {
    if (lacking.length === 0) return undefined;
    const victims = podsToPreempt(pod, others, lacking);
    if (victims === undefined) return { reason: 'UnexpectedAdmissionError', message: noRoomMessage(lacking) };
    for (const { metadata } of victims) this.#workers.byUid(metadata.uid)?.preempt();
    return undefined;
  }

  #currentNode(): Node | undefined {
    const { identity, informers } = this.#options;
    return informers.informer(nodeKind).cache.get({ namespace: '', name: identity.name }) ?? this.#node;
  }

  #watchNode(): void {
    const { identity, informers } = this.#options;
    const look = (node: Node): void => this.#agent.nodeChanged(node);
    const nodes = informers.informer(nodeKind);
    // A handler of every node in every kubelet would be called for each pair of nodes.
    nodes.addIndex(nameIndex, ({ metadata }) => [metadata.name]);
    const remove = nodes.addIndexHandlers(nameIndex, identity.name, { added: look, updated: look });
    this.#stop.signal.addEventListener('abort', remove, { once: true });
  }

  #watchPods(): void {
    const { identity, informers } = this.#options;
    const upsert = (pod: Pod): void => {
      if (isMirrorPod(pod)) {
        this.#static.podChanged(pod);
        return;
      }
      const known = this.#workers.byUid(pod.metadata.uid);
      if (known !== undefined) known.update(pod);
      else if (pod.status.startTime !== undefined) this.#takeBack(pod);
      else this.#admit(pod, false).update(pod);
    };
    const remove = informers.informer(podKind).addIndexHandlers(nodeIndex, identity.name, {
      added: upsert,
      updated: upsert,
      deleted: (pod) => (isMirrorPod(pod) ? this.#static.look() : this.#workers.byUid(pod.metadata.uid)?.deleted(pod)),
    });
    this.#stop.signal.addEventListener('abort', remove, { once: true });
  }

  /** A pod that was started before, and has come back as it was, may have containers. */
  #takeBack(pod: Pod): void {
    this.#returned.push(pod);
    if (this.#returned.length > 1) return;
    queueMicrotask(() => {
      this.#adopt()
        .catch((error: unknown) => this.#options.log.warn('engine could not be listed', { error: String(error) }))
        .then(() => {
          const { cache } = this.#options.informers.informer(podKind);
          for (const { metadata } of this.#returned.splice(0)) {
            const current = cache.byUid(metadata.uid);
            if (current !== undefined) (this.#workers.byUid(metadata.uid) ?? this.#admit(current, false)).update(current);
          }
        })
        .catch((error: unknown) => this.#options.log.error('kubelet stopped by a bug', { error: errorStack(error) }));
    });
  }

  /** A changed config map, secret or claim wakes the pods that refer to it. */
  #watchSources(source: SourceKind): void {
    const handler = ({ metadata }: KubeObject): void => {
      for (const worker of this.#workers.referringTo(sourceKey(source, metadata.namespace ?? '', metadata.name))) worker.sourceChanged();
    };
    const informer = this.#options.informers.informer<KubeObject>(sourceKinds[source]);
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
