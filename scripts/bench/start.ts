/**
 * How fast a cluster is there: from the exec of the executable to /readyz and to a Ready node (polling every 10 ms),
 * from `minik start` to a pod that answers through cluster DNS, and a stop and start with running pods. Needs Docker
 * and the real kubectl. Prints one JSON document.
 * Usage: scripts/bench/run start, or node --import tsx scripts/bench/start.ts [runs, default 5] [pods, default 50] The
 * pods' image is `MINIK_BENCH_IMAGE` (default: busybox, which scripts/images builds); it must be on the Docker daemon.
 */
import { execFileSync } from 'node:child_process';
import { Resolver } from 'node:dns/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { BenchCluster, ensureExecutable } from './lib/bench-cluster.ts';
import { environment, note, repeated } from './lib/figures.ts';
import { LoadClient, request } from './lib/load-client.ts';

const runs = Number(process.argv[2] ?? 5);
const pods = Number(process.argv[3] ?? 50);
const image = process.env.MINIK_BENCH_IMAGE || 'busybox';
const pollMs = 10;
const timeoutMs = 60_000;
const serverName = 'server.default.svc.cluster.local';

async function until(check: () => Promise<boolean> | boolean): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await check())) {
    if (performance.now() > deadline) throw new Error(`waited ${timeoutMs} ms in vain`);
    await delay(pollMs);
  }
}

async function openIfUp(cluster: BenchCluster): Promise<LoadClient | undefined> {
  try {
    return await LoadClient.open(cluster.connection());
  } catch {
    return undefined;
  }
}

/** Resolves with a connection as soon as the server accepts one. */
async function connected(cluster: BenchCluster): Promise<LoadClient> {
  let client: LoadClient | undefined;
  await until(async () => {
    client = await openIfUp(cluster);
    return client !== undefined;
  });
  if (client === undefined) throw new Error('unreachable');
  return client;
}

const isReady = (object: {
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}): boolean => object.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true;

/** Items of a list, as JSON. */
async function items(client: LoadClient, path: string) {
  const { body } = await client.send(request({ method: 'GET', path }), true);
  // The list was asked for as JSON of API objects.
  return (JSON.parse(body) as { readonly items: readonly Parameters<typeof isReady>[0][] }).items;
}

/** The first start of a new cluster, from the exec of `minik start`. */
async function emptyStart(cluster: BenchCluster) {
  const from = performance.now();
  const started = cluster.start();
  const client = await connected(cluster);
  try {
    await until(async () => (await client.send(request({ method: 'GET', path: '/readyz' }))).status === 200);
    const readyzMs = performance.now() - from;
    await until(async () => (await items(client, '/api/v1/nodes')).some(isReady));
    const nodeReadyMs = performance.now() - from;
    await started;
    return { readyzMs, nodeReadyMs, startCommandMs: performance.now() - from };
  } finally {
    client.close();
    await started;
  }
}

const container = (name: string, command: readonly string[]) => ({ name, image, imagePullPolicy: 'IfNotPresent', command });
const pod = (name: string, command: readonly string[]) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, labels: { app: name } },
  spec: { terminationGracePeriodSeconds: 1, containers: [container(name, command)] },
});

/** A web server behind a Service. It begins to serve when it has found its own name through cluster DNS. */
const conversation = JSON.stringify({
  apiVersion: 'v1',
  kind: 'List',
  items: [
    { apiVersion: 'v1', kind: 'Service', metadata: { name: 'server' }, spec: { selector: { app: 'server' }, ports: [{ port: 80 }] } },
    // nslookup: the static busybox has no other resolver.
    pod('server', [
      'sh',
      '-c',
      `mkdir /www && echo answered > /www/index.html; until nslookup ${serverName} > /dev/null; do sleep 0.02; done; exec httpd -f -h /www`,
    ]),
  ],
});

/**
 * The answer of the Service to a client on the host that resolves its name through cluster DNS; '' when there is none
 * (yet).
 */
