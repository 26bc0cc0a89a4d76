/** What every `minik` verb receives, and the options that all verbs share. */
import type { Logger } from '../../client/logger.ts';
import { type LoadClusterHost, UserError } from '../cluster-port.ts';
import type { Terminal } from '../terminal.ts';
import { minikHome, Profile } from './profile.ts';
import { UsageError } from './usage-error.ts';

export interface VerbContext {
  readonly terminal: Terminal;
  readonly loadClusterHost: LoadClusterHost;
  /** The command that starts this program again, for the detached server. */
  readonly selfCommand: readonly string[];
  readonly version: string;
  /** Opens the server's log, on standard output. */
  openLog(): Logger;
}

export interface CommonOptions {
  readonly profile: string;
  readonly output: 'text' | 'json';
}

/** The user has interrupted a verb; the message says what became of what it did. */
export class InterruptedVerb extends UserError {}

/** Reads `-p` and `-o`. Throws UsageError on an unknown output format. */
export function commonOptions(flags: Readonly<Record<string, unknown>>, context: VerbContext): CommonOptions {
  const output = flags.output ?? 'text';
  if (output !== 'text' && output !== 'json')
    throw new UsageError(`unknown output format ${JSON.stringify(output)}`, ['Use "-o text" or "-o json".']);
  return { profile: String(flags.profile ?? (context.terminal.env.MINIK_PROFILE || 'minik')), output };
}

export const openProfile = (context: VerbContext, name: string): Profile => new Profile(minikHome(context.terminal), name);

export const printJson = (terminal: Terminal, value: object): void => terminal.out(`${JSON.stringify(value, undefined, 2)}\n`);
