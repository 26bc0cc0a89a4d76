/**
 * Runs a part of the executable in the way that is most usual, and saves V8's bytecode of the functions that were
 * called. Functions that are not in it would be compiled at each start. It does not matter whether the commands fail,
 * only that they ran. Usage: node scripts/package-warm-up.ts <part> <file for the bytecode> <the executable's files by
 * name, as JSON>
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { get } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import type { Script } from 'node:vm';
import { evaluatePart, type PartName, partAssets, partScript } from '../src/executable-part.ts';

const [part = '', output = '', fileList = '{}'] = process.argv.slice(2);
const files = JSON.parse(fileList) as Readonly<Record<string, string>>; // package.ts wrote it
const home = mkdtempSync(join(tmpdir(), 'minik-package-'));
const kubeconfig = join(home, 'kubeconfig');
process.env.HOME = home;
process.env.XDG_CACHE_HOME = join(home, 'cache');
process.env.MINIK_HOME = join(home, 'minik');
process.env.KUBECONFIG = kubeconfig;

const terminal = { env: process.env, home, out: () => undefined, err: () => undefined, interactive: false };
const verbs = ['get', 'list', 'watch', 'create', 'delete', 'patch', 'update'];
const resource = {
  resource: 'pods',
  responseKind: { kind: 'Pod' },
  scope: 'Namespaced',
  singularResource: 'pod',
  shortNames: ['po'],
  verbs,
};
const metadata = { name: 'web', namespace: 'default', creationTimestamp: '2026-01-01T00:00:00Z' };
const pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata,
  spec: { containers: [{ name: 'web', image: 'web' }] },
  status: { phase: 'Running' },
};
const column = (name: string, priority: number) => ({ name, type: 'string', format: '', description: '', priority });

/** The answer of an API server: one Pod. */
function answer(path: string, table: boolean): object {
  if (path === '/api')
    return { kind: 'APIGroupDiscoveryList', items: [{ metadata: {}, versions: [{ version: 'v1', resources: [resource] }] }] };
  if (path === '/apis') return { kind: 'APIGroupDiscoveryList', items: [] };
  if (table) {
    return {
      kind: 'Table',
      apiVersion: 'meta.k8s.io/v1',
      columnDefinitions: [column('Name', 0), column('Node', 1)],
      rows: [{ cells: ['web', 'minik'], object: { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata } }],
    };
  }
  return path.endsWith('/pods') ? { apiVersion: 'v1', kind: 'PodList', metadata: {}, items: [pod] } : pod;
}

async function useKubectl(runKubectl: (args: readonly string[], terminal: object) => Promise<number>): Promise<void> {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(answer(pathname, request.headers.accept?.includes('as=Table') === true)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  const named = (name: string, key: string, value: string): string => `${key}s:\n- name: ${name}\n  ${key}:\n${value}`;
  writeFileSync(
    kubeconfig,
    `apiVersion: v1\nkind: Config\ncurrent-context: a\n${named('a', 'cluster', `    server: ${url}\n`)}` +
      `${named('a', 'user', '    token: x\n')}${named('a', 'context', '    cluster: a\n    user: a\n    namespace: default\n')}`,
  );
  const manifest = join(home, 'pod.yaml');
  writeFileSync(manifest, 'apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\nspec:\n  containers:\n  - name: web\n    image: web\n');
  for (const command of ['get pods', 'get pods -A -o wide', 'get pod web -o yaml', `apply -f ${manifest}`, 'version']) {
    await runKubectl(command.split(' '), terminal);
  }
  server.close();
  server.closeAllConnections();
}

/** Makes `node:sea` of this process that of the executable. */
function playExecutable(): void {
  const sea = {
    isSea: () => true,
    getRawAsset: (name: string) => Uint8Array.from(readFileSync(files[name] ?? '')).buffer,
  };
  const builtin = process.getBuiltinModule.bind(process);
  // Overloaded by the names of all modules, which no function can be.
  process.getBuiltinModule = ((id: string) => (id === 'node:sea' ? sea : builtin(id))) as typeof process.getBuiltinModule;
}

/** Serves a new cluster on the simulated runtime until it has answered what clients ask first. */
async function useServer(minik: (command: readonly string[]) => Promise<number>): Promise<void> {
  const ready = Promise.withResolvers<void>();
  // The server reports to whom started it.
  Object.assign(process, {
    connected: true,
    send: (message: { readonly type: string; readonly message?: string }, _handle: unknown, _options: unknown, sent: () => void) => {
      sent();
      if (message.type === 'ready') ready.resolve();
      if (message.type === 'failed') ready.reject(new Error(message.message));
    },
    disconnect: () => undefined,
  });
  const served = minik(['serve', 'warm-up', '{"runtime":"simulated","nodes":1}']);
  await ready.promise;
  const read = (file: string) => JSON.parse(readFileSync(join(home, 'minik/profiles/warm-up', file), 'utf8')) as Record<string, string>; // minik wrote it
  const { apiUrl = '' } = read('server.json');
  const { caPem = '', certificatePem = '', keyPem = '' } = read('credentials.json');
  for (const path of ['/readyz', '/version', '/api/v1/namespaces', '/apis/apps/v1/deployments']) {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    get(`${apiUrl}${path}`, { ca: caPem, cert: certificatePem, key: keyPem }, (response) => response.resume().once('end', resolve)).once(
      'error',
      reject,
    );
    await promise;
  }
  process.emit('SIGTERM');
  await served;
}

// V8 forgets the bytecode of functions that have not run for a while, such as a module's own.
setFlagsFromString('--no-flush-bytecode');
playExecutable();
const scripts = new Map<string, Script>();

/** The exports of a part, of which the caller knows the type. */
function load(name: PartName): object {
  const file = partAssets(name).code;
  const script = partScript(readFileSync(files[file] ?? '', 'latin1'), file);
  scripts.set(name, script);
  return evaluatePart(script);
}

if (part === 'kubectl') {
  const { runKubectl } = load('kubectl') as { readonly runKubectl: (args: readonly string[], terminal: object) => Promise<number> };
  await useKubectl(runKubectl);
} else {
  const exported = load('minik') as { readonly minik: (args: readonly string[], options: object) => Promise<number> };
  const { clusterHost } = load('cluster') as { readonly clusterHost: object };
  const options = { terminal, kubectl: async () => 0, loadClusterHost: async () => clusterHost };
  const minik = (command: readonly string[]): Promise<number> => exported.minik(command, options);
  for (const command of ['version', 'status', 'delete']) await minik([command]);
  await useServer(minik);
}
// The flags that were changed, here or by the server, as they are at a start: else V8 would refuse the bytecode.
for (const flag of ['--flush-bytecode', '--turbo-filter=*']) setFlagsFromString(flag);
const cache = scripts.get(part)?.createCachedData();
if (cache === undefined) throw new Error(`no part ${part}`);
const { code } = partAssets(part as PartName); // it was loaded
if (partScript(readFileSync(files[code] ?? '', 'latin1'), code, cache).cachedDataRejected === true)
  throw new Error('V8 refuses the bytecode that it has made');
writeFileSync(output, cache);
rmSync(home, { recursive: true, force: true });
process.exit(0);
