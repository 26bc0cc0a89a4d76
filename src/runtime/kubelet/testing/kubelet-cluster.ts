/** A test cluster with one node: a real kubelet over a simulated engine, time under the test's control. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { ContainerStatus, Pod } from '../../../api/generated/core/v1.ts';
import { event as eventKind } from '../../../api/kinds/core/event.ts';
import { node as nodeKind } from '../../../api/kinds/core/node.ts';
import { pod as podKind } from '../../../api/kinds/core/pod.ts';
import { isNotFound } from '../../../api/status-error.ts';
import { type ApiEventRecorder, createEventRecorder } from '../../../client/api-event-recorder.ts';
import { silentLogger } from '../../../client/logger.ts';
import { startTestCluster, type TestCluster } from '../../../controllers/testing/test-cluster.ts';
import type { RuntimeInfo } from '../../container/container-runtime.ts';
import type { SimulatedScript } from '../../container/simulated/behaviour.ts';
import { createSimulatedRuntime, type SimulatedRuntime } from '../../container/simulated/create-simulated-runtime.ts';
import type { SimulatedEngine } from '../../container/simulated/simulated-engine.ts';
import { defaultKubeletConfig, type KubeletConfig } from '../config/kubelet-config.ts';
import type { NodeReserves } from '../eviction/reserves.ts';
import { type Kubelet, startKubelet } from '../kubelet.ts';
import type { MachineUsage } from '../node/api/usage.ts';
import { createProbeManager } from '../probes/create-probe-manager.ts';

type Fields = Readonly<Record<string, unknown>>;

export interface KubeletClusterOptions {
  readonly script?: SimulatedScript;
  readonly config?: Partial<KubeletConfig>;
  /** Replaces parts of what the engine says of itself. */
  readonly info?: Partial<RuntimeInfo>;
  readonly allocatable?: { readonly cpus?: number; readonly memoryBytes?: number; readonly maxPods?: number };
}

