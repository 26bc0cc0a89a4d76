/**
 * Runs a part of the executable in the way that is most usual, and saves V8's bytecode of the functions that were
 * called. Functions that are not in it would be compiled at each start. It does not matter whether the commands fail,
 * only that they ran. Usage: node scripts/package-warm-up.ts <part> <its bundle> <file for the bytecode>
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { evaluatePart, partScript } from '../src/executable-part.ts';

const [part = '', bundle = '', output = ''] = process.argv.slice(2);
const home = mkdtempSync(join(tmpdir(), 'minik-package-'));
const kubeconfig = join(home, 'kubeconfig');
process.env.HOME = home;
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

const script = partScript(readFileSync(bundle, 'latin1'), basename(bundle));
// The two parts' exports: run-kubectl.ts and minik.ts.
const exported = evaluatePart(script) as {
  readonly runKubectl: (args: readonly string[], terminal: object) => Promise<number>;
  readonly minik: (args: readonly string[], options: object) => Promise<number>;
};
if (part === 'kubectl') await useKubectl(exported.runKubectl);
else for (const command of ['version', 'status', 'delete']) await exported.minik([command], { terminal, kubectl: async () => 0 });
writeFileSync(output, script.createCachedData());
rmSync(home, { recursive: true, force: true });
