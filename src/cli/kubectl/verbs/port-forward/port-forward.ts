/** `kubectl port-forward`. Source: kubectl pkg/cmd/portforward/portforward.go. */
import { isIPv4, isIPv6 } from 'node:net';
import { CommandError, type KubectlCommand } from '../../command/command.ts';
import { ArgumentError } from '../../command/flags.ts';
import type { ApiObject, Session } from '../../command/session.ts';
import { isKind } from '../../kinds/kinds.ts';
import { schemes } from '../../kinds/registered.ts';
import { resourcePath } from '../../resources/discovery.ts';
import { findResource } from '../../resources/resource-args.ts';
import { podTimeoutMs } from '../../streams/pod-streams.ts';
import { asPod, attachablePod, type PodObject, podName, readOne } from '../../streams/pods.ts';
import { watchUntil } from '../../waiting/watch-until.ts';
import { type ForwardedPort, Forwarder, type ListenAddress } from './forwarder.ts';

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

/** `5000`, `8888:5000`, `:5000`; port names must have been resolved already. Throws CommandError. */
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

/** Replaces a Service's port by the pod's port that it targets. Throws CommandError. */
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
