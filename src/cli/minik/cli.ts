/** The `minik` command line: parses verbs and flags, prints errors, chooses exit codes. */

import { resolve } from 'node:path';
import { cac } from 'cac';
import { errorText } from '../../api/error-text.ts';
import { completionScript, isShell, shells } from '../completion-scripts.ts';
import { applyBehaviours, listBehaviours, removeBehaviours } from './behaviours.ts';
import { clockAdvance, clockSetting, moveClock, showClock } from './clock.ts';
import { completions } from './completion.ts';
import { deleteCluster } from './delete.ts';
import { envtestAssets } from './envtest/assets.ts';
import { envtestEtcd } from './envtest/etcd.ts';
import { envtestApiServer } from './envtest/kube-apiserver.ts';
import { faultOrder } from './fault-flags.ts';
import { addFault, listFaults, removeFaults } from './faults.ts';
import { clusterRange, duration, ranges, refuseOverlap, runtimeName, wholeNumber, yesOrNo, zoneNames } from './flag-values.ts';
import { generalHelp, verbHelp } from './help.ts';
import { logs } from './logs.ts';
import { addNode, deleteNode, listNodes, type NodeOptions, nodeNames, startNode, stopNode } from './node.ts';
import { printError } from './print-error.ts';
import { minikHome, profileNames } from './profile.ts';
import { attempts } from './remove-cluster.ts';
import type { Kubectl } from './run/kubectl-call.ts';
import { type RunContext, run as runCommand, runFailedCode } from './run/run.ts';
import { sweep } from './run/sweep.ts';
import { serve } from './serve.ts';
import type { Signals } from './signals.ts';
import { type StartOptions, start } from './start.ts';
import { status } from './status.ts';
import { type StopOptions, stop } from './stop.ts';
import { suggestion } from './suggestion.ts';
import { UsageError } from './usage-error.ts';
import { commonOptions, InterruptedVerb, openProfile, type VerbContext } from './verb.ts';
import type { VerbSpec } from './verb-spec.ts';
import { followingWords, verbNamed, verbs } from './verbs.ts';
import { version } from './version.ts';

export interface CliContext extends VerbContext {
  readonly kubernetesVersion: string;
  /**
   * Returns a signal that aborts when the user or the system asks the command to end. Once a command has called this,
   * it decides itself how to end.
   */
  interruption(): AbortSignal;
  /** The same for a command that is told which signals it gets: until it listens, they do nothing. */
  signals(): Signals;
  /** Runs the bundled kubectl with these arguments, on the command's own terminal unless another is given. */
  readonly kubectl: Kubectl;
}

/** The values of flags; of those that may be repeated, all. The words after `--` are the flag `command`. */
type Flags = Readonly<Record<string, string | boolean | readonly string[] | undefined>>;

const usageExitCode = 64;
/** The exit code that a shell reports for a command that SIGINT has ended. */
const interruptedExitCode = 130;

const text = (value: Flags[string]): string | undefined => (value === undefined ? undefined : String(value));

/** An absolute path, because the server has another working directory; '' switches off what an earlier start chose. */
const filePath = (path: string | undefined): string | undefined => (path === undefined || path === '' ? path : resolve(path));

const serviceSizes = { least: 16, widestPrefix: 12 };

