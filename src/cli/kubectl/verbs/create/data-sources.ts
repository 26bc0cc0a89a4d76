/**
 * `--from-file`, `--from-literal`, `--from-env-file`. Source: kubectl pkg/cmd/create/create_{configmap,secret}.go,
 * pkg/cmd/util/env_file.go, pkg/util/util.go.
 */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { isConfigMapKey } from '../../../../api/names.ts';
import { CommandError } from '../../command/command.ts';
import type { FlagSpec, Flags } from '../../command/flags.ts';

export const dataSourceFlags: readonly FlagSpec[] = [
  {
    name: 'from-file',
    type: 'list',
    help: 'Key file can be specified using its file path, in which case file basename will be used as key, or optionally with a key and file path.',
  },
  { name: 'from-literal', type: 'array', help: 'Specify a key and literal value to insert (i.e. mykey=somevalue)' },
  { name: 'from-env-file', type: 'list', help: 'Specify the path to a file to read lines of key=val pairs to create the object.' },
];

/** Why a key is invalid; undefined when it is valid. */
const configKeyProblem = (key: string): string | undefined => {
  const complaints = isConfigMapKey(key);
  return complaints.length === 0 ? undefined : complaints.join(',');
};

/** `key=value`. Throws CommandError. */
export function parseLiteral(source: string): readonly [key: string, value: string] {
  const at = source.indexOf('=');
  if (at === 0) throw new CommandError(`invalid literal source ${source}, expected key=value`);
  if (at === -1) throw new CommandError(`invalid literal source ${source}, expected key=value`);
  return [source.slice(0, at), source.slice(at + 1)];
}

/** `[key=]path`. Throws CommandError. */
export function parseFileSource(source: string): readonly [key: string, path: string] {
  const parts = source.split('=');
  if (parts.length === 1) return [basename(source), source];
  const [key = '', path = ''] = parts;
  if (parts.length === 2 && key === '') throw new CommandError(`key name for file path ${path} missing`);
  if (parts.length === 2 && path === '') throw new CommandError(`file path for key name ${key} missing`);
  if (parts.length > 2) throw new CommandError("key names or file paths cannot contain '='");
  return [key, path];
}

/** The entries of an env file; names without a value take the environment's. Throws CommandError. */
export function parseEnvFile(text: string, env: Readonly<Record<string, string | undefined>>): readonly (readonly [string, string])[] {
  const entries: (readonly [string, string])[] = [];
  for (const line of text.replace(/^\uFEFF/, '').split(/\r?\n/)) {
    const trimmed = line.trimStart();
    if (trimmed === '' || trimmed.startsWith('#')) continue;
    const at = trimmed.indexOf('=');
    const name = at === -1 ? trimmed : trimmed.slice(0, at);
    if (!/^[-._a-zA-Z][-._a-zA-Z0-9]*$/.test(name)) {
      throw new CommandError(
        `${JSON.stringify(name)} is not a valid key name: a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and must not start with a digit (e.g. 'my.env-name',  or 'MY_ENV.NAME',  or 'MyEnvName1', regex used for validation is '[-._a-zA-Z][-._a-zA-Z0-9]*')`,
      );
    }
    const value = at === -1 ? env[name] : trimmed.slice(at + 1);
    if (value !== undefined) entries.push([name, value]);
  }
  return entries;
}

function readSource(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch {
    throw new CommandError(`error reading ${path}: no such file or directory`);
  }
}

function fileEntries(source: string, what: string): readonly (readonly [string, Buffer])[] {
  const [key, path] = parseFileSource(source);
  if (!existsSync(path)) throw new CommandError(`error reading ${path}: no such file or directory`);
  if (!statSync(path).isDirectory()) return [[key, readSource(path)]];
  if (source.includes('=')) throw new CommandError(`cannot give a key name for a directory path`);
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .filter((entry) => what === 'ConfigMap' || configKeyProblem(entry.name) === undefined)
    .map((entry) => [entry.name, readSource(join(path, entry.name))] as const);
}

/**
 * All entries that the flags name, in upstream's order: files, then literals; env files only when neither of these is
 * given. Throws CommandError.
 */
export function dataEntries(
  flags: Flags,
  what: 'ConfigMap' | 'Secret',
  env: Readonly<Record<string, string | undefined>>,
): ReadonlyMap<string, Buffer> {
  const fromEnv = flags.list('from-env-file');
  if (fromEnv.length > 0 && (flags.list('from-file').length > 0 || flags.all('from-literal').length > 0)) {
    throw new CommandError('from-env-file cannot be combined with from-file or from-literal');
  }
  const entries = new Map<string, Buffer>();
  const add = (key: string, value: Buffer): void => {
    const problem = configKeyProblem(key);
    if (problem !== undefined) {
      throw new CommandError(
        what === 'ConfigMap'
          ? `${JSON.stringify(key)} is not a valid key name for a ConfigMap: ${problem}`
          : `${JSON.stringify(key)} is not valid key name for a Secret ${problem}`,
      );
    }
    if (entries.has(key)) {
      throw new CommandError(
        what === 'ConfigMap'
          ? `cannot add key ${JSON.stringify(key)}, another key by that name already exists in Data for ConfigMap ${JSON.stringify(flags.args[0] ?? '')}`
          : `cannot add key ${key}, another key by that name already exists`,
      );
    }
    entries.set(key, value);
  };
  for (const source of flags.all('from-literal')) {
    const [key, value] = parseLiteral(source);
    add(key, Buffer.from(value));
  }
  for (const source of flags.list('from-file')) for (const [key, value] of fileEntries(source, what)) add(key, value);
  for (const path of fromEnv) for (const [key, value] of parseEnvFile(readSource(path).toString('utf8'), env)) add(key, Buffer.from(value));
  return entries;
}
