/** The containers of a Pod or a template. Source: kubectl pkg/describe/describe.go (describeContainers). */
import type {
  Container,
  ContainerPort,
  ContainerState,
  ContainerStatus,
  Pod,
  Probe,
  ResourceRequirements,
} from '../../../../api/generated/core/v1.ts';
import { canonicalQuantity } from '../../../../api/quantity.ts';
import type { DescriptionWriter } from '../../output/description.ts';
import { longTime, sortedEntries, type Texts } from './common.ts';
import { writeEnvironment } from './env.ts';

export interface ContainersOptions {
  /** The pod by which environment variables that refer to fields are resolved. */
  readonly pod?: Pod;
  readonly statuses?: readonly ContainerStatus[] | undefined;
  /** Put before the title. When it is not empty, names are indented by one more space. */
  readonly indent?: string;
}

/** A container of any kind; ephemeral containers have the same fields. */
type AnyContainer = Container;

export function writeContainers(
  to: DescriptionWriter,
  title: string,
  containers: readonly AnyContainer[],
  options: ContainersOptions = {},
): void {
  const { indent = '', statuses = [], pod } = options;
  to.write(0, `${indent}${title}:${containers.length === 0 ? ' <none>' : ''}\n`);
  for (const container of containers) {
    const status = statuses.findLast((s) => s.name === container.name);
    writeBasics(to, container, status, indent);
    writeWords(to, 'Command', container.command);
    writeWords(to, 'Args', container.args);
    if (status !== undefined) writeStatus(to, status);
    writeResources(to, container.resources, 2);
    for (const [name, probe] of [
      ['Liveness', container.livenessProbe],
      ['Readiness', container.readinessProbe],
      ['Startup', container.startupProbe],
    ] as const) {
      if (probe !== undefined) to.line(2, `${name}:`, probeText(probe));
    }
    writeEnvironment(to, container, pod);
    writeMounts(to, container);
  }
}

const orNone = (text: string): string => (text === '' ? '<none>' : text);

function writePorts(to: DescriptionWriter, title: string, ports: readonly ContainerPort[], number: (port: ContainerPort) => number): void {
  const text = ports
    .map((port) => `${number(port)}/${port.protocol ?? 'TCP'}${port.name === undefined || port.name === '' ? '' : ` (${port.name})`}`)
    .join(', ');
  if (text.includes(',')) to.line(2, `${title}s:`, text);
  else to.line(2, `${title}:`, orNone(text));
}

function writeBasics(to: DescriptionWriter, container: AnyContainer, status: ContainerStatus | undefined, indent: string): void {
  to.write(1, `${indent === '' ? '' : ' '}${container.name}:\n`);
  if (status !== undefined) to.line(2, 'Container ID:', status.containerID ?? '');
  to.line(2, 'Image:', container.image ?? '');
  if (status !== undefined) to.line(2, 'Image ID:', status.imageID ?? '');
  const ports = container.ports ?? [];
  writePorts(to, 'Port', ports, (port) => port.containerPort);
  writePorts(to, 'Host Port', ports, (port) => port.hostPort ?? 0);
  const profile = container.securityContext?.seccompProfile;
  if (profile === undefined) return;
  to.line(2, 'SeccompProfile:', profile.type);
  if (profile.type === 'Localhost') to.line(3, 'LocalhostProfile:', profile.localhostProfile ?? '');
}

function writeWords(to: DescriptionWriter, title: string, words: readonly string[] | undefined): void {
  if (words === undefined || words.length === 0) return;
  to.write(2, `${title}:\n`);
  for (const word of words) for (const line of word.split('\n')) to.write(3, `${line}\n`);
}

/** Limits and requests, by name. */
export function writeResources(to: DescriptionWriter, resources: ResourceRequirements | undefined, level: number): void {
  const write = (title: string, amounts: Texts | undefined): void => {
    const entries = sortedEntries(amounts);
    if (entries.length > 0) to.write(level, `${title}:\n`);
    for (const [name, amount] of entries) to.line(level + 1, `${name}:`, canonicalQuantity(amount));
  };
  write('Limits', resources?.limits);
  write('Requests', resources?.requests);
}

