/**
 * What docs/security.md says of a started cluster: its files, its sockets, the anonymous, and what a container can
 * reach.
 */
import assert from 'node:assert/strict';
import { lstatSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { E2eCluster } from './support/cluster.ts';

/** A careless umask must not open anything. */
const cluster = new E2eCluster({ name: 'e2e-security', inside: () => ['sh', '-c', 'umask 0; exec "$@"', 'sh'] });

/** The address of the API server, and of the cluster inside. */
interface Addresses {
  readonly host: string;
  readonly port: number;
  readonly node: string;
  readonly service: string;
  readonly dns: string;
}

async function addresses(): Promise<Addresses> {
  const { hostname: host, port } = new URL(
    await cluster.kubectl('kubectl', ['config', 'view', '-o', 'jsonpath={.clusters[0].cluster.server}']),
  );
  const one = (args: readonly string[]): Promise<string> => cluster.kubectl('kubectl', ['get', ...args]);
  return {
    host,
    port: Number(port),
    node: await one(['nodes', '-o', 'jsonpath={.items[0].status.addresses[?(@.type=="InternalIP")].address}']),
    service: await one(['service', 'kubernetes', '-o', 'jsonpath={.spec.clusterIP}']),
    // The tenth address of the service range.
    dns: (await one(['service', 'kubernetes', '-o', 'jsonpath={.spec.clusterIP}'])).replace(/\d+$/, (last) => String(Number(last) + 9)),
  };
}

/** Addresses in /proc/net/tcp and udp are bytes of a little-endian word. */
function addressOf(hex: string): string {
  const [ip = '', port = ''] = hex.split(':');
  const bytes = ip.length === 8 ? [6, 4, 2, 0].map((at) => Number.parseInt(ip.slice(at, at + 2), 16)) : [ip];
  return `${bytes.join('.')}:${Number.parseInt(port, 16)}`;
}

/** What a process listens on: `tcp 127.0.0.1:6443`. */
function listeningSockets(pid: number): readonly string[] {
  const folder = `/proc/${pid}/fd`;
  const inodes = new Set(
    readdirSync(folder).flatMap((fd) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(join(folder, fd)))?.[1] ?? [];
      } catch {
        return []; // closed meanwhile
      }
    }),
  );
  const table = (protocol: string, listening: string): string[] =>
    readFileSync(`/proc/${pid}/net/${protocol}`, 'utf8')
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      .filter(([, , remote = '', state, , , , , , inode = '']) => state === listening && /:0000$/.test(remote) && inodes.has(inode))
      .map(([, local = '']) => `${protocol} ${addressOf(local)}`);
  const unix = readFileSync(`/proc/${pid}/net/unix`, 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , , flags, , , inode = '']) => flags === '00010000' && inodes.has(inode))
    .map((fields) => `unix ${fields[7] ?? ''}`);
  return [...table('tcp', '0A'), ...table('tcp6', '0A'), ...table('udp', '07'), ...table('udp6', '07'), ...unix].sort();
}

async function statusOf(path: string, { host, port }: Addresses): Promise<number> {
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    request({ host, port, path, rejectUnauthorized: false, agent: false }, (message) => resolve(message))
      .on('error', reject)
      .end();
  });
  answer.resume();
  return answer.statusCode ?? 0;
}

const shell = (command: string) => ({ name: 'one', image: 'busybox:1.36', command: ['sh', '-c', command] });

/** Runs a pod to its end; resolves with what it prints. */
async function printed(name: string, spec: object): Promise<string> {
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec: { restartPolicy: 'Never', ...spec } };
  await cluster.kubectl('kubectl', ['apply', '-f', '-'], { stdin: JSON.stringify(pod) });
  await cluster.until(['get', 'pod', name, '-o', 'jsonpath={.status.phase}'], (phase) => phase === 'Succeeded' || phase === 'Failed');
  return cluster.kubectl('kubectl', ['logs', name]);
}

before(async () => {
  await cluster.start();
});
after(() => cluster.delete());

