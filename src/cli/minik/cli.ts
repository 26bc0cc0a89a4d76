/** The `minik` command line: parses verbs and flags, prints errors, chooses exit codes. */
import { isIPv4 } from 'node:net';
import { cac } from 'cac';
import pc from 'picocolors';
import { KubeconfigError, systemErrorText } from '../../client/kubeconfig.ts';
import { type RuntimeName, UserError } from '../cluster-port.ts';
import { deleteCluster } from './delete.ts';
import { logs } from './logs.ts';
import { minikHome } from './profile.ts';
import { serve } from './serve.ts';
import { InterruptedStart, start } from './start.ts';
import { status } from './status.ts';
import { stop } from './stop.ts';
import { commonOptions, type VerbContext } from './verb.ts';
import { version } from './version.ts';

export interface CliContext extends VerbContext {
  readonly kubernetesVersion: string;
  /** Runs the bundled kubectl with these arguments; resolves with its exit code. */
  kubectl(args: readonly string[]): Promise<number>;
}

type Flags = Readonly<Record<string, unknown>>;

const usageExitCode = 64;
/** As a shell's for a command that SIGINT has ended. */
const interruptedExitCode = 130;

function runtimeName(value: unknown): RuntimeName | undefined {
  if (value === undefined || value === 'docker' || value === 'simulated') return value;
  throw new UserError(`unknown runtime ${JSON.stringify(value)}`, ['Use "--runtime docker" or "--runtime simulated".']);
}

function wholeNumber(value: unknown, flag: string, min: number, max: number): number | undefined {
  if (value === undefined) return undefined;
  const number = Number(value);
  if (!Number.isInteger(number) || number < min || number > max) {
    throw new UserError(`${flag} must be a whole number from ${min} to ${max}, not ${JSON.stringify(value)}`);
  }
  return number;
}

const text = (value: unknown): string | undefined => (value === undefined ? undefined : String(value));

/** IPv4 ranges, separated by commas; an empty text is none. */
function ranges(value: unknown, flag: string): readonly string[] | undefined {
  if (value === undefined) return undefined;
  const all = String(value)
    .split(',')
    .map((range) => range.trim())
    .filter((range) => range !== '');
  for (const range of all) {
    const [address = '', prefix = '', ...more] = range.split('/');
    const good = isIPv4(address) && /^\d+$/.test(prefix) && Number(prefix) <= 32 && more.length === 0;
    if (!good) throw new UserError(`${flag} takes IPv4 ranges such as 192.168.0.0/16, not ${JSON.stringify(range)}`);
  }
  return all;
}

/** Aborts when the user or the system wants the command to end; from then on the command decides how. */
function interruption(): AbortSignal {
  const interrupted = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => interrupted.abort());
  return interrupted.signal;
}

