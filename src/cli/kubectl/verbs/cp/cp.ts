/**
 * `kubectl cp`: copies files to and from containers, with the container's own tar. Source: kubectl pkg/cmd/cp/cp.go.
 */
import { CommandError, type KubectlCommand } from '../../command/command.ts';
import type { Session } from '../../command/session.ts';
import { parseFileSpec } from './file-spec.ts';
import { copyFromPod, RemoteTarFailed } from './from-pod.ts';
import { copyToPod } from './to-pod.ts';

async function copy(session: Session, args: readonly string[]): Promise<void> {
  const [from, to, ...more] = args;
  if (from === undefined || to === undefined || more.length > 0) throw new CommandError('source and destination are required');
  const [source, destination] = [parseFileSpec(from), parseFileSpec(to)];
  if (source.pod !== '' && destination.pod !== '') throw new CommandError('one of src or dest must be a local file specification');
  if (source.file === '' || destination.file === '') throw new CommandError('filepath can not be empty');
  if (source.pod !== '') return copyFromPod(session, source, destination.file);
  if (destination.pod !== '') return copyToPod(session, source.file, destination);
  throw new CommandError('one of src or dest must be a remote file specification');
}

export const cp: KubectlCommand = {
  name: 'cp',
  summary: 'Copy files and directories to and from containers',
  usage: '<file-spec-src> <file-spec-dest> [options]',
  flags: [
    { name: 'container', short: 'c', type: 'string', help: 'Container name.' },
    {
      name: 'no-preserve',
      type: 'bool',
      help: "The copied file/directory's ownership and permissions will not be preserved in the container",
    },
    {
      name: 'retries',
      type: 'int',
      fallback: '0',
      help: 'Set number of retries to complete a copy operation from a container. Specify 0 to disable or any negative value for infinite retrying.',
    },
  ],
  run: async (session, flags) => {
    try {
      await copy(session, flags.args);
      return 0;
    } catch (error) {
      if (!(error instanceof RemoteTarFailed)) throw error;
      session.err(`${error.message}\n`);
      return error.exitCode;
    }
  },
};
