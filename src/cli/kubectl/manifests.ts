/**
 * Objects from `-f`: files, folders, standard input, URLs; YAML with several documents, JSON, List objects.
 * Source: cli-runtime pkg/resource/{builder,visitor}.go.
 */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments, type YAMLParseError } from 'yaml';
import { CommandError } from './command.ts';
import type { ApiObject, Session } from './session.ts';

export interface ManifestObject {
  readonly object: ApiObject;
  /** File name, URL, or `STDIN`, for messages. */
  readonly source: string;
}

const extensions = ['.json', '.yaml', '.yml'];

async function readStdin(session: Session): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of session.terminal.stdin) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString('utf8');
}

function filesOf(path: string, recursive: boolean): string[] {
  if (!existsSync(path)) throw new CommandError(`the path ${JSON.stringify(path)} does not exist`);
  if (!statSync(path).isDirectory()) return [path];
  const found: string[] = [];
  for (const entry of readdirSync(path, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const full = join(path, entry.name);
    if (entry.isDirectory()) {
      if (recursive) found.push(...filesOf(full, true));
    } else if (extensions.some((extension) => entry.name.endsWith(extension))) found.push(full);
  }
  return found;
}

async function fetchUrl(url: string): Promise<string> {
  const response = await fetch(url);
  if (!response.ok)
    throw new CommandError(
      `unable to read URL ${JSON.stringify(url)}, server reported ${response.status} ${response.statusText}, status code=${response.status}`,
    );
  return response.text();
}

/** Where and what, in the order that kubectl's parser says it. */
function atLine({ message, linePos }: YAMLParseError): string {
  const what = (message.split('\n')[0] ?? '').replace(/ at line \d+, column \d+:?$/, '');
  return linePos === undefined ? what : `line ${linePos[0].line}: ${what}`;
}

/** Parses all documents of a text; empty ones are passed over. Throws CommandError with kubectl's texts. */
export function parseManifests(text: string, source: string): ManifestObject[] {
  const objects: ManifestObject[] = [];
  for (const document of parseAllDocuments(text, { uniqueKeys: false, version: '1.1' })) {
    const [problem] = document.errors;
    if (problem !== undefined) throw new CommandError(`error parsing ${source}: error converting YAML to JSON: yaml: ${atLine(problem)}`);
    const value: unknown = document.toJS({ maxAliasCount: 1000 });
    if (value === null || value === undefined) continue;
    if (typeof value !== 'object' || Array.isArray(value)) {
      throw new CommandError(`error validating ${JSON.stringify(source)}: error validating data: invalid object to validate`);
    }
    // A YAML mapping: what it holds is checked by the server.
    objects.push(...expandList(value as ApiObject, source));
  }
  return objects;
}

function expandList(object: ApiObject, source: string): ManifestObject[] {
  for (const field of ['apiVersion', 'kind'] as const) {
    if (typeof object[field] !== 'string' || object[field] === '') {
      const missing = ['apiVersion', 'kind'].filter((name) => typeof object[name] !== 'string' || object[name] === '');
      const data = missing.map((name) => `${name} not set`).join(', ');
      throw new CommandError(
        `error validating ${JSON.stringify(source)}: error validating data: ${missing.length > 1 ? `[${data}]` : data}; if you choose to ignore these errors, turn validation off with --validate=false`,
      );
    }
  }
  const { items } = object;
  if (object.kind?.endsWith('List') === true && Array.isArray(items)) return items.flatMap((item: ApiObject) => expandList(item, source));
  return [{ object, source }];
}

async function textsOf(session: Session, name: string, recursive: boolean): Promise<readonly (() => ManifestObject[])[]> {
  if (name === '-') {
    const text = await readStdin(session);
    return [() => parseManifests(text, 'STDIN')];
  }
  if (/^https?:\/\//.test(name)) {
    const text = await fetchUrl(name);
    return [() => parseManifests(text, name)];
  }
  return filesOf(name, recursive).map((file) => () => parseManifests(readFileSync(file, 'utf8'), file));
}

/** Reads what `-f` and `-R` name, in order; a file that cannot be read or parsed gives its error, and the next one follows. Rejects on a name that leads nowhere. */
export async function* readManifestsOneByOne(
  session: Session,
  names: readonly string[],
  recursive: boolean,
): AsyncGenerator<ManifestObject | Error> {
  const sources = await Promise.all(names.map((name) => textsOf(session, name, recursive)));
  for (const read of sources.flat()) {
    try {
      yield* read();
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      yield error;
    }
  }
}

/** The same at once; rejects with the first failure. */
export async function readManifests(session: Session, names: readonly string[], recursive: boolean): Promise<readonly ManifestObject[]> {
  const objects: ManifestObject[] = [];
  for await (const entry of readManifestsOneByOne(session, names, recursive)) {
    if (entry instanceof Error) throw entry;
    objects.push(entry);
  }
  return objects;
}
