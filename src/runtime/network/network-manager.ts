/**
 * The main thread's part of the network worker: derives each Service's state from the caches, posts the changes once
 * per turn of the event loop, and restarts the worker when it ends. Source of the shape: pkg/proxy/config,
 * pkg/proxy/servicechangetracker.go.
 */
import type { Worker } from 'node:worker_threads';
import type { Node, Service } from '../../api/generated/core/v1.ts';
import type { EndpointSlice } from '../../api/generated/discovery/v1.ts';
import { node } from '../../api/kinds/core/node.ts';
import { service } from '../../api/kinds/core/service.ts';
import { endpointSlice } from '../../api/kinds/discovery/endpoint-slice.ts';
import { type ObjectRef, refKey, refOf } from '../../api/object.ts';
import type { Clock } from '../../client/clock.ts';
import type { EventRecorder } from '../../client/event-recorder.ts';
import type { Informer, InformerFactory } from '../../client/informer.ts';
import type { Logger } from '../../client/logger.ts';
import type { FromNetworkWorker, NetworkConfig, ServiceState, ToNetworkWorker } from './network-state.ts';
import { deriveServiceState, serviceNameLabel } from './service-state.ts';

/** The parts of a worker thread that are used. */
export type NetworkWorkerThread = Pick<Worker, 'postMessage' | 'on' | 'terminate'>;

export interface NetworkManagerOptions {
  /** The nodes are added from the cache. */
  readonly config: Omit<NetworkConfig, 'nodes'>;
  readonly informers: InformerFactory;
  readonly events: EventRecorder;
  readonly logger: Logger;
  readonly clock: Clock;
  createWorker(): NetworkWorkerThread;
}

const sliceIndex = 'network/service';
const zoneLabel = 'topology.kubernetes.io/zone';
const firstRestartMs = 100;
const lastRestartMs = 30_000;
/** After a worker has lived this long, its next restart uses the shortest delay again. */
const stableMs = 60_000;
const stopTimeoutMs = 2000;

/** Owns the worker. */
export class NetworkManager {
  readonly #options: NetworkManagerOptions;
  #config: NetworkConfig;
  /** The nodes that are switched off: nothing listens at their addresses. */
  #switchedOff: ReadonlySet<string> = new Set();
  readonly #services: Informer<Service>;
  readonly #slices: Informer<EndpointSlice>;
  readonly #removers: (() => void)[] = [];
  readonly #dirty = new Map<string, ObjectRef>();
  /** The states that the worker has, each with its JSON, by which changes are detected. */
  readonly #posted = new Map<string, { readonly state: ServiceState; readonly json: string }>();
  #scheduled = false;
  #worker: NetworkWorkerThread | undefined;
  #startedMs = 0;
  #restartMs = firstRestartMs;
  #sequence = 0;
  #cancelRestart: (() => void) | undefined;
  readonly #waiters = new Map<number, () => void>();
  #onStopped: (() => void) | undefined;
  #stopping = false;

