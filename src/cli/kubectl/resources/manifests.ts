/**
 * Objects from `-f`: files, folders, standard input, URLs; YAML with several documents, JSON, List objects.
 * Source: cli-runtime pkg/resource/{builder,visitor}.go.
 */
import { existsSync, globSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { JsonValue } from '../../../api/json.ts';
import { YamlError } from '../../../api/yaml/yaml-error.ts';
import { yamlToJson } from '../../../api/yaml/yaml-to-json.ts';
import { CommandError, PlainError } from '../command/command.ts';
import type { ApiObject, Session } from '../command/session.ts';

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

/** The path itself, or the paths that match it when it is a pattern. Throws CommandError. */
function pathsOf(name: string): readonly string[] {
  if (existsSync(name)) return [name];
  const matches = /[*?[\\]/.test(name) ? globSync(name).sort() : [];
  if (matches.length === 0) throw new CommandError(`the path ${JSON.stringify(name)} does not exist`);
  return matches;
}

async function fetchUrl(url: string): Promise<string> {
  if (!URL.canParse(url)) throw new CommandError(`the URL passed to filename ${JSON.stringify(url)} is not valid`);
  let response: Response;
  try {
    response = await fetch(url);
  } catch (error) {
    const cause = error instanceof Error ? error.cause : undefined;
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    throw new PlainError(
      code === 'ECONNREFUSED'
        ? `The connection to the server ${new URL(url).host} was refused - did you specify the right host or port?`
        : `Unable to connect to the server: ${cause instanceof Error ? cause.message : String(error)}`,
    );
  }
  if (!response.ok)
    throw new CommandError(
      `unable to read URL ${JSON.stringify(url)}, server reported ${response.status} ${response.statusText}, status code=${response.status}`,
    );
  return response.text();
}

/**
 * Splits a text into its documents, one after another: each is parsed separately, so that a malformed document does not
 * prevent the use of those before it. A text that begins with an object in JSON is a stream of such objects; what
 * follows the first of them may be YAML. Source: apimachinery pkg/util/yaml/decoder.go (YAMLOrJSONDecoder).
 */
function* documentsOf(text: string, source: string): Generator<string> {
  let rest = text;
  for (let count = 0; /^\s*\{/.test(rest); count++) {
    const end = endOfObject(rest);
    const object = rest.slice(0, end);
    if (end === undefined || !isJson(object)) break;
    yield object;
    rest = rest.slice(end);
    const [next] = rest.trimStart();
    if (next !== undefined && next !== '{' && count > 0) throw new CommandError(`error parsing ${source}: ${notJson(next)}`);
  }
  if (rest !== text) rest = rest.replace(/^[^\S\n]*\n?/, '');
  yield* `\n${rest}`.split(/\n---[^\n]*/);
}

const notJson = (character: string): string => `invalid character '${character}' looking for beginning of value`;

/** The offset behind the braces with which a text begins; undefined when they do not close. */
function endOfObject(text: string): number | undefined {
  let depth = 0;
  for (const { 0: token, index } of text.matchAll(/"(?:[^"\\]|\\[\s\S])*"|[{}]/g)) {
    if (token === '{') depth++;
    else if (token === '}' && --depth === 0) return index + 1;
  }
  return undefined;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/**
 * Parses the documents of a text one after the other; empty ones are skipped. Throws CommandError with kubectl's texts.
 */
export function* parseManifests(text: string, source: string): Generator<ManifestObject> {
  for (const part of documentsOf(text, source)) {
    const value = parsed(part.replace(/^\n/, ''), source);
    if (value === null) continue;
    if (typeof value !== 'object' || Array.isArray(value)) throw notValid(source, 'invalid object to validate');
    // A YAML mapping. The server validates its content.
    yield* expandList(value as ApiObject, source);
  }
}

function parsed(text: string, source: string): JsonValue {
  try {
    return yamlToJson(text).json;
  } catch (error) {
    if (error instanceof YamlError)
      throw new CommandError(`error parsing ${source}: error converting YAML to JSON: yaml: ${error.message}`);
    throw error;
  }
}

const notValid = (source: string, what: string): CommandError =>
  new CommandError(
    `error validating ${JSON.stringify(source)}: error validating data: ${what}; if you choose to ignore these errors, turn validation off with --validate=false`,
  );

function expandList(object: ApiObject, source: string): ManifestObject[] {
  for (const field of ['apiVersion', 'kind'] as const) {
    if (typeof object[field] !== 'string' || object[field] === '') {
      const missing = ['apiVersion', 'kind'].filter((name) => typeof object[name] !== 'string' || object[name] === '');
      const data = missing.map((name) => `${name} not set`).join(', ');
      throw notValid(source, missing.length > 1 ? `[${data}]` : data);
    }
  }
  const { items } = object;
  if (object.kind?.endsWith('List') === true && Array.isArray(items)) return items.flatMap((item: ApiObject) => expandList(item, source));
  return [{ object, source }];
}

type Source = () => Iterable<ManifestObject>;

async function textsOf(session: Session, name: string, recursive: boolean): Promise<readonly Source[]> {
  if (name === '-') {
    const text = await readStdin(session);
    return [() => parseManifests(text, 'STDIN')];
  }
  if (/^https?:\/\//.test(name)) {
    const text = await fetchUrl(name);
    return [() => parseManifests(text, name)];
  }
  const paths = pathsOf(name);
  const files = paths.flatMap((path) => filesOf(path, recursive));
  if (files.length === 0)
    throw new CommandError(`error reading [${paths.join(' ')}]: recognized file extensions are [${extensions.join(' ')}]`);
  return files.map((file) => () => parseManifests(readFileSync(file, 'utf8'), file));
}

/**
 * Reads the files that `-f` and `-R` name, in order. For a file that cannot be read or parsed it yields the error and
 * continues with the next file. Rejects when a name matches no file.
 */
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

/** Reads all manifests into a list; rejects with the first failure. */
export async function readManifests(session: Session, names: readonly string[], recursive: boolean): Promise<readonly ManifestObject[]> {
  const objects: ManifestObject[] = [];
  for await (const entry of readManifestsOneByOne(session, names, recursive)) {
    if (entry instanceof Error) throw entry;
    objects.push(entry);
  }
  return objects;
}
