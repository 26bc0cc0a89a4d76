/** The clusters that the clients are tried on: the packaged executable's, with a home and a kubeconfig of their own. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const executable = resolve(import.meta.dirname, '..', '..', 'dist', 'minik');
const profile = 'clients';
const flags = {
  docker: [],
  simulated: ['--runtime', 'simulated'],
  'api-only': ['--runtime', 'simulated', '--controller-manager', 'false', '--scheduler', 'false'],
};

/** With Docker, with containers in memory only, or the latter without controllers and scheduler. */
export type ClusterKind = keyof typeof flags;

/** A default role lets it watch everything. */
const account = 'generic-garbage-collector';
const namespaceOfAccount = 'kube-system';
/** So many audiences make a token of more than 40 KB. */
const audiences = Array.from(
  { length: 400 },
  (_, index) => `https://a-long-name-of-an-audience-that-makes-the-token-as-long-${index}.example`,
);

export class ClientCluster {
  readonly #folder = mkdtempSync(join(tmpdir(), 'minik-clients-'));
  readonly #env: NodeJS.ProcessEnv;
  readonly #kind: ClusterKind;

  constructor(kind: ClusterKind) {
    this.#kind = kind;
    const home = join(this.#folder, 'home');
    this.#env = {
      ...process.env,
      MINIK_HOME: home,
      MINIK_PROFILE: profile,
      KUBECONFIG: join(this.#folder, 'kubeconfig'),
      KUBECACHEDIR: join(this.#folder, 'cache'),
      CLIENT_MINIK: executable,
      CLIENT_PKI: join(home, 'profiles', profile, 'pki'),
      CLIENT_POD: join(import.meta.dirname, 'pod.json'),
      CLIENT_LONG_TOKEN: join(this.#folder, 'token'),
      CLIENT_LONG_TOKEN_USER: `system:serviceaccount:${namespaceOfAccount}:${account}`,
    };
  }

  /** Throws when it does not start. */
  start(): void {
    this.#minik('start', ...flags[this.#kind]);
    this.#kubectl('create', 'serviceaccount', account, '--namespace', namespaceOfAccount);
    const more = ['https://kubernetes.default.svc.cluster.local', ...audiences].map((audience) => `--audience=${audience}`);
    const token = this.#kubectl('create', 'token', account, '--namespace', namespaceOfAccount, ...more);
    writeFileSync(join(this.#folder, 'token'), token.trim(), { mode: 0o600 });
  }

  /** Makes a namespace; what a program needs to work in it is its environment. */
  environmentFor(namespace: string): NodeJS.ProcessEnv {
    this.#kubectl('create', 'namespace', namespace);
    return { ...this.#env, CLIENT_NAMESPACE: namespace };
  }

  /** Removes it with all that it holds. Throws, and leaves its folder for another try, when that fails. */
  delete(): void {
    this.#minik('delete');
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #kubectl(...args: readonly string[]): string {
    return this.#minik('kubectl', ...args);
  }

  #minik(...args: readonly string[]): string {
    const { status, stdout, stderr, error } = spawnSync(executable, args, { env: this.#env, encoding: 'utf8' });
    if (status === 0) return stdout;
    throw new Error(`minik ${args.slice(0, 4).join(' ')} failed: ${error?.message ?? `${stdout}${stderr}`}`);
  }
}