function startOptions(flags: Flags, context: CliContext): StartOptions {
  const nodes = wholeNumber(text(flags.nodes), '--nodes', 1, 5000);
  const serviceCidr = clusterRange(text(flags.serviceCidr), '--service-cidr', serviceSizes);
  // Room for the bridge's own addresses and at least one pod.
  const podCidr = clusterRange(text(flags.podCidr), '--pod-cidr', { least: 4 + (nodes ?? 1), widestPrefix: 8 });
  refuseOverlap(serviceCidr, podCidr, '--service-cidr and --pod-cidr');
  return {
    ...commonOptions(flags, context),
    runtime: runtimeName(text(flags.runtime)),
    nodes,
    zones: zoneNames(text(flags.zones), '--zones'),
    apiPort: wholeNumber(text(flags.apiPort), '--api-port', 1, 65_535),
    serviceCidr,
    podCidr,
    auditLogPath: filePath(text(flags.auditLogPath)),
    auditPolicyFile: filePath(text(flags.auditPolicyFile)),
    auditLogMaxSize: wholeNumber(text(flags.auditLogMaxsize), '--audit-log-maxsize', 0, 1_000_000),
    auditLogMaxBackup: wholeNumber(text(flags.auditLogMaxbackup), '--audit-log-maxbackup', 0, 1_000_000),
    auditLogMaxAge: wholeNumber(text(flags.auditLogMaxage), '--audit-log-maxage', 0, 100_000),
    tokenAuthFile: filePath(text(flags.tokenAuthFile)),
    admissionConfigFile: filePath(text(flags.admissionControlConfigFile)),
    kubeletConfigFile: filePath(text(flags.kubeletConfig)),
    behavioursFile: filePath(text(flags.behaviours)),
    nodePortAddresses: ranges(text(flags.nodePortAddresses), '--node-port-addresses'),
    schedulerConfigFile: filePath(text(flags.schedulerConfig)),
    legacyApis: yesOrNo(text(flags.legacyApis), '--legacy-apis'),
    controllerManager: yesOrNo(text(flags.controllerManager), '--controller-manager'),
    scheduler: yesOrNo(text(flags.scheduler), '--scheduler'),
  };
}

/** The words of a flag that may be repeated, or of the command. */
const words = (value: Flags[string]): readonly string[] => (Array.isArray(value) ? value : []);

function runInCluster(flags: Flags, context: CliContext): Promise<number> {
  const command = words(flags.command);
  if (command.length === 0)
    throw new UsageError('"minik run" takes a command after --', ['For example: minik run --runtime simulated -- kubectl get nodes']);
  const artifactsOn = text(flags.artifactsOn) ?? 'always';
  if (artifactsOn !== 'always' && artifactsOn !== 'failure')
    throw new UsageError(`--artifacts-on must be always or failure, not ${JSON.stringify(artifactsOn)}`);
  const artifacts = text(flags.artifacts);
  if (artifacts === undefined && flags.artifactsOn !== undefined)
    throw new UsageError('--artifacts-on says when to collect artifacts, and --artifacts where, which is missing');
  const { profile: _, output: __, ...start } = startOptions(flags, context);
  const run: RunContext = { ...context, signals: context.signals() };
  return runCommand(run, {
    start,
    command,
    manifests: words(flags.manifests),
    timeoutMs: duration(text(flags.timeout), '--timeout') ?? defaultTimeoutMs,
    artifacts: filePath(artifacts),
    artifactsOn,
    keep: flags.keep === true,
    quiet: flags.quiet === true,
  });
}

/** How long manifests may take to become ready. */
const defaultTimeoutMs = 300_000;

const nodeOptions = (flags: Flags, context: CliContext): NodeOptions => ({
  ...commonOptions(flags, context),
  node: text(flags.operand) ?? '',
});

/** Throws UsageError. */
function oneZone(value: string | undefined): string | undefined {
  const zones = zoneNames(value, '--zone');
  if (zones !== undefined && zones.length > 1) throw new UsageError(`--zone takes one zone, not ${JSON.stringify(value)}`);
  return zones?.[0];
}

/** Throws UsageError. */
function stopOptions(flags: Flags, context: CliContext): StopOptions {
  if (flags.graceful === true && flags.pause === true) throw new UsageError('--graceful and --pause exclude each other');
  const pods = flags.graceful === true ? 'end' : flags.pause === true ? 'run on' : 'as configured';
  return { ...commonOptions(flags, context), pods };
}

const defaultAssets = 'envtest-assets';

type Action = (flags: Flags, context: CliContext) => Promise<number> | number;

