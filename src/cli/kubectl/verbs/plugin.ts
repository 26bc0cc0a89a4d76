/**
 * `kubectl plugin list`: the programs on PATH whose names begin with `kubectl-`. Source: kubectl
 * pkg/cmd/plugin/plugin.go.
 */
import { accessSync, constants, readdirSync, statSync } from 'node:fs';
import { basename, delimiter, join } from 'node:path';
import { CommandError, type KubectlCommand } from '../command/command.ts';
import type { Session } from '../command/session.ts';

const prefix = 'kubectl-';

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** The programs of one folder, by name; prints a warning for an unreadable folder. */
function pluginsIn(session: Session, folder: string): readonly string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.startsWith(prefix))
      .sort()
      .map((name) => join(folder, name));
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    const why = missing ? 'no such file or directory' : 'permission denied';
    session.err(`Unable to read directory ${JSON.stringify(folder)} from your PATH: open ${folder}: ${why}. Skipping...\n`);
    return [];
  }
}

const list: KubectlCommand = {
  name: 'list',
  summary: "List all visible plugin executables on a user's PATH",
  usage: '[flags] [options]',
  flags: [{ name: 'name-only', type: 'bool', help: 'If true, display only the binary name of each plugin, rather than its full path' }],
  run: async (session, flags) => {
    const folders = [...new Set((session.terminal.env.PATH ?? '').split(delimiter).filter((folder) => folder !== ''))];
    const found = folders.flatMap((folder) => pluginsIn(session, folder));
    if (found.length === 0) throw new CommandError('unable to find any kubectl plugins in your PATH');
    session.out('The following compatible plugins are available:\n\n');
    const seen = new Map<string, string>();
    let warnings = 0;
    for (const path of found) {
      session.out(`${flags.bool('name-only') ? basename(path) : path}\n`);
      const shadow = seen.get(basename(path));
      if (shadow !== undefined) session.err(`  - warning: ${path} is overshadowed by a similarly named plugin: ${shadow}\n`);
      if (!isExecutable(path)) session.err(`  - warning: ${path} identified as a kubectl plugin, but it is not executable\n`);
      warnings += (shadow === undefined ? 0 : 1) + (isExecutable(path) ? 0 : 1);
      seen.set(basename(path), path);
    }
    if (warnings > 0) throw new CommandError(warnings === 1 ? 'one plugin warning was found' : `${warnings} plugin warnings were found`);
    return 0;
  },
};

export const plugin: KubectlCommand = {
  name: 'plugin',
  summary: 'Provides utilities for interacting with plugins',
  usage: '[flags] [options]',
  subcommands: [list],
};
