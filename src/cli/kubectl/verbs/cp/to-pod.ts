/** `kubectl cp PATH POD:PATH`. Source: kubectl pkg/cmd/cp/cp.go copyToPod. */
import { existsSync } from 'node:fs';
import { basename, normalize, posix } from 'node:path';
import { Readable } from 'node:stream';
import { CommandError } from '../../command/command.ts';
import type { Session } from '../../command/session.ts';
import { type FileSpec, remotePath } from './file-spec.ts';
import { RemoteTarFailed } from './from-pod.ts';
import { packTar } from './pack.ts';
import { discard, execInPod } from './pod-exec.ts';

const probeTimeoutMs = 30_000;

/**
 * Whether a path in the container is a directory; failures other than a time-out count as no, because the copy itself
 * will report them.
 */
async function isDirectory(session: Session, target: FileSpec): Promise<boolean> {
  const signal = AbortSignal.timeout(probeTimeoutMs);
  try {
    return (await execInPod(session, { target, command: ['test', '-d', target.file], stdout: discard(), stderr: discard(), signal })) === 0;
  } catch (error) {
    if (session.signal.aborted) throw error;
    if (signal.aborted) throw new CommandError('context deadline exceeded');
    return false;
  }
}

/** Copies a local file or folder into a container. Rejects with CommandError, StatusError or RemoteTarFailed. */
export async function copyToPod(session: Session, source: string, target: FileSpec): Promise<void> {
  if (!existsSync(source)) throw new CommandError(`${source} doesn't exist in local filesystem`);
  const path = normalize(source);
  const into = (await isDirectory(session, target)) ? remotePath(posix.join(target.file, basename(source))) : target.file;
  const folder = remotePath(posix.dirname(into));
  const flags = session.flags.bool('no-preserve') ? ['--no-same-permissions', '--no-same-owner'] : [];
  const stdin = Readable.from(packTar(path, posix.basename(posix.normalize(into))));
  const failed = new AbortController();
  stdin.once('error', (error) => failed.abort(error));
  try {
    const { stdout, stderr } = session.terminal;
    const command = ['tar', ...flags, '-xmf', '-', ...(folder === '' ? [] : ['-C', folder])];
    const code = await execInPod(session, { target, command, stdin, stdout, stderr, signal: failed.signal });
    if (code !== 0) throw new RemoteTarFailed(code);
  } catch (error) {
    throw failed.signal.aborted ? failed.signal.reason : error;
  } finally {
    stdin.destroy();
  }
}
