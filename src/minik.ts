/** Composes the command line of `minik`, except the bundled kubectl and the cluster itself. */
import type { LoadClusterHost } from './cli/cluster-port.ts';
import { runMinik } from './cli/minik/cli.ts';
import { processSignals } from './cli/minik/signals.ts';
import type { Terminal } from './cli/terminal.ts';
import { selfCommand } from './executable.ts';
import { openServerLog } from './server-log.ts';
import { kubernetesVersion, minikVersion } from './version.ts';

function interruption(): AbortSignal {
  const interrupted = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => interrupted.abort());
  return interrupted.signal;
}

export interface MinikOptions {
  readonly terminal: Terminal;
  /** Runs the bundled kubectl with these arguments on a terminal; resolves with its exit code. */
  kubectl(args: readonly string[], terminal: Terminal): Promise<number>;
  /** Called by the verbs that need the cluster's code. */
  readonly loadClusterHost: LoadClusterHost;
}

/** Runs one command line (without the program's name); resolves with the exit code. */
export function minik(args: readonly string[], { terminal, kubectl, loadClusterHost }: MinikOptions): Promise<number> {
  return runMinik(args, {
    openLog: openServerLog,
    terminal,
    loadClusterHost,
    selfCommand: selfCommand(),
    version: minikVersion,
    kubernetesVersion,
    interruption,
    signals: processSignals,
    kubectl,
  });
}