const actions: Readonly<Record<string, Action>> = {
  start: (flags, context) => start(context, startOptions(flags, context), context.interruption()),
  stop: (flags, context) => stop(context, stopOptions(flags, context), context.interruption()),
  status: (flags, context) => status(context, commonOptions(flags, context)),
  delete: (flags, context) =>
    deleteCluster(context, {
      ...commonOptions(flags, context),
      all: flags.all === true,
      ephemeral: flags.ephemeral === true,
      force: flags.force === true,
    }),
  run: runInCluster,
  logs: (flags, context) => {
    const lines = wholeNumber(text(flags.lines), '--lines', 0, Number.MAX_SAFE_INTEGER) ?? 0;
    return logs(context, { ...commonOptions(flags, context), follow: flags.follow === true, lines }, context.interruption());
  },
  'node add': (flags, context) => addNode(context, { ...commonOptions(flags, context), zone: oneZone(text(flags.zone)) }),
  'node list': (flags, context) => listNodes(context, commonOptions(flags, context)),
  'node stop': (flags, context) => stopNode(context, nodeOptions(flags, context)),
  'node start': (flags, context) => startNode(context, nodeOptions(flags, context)),
  'node delete': (flags, context) => deleteNode(context, nodeOptions(flags, context)),
  'clock show': (flags, context) => showClock(context, commonOptions(flags, context)),
  'clock freeze': (flags, context) => moveClock(context, { action: 'freeze' }, commonOptions(flags, context)),
  'clock resume': (flags, context) => moveClock(context, { action: 'resume' }, commonOptions(flags, context)),
  'clock advance': (flags, context) =>
    moveClock(context, clockAdvance(text(flags.operand)), commonOptions(flags, context), context.interruption()),
  'clock set': (flags, context) =>
    moveClock(context, clockSetting(text(flags.operand)), commonOptions(flags, context), context.interruption()),
  'faults add': (flags, context) => addFault(context, faultOrder(text(flags.operand) ?? '', flags), commonOptions(flags, context)),
  'faults list': (flags, context) => listFaults(context, commonOptions(flags, context)),
  'faults remove': (flags, context) => removeFaults(context, text(flags.operand), commonOptions(flags, context)),
  'behaviours list': (flags, context) => listBehaviours(context, commonOptions(flags, context)),
  'behaviours apply': (flags, context) => applyBehaviours(context, text(flags.filename), commonOptions(flags, context)),
  'behaviours remove': (flags, context) => removeBehaviours(context, text(flags.operand), commonOptions(flags, context)),
  'envtest assets': (flags, context) => envtestAssets(context, text(flags.dir) ?? defaultAssets),
  version: (flags, context) =>
    version(context, { output: commonOptions(flags, context).output, kubernetesVersion: context.kubernetesVersion }),
};

/**
 * The flag parser would convert words that look like numbers, so that 007 became 7, and take `-` for a flag. This mark
 * before such words keeps them as text.
 */
const mark = '\0';
const protect = (word: string): string => (word === '-' ? `${mark}-` : word).replace(/^(--?[^=]+=)?(?=[-+.\d])(?!-)/, `$1${mark}`);
const plain = (value: unknown): string | boolean | undefined => {
  const last: unknown = Array.isArray(value) ? value.at(-1) : value;
  return last === undefined || typeof last === 'boolean' ? last : String(last).replaceAll(mark, '');
};
const everyPlain = (value: unknown): readonly string[] => (Array.isArray(value) ? value : [value]).map((each) => String(plain(each)));

/**
 * Gives every word that follows a repeatable flag the flag before it: `--manifests a b` is `--manifests a --manifests
 * b`.
 */
function spreadOut({ flags }: VerbSpec, words: readonly string[]): readonly string[] {
  const repeatable = new Set(flags.filter(({ repeatable }) => repeatable === true).map(({ name }) => `--${name}`));
  let open: string | undefined;
  return words.flatMap((word, at) => {
    const before = words[at - 1] ?? '';
    if (word.startsWith('-')) open = repeatable.has(word) ? word : undefined;
    else if (open !== undefined && before !== open) return [open, word];
    return [word];
  });
}

/**
 * Reads the flags of a verb, its argument as the flag `operand`, and the words after `--` as the flag `command`. Throws
 * UsageError.
 */
