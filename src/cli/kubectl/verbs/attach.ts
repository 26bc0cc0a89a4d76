/** `kubectl attach`. Source: kubectl pkg/cmd/attach/attach.go. */
import { CommandError, type KubectlCommand } from '../command/command.ts';
import type { Session } from '../command/session.ts';
import { podTimeoutMs, sessionStreams, streamFlags, streamPath } from '../streams/pod-streams.ts';
import { attachablePod, chooseContainer, type PodContainer, type PodObject, podName, readOne } from '../streams/pods.ts';
import { remoteCommand } from '../streams/stream-client.ts';

export interface AttachOptions {
  readonly container: string;
  readonly stdin: boolean;
  readonly tty: boolean;
  readonly quiet: boolean;
}

function containerToAttach(pod: PodObject, name: string, tell: (text: string) => void): PodContainer {
  try {
    return chooseContainer(pod, name, tell);
  } catch (error) {
    throw error instanceof CommandError ? new CommandError(`cannot attach to the container: ${error.message}`) : error;
  }
}

/** Attaches to a container of a pod that runs; resolves with the exit code. */
export async function attachTo(session: Session, pod: PodObject, options: AttachOptions): Promise<number> {
  const tell = (text: string): void => {
    if (!options.quiet) session.err(text);
  };
  const container = containerToAttach(pod, options.container, tell);
  if (options.tty && container.tty !== true) tell(`error: Unable to use a TTY - container ${container.name} did not allocate one\n`);
  const streams = sessionStreams(session, { stdin: options.stdin, tty: container.tty === true, quiet: options.quiet });
  tell(
    "All commands and output from this session will be recorded in container logs, including credentials and sensitive information passed through the command prompt.\nIf you don't see a command prompt, try pressing enter.\n",
  );
  const code = await remoteCommand(session, await streamPath(session, pod, 'attach', container.name, streams), streams);
  if (!options.quiet && options.stdin && streams.tty) {
    session.out(
      `Session ended, resume using 'kubectl attach ${podName(pod)} -c ${container.name} -n ${pod.metadata?.namespace ?? ''} -i -t' command\n`,
    );
  }
  return code;
}

export const attach: KubectlCommand = {
  name: 'attach',
  summary: 'Attach to a running container',
  usage: '(POD | TYPE/NAME) -c CONTAINER [options]',
  flags: streamFlags,
  run: async (session, flags) => {
    const { args } = flags;
    const [first, second] = args;
    if (first === undefined) throw new CommandError('at least 1 argument is required for attach');
    if (args.length > 2)
      throw new CommandError(`expected POD, TYPE/NAME, or TYPE NAME, (at most 2 arguments) saw ${args.length}: [${args.join(' ')}]`);
    const timeoutMs = podTimeoutMs(flags);
    const { resource, object } = await readOne(session, first, { name: second });
    const pod = await attachablePod(session, resource, object, timeoutMs);
    const { phase = '' } = pod.status;
    if (phase === 'Succeeded' || phase === 'Failed')
      throw new CommandError(`cannot attach a container in a completed pod; current phase is ${phase}`);
    return attachTo(session, pod, {
      container: flags.string('container'),
      stdin: flags.bool('stdin'),
      tty: flags.bool('tty'),
      quiet: flags.bool('quiet'),
    });
  },
};
