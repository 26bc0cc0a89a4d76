/**
 * What a cluster needs of the host's network: free ranges, and one route that makes its service range local, so that
 * the proxy can listen on every address of the range. Every cluster has its own range; nothing here touches another's.
 * All operations are idempotent and undone by `removeServiceRoute`.
 */

import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { errorText } from '../../api/error-text.ts';
import { type HostRoute, readHostRoutes } from './host-routes.ts';
import { contains, parseCidr, parseIpv4 } from './ipv4.ts';
import { type ClusterSubnets, pickSubnets } from './subnets.ts';

const run = promisify(execFile);

/**
 * Runs a program with its arguments in a place where it may change the host's routes. Rejects when the program fails.
 */
export type RunCommand = (command: readonly string[]) => Promise<void>;

export interface HostNetworkOptions {
  /** Runs `ip …` as this process; default: the `ip` on PATH. */
  readonly runHere?: RunCommand;
  /** Runs `ip …` in a helper container with the host's network and NET_ADMIN; absent where that is not possible. */
  readonly runInHelper?: RunCommand;
  readonly readRoutes?: () => Promise<readonly HostRoute[]>;
}

/** The host cannot be prepared; the message tells the user what to do. */
export class HostNetworkError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'HostNetworkError';
  }
}

const runHere: RunCommand = async ([program = '', ...args]) => {
  await run(program, args, { timeout: 10_000 });
};

const textOf = (error: unknown): string => {
  if (typeof error === 'object' && error !== null && 'stderr' in error && typeof error.stderr === 'string' && error.stderr.trim() !== '') {
    return error.stderr.trim();
  }
  return errorText(error);
};

const routeCommand = (verb: 'replace' | 'del', cidr: string): readonly string[] => [
  'ip',
  'route',
  verb,
  'local',
  cidr,
  'dev',
  'lo',
  'table',
  'local',
];

/**
 * The routes of service ranges on the host: ranges that are local to it, and neither loopback's nor single addresses.
 * They include those that crashed clusters have left behind.
 */
export function localRanges(routes: readonly HostRoute[]): readonly string[] {
  return routes.filter(({ cidr, local }) => local && !cidr.startsWith('127.') && !cidr.endsWith('/32')).map(({ cidr }) => cidr);
}

/**
 * Chooses the ranges of a cluster. `alsoTaken`: container networks and the ranges of other profiles, running or not.
 * `preferred`: the profile's own ranges, which are kept unless something else uses them. Throws HostNetworkError when
 * the host has no free range.
 */
export async function chooseSubnets(
  alsoTaken: readonly string[],
  preferred: Partial<ClusterSubnets> = {},
  options: HostNetworkOptions = {},
): Promise<ClusterSubnets> {
  const routes = await (options.readRoutes ?? readHostRoutes)();
  // The profile's own service range may still be routed, and its pod network may still exist.
  const own = new Set([preferred.serviceCidr, preferred.podCidr]);
  const bridge = preferred.podCidr === undefined ? undefined : parseCidr(preferred.podCidr);
  const isOwn = (cidr: string): boolean => own.has(cidr) || (bridge !== undefined && ownAddress(cidr, bridge));
  const taken = [...routes.map(({ cidr }) => cidr), ...alsoTaken].filter((cidr) => !isOwn(cidr));
  const { serviceCidr, podCidr } = pickSubnets({ taken, preferred });
  if (serviceCidr === undefined || podCidr === undefined) {
    throw new HostNetworkError(
      'no address range is free for the cluster: remove unused container networks (docker network prune) or routes, and try again',
    );
  }
  return { serviceCidr, podCidr };
}

/** True for an address of the cluster's own bridge (`10.244.0.1/20`, `/32`) inside its pod range. */
function ownAddress(cidr: string, bridge: { readonly base: number; readonly prefix: number }): boolean {
  const [address = '', prefix] = cidr.split('/');
  const value = parseIpv4(address);
  return value !== undefined && contains(bridge, value) && (Number(prefix) === 32 || Number(prefix) === bridge.prefix);
}

/** Whether the service range is local to the host. */
export async function hasServiceRoute(serviceCidr: string, options: HostNetworkOptions = {}): Promise<boolean> {
  const routes = await (options.readRoutes ?? readHostRoutes)();
  return routes.some(({ cidr, local }) => local && cidr === serviceCidr);
}

/** Makes the service range local to the host, if it is not yet. Throws HostNetworkError. */
export async function addServiceRoute(serviceCidr: string, options: HostNetworkOptions = {}): Promise<void> {
  if (await hasServiceRoute(serviceCidr, options)) return;
  await changeRoute(routeCommand('replace', serviceCidr), options);
}

/** Removes the service range's route, if there is one. Throws HostNetworkError. */
export async function removeServiceRoute(serviceCidr: string, options: HostNetworkOptions = {}): Promise<void> {
  if (!(await hasServiceRoute(serviceCidr, options))) return;
  await changeRoute(routeCommand('del', serviceCidr), options);
}

async function changeRoute(command: readonly string[], options: HostNetworkOptions): Promise<void> {
  const failures: unknown[] = [];
  for (const attempt of [options.runHere ?? runHere, options.runInHelper]) {
    if (attempt === undefined) continue;
    try {
      await attempt(command);
      return;
    } catch (error) {
      failures.push(error);
    }
  }
  const reasons = failures.map(textOf).join('; ');
  throw new HostNetworkError(`the host's routes cannot be changed (${reasons}): run as an administrator: sudo ${command.join(' ')}`, {
    cause: failures.at(-1),
  });
}

/**
 * The lowest port on which a user without privileges may listen; 0 when this process may use all ports. Services and
 * DNS on lower ports need a privilege.
 */
export async function lowestUsablePort(): Promise<number> {
  const capabilities = /^CapEff:\s*([0-9a-f]+)/m.exec(await readFile('/proc/self/status', 'utf8').catch(() => ''))?.[1];
  const mayBindAll = capabilities !== undefined && ((BigInt(`0x${capabilities}`) >> 10n) & 1n) === 1n;
  if (mayBindAll) return 0;
  const text = await readFile('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'utf8').catch(() => '1024');
  return Number(text.trim());
}

/** Advice for a user who may not open ports below 1024. */
export const lowPortsAdvice =
  'Services and DNS on ports below 1024 cannot be opened by this user; allow it with: sudo sysctl net.ipv4.ip_unprivileged_port_start=0';

/**
 * The resolvers of a resolv.conf, except those inside `excluded`: the cluster's own DNS server would forward to itself.
 */
export function hostResolvers(resolvConf: string, excluded: readonly string[] = []): readonly string[] {
  const ranges = excluded.map(parseCidr).filter((range) => range !== undefined);
  const servers = resolvConf.split('\n').flatMap((line) => /^\s*nameserver\s+(\S+)/.exec(line)?.[1] ?? []);
  return servers.filter((server) => {
    const address = parseIpv4(server);
    return address === undefined || !ranges.some((range) => contains(range, address));
  });
}
