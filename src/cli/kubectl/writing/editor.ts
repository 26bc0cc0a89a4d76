/** Opens the user's editor on a text. Source: kubectl pkg/cmd/util/editor/editor.go. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { CommandError } from '../command/command.ts';
import type { Session } from '../command/session.ts';

/** The comment above the text, with the errors of the last attempt. */
export const editHeader = (reasons: readonly string[]): string =>
  `# Please edit the object below. Lines beginning with a '#' will be ignored,
# and an empty file will abort the edit. If an error occurs while saving this file will be
# reopened with the relevant failures.
#
${reasons.map((reason) => `# ${reason}\n`).join('')}`;

/** The text without comment lines. */
export const withoutComments = (text: string): string =>
  text
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .join('\n');

/**
 * Lets the user edit a file's text, with the line endings of Windows when `--windows-line-endings` asks for them.
 * Throws CommandError.
 */
export function editText(session: Session, path: string, text: string): string {
  const windows = session.flags.bool('windows-line-endings');
  writeFileSync(path, windows ? text.replaceAll('\n', '\r\n') : text, { mode: 0o600 });
  openEditor(session, path);
  return readFileSync(path, 'utf8').replaceAll('\r\n', '\n');
}

/** Runs the editor of the environment on a file. Throws CommandError. */
function openEditor(session: Session, path: string): void {
  const { env } = session.terminal;
  const editor = [env.KUBE_EDITOR, env.EDITOR].find((name) => name !== undefined && name !== '') ?? 'vi';
  // The environment variable may contain arguments and quotes (`code --wait`), so a shell interprets it. The path is
  // passed as an argument, outside the shell's script text.
  const shell = env.SHELL === undefined || env.SHELL === '' ? '/bin/bash' : env.SHELL;
  const result = /[\s"'\\]/.test(editor)
    ? spawnSync(shell, ['-c', `${editor} "$0"`, path], { stdio: 'inherit' })
    : spawnSync(editor, [path], { stdio: 'inherit' });
  if (result.error !== undefined) throw new CommandError(`unable to launch the editor ${JSON.stringify(editor)}`);
  if (result.status !== 0) throw new CommandError(`there was a problem with the editor ${JSON.stringify(editor)}`);
}
