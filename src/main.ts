/**
 * Entry point of `minik`: calls the bundled kubectl or minik itself, which calls the cluster. Each is a separate part
 * of the executable (executable-part.ts) and is evaluated only when it is needed.
 */

import { basename } from 'node:path';
import { isSea } from 'node:sea';
import { errorStack } from './api/error-text.ts';
import { processTerminal, type Terminal } from './cli/terminal.ts';

const minNodeMajor = 22;

async function main(): Promise<number> {
  if (Number(process.versions.node.split('.')[0]) < minNodeMajor) {
    process.stderr.write(`minik needs Node.js ${minNodeMajor} or newer; this is ${process.version}.\n`);
    return 1;
  }
  const kubectl = async (args: readonly string[], on: Terminal): Promise<number> =>
    (await import('./cli/kubectl/run-kubectl.ts')).runKubectl(args, on);
  const args = process.argv.slice(2);
  if (isSea() && basename(process.argv0).startsWith('kubectl')) return kubectl(args, processTerminal('error'));
  if (args[0] === 'kubectl') return kubectl(args.slice(1), processTerminal('error'));
  const terminal = processTerminal('minik');
  const loadClusterHost = async () => (await import('./cluster.ts')).clusterHost;
  return (await import('./minik.ts')).minik(args, { terminal, kubectl, loadClusterHost });
}

main().then(
  (code) => {
    process.exitCode = code;
    // A server that could not start, or has stopped, must not stay alive because of a socket that was left open.
    if (process.argv[2] === 'serve') process.exit();
  },
  (error: unknown) => {
    process.stderr.write(`minik: internal error: ${errorStack(error)}\n`);
    process.exitCode = 1;
  },
);
