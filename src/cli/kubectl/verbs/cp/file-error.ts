/** Failures of local files in Go's words. Source: Go os PathError, syscall error texts. */
import { CommandError } from '../../command/command.ts';

const texts: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'operation not permitted',
  ENOENT: 'no such file or directory',
  ENOTDIR: 'not a directory',
  EISDIR: 'is a directory',
  EEXIST: 'file exists',
  ENOSPC: 'no space left on device',
  EROFS: 'read-only file system',
  ENAMETOOLONG: 'file name too long',
  ELOOP: 'too many levels of symbolic links',
  EMFILE: 'too many open files',
};

/** Converts a file system error to a CommandError; returns any other error unchanged. */
export function fileError(error: unknown, path: string): unknown {
  if (!(error instanceof Error) || !('syscall' in error) || !('code' in error)) return error;
  const text = texts[String(error.code)] ?? error.message;
  const where = 'path' in error ? String(error.path) : path;
  return new CommandError(`${String(error.syscall)} ${where}: ${text}`);
}