describe('a started cluster', () => {
  it('has only files and folders that are its user’s alone', async () => {
    const { folder } = await cluster.facts();
    const mode = (path: string): number => lstatSync(path).mode & 0o777;
    for (const path of [folder, join(folder, 'pki'), join(folder, '..'), join(folder, '../..')]) assert.equal(mode(path), 0o700, path);
    const open = readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((path) => !path.startsWith('nodes')) // pods' volumes have the modes that the containers need
      .map((path) => join(folder, path))
      .filter((path) => (mode(path) & 0o077) !== 0 || statSync(path).uid !== process.getuid?.());
    assert.deepEqual(open, []);
    assert.equal(mode(cluster.env.KUBECONFIG ?? ''), 0o600);
  });

  it('listens on the loopback and its own networks, and on nothing else', async () => {
    const { host, port, node, service, dns } = await addresses();
    const { pid, guardPid } = await cluster.facts();
    assert.equal(host, '127.0.0.1');
    const expected = [
      ...[`tcp 127.0.0.1:${port}`, `tcp ${node}:${port}`, `tcp ${node}:10250`],
      ...[`tcp ${service}:443`, `tcp ${dns}:53`, `udp ${dns}:53`],
    ];
    assert.deepEqual(listeningSockets(pid), expected.sort());
    assert.deepEqual(listeningSockets(guardPid), []);
  });

  it('tells the anonymous its health and version, and nothing else', async () => {
    const where = await addresses();
    for (const path of ['/healthz', '/livez', '/readyz', '/version']) assert.equal(await statusOf(path, where), 200, path);
    const closed = [
      '/',
      '/api',
      '/apis',
      '/api/v1',
      '/openapi/v2',
      '/openapi/v3',
      '/metrics',
      '/logs/',
      '/.well-known/openid-configuration',
    ];
    const resources = [
      'namespaces',
      'nodes',
      'pods',
      'secrets',
      'namespaces/default/pods',
      `nodes/${cluster.name}/proxy/pods`,
      'pods?watch=1',
    ];
    for (const path of [...closed, ...resources.map((resource) => `/api/v1/${resource}`)])
      assert.equal(await statusOf(path, where), 403, path);
  });
});

describe('a container', () => {
  it('has the engine’s default capabilities and filter, its account’s token, and nothing of the host', async () => {
    const inside = await printed('plain', {
      containers: [
        shell(
          'grep -E "^(CapEff|Seccomp):" /proc/self/status; ls /var/run/secrets/kubernetes.io/serviceaccount; ls /var/run/docker.sock 2>&1; ps | wc -l',
        ),
      ],
    });
    // Docker's fourteen capabilities; 2 is a filter.
    assert.match(inside, /^CapEff:\s+00000000a80425fb\nSeccomp:\s+2\nca.crt\nnamespace\ntoken\nls: \/var\/run\/docker.sock: No such file/);
    const processes = Number(inside.trimEnd().split('\n').at(-1));
    assert.ok(processes < 10, `${processes} lines of processes`);
  });

  it('reaches the API, and not what listens on the host’s loopback', async () => {
    const { port, node } = await addresses();
    const dial = (host: string): string => `nc -w 5 ${host} ${port} </dev/null >/dev/null 2>&1 && echo open || echo closed`;
    assert.equal(await printed('dials', { containers: [shell(`${dial(node)}; ${dial('127.0.0.1')}`)] }), 'open\nclosed\n');
    assert.equal(await printed('dials-host', { containers: [shell(dial('127.0.0.1'))], hostNetwork: true }), 'open\n');
  });

  it('with a token of its account asks who it is, and may do no more', async () => {
    const token = (await cluster.kubectl('kubectl', ['create', 'token', 'default'])).trim();
    const config = join(cluster.home, 'empty-kubeconfig');
    writeFileSync(config, '');
    const { host, port } = await addresses();
    const as = ['--kubeconfig', config, '--server', `https://${host}:${port}`, '--insecure-skip-tls-verify', '--token', token];
    assert.match(await cluster.kubectl('kubectl', [...as, 'auth', 'whoami']), /system:serviceaccount:default:default/);
    for (const what of ['pods', 'secrets', 'nodes', 'configmaps', 'namespaces']) {
      const { code, stderr } = await cluster.try('kubectl', [...as, 'get', what]);
      assert.equal(code, 1);
      assert.match(stderr, /is forbidden: User "system:serviceaccount:default:default" cannot list resource/);
    }
  });

  it('whose maker asks for the host gets it: who may make pods has the rights of the Docker daemon', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'minik-e2e-private-'));
    try {
      writeFileSync(join(folder, 'file'), 'private\n', { mode: 0o600 });
      const spec = {
        volumes: [{ name: 'host', hostPath: { path: folder } }],
        containers: [{ ...shell('cat /host/file'), volumeMounts: [{ name: 'host', mountPath: '/host' }] }],
      };
      assert.equal(await printed('mighty', spec), 'private\n');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
