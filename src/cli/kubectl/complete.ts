/**
 * `kubectl __complete WORD…`, which completion scripts call: prints what the last word may be, one a line. Nothing is
 * printed where nothing is known, and no error: the shell then offers files. Source: kubectl
 * pkg/util/completion/completion.go and the ValidArgsFunction of each command.
 */
import { loadKubeconfig } from '../../client/kubeconfig.ts';
import { shells } from '../completion-scripts.ts';
import { globalFlags, type KubectlCommand } from './command/command.ts';
import { type FlagSpec, type Flags, parseFlags } from './command/flags.ts';
import { type ApiObject, type KubectlTerminal, Session } from './command/session.ts';
import { loadCommands } from './commands.ts';
import { type ApiResource, groupResource, resourcePath } from './resources/discovery.ts';
import { itemsOf, listAll } from './resources/list.ts';

/** A command with the words that came before it and after it, without its name and those of the commands above. */
export interface ChosenCommand {
  readonly command: KubectlCommand;
  /** `kubectl rollout status`. */
  readonly path: string;
  readonly args: readonly string[];
}

export type ChooseCommand = (words: readonly string[]) => Promise<ChosenCommand | undefined>;

/** A server that does not answer must not block the shell. */
const limitMs = 5000;

type Source = (session: Session, args: readonly string[]) => Promise<readonly string[]> | readonly string[];

const namesOnly = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';

async function namesOf(session: Session, resource: ApiResource): Promise<readonly string[]> {
  const pages = await listAll(
    session,
    resourcePath(resource, resource.namespaced ? session.namespace : ''),
    { selector: '', fieldSelector: '', limit: 500 },
    namesOnly,
  );
  return pages.flatMap((page) => itemsOf(page)).map(({ metadata }) => metadata?.name ?? '');
}

/** The names of the objects of a type; none of an unknown type. */
const named =
  (type: string): Source =>
  async (session) => {
    const resource = (await session.discovery).find(type);
    return resource === undefined ? [] : namesOf(session, resource);
  };

/** The first of a verb's arguments is one object. */
const oneOf =
  (source: Source): Source =>
  (session, args) =>
    args.length === 0 ? source(session, args) : [];

/** The types for which there is a verb. */
async function typesWith(session: Session, verb: string): Promise<readonly string[]> {
  const { resources } = await session.discovery;
  return [...new Set(resources.filter(({ verbs }) => verbs.includes(verb)).map(groupResource))];
}

/** Types, then the names of objects of the type that were not given yet. */
const objects =
  (types?: readonly string[], verb = 'list'): Source =>
  async (session, args) => {
    const [type, ...given] = args;
    if (type === undefined) return types ?? typesWith(session, verb);
    if (type.includes('/')) return [];
    return (await named(type)(session, [])).filter((name) => !given.includes(name));
  };

const inKubeconfig =
  (part: 'contexts' | 'clusters' | 'users'): Source =>
  (session) => [...loadKubeconfig(session.kubeconfigFiles())[part].keys()];

const workloads = ['daemonset', 'deployment', 'statefulset'];

/** What the arguments of commands may be, by path. */
const operands: Readonly<Record<string, Source>> = {
  ...Object.fromEntries(['get', 'describe', 'wait'].map((path) => [path, objects()])),
  ...Object.fromEntries(['label', 'annotate', 'edit', 'patch'].map((path) => [path, objects(undefined, 'patch')])),
  delete: objects(undefined, 'delete'),
  explain: oneOf((session) => typesWith(session, 'get')),
  ...Object.fromEntries(['image', 'env', 'resources', 'selector', 'serviceaccount'].map((what) => [`set ${what}`, objects()])),
  ...Object.fromEntries(['history', 'pause', 'restart', 'resume', 'status', 'undo'].map((what) => [`rollout ${what}`, objects(workloads)])),
  scale: objects(['deployment', 'replicaset', 'replicationcontroller', 'statefulset']),
  autoscale: objects(['deployment', 'replicaset', 'replicationcontroller']),
  expose: objects(['deployment', 'pod', 'replicaset', 'replicationcontroller', 'service']),
  taint: objects(['node']),
  ...Object.fromEntries(['logs', 'exec', 'attach', 'debug', 'port-forward', 'cp', 'top pod'].map((path) => [path, oneOf(named('pods'))])),
  ...Object.fromEntries(['cordon', 'uncordon', 'drain', 'top node'].map((path) => [path, oneOf(named('nodes'))])),
  ...Object.fromEntries(
    ['approve', 'deny'].map((what) => [`certificate ${what}`, named('certificatesigningrequests.certificates.k8s.io')]),
  ),
  ...Object.fromEntries(
    ['use-context', 'delete-context', 'rename-context', 'set-context', 'get-contexts'].map((what) => [
      `config ${what}`,
      oneOf(inKubeconfig('contexts')),
    ]),
  ),
  'config delete-cluster': oneOf(inKubeconfig('clusters')),
  'config set-cluster': oneOf(inKubeconfig('clusters')),
  'config delete-user': oneOf(inKubeconfig('users')),
  'config set-credentials': oneOf(inKubeconfig('users')),
  completion: oneOf(() => shells),
};