/** Builds the commands; the chosen one's outcome is put into `outcome`. */
function commands(context: CliContext, outcome: { code: Promise<number> }): ReturnType<typeof cac> {
  const cli = cac('minik');
  const verb = (
    definition: string,
    description: string,
    action: (flags: Flags) => Promise<number> | number,
  ): ReturnType<typeof cli.command> =>
    cli
      .command(definition, description)
      .option('-p, --profile <name>', 'Name of the cluster (default: minik, or $MINIK_PROFILE)')
      .option('-o, --output <format>', 'text or json')
      .action((flags: Flags) => {
        outcome.code = (async () => action(flags))();
      });
  verb('start', 'Start a cluster, making it when it does not exist', (flags) =>
    start(
      context,
      {
        ...commonOptions(flags, context),
        runtime: runtimeName(flags.runtime),
        nodes: wholeNumber(flags.nodes, '--nodes', 1, 5000),
        apiPort: wholeNumber(flags.apiPort, '--api-port', 1, 65_535),
        serviceCidr: text(flags.serviceCidr),
        podCidr: text(flags.podCidr),
        nodePortAddresses: ranges(flags.nodePortAddresses, '--node-port-addresses'),
      },
      interruption(),
    ),
  )
    .option('--runtime <name>', 'docker, or simulated: containers exist in memory only')
    .option('--nodes <count>', 'How many (virtual) nodes')
    .option('--api-port <port>', 'Port of the API server on 127.0.0.1')
    .option('--service-cidr <range>', 'Addresses for Services')
    .option('--pod-cidr <range>', 'Addresses for Pods')
    .option('--node-port-addresses <ranges>', "Where node ports listen besides 127.0.0.1 and the nodes' addresses, e.g. 0.0.0.0/0");
  verb('stop', 'Stop a cluster; its containers and data stay', (flags) => stop(context, commonOptions(flags, context)));
  verb('status', 'Show whether a cluster runs and kubectl reaches it', (flags) => status(context, commonOptions(flags, context)));
  verb('delete', 'Stop a cluster and remove everything of it', (flags) =>
    deleteCluster(context, { ...commonOptions(flags, context), all: flags.all === true, force: flags.force === true }),
  )
    .option('--all', 'Delete every cluster')
    .option('--force', 'Go on where something cannot be reached or removed, and say so');
  verb('logs', "Print the server's log", (flags) => {
    const lines = wholeNumber(flags.lines, '--lines', 0, Number.MAX_SAFE_INTEGER) ?? 0;
    return logs(context, { ...commonOptions(flags, context), follow: flags.follow === true, lines }, interruption());
  })
    .option('-f, --follow', 'Go on printing as the log grows')
    .option('-n, --lines <count>', 'Only this many lines from the end');
  verb('version', 'Print the version', (flags) =>
    version(context, { output: commonOptions(flags, context).output, kubernetesVersion: context.kubernetesVersion }),
  );
  cli.command('kubectl [...args]', 'The bundled kubectl, against this or any other cluster').allowUnknownOptions();
  cli.help();
  return cli;
}

/** What the system refuses to do with a file is nobody's bug. */
const isSystemError = (error: unknown): error is NodeJS.ErrnoException & { readonly path: string } =>
  error instanceof Error && 'syscall' in error && 'path' in error && typeof error.path === 'string';

function printError(context: CliContext, error: unknown): void {
  const { terminal } = context;
  if (error instanceof UserError || error instanceof KubeconfigError) {
    terminal.err(`${pc.red('minik:')} ${error.message}\n`);
    for (const hint of error instanceof UserError ? error.hints : []) terminal.err(`  ${hint}\n`);
  } else if (isSystemError(error)) {
    terminal.err(`${pc.red('minik:')} ${error.path}: ${systemErrorText(error)}\n`);
    const home = minikHome(terminal);
    if (error.path === home || error.path.startsWith(`${home}/`))
      terminal.err(`  minik keeps its files in ${home}; MINIK_HOME names another folder.\n`);
  } else terminal.err(`${pc.red('minik: internal error:')} ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
}

/** Runs one command line (without the program's name); resolves with the exit code. */
export async function runMinik(args: readonly string[], context: CliContext): Promise<number> {
  if (args[0] === 'kubectl') return context.kubectl(args.slice(1));
  try {
    if (args[0] === 'serve') return await serve(context, args[1] ?? 'minik', args[2] ?? '{}');
    const outcome: { code: Promise<number> } = { code: Promise.resolve(0) };
    const cli = commands(context, outcome);
    if (args.length === 0) {
      cli.outputHelp();
      return 0;
    }
    if (args[0] === '--version' || args[0] === '-v')
      return version(context, { output: 'text', kubernetesVersion: context.kubernetesVersion });
    cli.parse(['node', 'minik', ...args], { run: false });
    if (cli.matchedCommand === undefined && cli.options.help !== true) {
      context.terminal.err(`${pc.red('minik:')} unknown command ${JSON.stringify(args[0])}\n  "minik --help" lists the commands.\n`);
      return usageExitCode;
    }
    cli.runMatchedCommand();
    return await outcome.code;
  } catch (error) {
    if (error instanceof Error && error.name === 'CACError') {
      context.terminal.err(`${pc.red('minik:')} ${error.message}\n`);
      return usageExitCode;
    }
    printError(context, error);
    return error instanceof InterruptedStart ? interruptedExitCode : 1;
  }
}
