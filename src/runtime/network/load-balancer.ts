/**
 * The load balancer of a one-machine cluster: gives Services of type LoadBalancer an address of the host, as a cloud's
 * service controller would. Source: cloud-provider controllers/service/controller.go (events, when a balancer is
 * wanted). Differs: no finalizer, because there is nothing outside the cluster to clean up.
 */

import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { errorText } from '../../api/error-text.ts';
import type { Service } from '../../api/generated/core/v1.ts';
import { service } from '../../api/kinds/core/service.ts';
import { type ObjectRef, refKey, refOf } from '../../api/object.ts';
import { isConflict, isNotFound } from '../../api/status-error.ts';
import type { Client } from '../../client/client.ts';
import type { Clock } from '../../client/clock.ts';
import type { EventRecorder } from '../../client/event-recorder.ts';
import type { InformerFactory } from '../../client/informer.ts';
import type { Logger } from '../../client/logger.ts';
import type { L4Protocol } from './network-state.ts';
import { explainListenError } from './proxy/listener-set.ts';

/** A port that must be free at an address. */
export interface WantedPort {
  readonly protocol: L4Protocol;
  readonly port: number;
}

/** Whether a port can be opened now. Rejects with the system's error when it cannot. */
export type ProbePort = (address: string, wanted: WantedPort) => Promise<void>;

/** Opens a socket there and closes it again. */
export const probePort: ProbePort = (address, { protocol, port }) =>
  new Promise((resolve, reject) => {
    if (protocol === 'UDP') {
      const socket = createSocket('udp4');
      socket.once('error', (error) => {
        socket.close();
        reject(error);
      });
      socket.bind({ address, port, exclusive: true }, () => socket.close(resolve));
    } else {
      const server = createServer();
      server.once('error', reject);
      server.listen({ host: address, port, exclusive: true }, () => server.close(() => resolve()));
    }
  });

/** The last address that is tried. More LoadBalancers on one port are hardly intended. */
const lastCandidate = 254;

export interface PickOptions {
  readonly ports: readonly WantedPort[];
  /** spec.loadBalancerIP; when set, it is the only candidate. */
  readonly requested?: string | undefined;
  /** Whether another Service of this cluster uses the port at the address. */
  taken(address: string, port: WantedPort): boolean;
  /** Whether this Service has the port open already: then it counts as free. */
  own(address: string, port: WantedPort): boolean;
  readonly probe?: ProbePort;
  /** The first three numbers of the addresses that are tried. Default: 127.0.0, the loopback. */
  readonly network?: string | undefined;
}

const loopback = '127.0.0';

/**
 * The first address of the network (127.0.0.1, 127.0.0.2 …) at which all ports are free. When there is none, throws
 * with the reason at the first address.
 */
export async function pickLoadBalancerAddress(options: PickOptions): Promise<string> {
  const { ports, requested, taken, own, probe = probePort, network = loopback } = options;
  const candidates = requested ? [requested] : Array.from({ length: lastCandidate }, (_, index) => `${network}.${index + 1}`);
  let reason: Error | undefined;
  for (const address of candidates) {
    const problem = await firstProblem(address);
    if (problem === undefined) return address;
    reason ??= problem;
    if ('code' in problem && problem.code === 'EACCES') break;
  }
  throw reason ?? new Error('no address');

  async function firstProblem(address: string): Promise<Error | undefined> {
    for (const port of ports) {
      if (taken(address, port)) return new Error(`port ${port.port} of ${address} belongs to another Service`);
      if (own(address, port)) continue;
      try {
        await probe(address, port);
      } catch (error) {
        const cause = error instanceof Error ? error : new Error(String(error));
        return Object.assign(new Error(explainListenError(cause, port.port)), 'code' in cause ? { code: cause.code } : {});
      }
    }
    return undefined;
  }
}

export interface LoadBalancerOptions {
  readonly client: Client;
  readonly informers: InformerFactory;
  readonly events: EventRecorder;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly probe?: ProbePort;
  /** See `PickOptions`. */
  readonly network?: string;
}

