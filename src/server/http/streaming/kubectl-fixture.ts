/** For tests: a server on a socket, and several versions of kubectl that run against it. */
import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from 'node:child_process';
import { readdirSync, realpathSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { loadPki, type Pki } from '../../pki/pki.ts';
import { type ApiServer, createServer } from '../create-server.ts';
import { silentLogger, testApp } from '../test-app.ts';
import type { PodStreams } from './pod-streams.ts';

/** The version of a kubectl, e.g. `1.20`. */
function versionOf(kubectl: string): string {
  const told = execFileSync(kubectl, ['version', '--client', '-o', 'json'], { encoding: 'utf8' });
  const { clientVersion }: { readonly clientVersion: { readonly gitVersion: string } } = JSON.parse(told);
  return /^v(\d+\.\d+)/.exec(clientVersion.gitVersion)?.[1] ?? clientVersion.gitVersion;
}

/**
 * The kubectl executables by version, oldest first: every `kubectl.<version>` beside the one on PATH, or only that one.
 * Empty when there is none.
 */
export function kubectls(): readonly { readonly version: string; readonly path: string }[] {
  let found: string;
  try {
    found = realpathSync(execFileSync('sh', ['-c', 'command -v kubectl'], { encoding: 'utf8' }).trim());
  } catch {
    return [];
  }
  const siblings = readdirSync(dirname(found)).flatMap((name) => {
    const version = /^kubectl\.(\d+\.\d+)$/.exec(name)?.[1];
    return version === undefined ? [] : [{ version, path: join(dirname(found), name) }];
  });
  return siblings.length > 0
    ? siblings.toSorted((a, b) => Number(a.version.split('.')[1]) - Number(b.version.split('.')[1]))
    : [{ version: versionOf(found), path: found }];
}

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Fixture {
  readonly server: ApiServer;
  readonly kubeconfig: string;
  /** `<sub-resource> <protocol>` of every upgrade so far. */
  readonly upgrades: readonly string[];
  /** What streams have carried so far. */
  streamedBytes(): number;
  fetch(path: string, init?: RequestInit): Promise<Response>;
  /** Runs kubectl to its end. */
  run(kubectl: string, args: readonly string[], stdin?: string | Buffer): Promise<Ended>;
  start(kubectl: string, args: readonly string[]): ChildProcessWithoutNullStreams;
}

function kubeconfigOf(url: string, { caCertificate, admin }: Pki): string {
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'c',
    clusters: [{ name: 'c', cluster: { server: url, 'certificate-authority-data': base64(caCertificate) } }],
    users: [{ name: 'u', user: { 'client-certificate-data': base64(admin.certificate), 'client-key-data': base64(admin.key) } }],
    contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
  });
}

export async function startFixture(t: TestContext, podStreams: PodStreams): Promise<Fixture> {
  const directory = await mkdtemp(join(tmpdir(), 'minik-kubectl-'));
  const pki = await loadPki({ directory, serviceIp: '10.96.0.1', extraNames: [] });
  const upgrades: string[] = [];
  const logger = {
    ...silentLogger,
    debug: (message: string, fields: Readonly<Record<string, unknown>> = {}): void => {
      if (message !== 'upgrade requested') return;
      const path = String(fields.path);
      upgrades.push(`${path.slice(path.lastIndexOf('/') + 1)} ${[fields.upgrade, fields.protocols].flat().join(' ')}`);
    },
  };
  let streamedBytes = 0;
  const onStreamed = (bytes: number): void => {
    streamedBytes += bytes;
  };
  const { options, fetch } = testApp({ podStreams, logger, onStreamed });
  const server = await createServer({ ...options, pki, addresses: [{ host: '127.0.0.1', port: 0 }], drainMs: 200 });
  const kubeconfig = join(directory, 'kubeconfig');
  await writeFile(kubeconfig, kubeconfigOf(server.url, pki));
  t.after(async () => {
    await server.close();
    await rm(directory, { recursive: true });
  });
  const start = (kubectl: string, args: readonly string[]): ChildProcessWithoutNullStreams => {
    const child = spawn(kubectl, args, { env: { PATH: process.env.PATH, HOME: directory, KUBECONFIG: kubeconfig } });
    t.after(() => child.kill('SIGKILL'));
    return child;
  };
  return {
    server,
    kubeconfig,
    upgrades,
    streamedBytes: () => streamedBytes,
    fetch,
    start,
    run: (kubectl, args, stdin) =>
      new Promise((resolve) => {
        const child = start(kubectl, args);
        const out: Buffer[] = [];
        const err: Buffer[] = [];
        child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
        child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
        child.stdin.on('error', () => undefined);
        child.stdin.end(stdin);
        child.once('close', (code) =>
          resolve({ code: code ?? -1, stdout: Buffer.concat(out).toString('utf8'), stderr: Buffer.concat(err).toString('utf8') }),
        );
      }),
  };
}
