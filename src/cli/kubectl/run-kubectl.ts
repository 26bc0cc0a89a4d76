/** The bundled kubectl: finds the verb, parses its flags, runs it, and prints errors as kubectl does. */

import { StatusError } from '../../api/status-error.ts';
import { InvalidConfigurationError, KubeconfigError } from '../../client/kubeconfig.ts';
import { PrintError } from '../print/print-error.ts';
import { outputOf, type Terminal } from '../terminal.ts';
import { CommandError, globalFlags, type KubectlCommand, PlainError } from './command/command.ts';
import { ArgumentError, MissingFlagError, parseFlags, UsageError } from './command/flags.ts';
import { type KubectlTerminal, Session } from './command/session.ts';
import { statusText } from './command/status-text.ts';
import { loadCommand, loadCommands } from './commands.ts';
import type { ChosenCommand } from './complete.ts';

/**
 * Adds the process's streams through getters. Node creates each stream on first access, and few verbs need all of them.
 */
const withStreams = (terminal: Terminal): KubectlTerminal => ({
  ...terminal,
  get stdin() {
    return process.stdin;
  },
  get stdout() {
    return outputOf(process.stdout, 'error');
  },
  get stderr() {
    return outputOf(process.stderr, 'error');
  },
});

const valueFlags = new Set(
  globalFlags.filter((f) => f.type !== 'bool').flatMap((f) => [`--${f.name}`, ...(f.short === undefined ? [] : [`-${f.short}`])]),
);

/** Splits off the first word that is neither a flag nor a flag's value; global flags may stand before the verb. */
function takeWord(args: readonly string[]): { readonly word: string | undefined; readonly rest: readonly string[] } {
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? '';
    if (arg === '--') break;
    if (!arg.startsWith('-')) return { word: arg, rest: [...args.slice(0, i), ...args.slice(i + 1)] };
    if (valueFlags.has(arg)) i += 1;
  }
  return { word: undefined, rest: args };
}

/** The sub-command that the arguments name, or the command itself when they name none. */
function descend(command: KubectlCommand, path: string, args: readonly string[]): ChosenCommand {
  const { word = '', rest } = takeWord(args);
  const below = command.subcommands?.find((c) => c.name === word || c.aliases?.includes(word) === true);
  return below === undefined ? { command, path, args } : descend(below, `${path} ${below.name}`, rest);
}

async function choose(args: readonly string[]): Promise<ChosenCommand | undefined> {
  const { word = '', rest } = takeWord(args);
  const command = await loadCommand(word);
  return command === undefined ? undefined : descend(command, `kubectl ${command.name}`, rest);
}

function printError(terminal: Terminal, error: unknown, path: string): number {
  if (error instanceof UsageError) {
    terminal.err(
      `error: ${error.message}\nSee '${path} ${error instanceof ArgumentError ? "-h' for help and examples" : "--help' for usage."}\n`,
    );
    return 1;
  }
  if (error instanceof CommandError) {
    const { message } = error;
    if (message !== '') terminal.err(`${message.startsWith('error: ') ? '' : 'error: '}${message}${message.endsWith('\n') ? '' : '\n'}`);
    return error.exitCode;
  }
  if (error instanceof MissingFlagError) {
    terminal.err(`error: ${error.message}\n`);
    return 1;
  }
  if (error instanceof PlainError) {
    terminal.err(`${error.message}\n`);
    return 1;
  }
  if (error instanceof PrintError) {
    if (error.output !== '') terminal.out(error.output);
    terminal.err(`error: ${error.message}${error.message.endsWith('\n') ? '' : '\n'}`);
    return 1;
  }
  if (error instanceof KubeconfigError) {
    const ofAll = error instanceof InvalidConfigurationError || error.message.startsWith('context was not found');
    terminal.err(`${ofAll ? 'Error in configuration' : 'error'}: ${error.message}\n`);
    return 1;
  }
  if (error instanceof StatusError) {
    terminal.err(`${statusText(error)}\n`);
    return 1;
  }
  throw error;
}

/**
 * Answers a call of a command that has only sub-commands when the arguments name none of them. Source: helpers.go
 * DefaultSubCommandRun.
 */
async function withoutSubcommand({ command, path }: ChosenCommand, args: readonly string[], terminal: Terminal): Promise<number> {
  if (args.length > 0) throw new ArgumentError(`unknown command ${JSON.stringify(args.join(' '))}`);
  const { commandHelp } = await import('./help/help.ts');
  if (command.name === 'rollout') terminal.out(commandHelp(command, path));
  else terminal.err(commandHelp(command, path));
  return 1;
}

/** Prints what the last of the words may be, for the shell; nothing where that cannot be found out. */
async function complete(words: readonly string[], terminal: Terminal): Promise<number> {
  const { completions } = await import('./complete.ts');
  try {
    for (const each of await completions(words, withStreams(terminal), choose)) terminal.out(`${each}\n`);
  } catch {
    // There is no server, or the words so far are wrong: the command will say so.
  }
  return 0;
}

/** Runs one command line (without the program's name); resolves with the exit code. */
export async function runKubectl(args: readonly string[], terminal: Terminal): Promise<number> {
  if (args[0] === '__complete') return complete(args.slice(1), terminal);
  const chosen = await choose(args);
  if (chosen === undefined) {
    const { word } = takeWord(args);
    if (word === undefined) {
      const { rootHelp } = await import('./help/help.ts');
      terminal.out(rootHelp(await loadCommands()));
      return 0;
    }
    terminal.err(`error: unknown command ${JSON.stringify(word)} for "kubectl"\n`);
    return 1;
  }
  const interrupted = new AbortController();
  const onInterrupt = (): void => interrupted.abort();
  process.once('SIGINT', onInterrupt);
  let session: Session | undefined;
  try {
    const flags = parseFlags([...globalFlags, ...(chosen.command.flags ?? [])], chosen.args);
    if (flags.bool('help') || chosen.command.run === undefined) {
      if (!flags.bool('help')) return await withoutSubcommand(chosen, flags.args, terminal);
      const { commandHelp } = await import('./help/help.ts');
      terminal.out(commandHelp(chosen.command, chosen.path));
      return 0;
    }
    if (flags.string('kustomize') !== '')
      throw new CommandError('minik kubectl does not build kustomizations; use kubectl or kustomize for -k');
    for (const text of flags.deprecations()) terminal.err(`${text}\n`);
    session = new Session(withStreams(terminal), flags, interrupted.signal);
    const code = await chosen.command.run(session, flags);
    if (code === 0 && session.warnings > 0 && flags.bool('warnings-as-errors')) {
      terminal.err(`error: ${session.warnings} warning${session.warnings === 1 ? '' : 's'} received\n`);
      return 1;
    }
    return code;
  } catch (error) {
    const code = printError(terminal, error, chosen.path);
    return session !== undefined && code === 1 ? (chosen.command.failureCode ?? 1) : code;
  } finally {
    process.removeListener('SIGINT', onInterrupt);
    session?.close();
  }
}
