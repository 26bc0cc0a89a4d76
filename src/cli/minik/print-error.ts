/** How the commands of `minik` print what failed. */
import { errorStack } from '../../api/error-text.ts';
import { KubeconfigError, systemErrorText } from '../../client/kubeconfig.ts';
import { isUserError } from '../cluster-port.ts';
import { coloursOf, type Terminal } from '../terminal.ts';
import { minikHome } from './profile.ts';

/** True for failed file operations: these are not bugs. */
const isSystemError = (error: unknown): error is NodeJS.ErrnoException & { readonly path: string } =>
  error instanceof Error && 'syscall' in error && 'path' in error && typeof error.path === 'string';

/** Prints an error as its kind deserves: with hints, with the file, or with its stack when it is a bug. */
export function printError(terminal: Terminal, error: unknown): void {
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
