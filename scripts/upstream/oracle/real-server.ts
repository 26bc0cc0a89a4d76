/**
 * A real kube-apiserver with its own etcd, on free ports of 127.0.0.1 and in a temporary folder. It is ready within
 * seconds.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../free-port.ts';
import { upstreamPrograms } from '../programs.ts';
import { ApiClient, type ServerAccess } from './api-client.ts';
import { type RunningServer, writeAdminToken } from './minik-server.ts';

const readyWithinMs = 60_000;

/**
 * Starts both; stopping them removes all of their files. Rejects with the end of the server's log when it does not
 * become ready.
 */
export async function startRealServer(): Promise<RunningServer & { readonly folder: string }> {
  const programs = upstreamPrograms(['etcd', 'kube-apiserver']);
  const folder = mkdtempSync(join(tmpdir(), 'minik-real-'));
  const children: ChildProcess[] = [];
  const stop = async (): Promise<void> => {
    for (const child of children.toReversed()) await ended(child);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const [etcd, peers, port] = await Promise.all([freePort(), freePort(), freePort()]);
    const { token } = writeAdminToken(folder);
    children.push(startProgram(programs.etcd, etcdFlags(etcd, peers), folder, 'etcd.log'));
    children.push(startProgram(programs['kube-apiserver'], apiServerFlags(etcd, port, folder), folder, 'kube-apiserver.log'));
    const access: ServerAccess = { url: `https://127.0.0.1:${port}`, token };
    await ready(access, children, join(folder, 'kube-apiserver.log'));
    return { access, folder, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function startProgram(program: string, args: readonly string[], cwd: string, log: string): ChildProcess {
  const out = openSync(join(cwd, log), 'w', 0o600);
  return spawn(program, args, { cwd, stdio: ['ignore', out, out] });
}

const etcdFlags = (client: number, peers: number): readonly string[] => [
  ...['--data-dir=etcd', `--listen-client-urls=http://127.0.0.1:${client}`, `--advertise-client-urls=http://127.0.0.1:${client}`],
  ...[`--listen-peer-urls=http://127.0.0.1:${peers}`, '--unsafe-no-fsync', '--log-level=error'],
];

/** The flags that kubeadm sets, as far as they affect answers. */
function apiServerFlags(etcd: number, port: number, folder: string): readonly string[] {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const key = join(folder, 'sa.key');
  writeFileSync(key, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  return [
    ...[`--etcd-servers=http://127.0.0.1:${etcd}`, `--secure-port=${port}`, '--bind-address=127.0.0.1', '--advertise-address=10.244.0.1'],
    ...[
      '--cert-dir=certificates',
      '--service-cluster-ip-range=10.96.0.0/12',
      '--token-auth-file=tokens.csv',
      '--authorization-mode=Node,RBAC',
    ],
    ...[`--service-account-key-file=${key}`, `--service-account-signing-key-file=${key}`, '--allow-privileged=true'],
    ...['--service-account-issuer=https://kubernetes.default.svc.cluster.local', '--enable-admission-plugins=NodeRestriction'],
  ];
}

async function ready(access: ServerAccess, children: readonly ChildProcess[], log: string): Promise<void> {
  const client = new ApiClient(access);
  const deadline = performance.now() + readyWithinMs;
  try {
    for (;;) {
      const answer = await client.send({ method: 'GET', path: '/readyz', headers: {} }).catch(() => undefined);
      if (answer?.code === 200) return;
      const dead = children.some(({ exitCode }) => exitCode !== null);
      if (dead || performance.now() > deadline) throw new Error(`kube-apiserver does not become ready:\n${tail(log)}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  } finally {
    client.close();
  }
}

const tail = (file: string): string => readFileSync(file, 'utf8').split('\n').slice(-10).join('\n');

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL'); // their data is deleted with their folder
  await once(child, 'exit');
}
