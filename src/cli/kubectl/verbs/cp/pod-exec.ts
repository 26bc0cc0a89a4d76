/**
 * Runs a command in a container for `cp`, like `exec`, but with given streams instead of the terminal's. Source:
 * kubectl pkg/cmd/exec/exec.go.
 */
import { Writable } from 'node:stream';
import { CommandError } from '../../command/command.ts';
import type { Session } from '../../command/session.ts';
import { resourcePath } from '../../resources/discovery.ts';
import { findResource } from '../../resources/resource-args.ts';
import { streamPath } from '../../streams/pod-streams.ts';
import { asPod, chooseContainer } from '../../streams/pods.ts';
import { type RemoteInput, remoteCommand } from '../../streams/stream-client.ts';
import type { FileSpec } from './file-spec.ts';

export interface PodCommand {
  readonly target: FileSpec;
  readonly command: readonly string[];
  readonly stdin?: RemoteInput;
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
  readonly signal?: AbortSignal;
}

/** A stream that discards its input. */
export const discard = (): Writable => new Writable({ write: (_chunk, _encoding, callback) => callback() });

/**
 * Runs a command in the pod of a file spec, in the container of `-c`; resolves with the exit code. Rejects with
 * StatusError or CommandError.
 */
export async function execInPod(session: Session, call: PodCommand): Promise<number> {
  const { target, stdout, stderr, stdin } = call;
  const namespace = target.namespace === '' ? session.namespace : target.namespace;
  const pods = await findResource(session, 'pods');
  const pod = asPod(await session.object({ method: 'GET', path: resourcePath(pods, namespace, target.pod) }));
  const { phase = '' } = pod.status;
  if (phase === 'Succeeded' || phase === 'Failed')
    throw new CommandError(`cannot exec into a container in a completed pod; current phase is ${phase}`);
  const container = chooseContainer(pod, session.flags.string('container'), (text) => stderr.write(text));
  const streams = { stdout, stderr, tty: false, ...(stdin === undefined ? {} : { stdin }) };
  const path = await streamPath(session, pod, 'exec', container.name, streams, call.command);
  const signals = call.signal === undefined ? [session.signal] : [session.signal, call.signal];
  return remoteCommand(session, path, streams, AbortSignal.any(signals));
}