export interface KubeletCluster {
  readonly cluster: TestCluster;
  readonly engine: SimulatedEngine;
  /** The runtime of the current kubelet (`restart` replaces it). */
  readonly runtime: SimulatedRuntime;
  readonly kubelet: Kubelet;
  readonly root: string;
  /** Creates a pod that is bound to the node; one busybox container unless the spec says otherwise. */
  run(name: string, spec?: Fields, metadata?: Fields): Promise<Pod>;
  pod(name: string): Promise<Pod>;
  /** Undefined when it is gone. */
  find(name: string): Promise<Pod | undefined>;
  status(name: string, container?: string): Promise<ContainerStatus>;
  /** `Type Reason Message` of a pod's events in order; a repeated event appears once. */
  events(name: string): Promise<readonly string[]>;
  /** The content of a file of one of a pod's volumes. */
  volumeFile(name: string, plugin: string, volume: string, file: string): Promise<string>;
  /** From now on the node has this left. */
  leave(reserves: NodeReserves): void;
  settle(): Promise<void>;
  /** Moves time forward, from timer to timer. */
  pass(seconds: number): Promise<void>;
  /** Moves time forward to the next timer. */
  passTimer(): Promise<void>;
  /** Stops the kubelet and starts another on the same engine. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

const image = 'busybox:1.36';
const quietTurns = 4;
const maxTurns = 200_000;

const writesFiles = (): boolean => process.getActiveResourcesInfo().some((type) => /^(FSReq|CloseReq|FileHandle|DirHandle)/.test(type));

/** Constant resource usage of the machine, for kubelets in tests. */
export const idleMachine: MachineUsage = {
  timestampMs: 2_000_000,
  startedAtMs: 1_000_000,
  cpuUsageNs: 3e9,
  memoryUsedBytes: 400,
  memoryRssBytes: 300,
  memoryAvailableBytes: 600,
  fs: { availableBytes: 30, capacityBytes: 100, inodesFree: 5, inodes: 7 },
};

/** Starts the cluster; everything in it ends with the test. */
export async function startKubeletCluster(t: TestContext, options: KubeletClusterOptions = {}): Promise<KubeletCluster> {
  const cluster = await startTestCluster(t);
  const root = await mkdtemp(join(tmpdir(), 'minik-kubelet-'));
  t.after(() => rm(root, { recursive: true, force: true }));
  const { clock, client, informers } = cluster;
  const stopEvents = new AbortController();
  t.after(() => stopEvents.abort());
  const events: ApiEventRecorder = createEventRecorder({
    api: client.resource(eventKind),
    component: 'kubelet',
    host: 'minik',
    clock,
    log: silentLogger,
    signal: stopEvents.signal,
  });
  const { cpus = 4, memoryBytes = 8 * 1024 ** 3, maxPods = 110 } = options.allocatable ?? {};
  const newRuntime = (engine?: SimulatedEngine): SimulatedRuntime =>
    createSimulatedRuntime({
      clock,
      readsHostFiles: true,
      info: { cpus, memoryBytes, ...options.info },
      ...(engine === undefined ? {} : { engine }),
      ...(options.script === undefined ? {} : { script: options.script }),
    });
  const start = (runtime: SimulatedRuntime): Promise<Kubelet> =>
    startKubelet({
      identity: { name: 'minik', ip: '10.0.0.1', kubeletVersion: 'v1.36.0', labels: {}, daemonPort: 0 },
      client,
      informers,
      runtime,
      events,
      clock,
      log: silentLogger,
      root,
      mounter: {
        isDirect: true,
        mountTmpfs: async () => undefined,
        mountDevice: async () => undefined,
        growDevice: async () => undefined,
        unmount: async () => undefined,
        isMounted: async () => false,
        mountsBelow: async () => [],
        removeTree: (path) => rm(path, { recursive: true, force: true }),
      },
      probes: createProbeManager({ streams: runtime.streams, clock, events, log: silentLogger }),
      clusterDomain: 'cluster.local',
      clusterDns: '10.96.0.10',
      hostResolver: { nameservers: ['192.0.2.1'], searches: [], options: [] },
      machine: async () => idleMachine,
      logFolder: join(root, 'logs'),
      config: { ...defaultKubeletConfig, maxPods, ...options.config },
      reserves: async () => reserves,
    });
  let reserves: NodeReserves = {};
  let runtime = newRuntime();
  runtime.control.addImage(image);
  let kubelet = await start(runtime);
  t.after(async () => {
    await kubelet.stop();
    await runtime.close();
  });
  const settle = async (): Promise<void> => {
    let before = '';
    for (let quiet = 0, i = 0; quiet < quietTurns; i++) {
      assert.ok(i < maxTurns, 'the cluster does not settle');
      await cluster.settle();
      await events.flushed();
      // Node writes files on threads, so turns of the event loop alone do not wait for them.
      while (writesFiles()) await new Promise((resolve) => setTimeout(resolve, 0));
      const now = `${clock.pendingTimers} ${(await cluster.api(podKind).list()).metadata.resourceVersion}`;
      quiet = now === before && !writesFiles() ? quiet + 1 : 0;
      before = now;
    }
  };
  const api = cluster.api(podKind);
  const pod = (name: string): Promise<Pod> => api.get({ namespace: 'default', name });
  await settle();
  return {
    cluster,
    root,
    get engine() {
      return runtime.control.engine;
    },
    get runtime() {
      return runtime;
    },
    get kubelet() {
      return kubelet;
    },
    run: async (name, spec = {}, metadata = {}) => {
      const containers = [{ name: 'main', image, command: ['sleep', '3600'] }];
      const created = await cluster.apply({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name, namespace: 'default', ...metadata },
        spec: { nodeName: 'minik', containers, ...spec },
      } as Parameters<TestCluster['apply']>[0]); // fields that the Kind checks
      await settle();
      return created as Pod; // what `apply` made of a Pod
    },
    pod,
    find: async (name) => {
      try {
        return await pod(name);
      } catch (error) {
        if (isNotFound(error)) return undefined;
        throw error;
      }
    },
    status: async (name, container = 'main') => {
      const { initContainerStatuses = [], containerStatuses = [], ephemeralContainerStatuses = [] } = (await pod(name)).status;
      const found = [...initContainerStatuses, ...containerStatuses, ...ephemeralContainerStatuses].find((s) => s.name === container);
      assert.ok(found, `no status of container ${container}`);
      return found;
    },
    events: async (name) => {
      const { items } = await cluster.api(eventKind).list({ namespace: 'default' });
      return items
        .filter(({ involvedObject }) => involvedObject.name === name)
        .toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
        .map(({ type, reason, message }) => `${type} ${reason} ${message}`);
    },
    volumeFile: async (name, plugin, volume, file) => {
      const { uid } = (await pod(name)).metadata;
      return readFile(join(root, 'pods', uid, 'volumes', `kubernetes.io~${plugin}`, volume, file), 'utf8');
    },
    leave: (next) => {
      reserves = next;
    },
    settle,
    pass: async (seconds) => {
      await settle();
      const end = clock.now() + seconds * 1000;
      while (clock.now() < end) {
        clock.advance(Math.min(clock.nextTimerAt ?? end, end) - clock.now());
        await settle();
      }
    },
    passTimer: async () => {
      clock.advance((clock.nextTimerAt ?? clock.now()) - clock.now());
      await settle();
    },
    restart: async () => {
      await kubelet.stop();
      const { engine } = runtime.control;
      await runtime.close();
      runtime = newRuntime(engine);
      kubelet = await start(runtime);
      await settle();
    },
    stop: async () => {
      await kubelet.stop();
    },
  };
}

/** Whether the node is Ready, and why not. */
export async function nodeReady(cluster: TestCluster): Promise<string> {
  const { status } = await cluster.api(nodeKind).get({ namespace: '', name: 'minik' });
  const ready = status.conditions?.find((c) => c.type === 'Ready');
  return `${ready?.status} ${ready?.message}`;
}
