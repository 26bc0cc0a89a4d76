/**
 * Measures the Service proxy and cluster DNS and prints JSON: Gbit/s, keep-alive requests/s and new connections/s
 * through the proxy, directly, and through naive stream pipes, all in one run; DNS questions/s with their latencies.
 * With the privilege to (root, iproute2, iptables), client and server sit in network namespaces on a bridge, as pods
 * do; else everything runs over loopback, which is said in the output. Needs a C compiler for the load generator.
 * Usage: node --import tsx scripts/bench/network.ts [seconds per measurement, default 3] [rounds, default 3]
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { FromNetworkWorker, NetworkConfig, ServiceState, ToNetworkWorker } from '../../src/runtime/network/network-state.ts';
import { bundle } from '../bundle.ts';

const seconds = Number(process.argv[2] ?? 3);
const rounds = Number(process.argv[3] ?? 3);
const connections = 16;
const questionsUnderWay = 64;
const kinds = ['bulk', 'request', 'connect'] as const;

interface Place {
  readonly name: 'namespaces' | 'loopback';
  readonly serviceCidr: string;
  readonly clusterIp: string;
  readonly dnsIp: string;
  readonly naiveIp: string;
  readonly serverIp: string;
  readonly inClient: readonly string[];
  readonly inServer: readonly string[];
  cleanUp(): void;
}

interface Measured {
  readonly rate: number;
  readonly errors: number;
  readonly p50Ms?: number;
  readonly p99Ms?: number;
}

const run = (command: string): void => {
  const [program = '', ...args] = command.split(' ');
  execFileSync(program, args, { stdio: 'pipe' });
};

const loopback: Place = {
  name: 'loopback',
  serviceCidr: '127.98.0.0/24',
  clusterIp: '127.98.0.20',
  dnsIp: '127.98.0.10',
  naiveIp: '127.98.0.30',
  serverIp: '127.0.0.1',
  inClient: [],
  inServer: [],
  cleanUp: () => undefined,
};

/** Two network namespaces on a bridge, and a service range that is local to the host. */
function namespaces(): Place {
  const undo: string[] = [];
  const cleanUp = (): void => {
    for (const command of undo.reverse()) run(command);
  };
  const change = (command: string, reverse?: string): void => {
    run(command);
    if (reverse !== undefined) undo.push(reverse);
  };
  try {
    change('ip link add mkbench type bridge', 'ip link del mkbench');
    change('ip addr add 10.249.249.1/24 dev mkbench');
    change('ip link set mkbench up');
    for (const [pod, host] of [
      ['mkbench-a', 2],
      ['mkbench-b', 3],
    ] as const) {
      change(`ip netns add ${pod}`, `ip netns del ${pod}`);
      change(`ip link add mkv${host} type veth peer name eth0 netns ${pod}`);
      change(`ip link set mkv${host} master mkbench up`);
      change(`ip netns exec ${pod} ip addr add 10.249.249.${host}/24 dev eth0`);
      change(`ip netns exec ${pod} ip link set eth0 up`);
      change(`ip netns exec ${pod} ip route add default via 10.249.249.1`);
    }
    change('ip route add local 10.249.248.0/24 dev lo', 'ip route del local 10.249.248.0/24 dev lo');
    // Docker's rules drop packets that cross a bridge that is not its own. Only the direct measurement needs this rule.
    change('iptables -I FORWARD -i mkbench -j ACCEPT', 'iptables -D FORWARD -i mkbench -j ACCEPT');
  } catch {
    // Without the privilege or the tools, loopback is used.
    cleanUp();
    return loopback;
  }
  return {
    name: 'namespaces',
    serviceCidr: '10.249.248.0/24',
    clusterIp: '10.249.248.20',
    dnsIp: '10.249.248.10',
    naiveIp: '10.249.248.30',
    serverIp: '10.249.249.3',
    inClient: ['ip', 'netns', 'exec', 'mkbench-a'],
    inServer: ['ip', 'netns', 'exec', 'mkbench-b'],
    cleanUp,
  };
}

const [requestPort, bulkPort] = [9500, 9501];

function serviceOf(place: Place): ServiceState {
  const port = (name: string, number: number): ServiceState['ports'][number] => ({
    name,
    protocol: 'TCP',
    port: number,
    nodePort: 0,
    backends: [{ ip: place.serverIp, port: number, ready: true, serving: true, terminating: false }],
  });
  return {
    namespace: 'default',
    name: 'web',
    type: 'ClusterIP',
    proxied: true,
    clusterIp: place.clusterIp,
    externalIps: [],
    loadBalancerIps: [],
    loadBalancerSourceRanges: [],
    externalName: '',
    publishNotReadyAddresses: false,
    internalTrafficPolicy: 'Cluster',
    externalTrafficPolicy: 'Cluster',
    clientIpAffinitySeconds: 0,
    healthCheckNodePort: 0,
    ports: [port('request', requestPort), port('bulk', bulkPort)],
  };
}

