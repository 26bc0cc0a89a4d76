/** The checks of the baseline level. Source: pod-security-admission policy/check_*.go. */
import type { LifecycleHandler, Probe } from '../generated/core/v1.ts';
import { appArmorProfile } from './app-armor-check.ts';
import {
  type AnyContainer,
  type Check,
  type CheckedPod,
  containersOf,
  containersText,
  counted,
  exceptInUserNamespace,
  joinQuoted,
  namesWhere,
  settersText,
  sortedSet,
  type Violation,
} from './check.ts';
import { seLinuxOptions } from './se-linux-check.ts';
import { seccompBaseline } from './seccomp-checks.ts';

const allowedCapabilities: ReadonlySet<string> = new Set([
  ...['AUDIT_WRITE', 'CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'FSETID', 'KILL', 'MKNOD', 'NET_BIND_SERVICE'],
  ...['SETFCAP', 'SETGID', 'SETPCAP', 'SETUID', 'SYS_CHROOT'],
]);

const addedCapabilities = ({ securityContext }: AnyContainer): readonly string[] =>
  (securityContext?.capabilities?.add ?? []).filter((capability) => !allowedCapabilities.has(capability));

function capabilities(pod: CheckedPod): Violation | undefined {
  const bad = namesWhere(pod, (container) => addedCapabilities(container).length > 0);
  if (bad.length === 0) return undefined;
  const added = joinQuoted(sortedSet(containersOf(pod.spec).flatMap(addedCapabilities)));
  return {
    reason: 'non-default capabilities',
    detail: `${containersText(bad)} must not include ${added} in securityContext.capabilities.add`,
  };
}

function hostNamespaces({ spec }: CheckedPod): Violation | undefined {
  const shared = (['hostNetwork', 'hostPID', 'hostIPC'] as const).filter((field) => spec[field] === true);
  return shared.length === 0 ? undefined : { reason: 'host namespaces', detail: shared.map((field) => `${field}=true`).join(', ') };
}

function hostPathVolumes({ spec }: CheckedPod): Violation | undefined {
  const names = (spec.volumes ?? []).filter(({ hostPath }) => hostPath !== undefined).map(({ name }) => name);
  return names.length === 0 ? undefined : { reason: 'hostPath volumes', detail: counted('volume', names) };
}

const hostPortsOf = ({ ports }: AnyContainer): readonly string[] =>
  (ports ?? []).flatMap(({ hostPort = 0 }) => (hostPort === 0 ? [] : [String(hostPort)]));

function hostPorts(pod: CheckedPod): Violation | undefined {
  const bad = namesWhere(pod, (container) => hostPortsOf(container).length > 0);
  if (bad.length === 0) return undefined;
  const ports = sortedSet(containersOf(pod.spec).flatMap(hostPortsOf));
  return {
    reason: 'hostPort',
    detail: `${containersText(bad)} ${bad.length === 1 ? 'uses' : 'use'} ${ports.length === 1 ? 'hostPort' : 'hostPorts'} ${ports.join(', ')}`,
  };
}

function hostsOf({ livenessProbe, readinessProbe, startupProbe, lifecycle }: AnyContainer): readonly string[] {
  const handlers: readonly (Probe | LifecycleHandler | undefined)[] = [
    livenessProbe,
    readinessProbe,
    startupProbe,
    lifecycle?.postStart,
    lifecycle?.preStop,
  ];
  return handlers.flatMap((handler) => [handler?.httpGet?.host ?? '', handler?.tcpSocket?.host ?? '']).filter((host) => host !== '');
}

function hostProbes(pod: CheckedPod): Violation | undefined {
  const bad = sortedSet(namesWhere(pod, (container) => hostsOf(container).length > 0));
  if (bad.length === 0) return undefined;
  const hosts = sortedSet(containersOf(pod.spec).flatMap(hostsOf));
  return {
    reason: 'probe or lifecycle host',
    detail: `${containersText(bad)} ${bad.length === 1 ? 'uses' : 'use'} ${counted('probe or lifecycle host', hosts)}`,
  };
}

function privileged(pod: CheckedPod): Violation | undefined {
  const bad = namesWhere(pod, ({ securityContext }) => securityContext?.privileged === true);
  return bad.length === 0
    ? undefined
    : { reason: 'privileged', detail: `${containersText(bad)} must not set securityContext.privileged=true` };
}

const procMountOf = ({ securityContext }: AnyContainer): readonly string[] =>
  securityContext?.procMount === undefined || securityContext.procMount === 'Default' ? [] : [securityContext.procMount];

/** Also a check of the restricted level. */
export function procMount(pod: CheckedPod): Violation | undefined {
  const bad = namesWhere(pod, (container) => procMountOf(container).length > 0);
  if (bad.length === 0) return undefined;
  const types = joinQuoted(sortedSet(containersOf(pod.spec).flatMap(procMountOf)));
  return { reason: 'procMount', detail: `${containersText(bad)} must not set securityContext.procMount to ${types}` };
}

const sysctls1: readonly string[] = [
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.ping_group_range',
  'net.ipv4.ip_unprivileged_port_start',
];
const sysctls27 = [...sysctls1, 'net.ipv4.ip_local_reserved_ports'];
const sysctls29 = [
  ...sysctls27,
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
];
const sysctls32 = [...sysctls29, 'net.ipv4.tcp_rmem', 'net.ipv4.tcp_wmem'];

const sysctlsExcept =
  (allowed: readonly string[]) =>
  ({ spec }: CheckedPod): Violation | undefined => {
    const names = (spec.securityContext?.sysctls ?? []).map(({ name }) => name).filter((name) => !allowed.includes(name));
    return names.length === 0 ? undefined : { reason: 'forbidden sysctls', detail: names.join(', ') };
  };

function windowsHostProcess(pod: CheckedPod): Violation | undefined {
  const bad = namesWhere(pod, ({ securityContext }) => securityContext?.windowsOptions?.hostProcess === true);
  const setters = settersText(pod.spec.securityContext?.windowsOptions?.hostProcess === true, bad);
  return setters === ''
    ? undefined
    : { reason: 'hostProcess', detail: `${setters} must not set securityContext.windowsOptions.hostProcess=true` };
}

/** In the order of their ids, in which violations are told. */
export const baselineChecks: readonly Check[] = [
  { id: 'appArmorProfile', versions: [{ since: 0, judge: appArmorProfile }] },
  { id: 'capabilities_baseline', versions: [{ since: 0, judge: capabilities }] },
  { id: 'hostNamespaces', versions: [{ since: 0, judge: hostNamespaces }] },
  { id: 'hostPathVolumes', versions: [{ since: 0, judge: hostPathVolumes }] },
  { id: 'hostPorts', versions: [{ since: 0, judge: hostPorts }] },
  { id: 'hostProbesAndHostLifecycle', versions: [{ since: 34, judge: hostProbes }] },
  { id: 'privileged', versions: [{ since: 0, judge: privileged }] },
  {
    id: 'procMount',
    versions: [
      { since: 0, judge: procMount },
      { since: 35, judge: exceptInUserNamespace(procMount) },
    ],
  },
  {
    id: 'seLinuxOptions',
    versions: [
      { since: 0, judge: seLinuxOptions(['', 'container_t', 'container_init_t', 'container_kvm_t']) },
      { since: 31, judge: seLinuxOptions(['', 'container_t', 'container_init_t', 'container_kvm_t', 'container_engine_t']) },
    ],
  },
  { id: 'seccompProfile_baseline', versions: seccompBaseline },
  {
    id: 'sysctls',
    versions: [
      { since: 0, judge: sysctlsExcept(sysctls1) },
      { since: 27, judge: sysctlsExcept(sysctls27) },
      { since: 29, judge: sysctlsExcept(sysctls29) },
      { since: 32, judge: sysctlsExcept(sysctls32) },
    ],
  },
  { id: 'windowsHostProcess', versions: [{ since: 0, judge: windowsHostProcess }] },
];
