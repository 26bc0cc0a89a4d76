/**
 * `kubectl port-forward`. Source: kubectl pkg/cmd/portforward/portforward.go; client-go tools/portforward/portforward.go.
 * Differs: each local connection travels in a WebSocket of its own (channel protocol) instead of all in one SPDY connection.
 */

import { createServer, isIPv4, isIPv6, type Server, type Socket } from 'node:net';
import type { RawData } from 'ws';
import { errorText } from '../../../api/error-text.ts';
import { CommandError, type KubectlCommand } from '../command/command.ts';
import { ArgumentError } from '../command/flags.ts';
import type { ApiObject, Session } from '../command/session.ts';
import { isKind } from '../kinds/kinds.ts';
import { schemes } from '../kinds/registered.ts';
import { resourcePath } from '../resources/discovery.ts';
import { findResource } from '../resources/resource-args.ts';
import { podTimeoutMs } from '../streams/pod-streams.ts';
import { asPod, attachablePod, type PodObject, podName, readOne } from '../streams/pods.ts';
import { closeText, openWebSocket } from '../streams/stream-client.ts';
import { watchUntil } from '../waiting/watch-until.ts';

export interface ForwardedPort {
  readonly local: number;
  readonly remote: number;
}

interface ServicePort {
  readonly name?: string;
  readonly port: number;
  readonly targetPort?: number | string;
  readonly protocol?: string;
}

interface ServiceObject extends Pick<ApiObject, 'metadata'> {
  readonly spec: { readonly clusterIP?: string; readonly ports?: readonly ServicePort[] };
}

const splitPort = (text: string): readonly [local: string, remote: string] => {
  const parts = text.split(':');
  const [first = '', second = ''] = parts;
  return parts.length === 2 ? [first, second] : [first, first];
};

function uint16(text: string, what: string): number {
  const fail = (why: string): CommandError =>
    new CommandError(`error parsing ${what} port '${text}': strconv.ParseUint: parsing ${JSON.stringify(text)}: ${why}`);
  if (!/^\d+$/.test(text)) throw fail('invalid syntax');
  if (Number(text) > 65535) throw fail('value out of range');
  return Number(text);
}

/** `5000`, `8888:5000`, `:5000`; ports are numbers by now. Throws CommandError. */
export function parseForward(text: string): ForwardedPort {
  const parts = text.split(':');
  if (parts.length > 2) throw new CommandError(`invalid port format '${text}'`);
  const [first = '', second = first] = parts;
  const local = uint16(first === '' && parts.length === 2 ? '0' : first, 'local');
  const remote = uint16(second, 'remote');
  if (remote === 0) throw new CommandError('remote port must be > 0');
  return { local, remote };
}

function podPortNumber(pod: PodObject, name: string): number {
  const port = pod.spec.containers.flatMap((c) => c.ports ?? []).find((p) => p.name === name);
  if (port === undefined) throw new CommandError(`Pod '${podName(pod)}' does not have a named port '${name}'`);
  return port.containerPort;
}

const isNumber = (text: string): boolean => /^[+-]?\d+$/.test(text);

/** A Service's port is that of its pod. Throws CommandError. */
export function translateServicePort(text: string, service: ServiceObject, pod: PodObject): string {
  let [local, remote] = splitPort(text);
  const name = service.metadata?.name ?? '';
  const ports = service.spec.ports ?? [];
  if (!isNumber(remote)) {
    const named = ports.find((p) => p.name === remote);
    if (named === undefined) throw new CommandError(`Service '${name}' does not have a named port '${remote}'`);
    if (local === remote) local = String(named.port);
    remote = String(named.port);
  }
  const port = ports.find((p) => p.port === Number(remote));
  if (port === undefined) throw new CommandError(`Service ${name} does not have a service port ${Number(remote)}`);
  const { targetPort = port.port } = port;
  const target =
    service.spec.clusterIP === 'None'
      ? port.port
      : typeof targetPort === 'number'
        ? targetPort || port.port
        : podPortNumber(pod, targetPort);
  return `${local}:${target}`;
}

function translatePodPort(text: string, pod: PodObject): string {
  const [local, remote] = splitPort(text);
  if (remote === '') throw new CommandError('remote port cannot be empty');
  const number = isNumber(remote) ? remote : String(podPortNumber(pod, remote));
  return local === remote ? number : `${local}:${number}`;
}

