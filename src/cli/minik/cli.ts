/** The `minik` command line: parses verbs and flags, prints errors, chooses exit codes. */

import { resolve } from 'node:path';
import { cac } from 'cac';
import { errorStack } from '../../api/error-text.ts';
import { KubeconfigError, systemErrorText } from '../../client/kubeconfig.ts';
import { isUserError } from '../cluster-port.ts';
import { coloursOf } from '../terminal.ts';
import { completionScript, completions, isShell } from './completion.ts';
import { deleteCluster } from './delete.ts';
import { clusterRange, ranges, refuseOverlap, runtimeName, wholeNumber, yesOrNo, zoneNames } from './flag-values.ts';
import { generalHelp, verbHelp } from './help.ts';
import { logs } from './logs.ts';
import { addNode, deleteNode, listNodes, type NodeOptions, nodeNames, startNode, stopNode } from './node.ts';
import { minikHome, profileNames } from './profile.ts';
import { serve } from './serve.ts';
import { InterruptedStart, type StartOptions, start } from './start.ts';
import { status } from './status.ts';
import { stop } from './stop.ts';
import { suggestion } from './suggestion.ts';
import { UsageError } from './usage-error.ts';
import { commonOptions, openProfile, type VerbContext } from './verb.ts';
import { followingWords, shells, type VerbSpec, verbNamed, verbs } from './verbs.ts';
import { version } from './version.ts';

export interface CliContext extends VerbContext {
  readonly kubernetesVersion: string;
  /**
   * Returns a signal that aborts when the user or the system asks the command to end. Once a command has called this,
   * it decides itself how to end.
   */
  interruption(): AbortSignal;
  /** Runs the bundled kubectl with these arguments; resolves with its exit code. */
  kubectl(args: readonly string[]): Promise<number>;
}

type Flags = Readonly<Record<string, string | boolean | undefined>>;

const usageExitCode = 64;
/** The exit code that a shell reports for a command that SIGINT has ended. */
const interruptedExitCode = 130;

const text = (value: string | boolean | undefined): string | undefined => (value === undefined ? undefined : String(value));

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
    nodePortAddresses: ranges(text(flags.nodePortAddresses), '--node-port-addresses'),
    legacyApis: yesOrNo(text(flags.legacyApis), '--legacy-apis'),
    controllerManager: yesOrNo(text(flags.controllerManager), '--controller-manager'),
    scheduler: yesOrNo(text(flags.scheduler), '--scheduler'),
  };
}

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

type Action = (flags: Flags, context: CliContext) => Promise<number> | number;

const actions: Readonly<Record<string, Action>> = {
  start: (flags, context) => start(context, startOptions(flags, context), context.interruption()),
  stop: (flags, context) => stop(context, commonOptions(flags, context)),
  status: (flags, context) => status(context, commonOptions(flags, context)),
  delete: (flags, context) =>
    deleteCluster(context, { ...commonOptions(flags, context), all: flags.all === true, force: flags.force === true }),
  logs: (flags, context) => {
    const lines = wholeNumber(text(flags.lines), '--lines', 0, Number.MAX_SAFE_INTEGER) ?? 0;
    return logs(context, { ...commonOptions(flags, context), follow: flags.follow === true, lines }, context.interruption());
  },
  'node add': (flags, context) => addNode(context, { ...commonOptions(flags, context), zone: oneZone(text(flags.zone)) }),
  'node list': (flags, context) => listNodes(context, commonOptions(flags, context)),
  'node stop': (flags, context) => stopNode(context, nodeOptions(flags, context)),
  'node start': (flags, context) => startNode(context, nodeOptions(flags, context)),
  'node delete': (flags, context) => deleteNode(context, nodeOptions(flags, context)),
  version: (flags, context) =>
    version(context, { output: commonOptions(flags, context).output, kubernetesVersion: context.kubernetesVersion }),
};

/**
 * The flag parser would convert words that look like numbers, so that 007 became 7. This mark before such words keeps
 * them as text.
 */
