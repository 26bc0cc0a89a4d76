/**
 * The corpus: a folder of YAML files, each a case. A case names a kind and shows objects of it, from which the whole set of requests
 * follows (see requests.ts), or lists requests one by one, or both. Adding a kind is adding a file.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { parse } from 'yaml';
import type { JsonObject, JsonValue } from '../../../src/api/json.ts';

/** JSON pointers and what to put there; null takes the member away, a pointer that ends in `/-` appends. */
export type Changes = Readonly<Record<string, JsonValue>>;

/** One request as a case file spells it. */
export interface CaseRequest {
  readonly name: string;
  /** Default GET. */
  readonly method?: string;
  /** `$ns`, `$rv` (of the current object), `$uid` and `$start` (of the first list) are filled in. */
  readonly path: string;
  readonly accept?: string;
  /** Default: application/json. */
  readonly contentType?: string;
  /** JSON, or text that is sent as it is. */
  readonly body?: JsonValue;
  /** The body is the case's object with these changes. */
  readonly change?: Changes;
  /** Further headers, such as Impersonate-User. */
  readonly headers?: Readonly<Record<string, string>>;
  /** What is kept of the answer's body: the name of a view (views.ts). Default: everything. */
  readonly view?: string;
}

export interface OracleCase {
  /** The file's name. */
  readonly name: string;
  /** Path of the collection. */
  readonly collection?: string;
  /** A valid object, small, so that defaults show. */
  readonly object?: JsonObject;
  /** Objects that must be there before, with their collections. */
  readonly before?: readonly { readonly collection: string; readonly object: JsonObject }[];
  /** A change that an update may make. Default: a label. */
  readonly update?: Changes;
  /** A change of the status, when the kind has one. */
  readonly status?: Changes;
  readonly scale?: boolean;
  /** A deleted object stays until a controller has done its part: here, for ever. */
  readonly lingers?: boolean;
  /** A JSON, merge and strategic merge patch each, besides those that every kind is sent. */
  readonly patches?: { readonly json?: JsonValue; readonly merge?: JsonValue; readonly strategic?: JsonValue; readonly apply?: JsonObject };
  /** More valid objects, as changes of `object`. */
  readonly valid?: Readonly<Record<string, Changes>>;
  readonly invalid?: Readonly<Record<string, Changes>>;
  /** Updates that change what may, or may not, be changed. */
  readonly updates?: Readonly<Record<string, Changes>>;
  readonly statusUpdates?: Readonly<Record<string, Changes>>;
  /** Sent while the object exists. */
  readonly requests?: readonly CaseRequest[];
}

const members = new Set([
  ...[
    'collection',
    'object',
    'before',
    'update',
    'status',
    'scale',
    'lingers',
    'patches',
    'valid',
    'invalid',
    'updates',
    'statusUpdates',
    'requests',
  ],
]);

export const oracleFolder = resolve(import.meta.dirname, '..', '..', '..', 'testdata', 'oracle');

/** Every case of the corpus, by name. Throws on a member that no case has. */
export function loadCases(folder: string = join(oracleFolder, 'cases')): readonly OracleCase[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.yaml'))
    .toSorted()
    .map((file) => {
      // The project's own files: what they hold is checked by what reads them.
      const content = parse(readFileSync(join(folder, file), 'utf8')) as Omit<OracleCase, 'name'>;
      const unknown = Object.keys(content).find((member) => !members.has(member));
      if (unknown !== undefined) throw new Error(`${file}: no case has a member "${unknown}"`);
      return { name: basename(file, '.yaml'), ...content };
    });
}

/** A copy with changes. Throws when a pointer leads nowhere. */
export function withChanges(object: JsonObject, changes: Changes): JsonObject {
  // A copy of JSON is JSON.
  const copy = structuredClone(object) as Record<string, JsonValue>;
  for (const [pointer, value] of Object.entries(changes)) changeAt(copy, pointer, value);
  return copy;
}

function changeAt(root: Record<string, JsonValue>, pointer: string, value: JsonValue): void {
  const keys = pointer
    .slice(1)
    .split('/')
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
  const last = keys.pop() ?? '';
  let at: Record<string, JsonValue> = root;
  for (const [index, key] of keys.entries()) {
    const member = at[key] ?? (/^(-|\d+)$/.test(keys[index + 1] ?? last) ? [] : {});
    if (typeof member !== 'object') throw new Error(`${pointer}: "${key}" holds no members`);
    at[key] = member;
    // Arrays are indexed by their numbers, as objects by their names.
    at = member as Record<string, JsonValue>;
  }
  if (Array.isArray(at)) changeItem(at, last, value);
  else if (value === null) delete at[last];
  else at[last] = value;
}

function changeItem(list: JsonValue[], key: string, value: JsonValue): void {
  if (key === '-') list.push(value);
  else if (value === null) list.splice(Number(key), 1);
  else list[Number(key)] = value;
}
