/**
 * Composes the command line of `minik`, except the bundled kubectl. The server's code is evaluated only by the verbs
 * that need it.
 */
import { runMinik } from './cli/minik/cli.ts';
import type { Terminal } from './cli/terminal.ts';
import { selfCommand } from './executable.ts';
import { openServerLog } from './server-log.ts';
import { kubernetesVersion, minikVersion } from './version.ts';

const loadClusterHost = async () => (await import('./cluster.ts')).clusterHost;

function interruption(): AbortSignal {
  const interrupted = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => interrupted.abort());
  return interrupted.signal;
}

export interface MinikOptions {
  readonly terminal: Terminal;
  /** Runs the bundled kubectl with these arguments; resolves with its exit code. */
  kubectl(args: readonly string[]): Promise<number>;
}

/** Runs one command line (without the program's name); resolves with the exit code. */
export function minik(args: readonly string[], { terminal, kubectl }: MinikOptions): Promise<number> {
  return runMinik(args, {
    openLog: openServerLog,
    terminal,
    loadClusterHost,
    selfCommand: selfCommand(),
    version: minikVersion,
    kubernetesVersion,
    interruption,
    kubectl,
  });
}
