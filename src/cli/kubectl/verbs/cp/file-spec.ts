/** The two sides of `kubectl cp`: `[[namespace/]pod:]file/path`. Source: kubectl pkg/cmd/cp/{cp,filespec}.go. */
import { posix, relative } from 'node:path';
import { CommandError } from '../../command/command.ts';

export interface FileSpec {
  /** '' for a local file. */
  readonly pod: string;
  /** '' for the namespace of the request. */
  readonly namespace: string;
  readonly file: string;
}

const withoutTrailingSlash = (file: string): string => (file !== '/' && file.endsWith('/') ? file.slice(0, -1) : file);

/** A path in a container, which is a Unix one. */
export const remotePath = (file: string): string => withoutTrailingSlash(file).replaceAll('\\', '/');

/** Throws CommandError. */
export function parseFileSpec(text: string): FileSpec {
  const colon = text.indexOf(':');
  if (colon === -1) return { pod: '', namespace: '', file: withoutTrailingSlash(text) };
  const malformed = new CommandError('filespec must match the canonical format: [[namespace/]pod:]file/path');
  if (colon === 0) throw malformed;
  const pieces = text.slice(0, colon).split('/');
  const file = remotePath(text.slice(colon + 1));
  const [first = '', second = ''] = pieces;
  if (pieces.length === 1) return { namespace: '', pod: first, file };
  if (pieces.length === 2) return { namespace: first, pod: second, file };
  throw malformed;
}

/** The path without leading `/` and `../`; '' when only `.` or `..` would be left. */
export function stripPathShortcuts(path: string): string {
  const rest = path.replace(/^(\.\.\/)+/, '');
  if (rest === '.' || rest === '..') return '';
  return rest.startsWith('/') ? rest.slice(1) : rest;
}

/** The prefix of every name in the archive of a remote path. Tar drops leading slashes. */
export const archivePrefix = (file: string): string => stripPathShortcuts(remotePath(posix.normalize(file.replace(/^[/\\]+/, ''))));

/** Whether a path is the base or below it. */
export function isWithin(base: string, target: string): boolean {
  const way = relative(base, target);
  return way === stripPathShortcuts(way);
}