function parseFlags(spec: VerbSpec, all: readonly string[]): Flags {
  const end = spec.command === true ? all.indexOf('--') : -1;
  const words = spreadOut(spec, end === -1 ? all : all.slice(0, end));
  const cli = cac('minik');
  const command = cli.command(spec.operand === undefined ? spec.name : `${spec.name} [operand]`, spec.summary);
  for (const { name, short, value, text: about } of spec.flags)
    command.option(`${short === undefined ? '' : `-${short}, `}--${name}${value === undefined ? '' : ` <${value}>`}`, about);
  command.action(() => undefined);
  const help = `"minik help ${spec.name}" lists its flags.`;
  try {
    const { args, options } = cli.parse(['node', 'minik', spec.name, ...words.map(protect)], { run: false });
    const given = args.map((word) => word.replaceAll(mark, ''));
    const operand = spec.operand === undefined ? undefined : given.shift();
    const [stray] = given;
    const without = spec.operand?.unless !== undefined && options[spec.operand.unless] === true;
    if (without && operand !== undefined)
      throw new UsageError(`"minik ${spec.name}" takes ${JSON.stringify(operand)} or --${spec.operand?.unless}, not both`, [help]);
    if (spec.operand !== undefined && operand === undefined && !without)
      throw new UsageError(`"minik ${spec.name}" takes ${spec.operand.text}`, [help]);
    if (spec.operand !== undefined && stray !== undefined)
      throw new UsageError(`"minik ${spec.name}" takes one argument, but also got ${JSON.stringify(stray)}`, [help]);
    if (stray !== undefined && spec.command === true)
      throw new UsageError(`"minik ${spec.name}" takes its command after --, but got ${JSON.stringify(stray)} before it`, [help]);
    if (stray !== undefined) {
      const named = spec.flags.some(({ name }) => name === 'profile') ? [`To name a cluster: minik ${spec.name} -p ${stray}`] : [];
      throw new UsageError(`"minik ${spec.name}" takes no argument, but got ${JSON.stringify(stray)}`, [...named, help]);
    }
    cli.runMatchedCommand();
    const several = new Set(spec.flags.filter(({ repeatable }) => repeatable === true).map(({ name }) => name));
    const values = Object.entries(options).map(([name, value]) => [name, several.has(name) ? everyPlain(value) : plain(value)] as const);
    return { ...Object.fromEntries(values), operand, command: end === -1 ? [] : all.slice(end + 1) };
  } catch (error) {
    if (!(error instanceof Error && error.name === 'CACError')) throw error;
    const [, unknown] = /^Unknown option `--?(.+)`$/.exec(error.message) ?? [];
    const meant =
      unknown === undefined
        ? undefined
        : suggestion(
            unknown,
            spec.flags.map(({ name }) => name),
          );
    throw new UsageError(
      unknown === undefined ? error.message : `unknown flag ${words.find((word) => word.includes(unknown)) ?? unknown}`,
      [...(meant === undefined ? [] : [`Did you mean --${meant}?`]), help],
    );
  }
}

function unknownVerb(word: string): UsageError {
  const meant = suggestion(
    word,
    verbs.map(({ name }) => name),
  );
  return new UsageError(`unknown command ${JSON.stringify(word)}`, [
    ...(meant === undefined ? [] : [`Did you mean "minik ${meant}"?`]),
    '"minik help" lists the commands.',
  ]);
}

/** The verb that follows another. Throws UsageError when there is no such verb. */
function followingVerb(verb: VerbSpec, word: string | undefined): VerbSpec {
  const spec = word === undefined ? undefined : verbNamed(verb.name, word);
  if (spec !== undefined) return spec;
  const known = followingWords(verb);
  const meant = word === undefined ? undefined : suggestion(word, known);
  throw new UsageError(
    `"minik ${verb.name}" takes one of ${known.join(', ')}${word === undefined ? '' : `, not ${JSON.stringify(word)}`}`,
    [...(meant === undefined ? [] : [`Did you mean "minik ${verb.name} ${meant}"?`]), `"minik help ${verb.name}" tells about them.`],
  );
}

