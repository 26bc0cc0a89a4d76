/**
 * A container runtime in memory, for tests and for clusters without Docker. It sets timers only for processes that
 * sleep or stop slowly, so thousands of idle pods cost nothing but memory. What containers do is in behaviour.ts.
 */
import type { ContainerRuntime, RuntimeEvent, RuntimeInfo } from '../container-runtime.ts';
import { EventQueue } from '../event-queue.ts';
import type { RuntimeClock } from '../runtime-clock.ts';
import type { ImageBehaviour, SimulatedScript } from './behaviour.ts';
import { DeclaredBehaviours, type DeclaredSources } from './declared-behaviours.ts';
import { keepEngine } from './engine-state.ts';
import { SimulatedContainers } from './simulated-containers.ts';
import { SimulatedEngine } from './simulated-engine.ts';
import { SimulatedImages } from './simulated-images.ts';
import { SimulatedSandboxes } from './simulated-sandboxes.ts';
import { SimulatedStreams } from './simulated-streams.ts';

export interface SimulatedRuntimeOptions extends DeclaredSources {
  readonly clock: RuntimeClock;
  /** 'default' when absent. Clusters on one engine do not see each other. */
  readonly clusterId?: string;
  /** An engine to share, or to reconnect to after a restart; absent: a new one. */
  readonly engine?: SimulatedEngine;
  /** IPv4 range of pod addresses of a new engine; '10.244.0.0/16' when absent. */
  readonly podSubnet?: string;
  /** Addresses of the range that no pod may get (those of virtual nodes); absent: none. */
  readonly reservedIps?: readonly string[];
  readonly script?: SimulatedScript;
  /** Default false: nothing reads mounted files. True makes the kubelet write volumes all the same, for tests. */
  readonly readsHostFiles?: boolean;
  /** Replaces parts of what `info()` answers. */
  readonly info?: Partial<RuntimeInfo>;
}

/** What a test can do to the engine behind a simulated runtime. */
export interface SimulatedControl {
  readonly engine: SimulatedEngine;
  /** Ends a running container with this exit code, as a crash would. */
  exit(containerId: string, exitCode: number): void;
  oomKill(containerId: string): void;
  /** Stops a sandbox without the kubelet's knowledge. */
  stopSandbox(sandboxId: string): Promise<void>;
  /** Puts an image on the node without a pull. */
  addImage(name: string, behaviour?: ImageBehaviour): void;
  /** Keeps sandboxes and containers as they are; returns the function that restores them; see `keepEngine`. */
  keep(): () => void;
  /** false: every call fails with 'Unavailable'. true after false: readers of events get `resync`. */
  setAvailable(available: boolean): void;
}

export interface SimulatedRuntime extends ContainerRuntime {
  readonly control: SimulatedControl;
}

const INFO: RuntimeInfo = {
  name: 'simulated',
  version: '1.0.0',
  kernelVersion: '6.1.0-simulated',
  osImage: 'Simulated',
  architecture: 'amd64',
  cpus: 8,
  memoryBytes: 32 * 1024 ** 3,
  ephemeralStorageBytes: 100 * 1024 ** 3,
  machineId: '00000000000000000000000000000001',
  bootId: '00000000-0000-0000-0000-000000000001',
  cgroupVersion: 2,
  appArmor: true,
  devices: {},
  recursiveReadOnly: true,
  handlers: [{ name: '', recursiveReadOnly: true }],
  root: '',
};

/** Creates the runtime of one cluster on a (new or given) simulated engine. */
export function createSimulatedRuntime(options: SimulatedRuntimeOptions): SimulatedRuntime {
  const { clock, podSubnet, reservedIps = [], script } = options;
  const cluster = options.clusterId ?? 'default';
  const engine =
    options.engine ??
    new SimulatedEngine({
      clock,
      reservedIps,
      ...(podSubnet === undefined ? {} : { podSubnet }),
      ...(script === undefined ? {} : { script }),
    });
  const declared = new DeclaredBehaviours(engine, options);
  const sandboxes = new SimulatedSandboxes(engine, cluster, declared);
  const containers = new SimulatedContainers(engine, cluster, declared);
  const images = new SimulatedImages(engine);
  const open = new Set<EventQueue>();
  const closeQueue = (queue: EventQueue): void => {
    open.delete(queue);
    engine.unsubscribe(queue);
  };
  return {
    readsHostFiles: options.readsHostFiles ?? false,
    sandboxes,
    containers,
    streams: new SimulatedStreams(engine, cluster, { sandboxes, declared }),
    images,
    info: async () => {
      engine.check();
      return { ...INFO, ...options.info };
    },
    events(signal: AbortSignal, node?: string): AsyncIterable<RuntimeEvent> {
      const queue = new EventQueue(signal, closeQueue);
      if (!signal.aborted) {
        open.add(queue);
        engine.subscribe(queue, cluster, node);
        queue.push({ type: 'resync' });
      }
      return queue;
    },
    prepare: async () => engine.check(),
    destroy: async () => {
      for (const { id } of await containers.list()) await containers.remove(id);
      for (const { id } of await sandboxes.list()) await sandboxes.remove(id);
    },
    close: async () => {
      for (const queue of [...open]) queue.close();
    },
    control: {
      engine,
      exit: (id, exitCode) => containers.kill(id, exitCode),
      oomKill: (id) => containers.kill(id, 137, true),
      stopSandbox: (id) => sandboxes.stop(id),
      addImage: (name, behaviour) => void images.add(name, behaviour),
      keep: () => keepEngine(engine, (record) => containers.runProcess(record)),
      setAvailable: (available) => engine.setAvailable(available),
    },
  };
}
