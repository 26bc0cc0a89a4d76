/**
 * Which sysctls pods may set: the safe ones, and those that the node's administrator allows. Pure. Source:
 * pkg/kubelet/sysctl/{allowlist,safe_sysctls}.go; component-helpers node/util/sysctl.
 */
import type { Pod } from '../../../api/generated/core/v1.ts';
import type { Waiting } from './status-input.ts';

/** Sysctls that stay within a pod. */
const safeSysctls: readonly string[] = [
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.ip_local_reserved_ports',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.ping_group_range',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_rmem',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.tcp_wmem',
];

const ipcSysctls: readonly string[] = [
  ...['kernel.sem', 'kernel.shm', 'kernel.shmall', 'kernel.shmmax', 'kernel.shmmni', 'kernel.shm_rmid_forced'],
  ...['kernel.msg', 'kernel.msgmax', 'kernel.msgmnb', 'kernel.msgmni'],
];

/**
 * Normalizes a sysctl's name to dots as separators. Whichever of dot and slash comes first in a name is its separator;
 * the other one is part of a segment.
 */
export function sysctlName(name: string): string {
  return /[./]/.exec(name)?.[0] === '/' ? name.replaceAll(/[./]/g, (part) => (part === '/' ? '.' : '/')) : name;
}

/** The kernel's namespace that a sysctl belongs to; undefined when it is not known to be in one. */
function namespaceOf(name: string): 'IPC' | 'Net' | undefined {
  if (ipcSysctls.includes(name) || name.startsWith('fs.mqueue.')) return 'IPC';
  return name.startsWith('net.') ? 'Net' : undefined;
}

/** A name, or the beginning of names with `*` behind it. */
function matches(pattern: string, name: string): boolean {
  const star = pattern.indexOf('*');
  return star === -1 ? pattern === name : name.startsWith(pattern.slice(0, star));
}

const maxPatternChars = 253;

/** What is wrong with a pattern of sysctls that are to be allowed, in upstream's words; undefined when nothing is. */
export function sysctlPatternError(pattern: string): string | undefined {
  const segment = '[a-z0-9]([-_a-z0-9]*[a-z0-9])?';
  const form = `^(${segment}[\\./])*[a-z0-9][-_a-z0-9]*[\\*]?$|^(${segment}[\\./])*[\\*]$`;
  if (pattern.length > maxPatternChars || !new RegExp(form).test(pattern)) {
    return `sysctl ${JSON.stringify(pattern)} must be the name of a sysctl, or the beginning of one with * behind it`;
  }
  const name = sysctlName(pattern).replace(/\*.*$/, '');
  return namespaceOf(name) === undefined ? `the sysctls ${JSON.stringify(name)} are not known to be namespaced` : undefined;
}

/** Why a pod may not set one of its sysctls; undefined when it may. `allowed` are patterns beside the safe sysctls. */
export function forbiddenSysctl({ spec }: Pod, allowed: readonly string[]): Waiting | undefined {
  const patterns = [...safeSysctls, ...allowed.map(sysctlName)];
  const shared = { IPC: spec.hostIPC === true, Net: spec.hostNetwork === true };
  for (const sysctl of spec.securityContext.sysctls ?? []) {
    const name = sysctlName(sysctl.name);
    const namespace = namespaceOf(name);
    const known = patterns.some((pattern) => matches(pattern, name));
    const problem = !known
      ? 'not allowlisted'
      : namespace !== undefined && shared[namespace]
        ? `not allowed with host ${namespace} enabled`
        : undefined;
    if (problem !== undefined) return { reason: 'SysctlForbidden', message: `forbidden sysctl: ${JSON.stringify(name)} ${problem}` };
  }
  return undefined;
}