/** `help [COMMAND]`. Throws UsageError. */
function help(context: CliContext, words: readonly string[]): Promise<number> | number {
  const [word, following, ...more] = words;
  const leading = word === undefined ? undefined : verbNamed(word);
  if (leading?.verbs !== undefined && following !== undefined && more.length === 0) {
    context.terminal.out(verbHelp(followingVerb(leading, following)));
    return 0;
  }
  const stray = following;
  if (stray !== undefined) throw new UsageError(`"minik help" takes one command, but also got ${JSON.stringify(stray)}`);
  if (word === 'kubectl') return context.kubectl(['--help'], context.terminal);
  const spec = word === undefined ? undefined : verbNamed(word);
  if (word !== undefined && spec === undefined) throw unknownVerb(word);
  context.terminal.out(spec === undefined ? generalHelp() : verbHelp(spec));
  return 0;
}

/** `completion SHELL`. Throws UsageError. */
function completion({ terminal }: CliContext, words: readonly string[]): number {
  const [shell, stray] = words;
  if (!isShell(shell) || stray !== undefined)
    throw new UsageError(`"minik completion" takes one of ${shells.join(', ')}`, ['"minik help completion" says what to do with it.']);
  terminal.out(completionScript(shell, 'minik'));
  return 0;
}

const asksForHelp = (word: string): boolean => word === '--help' || word === '-h';

async function run(args: readonly string[], context: CliContext): Promise<number> {
  const [word = 'help', ...words] = args;
  if (word === 'serve') return serve(context, words[0] ?? 'minik', words[1] ?? '{}');
  if (word === 'envtest' && words[0] === 'etcd') return envtestEtcd(words.slice(1), context.signals());
  if (word === 'envtest' && words[0] === 'kube-apiserver') return envtestApiServer(context, words.slice(1), context.signals());
  if (word === '__complete') {
    if (words[0] === 'kubectl' && words.length > 1) return context.kubectl(['__complete', ...words.slice(1)], context.terminal);
    const names = {
      profiles: () => profileNames(minikHome(context.terminal)),
      nodes: (profile?: string) => nodeNames(openProfile(context, commonOptions({ profile }, context).profile)),
    };
    for (const each of completions(words, names)) context.terminal.out(`${each}\n`);
    return 0;
  }
  if (word === '--version' || word === '-v') return version(context, { output: 'text', kubernetesVersion: context.kubernetesVersion });
  if (asksForHelp(word)) return help(context, words);
  const spec = verbNamed(word);
  if (spec === undefined) throw unknownVerb(word);
  const own = words.includes('--') && spec.command === true ? words.slice(0, words.indexOf('--')) : words;
  if (own.some(asksForHelp))
    return help(context, [word, ...(spec.verbs === undefined ? [] : words.filter((each) => !each.startsWith('-')).slice(0, 1))]);
  if (word === 'help') return help(context, words);
  if (word === 'completion') return completion(context, words);
  const takesUsual = spec.usual !== undefined && words[0]?.startsWith('-') !== false;
  const chosen = spec.verbs === undefined ? spec : followingVerb(spec, takesUsual ? spec.usual : words.shift());
  const action = actions[chosen.name];
  if (action === undefined) throw unknownVerb(word);
  const flags = parseFlags(chosen, words);
  if (flags.ephemeral !== true) await sweepDeadRuns(context);
  return action(flags, context);
}

/** Removes what dead runs have left, without a word; what cannot be removed does not keep the command from its work. */
async function sweepDeadRuns(context: CliContext): Promise<void> {
  const { failures } = await sweep(context, { attempt: attempts(context, false), waits: false });
  for (const failure of failures) context.terminal.err(`minik: what a dead run has left could not be removed: ${errorText(failure)}\n`);
}

/** Runs one command line (without the program's name) and resolves with the exit code. */
export async function runMinik(args: readonly string[], context: CliContext): Promise<number> {
  if (args[0] === 'kubectl') return context.kubectl(args.slice(1), context.terminal);
  try {
    return await run(args, context);
  } catch (error) {
    printError(context.terminal, error);
    if (error instanceof UsageError) return usageExitCode;
    if (args[0] === 'run') return runFailedCode;
    return error instanceof InterruptedVerb ? interruptedExitCode : 1;
  }
}
