/** `kubectl exec`. Source: kubectl pkg/cmd/exec/exec.go. */
import { CommandError, type KubectlCommand } from '../command/command.ts';
import { ArgumentError, type FlagSpec, type Flags } from '../command/flags.ts';
import type { Session } from '../command/session.ts';
import { resourcePath } from '../resources/discovery.ts';
import { collectInfos } from '../resources/infos.ts';
import { findResource } from '../resources/resource-args.ts';
import { attachablePod, chooseContainer, type PodObject, podName, readOne } from '../streams/pods.ts';
import { type RemoteStreams, remoteCommand } from '../streams/stream-client.ts';

export const streamFlags: readonly FlagSpec[] = [
  { name: 'container', short: 'c', type: 'string', help: 'Container name.' },
  { name: 'stdin', short: 'i', type: 'bool', help: 'Pass stdin to the container' },
  { name: 'tty', short: 't', type: 'bool', help: 'Stdin is a TTY' },
  { name: 'quiet', short: 'q', type: 'bool', help: 'Only print output from the remote session' },
  { name: 'pod-running-timeout', type: 'duration', fallback: '1m0s', help: 'The length of time to wait until at least one pod is running' },
];

/** `--pod-running-timeout` in milliseconds. Throws ArgumentError. */
export function podTimeoutMs(flags: Flags): number {
  const timeout = flags.durationMs('pod-running-timeout');
  if (timeout <= 0) throw new ArgumentError('--pod-running-timeout must be higher than zero');
  return timeout;
}

/** The streams of a session: a terminal only where there is one. */
export function sessionStreams(
  session: Session,
  wanted: { readonly stdin: boolean; readonly tty: boolean; readonly quiet: boolean },
): RemoteStreams {
  const { stdin, stdout, stderr } = session.terminal;
  if (!wanted.stdin) return { stdout, stderr, tty: false };
  const tty = wanted.tty && stdin.isTTY === true;
  if (wanted.tty && !tty && !wanted.quiet) session.err('Unable to use a TTY - input is not a terminal or the right kind of file\n');
  return { stdin, stdout, tty, ...(tty ? {} : { stderr }) };
}

/** The path of an exec or attach session. */
export async function streamPath(
  session: Session,
  pod: PodObject,
  subresource: string,
  container: string,
  streams: RemoteStreams,
  command: readonly string[] = [],
): Promise<string> {
  const params = new URLSearchParams();
  for (const word of command) params.append('command', word);
  params.set('container', container);
  if (streams.stdin !== undefined) params.set('stdin', 'true');
  params.set('stdout', 'true');
  if (streams.stderr !== undefined) params.set('stderr', 'true');
  if (streams.tty) params.set('tty', 'true');
  const path = resourcePath(await findResource(session, 'pods'), pod.metadata?.namespace ?? session.namespace, podName(pod), subresource);
  return `${path}?${params}`;
}

async function podOf(session: Session, flags: Flags): Promise<PodObject> {
  const timeoutMs = podTimeoutMs(flags);
  if (flags.list('filename').length > 0) {
    const [info, ...more] = await collectInfos(session, [], { latest: true });
    if (info === undefined || more.length > 0) throw new CommandError('cannot exec into multiple objects at a time');
    return attachablePod(session, info.resource, info.object, timeoutMs);
  }
  const { resource, object } = await readOne(session, flags.args[0] ?? '');
  return attachablePod(session, resource, object, timeoutMs);
}

function commandOf(flags: Flags): readonly string[] {
  const { args, dashAt } = flags;
  const named = args.length > 0 && dashAt !== 0;
  if (dashAt >= 0) {
    if (!named && flags.list('filename').length === 0) throw new CommandError('pod, type/name or --filename must be specified');
    if (args.length === dashAt) throw new CommandError('you must specify at least one command for the container');
    return args.slice(dashAt);
  }
  if (args.length > 1 || (args.length > 0 && flags.list('filename').length > 0)) {
    throw new ArgumentError('exec [POD] [COMMAND] is not supported anymore. Use exec [POD] -- [COMMAND] instead');
  }
  if (args.length === 0 && flags.list('filename').length === 0) throw new CommandError('pod, type/name or --filename must be specified');
  throw new CommandError('you must specify at least one command for the container');
}

export const exec: KubectlCommand = {
  name: 'exec',
  summary: 'Execute a command in a container',
  usage: '(POD | TYPE/NAME) [-c CONTAINER] [flags] -- COMMAND [args...] [options]',
  flags: [...streamFlags, { name: 'filename', short: 'f', type: 'list', help: 'to use to exec into the resource' }],
  run: async (session, flags) => {
    const command = commandOf(flags);
    const pod = await podOf(session, flags);
    const { phase = '' } = pod.status;
    if (phase === 'Succeeded' || phase === 'Failed')
      throw new CommandError(`cannot exec into a container in a completed pod; current phase is ${phase}`);
    const quiet = flags.bool('quiet');
    const container = chooseContainer(pod, flags.string('container'), (text) => {
      if (!quiet) session.err(text);
    });
    const streams = sessionStreams(session, { stdin: flags.bool('stdin'), tty: flags.bool('tty'), quiet });
    const code = await remoteCommand(session, await streamPath(session, pod, 'exec', container.name, streams, command), streams);
    if (code !== 0) session.err(`command terminated with exit code ${code}\n`);
    return code;
  },
};
