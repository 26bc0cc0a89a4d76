/**
 * One UDP socket of the proxy and the flows through it. A flow is one client address and port. It keeps its backend
 * until it has been silent for as long as the kernel's connection tracking would remember it, or until the backend is
 * no longer an endpoint. Source: nf_conntrack_udp_timeout (30 s), nf_conntrack_udp_timeout_stream (120 s);
 * pkg/proxy/conntrack (stale UDP flows).
 */
import { createSocket, type Socket } from 'node:dgram';
import { isIP } from 'node:net';
import { contain } from '../../../client/error-boundary.ts';
import { backendKey } from './balancer.ts';
import type { Endpoint, L4Listener, ListenerContext, OpenListener, RouteOf } from './listener.ts';
import { admits } from './route.ts';

const unrepliedMs = 30_000;
const streamMs = 120_000;
const sweepMs = 10_000;
const maxFlows = 8192;
/** How many datagrams are kept while the backend's socket is being bound. */
const maxWaiting = 64;

/** Addresses are numeric; a look-up would cost a turn of the event loop per datagram. */
type Lookup = (host: string, options: object, callback: (error: null, address: string, family: number) => void) => void;
export const numericLookup: Lookup = (host, _options, callback) => callback(null, host, isIP(host) === 6 ? 6 : 4);

interface Flow {
  readonly backend: string;
  readonly socket: Socket;
  /** Undefined once the socket is connected. */
  waiting: Buffer[] | undefined;
  lastSeenMs: number;
  replied: boolean;
}

/** Opens a UDP listener. */
export const openUdpListener: OpenListener = (context, endpoint, routeOf) =>
  new Promise<L4Listener>((resolve, reject) => {
    const socket = createSocket({ type: 'udp4', lookup: numericLookup });
    socket.once('error', reject);
    socket.bind({ address: endpoint.address, port: endpoint.port, exclusive: true }, () => {
      socket.off('error', reject);
      resolve(new UdpListener(context, socket, routeOf, endpoint));
    });
  });

class UdpListener implements L4Listener {
  readonly #context: ListenerContext;
  readonly #socket: Socket;
  readonly #routeOf: RouteOf;
  /** The flows in order of last use. */
  readonly #flows = new Map<string, Flow>();
  readonly #local: { readonly localAddress: string };
  #cancelSweep: (() => void) | undefined;

  constructor(context: ListenerContext, socket: Socket, routeOf: RouteOf, endpoint: Endpoint) {
    this.#context = context;
    this.#socket = socket;
    this.#routeOf = routeOf;
    this.#local = { localAddress: endpoint.address };
    const failed = (error: unknown): void =>
      context.log('error', 'A datagram was lost: it could not be relayed', { error: String(error), port: endpoint.port });
    contain(socket, failed);
    socket.on('message', (datagram, { address, port }) => this.#forward(datagram, address, port));
    socket.on('error', (error) => context.log('warn', 'Receiving datagrams failed', { error: error.message, port: endpoint.port }));
  }

  close(): void {
    this.#cancelSweep?.();
    this.#cancelSweep = undefined;
    for (const key of [...this.#flows.keys()]) this.#drop(key);
    this.#socket.close();
  }

  backendsChanged(): void {
    const balancer = this.#routeOf(this.#local)?.balancer;
    for (const [key, flow] of this.#flows) if (balancer?.includes(flow.backend) !== true) this.#drop(key);
  }

  #forward(datagram: Buffer, address: string, port: number): void {
    const key = `${address}:${port}`;
    const flow = this.#flows.get(key) ?? this.#open(key, address, port);
    if (flow === undefined) return;
    flow.lastSeenMs = this.#context.clock.now();
    if (flow.waiting === undefined) flow.socket.send(datagram);
    else if (flow.waiting.length < maxWaiting) flow.waiting.push(datagram);
  }

  #open(key: string, address: string, port: number): Flow | undefined {
    const route = this.#routeOf(this.#local);
    if (route === undefined || !admits(route, address)) return undefined;
    const { clock, sources } = this.#context;
    const { balancer, affinitySeconds, local } = route;
    const node = route.node(address, this.#local);
    const backend = balancer.pick({ clientIp: address, nowMs: clock.now(), affinitySeconds, node, local });
    if (backend === undefined) return undefined;
    const socket = createSocket({ type: 'udp4', lookup: numericLookup });
    const flow: Flow = { backend: backendKey(backend), socket, waiting: [], lastSeenMs: clock.now(), replied: false };
    contain(socket, () => this.#drop(key, flow));
    this.#makeRoom();
    this.#flows.set(key, flow);
    socket.on('message', (reply) => {
      flow.replied = true;
      flow.lastSeenMs = clock.now();
      this.#socket.send(reply, port, address);
    });
    // Nothing listens at the backend, or it has gone: the next datagram of this client may go to another.
    socket.on('error', () => this.#drop(key, flow));
    socket.once('connect', () => {
      const waiting = flow.waiting ?? [];
      flow.waiting = undefined;
      for (const datagram of waiting) socket.send(datagram);
    });
    const source = sources.sourceFor(backend.ip, clock.now());
    if (source === undefined) socket.connect(backend.port, backend.ip);
    else socket.bind(0, source, () => socket.connect(backend.port, backend.ip));
    this.#sweepLater();
    return flow;
  }

  #makeRoom(): void {
    if (this.#flows.size < maxFlows) return;
    const [oldest] = this.#flows.keys();
    if (oldest !== undefined) this.#drop(oldest);
  }

  #drop(key: string, only?: Flow): void {
    const flow = this.#flows.get(key);
    if (flow === undefined || (only !== undefined && only !== flow)) return;
    this.#flows.delete(key);
    flow.socket.close();
  }

  #sweepLater(): void {
    this.#cancelSweep ??= this.#context.clock.setTimer(sweepMs, () => {
      this.#cancelSweep = undefined;
      const now = this.#context.clock.now();
      for (const [key, flow] of this.#flows) if (now - flow.lastSeenMs > (flow.replied ? streamMs : unrepliedMs)) this.#drop(key);
      if (this.#flows.size > 0) this.#sweepLater();
    });
  }
}