/**
 * For a cluster without traffic: addresses that are on no network (RFC 5737, TEST-NET-1), at which all ports are free.
 */
export const balancersWithoutTraffic: Pick<LoadBalancerOptions, 'probe' | 'network'> = {
  probe: () => Promise.resolve(),
  network: '192.0.2',
};

const firstRetryMs = 5000;
const lastRetryMs = 300_000;

/** Upstream's service controller ignores Services with a load-balancer class. */
const wantsLoadBalancer = ({ spec, metadata }: Service): boolean =>
  spec.type === 'LoadBalancer' && spec.loadBalancerClass === undefined && metadata.deletionTimestamp === undefined;
const addressOf = ({ status }: Service): string | undefined => status.loadBalancer.ingress?.[0]?.ip;
const portsOf = ({ spec }: Service): readonly WantedPort[] =>
  (spec.ports ?? []).flatMap(({ protocol, port }) => (protocol === 'SCTP' ? [] : [{ protocol, port }]));
const portText = ({ protocol, port }: WantedPort): string => `${protocol} ${port}`;

/** Runs until stopped. It handles one Service at a time, so that two never get the same port. */
export class LoadBalancerController {
  readonly #options: LoadBalancerOptions;
  readonly #queue = new Map<string, ObjectRef>();
  /** The address of each Service; known here at once, before the cache shows it. */
  readonly #held = new Map<string, { readonly address: string; readonly ports: ReadonlySet<string> }>();
  readonly #retries = new Map<string, { readonly cancel: () => void; readonly delayMs: number }>();
  #remove: (() => void) | undefined;
  #working: Promise<void> | undefined;
  #stopped = false;

