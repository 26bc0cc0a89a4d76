/**
 * `--help` texts, derived from the commands' declarations; their layout is that of kubectl's. Source: kubectl
 * pkg/util/templates/{templater,templates}.go.
 */
import { globalFlags, type KubectlCommand } from '../command/command.ts';
import type { FlagSpec } from '../command/flags.ts';
import { commandGroups } from './command-groups.ts';
import { helpTexts } from './help-texts.ts';

const byName = (a: { readonly name: string }, b: { readonly name: string }): number => (a.name < b.name ? -1 : 1);

function defaultText({ fallback, type }: FlagSpec): string {
  switch (type) {
    case 'bool':
      return fallback ?? 'false';
    case 'int':
      return fallback ?? '0';
    case 'duration':
      return fallback ?? '0s';
    case 'list':
    case 'array':
      return `[${fallback ?? ''}]`;
    default:
      return `'${fallback ?? ''}'`;
  }
}

const flagText = (flag: FlagSpec): string =>
  `    ${flag.short === undefined ? '' : `-${flag.short}, `}--${flag.name}=${defaultText(flag)}:\n\t${flag.help ?? ''}\n`;

/** Flags that are listed: neither hidden nor deprecated, and not `--help`. */
function flagsText(flags: readonly FlagSpec[]): string {
  const shown = flags.filter((flag) => flag.name !== 'help' && flag.hidden !== true && flag.deprecated === undefined);
  return [...new Map(shown.map((flag) => [flag.name, flag])).values()].toSorted(byName).map(flagText).join('\n');
}

/** Upstream's least width of the column of names. */
const namePadding = 11;

function commandsText(title: string, commands: readonly Pick<KubectlCommand, 'name' | 'summary'>[]): string {
  const width = Math.max(namePadding, ...commands.map((command) => command.name.length));
  return `${title}:\n${commands.map((command) => `  ${command.name.padEnd(width)}   ${command.summary}\n`).join('')}`;
}

const optionsHint = 'Use "kubectl options" for a list of global command-line options (applies to all commands).\n';

/** `kubectl` alone. */
export function rootHelp(commands: readonly KubectlCommand[]): string {
  const found = new Map(commands.map((command) => [command.name, command]));
  const width = Math.max(...commands.map((command) => command.name.length));
  const line = (name: string): string => `  ${name.padEnd(width)}   ${found.get(name)?.summary ?? ''}\n`;
  const parts = ['kubectl controls the Kubernetes cluster manager.\n'];
  for (const { title, names } of commandGroups) {
    const shown = names.filter((name) => found.get(name)?.hidden !== true);
    parts.push(`${title}:\n${shown.map(line).join('')}`);
  }
  parts.push('Usage:\n  kubectl [flags] [options]\n');
  parts.push(`Use "kubectl <command> --help" for more information about a given command.\n${optionsHint}`);
  return parts.join('\n');
}

/** `kubectl options`. */
export const optionsHelp = (): string => `The following options can be passed to any command:\n\n${flagsText(globalFlags)}`;

/** `kubectl <command> --help`. */
export function commandHelp(command: KubectlCommand, path: string): string {
  const text = helpTexts.get(path.replace(/^kubectl /, ''));
  const parts = [`${text?.long ?? `${command.summary}.`}\n`];
  if (command.aliases !== undefined) parts.push(`Aliases:\n${[command.name, ...command.aliases].join(', ')}\n`);
  if (text?.examples !== undefined) {
    const examples = text.examples.map(([what, line]) => `  # ${what}\n  ${line}\n`);
    parts.push(`Examples:\n${examples.join('  \n')}`);
  }
  const below = command.subcommands?.filter((sub) => sub.hidden !== true).toSorted(byName) ?? [];
  if (below.length > 0) parts.push(commandsText('Available Commands', below));
  const flags = flagsText(command.flags ?? []);
  if (flags !== '') parts.push(`Options:\n${flags}`);
  parts.push(`Usage:\n  ${path}${command.usage === '' ? '' : ` ${command.usage}`}\n`);
  parts.push(`${below.length > 0 ? `Use "${path} <command> --help" for more information about a given command.\n` : ''}${optionsHint}`);
  return parts.join('\n');
}