function writeStatus(to: DescriptionWriter, status: ContainerStatus): void {
  writeState(to, 'State', status.state ?? {});
  const last = status.lastState;
  if (last?.terminated !== undefined) writeState(to, 'Last State', last);
  to.line(2, 'Ready:', status.ready ? 'True' : 'False');
  to.line(2, 'Restart Count:', status.restartCount);
}

const set = (text: string | undefined): text is string => text !== undefined && text !== '';

function writeState(to: DescriptionWriter, title: string, { running, waiting, terminated }: ContainerState): void {
  if (running !== undefined) {
    to.line(2, `${title}:`, 'Running');
    to.line(3, 'Started:', longTime(running.startedAt));
  } else if (terminated !== undefined && waiting === undefined) {
    to.line(2, `${title}:`, 'Terminated');
    if (set(terminated.reason)) to.line(3, 'Reason:', terminated.reason);
    if (set(terminated.message)) to.line(3, 'Message:', terminated.message);
    to.line(3, 'Exit Code:', terminated.exitCode);
    if ((terminated.signal ?? 0) > 0) to.line(3, 'Signal:', terminated.signal ?? 0);
    to.line(3, 'Started:', longTime(terminated.startedAt));
    to.line(3, 'Finished:', longTime(terminated.finishedAt));
  } else {
    to.line(2, `${title}:`, 'Waiting');
    if (set(waiting?.reason)) to.line(3, 'Reason:', waiting.reason);
  }
}

/** Go's net.JoinHostPort. */
export const joinHostPort = (host: string, port: string | number): string => (host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`);

/** Go's url.URL with scheme, host and path. */
function urlText(scheme: string, host: string, path: string): string {
  const escaped = encodeURIComponent(path)
    .replaceAll(/%(24|26|2B|2C|2F|3A|3B|3D|40)/g, (code) => decodeURIComponent(code))
    .replaceAll(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
  const slash = escaped !== '' && !escaped.startsWith('/') && host !== '' ? '/' : '';
  return `${scheme === '' ? '' : `${scheme}:`}${scheme !== '' || host !== '' ? '//' : ''}${host}${slash}${escaped}`;
}

function probeText(probe: Probe): string {
  const { exec, httpGet, tcpSocket, grpc } = probe;
  const timing = `delay=${probe.initialDelaySeconds ?? 0}s timeout=${probe.timeoutSeconds ?? 0}s period=${probe.periodSeconds ?? 0}s #success=${probe.successThreshold ?? 0} #failure=${probe.failureThreshold ?? 0}`;
  if (exec !== undefined) return `exec [${(exec.command ?? []).join(' ')}] ${timing}`;
  if (httpGet !== undefined) {
    return `http-get ${urlText((httpGet.scheme ?? '').toLowerCase(), joinHostPort(httpGet.host ?? '', httpGet.port), httpGet.path ?? '')} ${timing}`;
  }
  if (tcpSocket !== undefined) return `tcp-socket ${tcpSocket.host ?? ''}:${tcpSocket.port} ${timing}`;
  return grpc !== undefined ? `grpc <pod>:${grpc.port} ${grpc.service ?? ''} ${timing}` : `unknown ${timing}`;
}

function writeMounts(to: DescriptionWriter, container: AnyContainer): void {
  const { volumeMounts: mounts = [], volumeDevices: devices = [] } = container;
  const none = mounts.length === 0 ? '\t<none>' : '';
  to.write(2, `Mounts:${none}\n`);
  for (const mount of mounts.toSorted((a, b) => (a.mountPath < b.mountPath ? -1 : 1))) {
    const path = set(mount.subPath) ? `,path=${JSON.stringify(mount.subPath)}` : '';
    to.write(3, `${mount.mountPath} from ${mount.name} (${mount.readOnly === true ? 'ro' : 'rw'}${path})\n`);
  }
  if (devices.length === 0) return;
  to.write(2, `Devices:${none}\n`);
  for (const device of devices.toSorted((a, b) => (a.devicePath < b.devicePath ? -1 : 1)))
    to.write(3, `${device.devicePath} from ${device.name}\n`);
}