  constructor(options: LoadBalancerOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const informer = this.#options.informers.informer(service);
    await informer.synced();
    if (this.#stopped) return;
    for (const object of informer.cache.list()) {
      const address = addressOf(object);
      if (wantsLoadBalancer(object) && address !== undefined) this.#hold(object, address);
    }
    const enqueue = (object: Service): void => this.#enqueue(refOf(object));
    this.#remove = informer.addHandlers({
      added: enqueue,
      updated: (object, previous) => {
        if (object.spec.type !== previous.spec.type) {
          this.#options.events.event(object, 'Normal', 'Type', `${previous.spec.type} -> ${object.spec.type}`);
        }
        enqueue(object);
      },
      deleted: (object) => {
        this.#forget(refKey(refOf(object)));
        this.#retryFailed();
      },
    });
  }

  /** Resolves when nothing is left to do, except retries. */
  async settled(): Promise<void> {
    while (this.#working !== undefined) await this.#working;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#remove?.();
    for (const { cancel } of this.#retries.values()) cancel();
    await this.#working;
  }

  #enqueue(ref: ObjectRef): void {
    this.#queue.set(refKey(ref), ref);
    this.#working ??= this.#work().finally(() => {
      this.#working = undefined;
    });
  }

  async #work(): Promise<void> {
    for (;;) {
      // Waits for the end of the turn, so that later changes in it are included.
      await Promise.resolve();
      const [next] = this.#queue;
      if (next === undefined || this.#stopped) return;
      this.#queue.delete(next[0]);
      await this.#sync(next[0], next[1]);
    }
  }

  async #sync(key: string, ref: ObjectRef): Promise<void> {
    const object = this.#options.informers.informer(service).cache.get(ref);
    if (object === undefined) return this.#forget(key);
    try {
      if (wantsLoadBalancer(object)) await this.#ensure(key, object);
      else await this.#withdraw(key, object);
      this.#retries.get(key)?.cancel();
      this.#retries.delete(key);
    } catch (error) {
      if (isNotFound(error)) return;
      // The cache is behind; the pending change will enqueue the Service again.
      if (isConflict(error)) return;
      this.#failed(key, object, error);
    }
  }

  async #ensure(key: string, object: Service): Promise<void> {
    const ports = portsOf(object);
    const current = addressOf(object);
    const held = this.#held.get(key);
    const unchanged =
      held !== undefined &&
      held.address === current &&
      ports.length === held.ports.size &&
      ports.every((port) => held.ports.has(portText(port)));
    const { loadBalancerIP } = object.spec;
    if (unchanged && (loadBalancerIP === undefined || loadBalancerIP === '' || loadBalancerIP === current)) return;
    this.#options.events.event(object, 'Normal', 'EnsuringLoadBalancer', 'Ensuring load balancer');
    const address = await this.#choose(key, object, ports, held?.address ?? current);
    this.#hold(object, address);
    if (address !== current) await this.#writeStatus(object, [{ ip: address, ipMode: 'VIP' }]);
    this.#options.events.event(object, 'Normal', 'EnsuredLoadBalancer', 'Ensured load balancer');
  }

  /** Chooses an address; a Service keeps its present one when possible. */
  async #choose(key: string, object: Service, ports: readonly WantedPort[], current: string | undefined): Promise<string> {
    const { loadBalancerIP } = object.spec;
    const { probe, network } = this.#options;
    const pick = (requested: string | undefined): Promise<string> =>
      pickLoadBalancerAddress({
        ports,
        requested,
        network,
        taken: (address, port) =>
          [...this.#held].some(([other, has]) => other !== key && has.address === address && has.ports.has(portText(port))),
        own: (address, port) => {
          const held = this.#held.get(key);
          return held?.address === address && held.ports.has(portText(port));
        },
        ...(probe === undefined ? {} : { probe }),
      });
    if (loadBalancerIP !== undefined && loadBalancerIP !== '') return pick(loadBalancerIP);
    if (current === undefined) return pick(undefined);
    return pick(current).catch(() => pick(undefined));
  }

  async #withdraw(key: string, object: Service): Promise<void> {
    const had = this.#held.has(key);
    if (!had) return;
    const { events } = this.#options;
    events.event(object, 'Normal', 'DeletingLoadBalancer', 'Deleting load balancer');
    if (addressOf(object) !== undefined) await this.#writeStatus(object, []);
    this.#forget(key);
    events.event(object, 'Normal', 'DeletedLoadBalancer', 'Deleted load balancer');
    this.#retryFailed();
  }

  async #writeStatus(object: Service, ingress: Service['status']['loadBalancer']['ingress']): Promise<void> {
    const loadBalancer = ingress === undefined || ingress.length === 0 ? {} : { ingress };
    await this.#options.client.resource(service).updateStatus({ ...object, status: { ...object.status, loadBalancer } });
  }

  #hold(object: Service, address: string): void {
    this.#held.set(refKey(refOf(object)), { address, ports: new Set(portsOf(object).map(portText)) });
  }

  #forget(key: string): void {
    this.#held.delete(key);
    this.#retries.get(key)?.cancel();
    this.#retries.delete(key);
  }

  /** Another Service may be waiting for a port that has become free. */
  #retryFailed(): void {
    for (const key of this.#retries.keys()) {
      const slash = key.indexOf('/');
      this.#enqueue({ namespace: key.slice(0, slash), name: key.slice(slash + 1) });
    }
  }

  #failed(key: string, object: Service, error: unknown): void {
    const text = errorText(error);
    this.#options.events.event(object, 'Warning', 'SyncLoadBalancerFailed', `Error syncing load balancer: ${text}`);
    this.#options.logger.warn('Load balancer could not be set up', { service: key, error: text });
    const previous = this.#retries.get(key);
    previous?.cancel();
    const delayMs = previous === undefined ? firstRetryMs : Math.min(previous.delayMs * 2, lastRetryMs);
    const cancel = this.#options.clock.setTimer(delayMs, () => this.#enqueue(refOf(object)));
    this.#retries.set(key, { cancel, delayMs });
  }
}
