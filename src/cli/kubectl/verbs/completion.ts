/** `kubectl completion`. Source: kubectl pkg/cmd/completion/completion.go. */
import { completionScript, isShell } from '../../completion-scripts.ts';
import type { KubectlCommand } from '../command/command.ts';
import { ArgumentError } from '../command/flags.ts';

export const completion: KubectlCommand = {
  name: 'completion',
  summary: 'Output shell completion code for the specified shell (bash, zsh, fish)',
  usage: 'SHELL [options]',
  run: async (session, { args: [shell, ...strays] }) => {
    if (shell === undefined) throw new ArgumentError('Shell not specified.');
    if (strays.length > 0) throw new ArgumentError('Too many arguments. Expected only the shell type.');
    if (!isShell(shell)) throw new ArgumentError(`Unsupported shell type ${JSON.stringify(shell)}.`);
    session.out(completionScript(shell, 'kubectl'));
    return 0;
  },
};