/** Refuses ports that are declared for UDP only. Throws CommandError. */
function refuseUdp(
  texts: readonly string[],
  ports: readonly { readonly name?: string; readonly number: number; readonly protocol?: string }[],
): void {
  const tcp = new Set(ports.filter((p) => (p.protocol ?? 'TCP') === 'TCP').map((p) => p.number));
  for (const text of texts) {
    const [, remote] = splitPort(text);
    const number = isNumber(remote) ? Number(remote) : ports.find((p) => p.name === remote)?.number;
    if (number !== undefined && !tcp.has(number) && ports.some((p) => p.number === number && p.protocol === 'UDP')) {
      throw new CommandError(`UDP protocol is not supported for ${remote}`);
    }
  }
}

interface ListenAddress {
  readonly host: string;
  /** Of `localhost`, one of the two suffices. */
  readonly optional: boolean;
}

/** `--address`. Throws CommandError. */
export function parseAddresses(texts: readonly string[]): readonly ListenAddress[] {
  const found = new Map<string, ListenAddress>();
  for (const text of texts) {
    if (text === 'localhost') for (const host of ['127.0.0.1', '::1']) found.set(host, found.get(host) ?? { host, optional: true });
    else if (isIPv4(text) || isIPv6(text)) found.set(text, { host: text, optional: false });
    else throw new CommandError(`${text} is not a valid IP`);
  }
  return [...found.values()].sort((a, b) => (a.host < b.host ? -1 : 1));
}

/** Only minik's server offers v5 here: with it, the client's half-close goes through, as upstream's does over SPDY. */
const protocols = ['v5.channel.k8s.io', 'v4.channel.k8s.io'];

const hostPort = (host: string, port: number): string => (host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`);

class Forwarder {
  readonly #session: Session;
  readonly #path: string;
  readonly #servers: Server[] = [];
  readonly #sockets = new Set<Socket>();

  constructor(session: Session, path: string) {
    this.#session = session;
    this.#path = path;
  }

  /** Listens for one port; false when it could not, which has been said then. */
  async listen(port: ForwardedPort, addresses: readonly ListenAddress[]): Promise<boolean> {
    let { local } = port;
    const failures: string[] = [];
    let [optionalFailures, optionalSuccesses, requiredFailures] = [0, 0, 0];
    for (const { host, optional } of addresses) {
      try {
        local = await this.#listenOn(host, { local, remote: port.remote });
        if (optional) optionalSuccesses += 1;
      } catch (error) {
        const why =
          error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
            ? 'bind: address already in use'
            : error instanceof Error
              ? error.message
              : String(error);
        failures.push(`unable to create listener: Error listen tcp${isIPv6(host) ? '6' : '4'} ${hostPort(host, local)}: ${why}`);
        if (optional) optionalFailures += 1;
        else requiredFailures += 1;
      }
    }
    if (requiredFailures === 0 && (optionalFailures === 0 || optionalSuccesses > 0)) return true;
    this.#session.err(
      `Unable to listen on port ${port.local}: Listeners failed to create with the following errors: [${failures.join(' ')}]\n`,
    );
    return false;
  }

  close(): void {
    for (const server of this.#servers) server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  async #listenOn(host: string, port: ForwardedPort): Promise<number> {
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
      socket.on('error', () => socket.destroy());
      this.#session.out(`Handling connection for ${local}\n`);
      this.#forward(socket, { local, remote: port.remote }).catch((error: unknown) => {
        this.#failed({ local, remote: port.remote }, errorText(error));
        socket.destroy();
      });
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host, port: port.local, ipv6Only: isIPv6(host) }, resolve);
    });
    this.#servers.push(server);
    const address = server.address();
    const local = typeof address === 'object' && address !== null ? address.port : port.local;
    this.#session.out(`Forwarding from ${hostPort(host, local)} -> ${port.remote}\n`);
    return local;
  }

  #failed({ local, remote }: ForwardedPort, why: string): void {
    this.#session.err(`an error occurred forwarding ${local} -> ${remote}: ${why}\n`);
  }

  /** Joins a local connection with one into the pod. */
  async #forward(socket: Socket, port: ForwardedPort): Promise<void> {
    socket.pause();
    const tunnel = await openWebSocket(this.#session, `${this.#path}?ports=${port.remote}`, protocols);
    const opened = new Set<number>();
    tunnel.on('message', (data: RawData) => {
      const message = Array.isArray(data) ? Buffer.concat(data) : Buffer.isBuffer(data) ? data : Buffer.from(data);
      const channel = message[0] ?? 0;
      // The first message of each channel repeats the port's number.
      if (!opened.has(channel)) return void opened.add(channel);
      if (channel === 1) return this.#failed(port, message.subarray(1).toString('utf8'));
      if (message.length > 1 && !socket.destroyed && !socket.write(message.subarray(1))) {
        tunnel.pause();
        socket.once('drain', () => tunnel.resume());
      }
    });
    tunnel.once('close', (code) => {
      if (code === 1000 || socket.destroyed) return void socket.end();
      // The local program must not take what it has for all there was.
      this.#failed(port, closeText(code));
      socket.resetAndDestroy();
    });
    tunnel.on('error', () => socket.resetAndDestroy());
    socket.once('close', () => tunnel.close());
    socket.on('data', (chunk) => {
      socket.pause();
      tunnel.send(Buffer.concat([Buffer.from([0]), chunk]), () => socket.resume());
    });
    socket.once('end', () => {
      if (tunnel.protocol === 'v5.channel.k8s.io') tunnel.send(Buffer.from([255, 0]));
    });
    socket.resume();
  }
}

