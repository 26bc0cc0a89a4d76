/** `kubectl options`. Source: kubectl pkg/cmd/options/options.go. */
import type { KubectlCommand } from '../command/command.ts';

export const options: KubectlCommand = {
  name: 'options',
  summary: 'Print the list of flags inherited by all commands',
  usage: '',
  hidden: true,
  run: async (session) => {
    const { optionsHelp } = await import('../help/help.ts');
    session.out(optionsHelp());
    return 0;
  },
};
