/**
 * The state of a simulated container engine, as dockerd would hold it. Several runtimes (several clusters, or one
 * cluster before and after a restart) may share one engine. Deterministic: ids and addresses follow from the order of
 * calls, times from the injected clock.
 */
import { hash } from 'node:crypto';
import {
  type Container,
  type ContainerConfig,
  type Image,
  RuntimeError,
  type RuntimeEvent,
  type Sandbox,
  type SandboxConfig,
} from '../container-runtime.ts';
import type { EventQueue } from '../event-queue.ts';
import { IpPool } from '../ip-pool.ts';
import type { RuntimeClock } from '../runtime-clock.ts';
import type { ContainerBehaviour, SimulatedScript } from './behaviour.ts';
import type { LogBuffer } from './log-buffer.ts';
import type { ScheduledLines } from './scheduled-lines.ts';
import { SimulatedHttp } from './simulated-http.ts';

const away = 'Cannot connect to the simulated container engine. Is it running?';

export interface SandboxRecord {
  readonly cluster: string;
  readonly config: SandboxConfig;
  view: Sandbox;
}

/** The part of a container's configuration that is kept: the simulated engine mounts nothing. */
export type SimulatedContainerConfig = Omit<ContainerConfig, 'mounts'>;

export interface ContainerRecord {
  readonly cluster: string;
  config: SimulatedContainerConfig;
  readonly behaviour: ContainerBehaviour;
  view: Container;
  /** Created at the first output. */
  logs: LogBuffer | undefined;
  /** Ends the process without reporting an exit; defined while the process runs. */
  endProcess: (() => void) | undefined;
  /** Receive the output for attached clients. */
  readonly listeners: Set<(stream: 'stdout' | 'stderr', chunk: string | Uint8Array) => void>;
  /** Called once at the next exit. */
  readonly onExit: Set<() => void>;
  /** The lines that it writes at their times; defined while it runs, if there are any. */
  lines: ScheduledLines | undefined;
  /** The timer of the next change in what it uses, or in how it is. */
  nextChange: { readonly atMs: number; readonly cancel: () => void } | undefined;
  /** Receives stdin while the process reads it. */
  stdin: { write(chunk: Uint8Array): void; end(): void } | undefined;
}

export interface SimulatedEngineOptions {
  readonly clock: RuntimeClock;
  /** IPv4 range of pod addresses; '10.244.0.0/16' when absent. */
  readonly podSubnet?: string;
  /** Addresses of it that no pod may get. */
  readonly reservedIps?: readonly string[];
  readonly script?: SimulatedScript;
}

export class SimulatedEngine {
  readonly clock: RuntimeClock;
  readonly sandboxes = new Map<string, SandboxRecord>();
  readonly containers = new Map<string, ContainerRecord>();
  /** The id behind each taken name: see `sandboxName` and `containerName`. */
  readonly names = new Map<string, string>();
  /** By image id. */
  readonly images = new Map<string, Image>();
  /** Canonical name → image id. */
  readonly imageNames = new Map<string, string>();
  readonly ips: IpPool;
  readonly http: SimulatedHttp;
  /** A test may replace it at any time. */
  script: SimulatedScript;
  /** Subscribers, by cluster or by node of a cluster. */
  readonly #subscribers = new Map<string, Set<EventQueue>>();
  #available = true;
  #lastId = 0;

  constructor(options: SimulatedEngineOptions) {
    this.clock = options.clock;
    this.http = new SimulatedHttp(options.clock);
    this.ips = new IpPool(options.podSubnet ?? '10.244.0.0/16', options.reservedIps);
    this.script = options.script ?? {};
  }

  /**
   * Simulates a stopped daemon: every call fails with 'Unavailable' until the daemon is back, which is reported as
   * `resync`. Containers keep running.
   */
  setAvailable(available: boolean): void {
    if (available === this.#available) return;
    this.#available = available;
    if (available) this.resync();
    else this.#tellAll({ type: 'unavailable', message: away });
  }

  /** Tells all readers of events that they may have missed some. */
  resync(): void {
    this.#tellAll({ type: 'resync' });
  }

  #tellAll(event: RuntimeEvent): void {
    for (const queues of this.#subscribers.values()) for (const queue of queues) queue.push(event);
  }

  /** Throws RuntimeError 'Unavailable' while the engine is unavailable. */
  check(): void {
    if (!this.#available) {
      throw new RuntimeError('Unavailable', away);
    }
  }

  nextId(): string {
    this.#lastId++;
    return hash('sha256', `simulated ${this.#lastId}`);
  }

  /** Sends an event to the subscribers of the cluster and of the node. */
  emit(cluster: string, node: string, event: RuntimeEvent): void {
    if (!this.#available) return;
    for (const audience of [audienceOf(cluster), audienceOf(cluster, node)]) {
      for (const queue of this.#subscribers.get(audience) ?? []) queue.push(event);
    }
  }

  subscribe(queue: EventQueue, cluster: string, node?: string): void {
    const audience = audienceOf(cluster, node);
    const queues = this.#subscribers.get(audience) ?? new Set();
    queues.add(queue);
    this.#subscribers.set(audience, queues);
  }

  unsubscribe(queue: EventQueue): void {
    for (const [audience, queues] of this.#subscribers) {
      if (queues.delete(queue) && queues.size === 0) this.#subscribers.delete(audience);
    }
  }

  /** The sandbox, or RuntimeError 'NotFound'. */
  sandbox(cluster: string, id: string): SandboxRecord {
    const record = this.sandboxes.get(id);
    if (record === undefined || record.cluster !== cluster) throw new RuntimeError('NotFound', `No such container: ${id}`);
    return record;
  }

  /** The container, or RuntimeError 'NotFound'. */
  container(cluster: string, id: string): ContainerRecord {
    const record = this.containers.get(id);
    if (record === undefined || record.cluster !== cluster) throw new RuntimeError('NotFound', `No such container: ${id}`);
    return record;
  }
}

function audienceOf(cluster: string, node?: string): string {
  return node === undefined ? cluster : `${cluster} ${node}`;
}

/** The name that makes a sandbox unique on the engine. */
export function sandboxName(cluster: string, podUid: string, attempt: number): string {
  return `${cluster}/${podUid}/${attempt}`;
}

/** The name that makes a container unique on the engine. */
export function containerName(cluster: string, podUid: string, name: string, attempt: number): string {
  return `${cluster}/${podUid}/${name}/${attempt}`;
}