/**
 * Starts the worker as it is in the executable. tsx would name each closure at run time, which makes a connection a
 * tenth more expensive.
 */
async function startWorker(place: Place): Promise<Worker> {
  const bundled = join(folder, 'network-worker.cjs');
  await bundle({ entry: 'src/runtime/network/network-worker-entry.ts', output: bundled });
  const worker = new Worker(readFileSync(bundled, 'utf8'), { eval: true, execArgv: [] });
  const post = (message: ToNetworkWorker): void => worker.postMessage(message);
  const config: NetworkConfig = {
    clusterDomain: 'cluster.local',
    serviceCidr: place.serviceCidr,
    dnsIp: place.dnsIp,
    upstreamDns: [],
    nodePortAddresses: ['0.0.0.0'],
    nodes: [],
  };
  const synced = new Promise<void>((resolve) => {
    worker.on('message', (message: FromNetworkWorker) => {
      if (message.type === 'synced') resolve();
      else if (message.type === 'listener') process.stderr.write(`${JSON.stringify(message)}\n`);
    });
  });
  post({ type: 'configure', config });
  post({ type: 'services', sequence: 1, upserts: [serviceOf(place)], deletes: [] });
  await synced;
  return worker;
}

/** The simplest possible proxy, for comparison. */
function startNaive(place: Place): Worker {
  const code = `const net = require('node:net');
    for (const port of [${requestPort}, ${bulkPort}]) net.createServer((a) => {
      const b = net.connect(port, '${place.serverIp}');
      a.pipe(b); b.pipe(a);
      const kill = () => { a.destroy(); b.destroy(); };
      a.on('error', kill); b.on('error', kill);
    }).listen(port, '${place.naiveIp}');`;
  return new Worker(code, { eval: true, execArgv: [] });
}

async function measure(place: Place, load: string, kind: (typeof kinds)[number] | 'dns', host: string, port: number): Promise<Measured> {
  const many = kind === 'dns' ? questionsUnderWay : connections;
  const [program = '', ...args] = [...place.inClient, load, kind, host, String(port), String(seconds), String(many)];
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  await once(child, 'close');
  return JSON.parse(output);
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
const spread = (values: readonly number[]): string => `${Math.min(...values)}–${Math.max(...values)}`;

async function measureAll(place: Place, load: string): Promise<void> {
  const proxies = { direct: place.serverIp, naive: place.naiveIp, minik: place.clusterIp };
  const rates = new Map<string, number[]>();
  const note = (key: string, value: number): void => void rates.set(key, [...(rates.get(key) ?? []), value]);
  for (let round = 0; round < rounds; round++) {
    for (const kind of kinds) {
      for (const [who, host] of Object.entries(proxies)) {
        const { rate, errors } = await measure(place, load, kind, host, kind === 'bulk' ? bulkPort : requestPort);
        note(`${who}.${kind}`, kind === 'bulk' ? Math.round(rate / 10) / 100 : rate);
        if (errors > 0) note(`${who}.${kind}.errors`, errors);
      }
    }
    const dns = await measure(place, load, 'dns', place.dnsIp, 53);
    note('minik.dns', dns.rate);
    note('minik.dns.p50Ms', dns.p50Ms ?? 0);
    note('minik.dns.p99Ms', dns.p99Ms ?? 0);
    if (dns.errors > 0) note('minik.dns.errors', dns.errors);
  }
  const results = Object.fromEntries([...rates].map(([key, values]) => [key, { median: median(values), spread: spread(values) }]));
  const units = { bulk: 'Gbit/s', request: 'requests/s', connect: 'connections/s', dns: 'questions/s' };
  process.stdout.write(
    `${JSON.stringify({ bench: 'network', place: place.name, seconds, rounds, connections, units, results }, undefined, 2)}\n`,
  );
}

const folder = mkdtempSync(join(tmpdir(), 'minik-bench-'));
const load = join(folder, 'network-load');
execFileSync('cc', ['-O2', '-o', load, new URL('network-load.c', import.meta.url).pathname]);
const place = namespaces();
let server: ChildProcess | undefined;
const workers: Worker[] = [];
try {
  const [program = '', ...args] = [...place.inServer, load, 'serve', place.serverIp, String(requestPort)];
  const serving = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  server = serving;
  await once(serving.stdout, 'data');
  workers.push(startNaive(place));
  workers.push(await startWorker(place));
  await measureAll(place, load);
} finally {
  server?.kill();
  await Promise.all(workers.map((worker) => worker.terminate()));
  place.cleanUp();
  rmSync(folder, { recursive: true, force: true });
}
