/** Reads the host's routes from /proc, without starting a program. Parsing is pure. */
import { readFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { formatIpv4, parseIpv4 } from './ipv4.ts';

/** A route of the host. */
export interface HostRoute {
  /** `10.0.0.0/8`. */
  readonly cidr: string;
  /** True for addresses of the host itself. */
  readonly local: boolean;
}

/**
 * Parses /proc/net/fib_trie: a leaf (`|-- address`) is followed by one line per route (`/prefix scope TYPE`). Only this
 * file shows the local table, and so the service ranges of other clusters.
 */
export function parseFibTrie(text: string): readonly HostRoute[] {
  const routes = new Map<string, HostRoute>();
  let address: string | undefined;
  for (const line of text.split('\n')) {
    const leaf = /\|--\s+(\S+)/.exec(line);
    if (leaf !== null) {
      address = leaf[1];
      continue;
    }
    const route = /^\s*\/(\d+) \S+ ([A-Z]+)/.exec(line);
    if (route === null || address === undefined || route[2] === 'BROADCAST') continue;
    const cidr = `${address}/${route[1]}`;
    routes.set(cidr, { cidr, local: route[2] === 'LOCAL' });
  }
  return [...routes.values()];
}

/**
 * Parses /proc/net/route: hexadecimal addresses in the host's byte order (little-endian on all platforms of Node on
 * Linux but s390x).
 */
export function parseRouteTable(text: string): readonly HostRoute[] {
  const routes: HostRoute[] = [];
  for (const line of text.split('\n').slice(1)) {
    const fields = line.trim().split(/\s+/);
    const [destination, mask] = [fields[1], fields[7]];
    if (destination === undefined || mask === undefined) continue;
    const [base, bits] = [reversedHex(destination), reversedHex(mask)];
    if (base === undefined || bits === undefined) continue;
    routes.push({ cidr: `${formatIpv4(base)}/${Math.clz32(~bits)}`, local: false });
  }
  return routes;
}

function reversedHex(text: string): number | undefined {
  return /^[0-9A-Fa-f]{8}$/.test(text) ? Buffer.from(text, 'hex').readUInt32LE(0) : undefined;
}

/** All routes of the host and the ranges of its interfaces. Parts that the system does not show are empty. */
export async function readHostRoutes(): Promise<readonly HostRoute[]> {
  const read = (path: string): Promise<string> => readFile(path, 'utf8').catch(() => '');
  const trie = parseFibTrie(await read('/proc/net/fib_trie'));
  const routes = trie.length > 0 ? trie : parseRouteTable(await read('/proc/net/route'));
  const interfaces = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  const own = interfaces.flatMap(({ cidr, address }) =>
    cidr === null || parseIpv4(address) === undefined ? [] : [{ cidr, local: false }],
  );
  return [...routes, ...own];
}