async function portsOf(
  session: Session,
  args: readonly string[],
  timeoutMs: number,
): Promise<{ readonly pod: PodObject; readonly ports: readonly ForwardedPort[] }> {
  const [name = '', ...texts] = args;
  const { resource, object } = await readOne(session, name, { scheme: schemes.clientGo });
  const pod = await attachablePod(session, resource, object, timeoutMs);
  if (isKind(resource, 'Service')) {
    const service = object as unknown as ServiceObject; // the API answers a read of a service with one
    refuseUdp(
      texts,
      (service.spec.ports ?? []).map((p) => ({ ...p, number: p.port })),
    );
    return { pod, ports: texts.map((text) => parseForward(translateServicePort(text, service, pod))) };
  }
  refuseUdp(
    texts,
    pod.spec.containers.flatMap((c) => c.ports ?? []).map((p) => ({ ...p, number: p.containerPort })),
  );
  return { pod, ports: texts.map((text) => parseForward(translatePodPort(text, pod))) };
}

export const portForward: KubectlCommand = {
  name: 'port-forward',
  summary: 'Forward one or more local ports to a pod',
  usage: 'TYPE/NAME [options] [LOCAL_PORT:]REMOTE_PORT [...[LOCAL_PORT_N:]REMOTE_PORT_N]',
  flags: [
    { name: 'address', type: 'list', help: 'Addresses to listen on (comma separated). Only accepts IP addresses or localhost as a value.' },
    {
      name: 'pod-running-timeout',
      type: 'duration',
      fallback: '1m0s',
      help: 'The length of time to wait until at least one pod is running',
    },
  ],
  run: async (session, flags) => {
    if (flags.args.length < 2) throw new ArgumentError('TYPE/NAME and list of ports are required for port-forward');
    const { pod, ports } = await portsOf(session, flags.args, podTimeoutMs(flags));
    const addresses = parseAddresses(flags.given('address') ? flags.list('address') : ['localhost']);
    if (pod.status.phase !== 'Running')
      throw new CommandError(`unable to forward port because pod is not running. Current status=${pod.status.phase ?? ''}`);
    const resource = await findResource(session, 'pods');
    const forwarder = new Forwarder(session, resourcePath(resource, session.namespace, podName(pod), 'portforward'));
    try {
      let listening = false;
      for (const port of ports) listening = (await forwarder.listen(port, addresses)) || listening;
      if (!listening)
        throw new CommandError(
          `unable to listen on any of the requested ports: [${ports.map((p) => `{${p.local} ${p.remote}}`).join(' ')}]`,
        );
      const gone = (object: ApiObject | undefined): boolean => object === undefined || asPod(object).status.phase !== 'Running';
      await watchUntil(session, { resource, namespace: session.namespace, name: podName(pod) }, gone, Number.MAX_SAFE_INTEGER);
      throw new CommandError('lost connection to pod');
    } catch (error) {
      if (session.signal.aborted) return 0;
      throw error;
    } finally {
      forwarder.close();
    }
  },
};
