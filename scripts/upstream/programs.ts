/**
 * Upstream's own programs, built from their Go modules (scripts/upstream/go) into a cache outside the repository. The
 * settings of the Go tools determine from where modules are downloaded.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';

/** The release with which minik is compared. */
export const upstreamVersion = 'v1.36.3';

const goFolder = join(import.meta.dirname, 'go');
const [major = '', minor = ''] = upstreamVersion.slice(1).split('.');
const version = 'k8s.io/component-base/version';
const stamped = [`-X ${version}.gitVersion=${upstreamVersion}`, `-X ${version}.gitMajor=${major}`, `-X ${version}.gitMinor=${minor}`].join(
  ' ',
);

/** Go packages, by the names of the resulting programs. */
const packages = {
  etcd: './etcd',
  'kube-apiserver': 'k8s.io/kubernetes/cmd/kube-apiserver',
  'kube-controller-manager': 'k8s.io/kubernetes/cmd/kube-controller-manager',
  'kube-scheduler': 'k8s.io/kubernetes/cmd/kube-scheduler',
  kubectl: 'k8s.io/kubernetes/cmd/kubectl',
  ginkgo: 'github.com/onsi/ginkgo/v2/ginkgo',
  agnhost: 'k8s.io/kubernetes/test/images/agnhost',
  nonewprivs: 'k8s.io/kubernetes/test/images/nonewprivs',
  'regression-issue-74839': 'k8s.io/kubernetes/test/images/regression-issue-74839',
  'resource-consumer': 'k8s.io/kubernetes/test/images/resource-consumer',
  'consume-cpu': 'k8s.io/kubernetes/test/images/resource-consumer/consume-cpu',
  'sample-apiserver': 'k8s.io/sample-apiserver',
  'e2e.test': './conformance',
} as const;

/** Programs of our own that ask parts of upstream; each is built again when its own code changes. */
const tools = { 'scheduler-decisions': './scheduler' } as const;

export type Program = keyof typeof packages | keyof typeof tools;

const isTool = (name: Program): name is keyof typeof tools => name in tools;

/** A folder outside the repository for files that can be made again. */
export function cacheFolder(environment: NodeJS.ProcessEnv = process.env): string {
  const base = environment.XDG_CACHE_HOME;
  return join(base === undefined || base === '' ? join(homedir(), '.cache') : base, 'minik', `upstream-${upstreamVersion}`);
}

/** The folder of a module on this machine, for files in it. Throws when Go is not installed. */
export function moduleFolder(module: string): string {
  const found = spawnSync('go', ['list', '-m', '-f', '{{.Dir}}', module], { cwd: goFolder, encoding: 'utf8', env: goEnvironment });
  if (found.status !== 0) throw new Error(`go does not find ${module}: ${found.error?.message ?? found.stderr}`);
  return found.stdout.trim();
}

/** Static programs, because the images that contain them contain nothing else. */
const goEnvironment: NodeJS.ProcessEnv = { ...process.env, CGO_ENABLED: '0' };

function goVersion(): string {
  const { status, stdout } = spawnSync('go', ['version'], { encoding: 'utf8' });
  if (status === 0) return stdout.trim();
  throw new Error(
    "This needs Go 1.26 or newer, which builds upstream's programs. Install it from https://go.dev/dl/ or your distribution (golang).",
  );
}

/** Changes when the program changes. */
function stampOf(what: object, files: readonly string[]): string {
  const hash = createHash('sha256').update(goVersion()).update(JSON.stringify(what));
  for (const file of ['go.mod', 'go.sum', ...files]) hash.update(readFileSync(join(goFolder, file)));
  return hash.digest('hex').slice(0, 12);
}

const stampOfProgram = (name: Program): string =>
  isTool(name)
    ? stampOf(tools, [`${tools[name]}/main.go`])
    : stampOf([packages[name]], ['etcd/main.go', 'conformance/conformance_test.go']);

/**
 * The paths of the programs. Missing ones are built, which takes minutes the first time and is reported. Throws when Go
 * is not installed or fails.
 */
export function upstreamPrograms<P extends Program>(names: readonly P[]): Readonly<Record<P, string>> {
  const built = names.map((name) => {
    const folder = join(cacheFolder(), 'bin', stampOfProgram(name));
    mkdirSync(folder, { recursive: true });
    const file = join(folder, name);
    if (!existsSync(file)) build(name, file);
    return [name, file] as const;
  });
  // One entry for each name.
  return Object.fromEntries(built) as Record<P, string>;
}

function build(name: Program, file: string): void {
  console.log(`Building upstream's ${basename(file)} …`);
  const draft = `${file}.${process.pid}`;
  const how = name === 'e2e.test' ? ['test', '-c'] : ['build'];
  const args = [...how, '-ldflags', stamped, '-o', draft, isTool(name) ? tools[name] : packages[name]];
  const { status, error } = spawnSync('go', args, { cwd: goFolder, stdio: 'inherit', env: goEnvironment });
  if (status !== 0) throw new Error(`go ${how.join(' ')} of ${name} failed${error === undefined ? '' : `: ${error.message}`}`);
  renameSync(draft, file);
}