  constructor(options: NetworkManagerOptions) {
    this.#options = options;
    this.#config = { ...options.config, nodes: [] };
    this.#services = options.informers.informer(service);
    this.#slices = options.informers.informer(endpointSlice);
    this.#slices.addIndex(sliceIndex, (slice) => {
      const name = slice.metadata.labels?.[serviceNameLabel];
      return name === undefined ? [] : [`${slice.metadata.namespace ?? ''}/${name}`];
    });
  }

  /** Starts the worker. Resolves when it serves all Services known by then, or has reported why it cannot. */
  async start(): Promise<void> {
    const nodes = this.#options.informers.informer(node);
    const dirty = (object: Service): void => this.#mark(refOf(object));
    const sliceChanged = (slice: EndpointSlice): void => {
      const name = slice.metadata.labels?.[serviceNameLabel];
      if (name !== undefined) this.#mark({ namespace: slice.metadata.namespace ?? '', name });
    };
    await Promise.all([this.#services.synced(), this.#slices.synced(), nodes.synced()]);
    if (this.#stopping) return;
    this.#updateNodes(nodes.cache.list());
    this.#spawn();
    this.#removers.push(
      this.#services.addHandlers({ added: dirty, updated: dirty, deleted: dirty }),
      this.#slices.addHandlers({
        added: sliceChanged,
        updated: (slice, previous) => {
          sliceChanged(previous);
          sliceChanged(slice);
        },
        deleted: sliceChanged,
      }),
      nodes.addHandlers({
        added: () => this.#nodesChanged(nodes),
        updated: () => this.#nodesChanged(nodes),
        deleted: () => this.#nodesChanged(nodes),
      }),
    );
    await this.flush();
  }

  /** Posts pending changes. Resolves when the worker has applied them. */
  flush(): Promise<void> {
    this.#flush();
    if (this.#worker === undefined) return Promise.resolve();
    const sequence = ++this.#sequence;
    return new Promise((resolve) => {
      this.#waiters.set(sequence, resolve);
      this.#post({ type: 'services', sequence, upserts: [], deletes: [] });
    });
  }

  /** Sets other resolvers, after the host has moved to another network. */
  setUpstreamDns(upstreamDns: readonly string[]): void {
    if (JSON.stringify(upstreamDns) === JSON.stringify(this.#config.upstreamDns)) return;
    this.#config = { ...this.#config, upstreamDns };
    this.#post({ type: 'configure', config: this.#config });
  }

  /** Says which nodes are switched off. Resolves when nothing listens at their addresses any more. */
  async setSwitchedOff(names: ReadonlySet<string>): Promise<void> {
    this.#switchedOff = names;
    this.#nodesChanged(this.#options.informers.informer(node));
    await this.flush();
  }

  /** Closes all sockets and ends the worker. */
  async stop(): Promise<void> {
    if (this.#stopping) return;
    this.#stopping = true;
    this.#cancelRestart?.();
    for (const remove of this.#removers.splice(0)) remove();
    const worker = this.#worker;
    if (worker !== undefined) {
      await new Promise<void>((resolve) => {
        const cancel = this.#options.clock.setTimer(stopTimeoutMs, resolve);
        this.#onStopped = () => {
          cancel();
          resolve();
        };
        this.#post({ type: 'stop' });
      });
      await worker.terminate();
    }
    this.#releaseWaiters();
  }

  #post(message: ToNetworkWorker): void {
    this.#worker?.postMessage(message);
  }

  #mark(ref: ObjectRef): void {
    this.#dirty.set(refKey(ref), ref);
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => this.#flush());
  }

  #flush(): void {
    this.#scheduled = false;
    const upserts: ServiceState[] = [];
    const deletes: ObjectRef[] = [];
    for (const [key, ref] of this.#dirty) {
      const state = this.#derive(key, ref);
      const known = this.#posted.get(key);
      if (state === undefined) {
        if (this.#posted.delete(key)) deletes.push(ref);
        continue;
      }
      const json = JSON.stringify(state);
      if (known?.json === json) continue;
      this.#posted.set(key, { state, json });
      upserts.push(state);
    }
    this.#dirty.clear();
    if (upserts.length > 0 || deletes.length > 0) this.#post({ type: 'services', upserts, deletes });
  }

  #derive(key: string, ref: ObjectRef): ServiceState | undefined {
    const object = this.#services.cache.get(ref);
    return object === undefined ? undefined : deriveServiceState(object, this.#slices.cache.byIndex(sliceIndex, key));
  }

  #nodesChanged(nodes: Informer<Node>): void {
    if (this.#updateNodes(nodes.cache.list())) this.#post({ type: 'configure', config: this.#config });
  }

  #updateNodes(list: readonly Node[]): boolean {
    const nodes = list
      .filter(({ metadata }) => !this.#switchedOff.has(metadata.name))
      .map(({ metadata, spec, status }) => ({
        name: metadata.name,
        ...(spec.podCIDR === undefined ? {} : { podCidr: spec.podCIDR }),
        ip: status.addresses?.find((address) => address.type === 'InternalIP')?.address ?? '',
        ...(metadata.labels?.[zoneLabel] ? { zone: metadata.labels[zoneLabel] } : {}),
      }))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1));
    if (JSON.stringify(nodes) === JSON.stringify(this.#config.nodes)) return false;
    this.#config = { ...this.#config, nodes };
    return true;
  }

  #spawn(): void {
    const { clock, logger } = this.#options;
    const worker = this.#options.createWorker();
    this.#worker = worker;
    this.#startedMs = clock.now();
    worker.on('message', (message: FromNetworkWorker) => this.#received(message));
    worker.on('error', (error) => logger.error('Network worker failed', { error }));
    worker.on('exit', () => {
      if (this.#worker === worker) this.#exited();
    });
    this.#post({ type: 'configure', config: this.#config });
    const upserts = [...this.#posted.values()].map(({ state }) => state);
    if (upserts.length > 0) this.#post({ type: 'services', upserts, deletes: [] });
  }

  #exited(): void {
    this.#worker = undefined;
    this.#onStopped?.();
    this.#releaseWaiters();
    if (this.#stopping) return;
    const { clock, logger } = this.#options;
    if (clock.now() - this.#startedMs > stableMs) this.#restartMs = firstRestartMs;
    logger.warn('Network worker ended, restarting it', { delayMs: this.#restartMs });
    this.#cancelRestart = clock.setTimer(this.#restartMs, () => this.#spawn());
    this.#restartMs = Math.min(this.#restartMs * 2, lastRestartMs);
  }

  #releaseWaiters(): void {
    for (const resolve of this.#waiters.values()) resolve();
    this.#waiters.clear();
  }

  #received(message: FromNetworkWorker): void {
    const { logger } = this.#options;
    if (message.type === 'synced') {
      this.#waiters.get(message.sequence)?.();
      this.#waiters.delete(message.sequence);
    } else if (message.type === 'stopped') this.#onStopped?.();
    else if (message.type === 'log') logger[message.level](message.message, message.fields);
    else if (message.type === 'listener') this.#listener(message);
  }

  #listener({ namespace, name, address, port, protocol, error }: FromNetworkWorker & { readonly type: 'listener' }): void {
    const place = `${address}:${port}/${protocol}`;
    const fields = { namespace, name, address, port, protocol };
    if (error === undefined) this.#options.logger.info('Service port opened', fields);
    else this.#options.logger.warn('Service port could not be opened', { ...fields, error });
    const about = this.#services.cache.get({ namespace, name });
    if (about === undefined) return;
    if (error === undefined) this.#options.events.event(about, 'Normal', 'PortOpened', `Listening on ${place}`);
    else this.#options.events.event(about, 'Warning', 'PortUnavailable', `Cannot listen on ${place}: ${error}`);
  }
}