async function answerOfService(dnsIp: string): Promise<string> {
  const resolver = new Resolver({ timeout: 500, tries: 1 });
  resolver.setServers([dnsIp]);
  try {
    const [address] = await resolver.resolve4(serverName);
    const response = await fetch(`http://${address}/`, { signal: AbortSignal.timeout(1000) });
    return await response.text();
  } catch {
    return '';
  }
}

async function firstAnswer(cluster: BenchCluster) {
  const from = performance.now();
  await cluster.start();
  const startCommandMs = performance.now() - from;
  await cluster.run('kubectl', ['apply', '-f', '-'], conversation);
  // The tenth address of the service range.
  const dnsIp = cluster.settings().serviceCidr.replace(/\d+\/\d+$/, '10');
  await until(async () => (await answerOfService(dnsIp)).startsWith('answered'));
  return { startCommandMs, podAnswersThroughDnsMs: performance.now() - from };
}

/** Runs with a cluster of its own. */
async function fresh<T>(use: (cluster: BenchCluster) => Promise<T>): Promise<T> {
  const cluster = new BenchCluster('docker');
  try {
    return await use(cluster);
  } finally {
    await cluster.dispose();
  }
}

const sleepers = JSON.stringify({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'sleepers' },
  spec: {
    replicas: pods,
    selector: { matchLabels: { app: 'sleepers' } },
    template: { metadata: { labels: { app: 'sleepers' } }, spec: pod('sleeper', ['sleep', '1000000']).spec },
  },
});

/** Names of the running containers with the moments they were started. */
function containers(cluster: BenchCluster): string {
  const ids = execFileSync('docker', ['ps', '-q', '--no-trunc', '--filter', 'label=io.kubernetes.container.name=sleeper'], {
    encoding: 'utf8',
  });
  if (ids.trim() === '') throw new Error(`no container of ${cluster.profile} runs`);
  return execFileSync('docker', ['inspect', '--format', '{{.Id}} {{.State.StartedAt}} {{.State.Running}}', ...ids.trim().split('\n')], {
    encoding: 'utf8',
  });
}

/** Stops and starts with pods; `restarted` must be 0. */
async function restart(cluster: BenchCluster) {
  const before = containers(cluster);
  const from = performance.now();
  await cluster.minik(['stop']);
  const stopMs = performance.now() - from;
  await until(() => !existsSync(join(cluster.folder, 'server.json')));
  const started = cluster.start();
  const client = await connected(cluster);
  try {
    await until(async () => {
      const all = await items(client, '/api/v1/namespaces/default/pods');
      return all.length === pods && all.every(isReady) && (await items(client, '/api/v1/nodes')).every(isReady);
    });
    const stopAndStartMs = performance.now() - from;
    await started;
    return { stopMs, stopAndStartMs, startAgainMs: stopAndStartMs - stopMs, containersChanged: containers(cluster) === before ? 0 : 1 };
  } finally {
    client.close();
    await started;
  }
}

ensureExecutable();
const empty = await repeated(runs, (run) => {
  note(`start: empty, run ${run + 1} of ${runs}`);
  return fresh(emptyStart);
});
const answer = await repeated(runs, (run) => {
  note(`start: first answer, run ${run + 1} of ${runs}`);
  return fresh(firstAnswer);
});
const again = await fresh(async (cluster) => {
  note(`start: with ${pods} pods`);
  await cluster.start();
  await cluster.run('kubectl', ['apply', '-f', '-'], sleepers);
  await cluster.run('kubectl', ['rollout', 'status', 'deployment/sleepers', '--timeout=300s']);
  return repeated(Math.min(runs, 3), () => restart(cluster));
});
const figures = { empty, firstAnswer: answer, withPods: again };
process.stdout.write(`${JSON.stringify({ name: 'start', pods, figures, environment: environment() }, null, 2)}\n`);
