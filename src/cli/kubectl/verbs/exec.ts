/** `kubectl exec`. Source: kubectl pkg/cmd/exec/exec.go. */
import { CommandError, type KubectlCommand } from '../command/command.ts';
import { ArgumentError, type Flags } from '../command/flags.ts';
import type { Session } from '../command/session.ts';
import { unregistered } from '../kinds/registered.ts';
import { collectInfos } from '../resources/infos.ts';
import { podTimeoutMs, sessionStreams, streamFlags, streamPath } from '../streams/pod-streams.ts';
import { attachablePod, chooseContainer, type PodObject, readOne } from '../streams/pods.ts';
import { remoteCommand } from '../streams/stream-client.ts';

async function podOf(session: Session, flags: Flags): Promise<PodObject> {
  const timeoutMs = podTimeoutMs(flags);
  if (flags.list('filename').length > 0) {
    const [info, ...more] = await collectInfos(session, [], { latest: true, refuse: unregistered });
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