const mark = '\0';
const protect = (word: string): string => word.replace(/^(--?[^=]+=)?(?=[-+.\d])(?!-)/, `$1${mark}`);
const plain = (value: unknown): string | boolean | undefined => {
  const last: unknown = Array.isArray(value) ? value.at(-1) : value;
  return last === undefined || typeof last === 'boolean' ? last : String(last).replaceAll(mark, '');
};

/** Reads the flags of a verb, and its argument as the flag `operand`. Throws UsageError. */
function parseFlags(spec: VerbSpec, words: readonly string[]): Flags {
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
    if (spec.operand !== undefined && operand === undefined)
      throw new UsageError(`"minik ${spec.name}" takes the ${spec.operand.name.toLowerCase()} of one of the ${spec.operand.choices}`, [
        help,
      ]);
    if (spec.operand !== undefined && stray !== undefined)
      throw new UsageError(`"minik ${spec.name}" takes one argument, but also got ${JSON.stringify(stray)}`, [help]);
    if (stray !== undefined) {
      const named = spec.flags.some(({ name }) => name === 'profile') ? [`To name a cluster: minik ${spec.name} -p ${stray}`] : [];
      throw new UsageError(`"minik ${spec.name}" takes no argument, but got ${JSON.stringify(stray)}`, [...named, help]);
    }
    cli.runMatchedCommand();
    return { ...Object.fromEntries(Object.entries(options).map(([name, value]) => [name, plain(value)])), operand };
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
  if (word === 'kubectl') return context.kubectl(['--help']);
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
  terminal.out(completionScript(shell));
  return 0;
}

const asksForHelp = (word: string): boolean => word === '--help' || word === '-h';

async function run(args: readonly string[], context: CliContext): Promise<number> {
  const [word = 'help', ...words] = args;
  if (word === 'serve') return serve(context, words[0] ?? 'minik', words[1] ?? '{}');
  if (word === '__complete') {
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
  if (words.some(asksForHelp))
    return help(context, [word, ...(spec.verbs === undefined ? [] : words.filter((each) => !each.startsWith('-')).slice(0, 1))]);
  if (word === 'help') return help(context, words);
  if (word === 'completion') return completion(context, words);
  const chosen = spec.verbs === undefined ? spec : followingVerb(spec, words.shift());
  const action = actions[chosen.name];
  if (action === undefined) throw unknownVerb(word);
  return action(parseFlags(chosen, words), context);
}

/** True for failed file operations: these are not bugs. */
const isSystemError = (error: unknown): error is NodeJS.ErrnoException & { readonly path: string } =>
  error instanceof Error && 'syscall' in error && 'path' in error && typeof error.path === 'string';

function printError(context: CliContext, error: unknown): void {
  const { terminal } = context;
  const { red } = coloursOf(terminal);
  if (isUserError(error) || error instanceof KubeconfigError) {
    terminal.err(`${red('minik:')} ${error.message}\n`);
    for (const hint of isUserError(error) ? error.hints : []) terminal.err(`  ${hint}\n`);
  } else if (isSystemError(error)) {
    terminal.err(`${red('minik:')} ${error.path}: ${systemErrorText(error)}\n`);
    const home = minikHome(terminal);
    if (error.path === home || error.path.startsWith(`${home}/`))
      terminal.err(`  minik keeps its files in ${home}; MINIK_HOME names another folder.\n`);
  } else terminal.err(`${red('minik: internal error:')} ${errorStack(error)}\n`);
}

/** Runs one command line (without the program's name) and resolves with the exit code. */
export async function runMinik(args: readonly string[], context: CliContext): Promise<number> {
  if (args[0] === 'kubectl') return context.kubectl(args.slice(1));
  try {
    return await run(args, context);
  } catch (error) {
    printError(context, error);
    if (error instanceof UsageError) return usageExitCode;
    return error instanceof InterruptedStart ? interruptedExitCode : 1;
  }
}