/** The containers of the Pod that the arguments name. */
async function containers(session: Session, [pod = '']: readonly string[]): Promise<readonly string[]> {
  const resource = (await session.discovery).find('pods');
  if (resource === undefined || pod === '') return [];
  const found = await session.request({ method: 'GET', path: resourcePath(resource, session.namespace, pod.replace(/^pods?\//, '')) });
  const { spec } = found as ApiObject & { readonly spec?: Readonly<Record<string, readonly { readonly name: string }[] | undefined>> };
  return [spec?.containers, spec?.initContainers, spec?.ephemeralContainers].flatMap((list = []) => list.map(({ name }) => name));
}

/** What the values of flags may be, by the flag's name. */
const flagValues: Readonly<Record<string, Source>> = {
  namespace: named('namespaces'),
  context: inKubeconfig('contexts'),
  cluster: inKubeconfig('clusters'),
  user: inKubeconfig('users'),
  container: containers,
};

/** The help of a flag may list its values: `One of: (json, yaml)`. */
const listed = ({ help = '' }: FlagSpec): readonly string[] => /\bone of:? \(([^)]+)\)/i.exec(help)?.[1]?.split(', ') ?? [];

const takesValue = ({ type, bare }: FlagSpec): boolean => type !== 'bool' && bare === undefined;

/** bash makes words of their own of the `=` in `--flag=value`. */
function joined(words: readonly string[]): { readonly before: readonly string[]; readonly current: string; readonly isSplit: boolean } {
  const whole: string[] = [];
  for (const [at, word] of words.entries()) {
    const continues = word === '=' || (words[at - 1] === '=' && at > 1);
    const isFlag = whole.at(-1)?.startsWith('--') === true;
    if (continues && isFlag) whole.push(`${whole.pop() ?? ''}${word}`);
    else whole.push(word);
  }
  return { before: whole.slice(0, -1), current: whole.at(-1) ?? '', isSplit: whole.length < words.length };
}

interface Line {
  readonly chosen: ChosenCommand | undefined;
  readonly flags: readonly FlagSpec[];
  readonly before: readonly string[];
  readonly current: string;
}

async function lineOf(before: readonly string[], current: string, choose: ChooseCommand): Promise<Line> {
  const chosen = await choose(before);
  return { chosen, flags: [...globalFlags, ...(chosen?.command.flags ?? [])], before, current };
}

/** The flag whose value is the current word, when that is another word than the flag. */
function awaited({ flags, before }: Line): FlagSpec | undefined {
  const last = before.at(-1) ?? '';
  return flags.find((flag) => takesValue(flag) && (last === `--${flag.name}` || (flag.short !== undefined && last === `-${flag.short}`)));
}

type OpenSession = (flags: Flags) => Session;

async function candidates(line: Line, open: OpenSession): Promise<readonly string[]> {
  const { chosen, flags, before, current } = line;
  if (before.includes('--')) return [];
  const words = chosen?.args ?? before;
  const valuesOf = async (flag: FlagSpec, given: readonly string[]): Promise<readonly string[]> => {
    const source = flagValues[flag.name];
    if (source === undefined) return listed(flag);
    const parsed = parseFlags(flags, given);
    return source(open(parsed), parsed.args);
  };
  const flag = awaited(line);
  if (flag !== undefined) return valuesOf(flag, words.slice(0, -1));
  if (current.startsWith('--') && current.includes('=')) {
    const name = current.slice(2, current.indexOf('='));
    const spec = flags.find((each) => each.name === name);
    return spec === undefined ? [] : (await valuesOf(spec, words)).map((value) => `--${name}=${value}`);
  }
  if (current.startsWith('-')) return flags.filter(({ hidden }) => hidden !== true).map(({ name }) => `--${name}`);
  const parsed = parseFlags(flags, words);
  if (chosen === undefined) {
    const isUnknown = parsed.args.length > 0;
    return isUnknown ? [] : (await loadCommands()).filter(({ hidden }) => hidden !== true).map(({ name }) => name);
  }
  const below = parsed.args.length > 0 ? [] : (chosen.command.subcommands ?? []).map(({ name }) => name);
  const source = operands[chosen.path.replace('kubectl ', '')];
  return source === undefined || below.length > 0 ? below : operandsOf(source, open(parsed), parsed.args, current);
}

/** `TYPE/NAME` is an argument of every command that takes objects. */
async function operandsOf(source: Source, session: Session, args: readonly string[], current: string): Promise<readonly string[]> {
  const slash = current.indexOf('/');
  if (slash === -1) return source(session, args);
  const type = current.slice(0, slash);
  return (await named(type)(session, [])).map((name) => `${type}/${name}`);
}

/** The completions of the last word. Rejects when the server, say, does not answer. */
export async function completions(words: readonly string[], terminal: KubectlTerminal, choose: ChooseCommand): Promise<readonly string[]> {
  const { before, current, isSplit } = joined(words);
  const line = await lineOf(before, current, choose);
  const signal = AbortSignal.timeout(limitMs);
  const sessions: Session[] = [];
  const open: OpenSession = (flags) => {
    const session = new Session({ ...terminal, err: () => undefined }, flags, signal);
    sessions.push(session);
    return session;
  };
  try {
    const found = (await candidates(line, open)).filter((each) => each.startsWith(current));
    const own = isSplit && current.includes('=') ? current.indexOf('=') + 1 : 0;
    return found.map((each) => each.slice(own));
  } finally {
    for (const session of sessions) session.close();
  }
}
