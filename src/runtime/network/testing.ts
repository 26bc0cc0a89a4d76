/** Helpers of this folder's tests. */
import { randomInt } from 'node:crypto';
import { createServer, type Server, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { systemClock } from '../../client/clock.ts';
import { firstFreePort } from './free-port.ts';
import { NetworkPlane } from './network-plane.ts';
import type { Backend, FromNetworkWorker, NetworkConfig, ServicePortState, ServiceState } from './network-state.ts';

/** A ready endpoint with the given changes. */
export const aBackend = (ip: string, port: number, change: Partial<Backend> = {}): Backend => ({
  ip,
  port,
  ready: true,
  serving: true,
  terminating: false,
  ...change,
});

/** TCP port 80 with the given changes. */
export const aPort = (change: Partial<ServicePortState> = {}): ServicePortState => ({
  name: '',
  protocol: 'TCP',
  port: 80,
  nodePort: 0,
  backends: [],
  ...change,
});

/** Service default/web of type ClusterIP with the given changes. */
export const aService = (change: Partial<ServiceState> = {}): ServiceState => ({
  namespace: 'default',
  name: 'web',
  type: 'ClusterIP',
  proxied: true,
  clusterIp: '127.96.0.20',
  externalIps: [],
  loadBalancerIps: [],
  loadBalancerSourceRanges: [],
  externalName: '',
  publishNotReadyAddresses: false,
  internalTrafficPolicy: 'Cluster',
  externalTrafficPolicy: 'Cluster',
  clientIpAffinitySeconds: 0,
  healthCheckNodePort: 0,
  ports: [aPort()],
  ...change,
});

/** A cluster on loopback addresses with the given changes. */
export const aConfig = (change: Partial<NetworkConfig> = {}): NetworkConfig => ({
  clusterDomain: 'cluster.local',
  serviceCidr: '127.96.0.0/24',
  dnsIp: '127.96.0.10',
  upstreamDns: [],
  nodePortAddresses: ['0.0.0.0'],
  nodes: [{ name: 'minik', ip: '127.0.0.1' }],
  ...change,
});

/** A running data plane. */
export interface TestPlane {
  readonly messages: readonly FromNetworkWorker[];
  readonly plane: NetworkPlane;
  /** Applies changes and waits until the data plane has applied them. */
  apply(upserts: readonly ServiceState[], deletes?: readonly { readonly namespace: string; readonly name: string }[]): Promise<void>;
  /** The next message that satisfies a condition, or an earlier one. */
  message(matches: (message: FromNetworkWorker) => boolean): Promise<FromNetworkWorker>;
}

/** Starts a data plane in this thread; it stops with the test. DNS listens on a free port. */
export async function startPlane(t: TestContext, config: NetworkConfig = aConfig()): Promise<TestPlane> {
  const messages: FromNetworkWorker[] = [];
  const waiting: (() => void)[] = [];
  let sequence = 0;
  const plane = new NetworkPlane({
    clock: systemClock,
    random: Math.random,
    dnsPort: 0,
    post: (message) => {
      messages.push(message);
      for (const wake of waiting.splice(0)) wake();
    },
  });
  const message = async (matches: (message: FromNetworkWorker) => boolean): Promise<FromNetworkWorker> => {
    for (;;) {
      const found = messages.find(matches);
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => waiting.push(resolve));
    }
  };
  t.after(() => plane.handle({ type: 'stop' }));
  plane.handle({ type: 'configure', config });
  await message(({ type }) => type === 'ready');
  return {
    messages,
    plane,
    message,
    apply: async (upserts, deletes = []) => {
      const mine = ++sequence;
      plane.handle({ type: 'services', sequence: mine, upserts, deletes });
      await message((candidate) => candidate.type === 'synced' && candidate.sequence === mine);
    },
  };
}

/** Listens on a free port of 127.0.0.1. It closes with the test, including its connections. */
export async function listen(t: TestContext, serve: (socket: Socket) => void, host = '127.0.0.1'): Promise<number> {
  const sockets = new Set<Socket>();
  const server: Server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    serve(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** A TCP port that is free on all addresses, below those that the kernel gives out by itself. */
export const freePort = (): Promise<number> => firstFreePort('0.0.0.0', 10_000 + randomInt(20_000));
