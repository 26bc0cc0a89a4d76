/**
 * The common part of verbs that open a stream to a pod: flags, the terminal's streams, the path. Source: kubectl
 * pkg/cmd/exec/exec.go.
 */
import { createReadStream, ReadStream } from 'node:fs';
import { ArgumentError, type FlagSpec, type Flags } from '../command/flags.ts';
import type { Session } from '../command/session.ts';
import { resourcePath } from '../resources/discovery.ts';
import { findResource } from '../resources/resource-args.ts';
import { type PodObject, podName } from './pods.ts';
import type { RemoteInput, RemoteStreams } from './stream-client.ts';

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

/** Four times what Node reads of a file at once: each time is a way to another thread and back, and a message. */
const fileReadBytes = 256 * 1024;

/** The process's input; a file is read in large pieces. */
const inputOf = (stdin: NodeJS.ReadStream): RemoteInput =>
  stdin instanceof ReadStream ? createReadStream('', { fd: process.stdin.fd, autoClose: false, highWaterMark: fileReadBytes }) : stdin;

/** The streams of a session. A TTY is used only when standard input is a terminal. */
export function sessionStreams(
  session: Session,
  wanted: { readonly stdin: boolean; readonly tty: boolean; readonly quiet: boolean },
): RemoteStreams {
  const { stdin, stdout, stderr } = session.terminal;
  if (!wanted.stdin) return { stdout, stderr, tty: false };
  const tty = wanted.tty && stdin.isTTY === true;
  if (wanted.tty && !tty && !wanted.quiet) session.err('Unable to use a TTY - input is not a terminal or the right kind of file\n');
  return { stdin: inputOf(stdin), stdout, tty, ...(tty ? {} : { stderr }) };
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
