/** `--help` texts, derived from the commands' declarations. */
import { globalFlags, type KubectlCommand } from './command.ts';
import type { FlagSpec } from './flags.ts';

const indent = (text: string, width: number): string => text.padEnd(width);

function flagLine(flag: FlagSpec): string {
  const short = flag.short === undefined ? '    ' : `-${flag.short}, `;
  const value = flag.fallback ?? (flag.type === 'bool' ? 'false' : flag.type === 'list' ? '[]' : flag.type === 'int' ? '0' : "''");
  return `    ${short}--${flag.name}=${value}:\n\t${flag.help ?? ''}\n`;
}

/** `kubectl` alone. */
export function rootHelp(commands: readonly KubectlCommand[]): string {
  const width = Math.max(...commands.map((c) => c.name.length)) + 2;
  const lines = commands.map((c) => `  ${indent(c.name, width)}${c.summary}`);
  return `kubectl controls the Kubernetes cluster manager.\n\nCommands:\n${lines.join('\n')}\n\nUsage:\n  kubectl [flags] [options]\n\nUse "kubectl <command> --help" for more information about a given command.\n`;
}

/** `kubectl <command> --help`. */
export function commandHelp(command: KubectlCommand, path: string): string {
  const parts = [`${command.summary}\n`];
  if (command.subcommands !== undefined) {
    const width = Math.max(...command.subcommands.map((c) => c.name.length)) + 2;
    parts.push(`Available Commands:\n${command.subcommands.map((c) => `  ${indent(c.name, width)}${c.summary}`).join('\n')}\n`);
  }
  if ((command.flags ?? []).length > 0) parts.push(`Options:\n${(command.flags ?? []).map(flagLine).join('\n')}`);
  parts.push(`Usage:\n  ${path} ${command.usage}\n`);
  parts.push(`Global options:\n${globalFlags.map((f) => `  --${f.name}`).join('\n')}\n`);
  return parts.join('\n');
}
