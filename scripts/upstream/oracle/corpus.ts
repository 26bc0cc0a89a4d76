/**
 * The corpus: a folder of YAML files, one per case. A case names a kind and gives objects of it, from which a whole set
 * of requests is derived (see requests.ts), or it lists single requests, or both. To add a kind, add a file.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { parse } from 'yaml';
import type { JsonObject, JsonValue } from '../../../src/api/json.ts';

/** JSON pointers with their new values. null removes the member; a pointer that ends in `/-` appends. */
export type Changes = Readonly<Record<string, JsonValue>>;

/** One request in a case file. */
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
  /** The name of a view (views.ts), which selects what is kept of the answer's body. Default: everything. */
  readonly view?: string;
  /** A watch: ends after the first event with this text. */
  readonly until?: string;
  /** True: managed fields are compared too. */
  readonly managedFields?: boolean;
}

export interface OracleCase {
  /** The file's name. */
  readonly name: string;
  /** Path of the collection. */
  readonly collection?: string;
  /** A small valid object, so that its defaults show. */
  readonly object?: JsonObject;
  /** Objects that must exist beforehand, with their collections. */
  readonly before?: readonly {
    readonly collection: string;
    readonly object: JsonObject;
    /** What a watch of the object has to show before the next request is sent. */
    readonly until?: string;
  }[];
  /** What a watch of the created object has to show before it is read. */
  readonly settles?: string;
  /** A change that an update may make. Default: a label. */
  readonly update?: Changes;
  /** A change of the status, when the kind has one. */
  readonly status?: Changes;
  readonly scale?: boolean;
  /** A deleted object stays until a controller has acted, which never happens here. */
  readonly lingers?: boolean;
  /** A JSON patch, a merge patch and a strategic merge patch, in addition to those that every kind is sent. */
  readonly patches?: { readonly json?: JsonValue; readonly merge?: JsonValue; readonly strategic?: JsonValue; readonly apply?: JsonObject };
  /** More valid objects, as changes of `object`. */
  readonly valid?: Readonly<Record<string, Changes>>;
  readonly invalid?: Readonly<Record<string, Changes>>;
  /** Updates that change fields, whether or not they may change. */
  readonly updates?: Readonly<Record<string, Changes>>;
  readonly statusUpdates?: Readonly<Record<string, Changes>>;
  /** Requests to send while the object exists. */
  readonly requests?: readonly CaseRequest[];
}

const members = new Set([
  ...[
    'collection',
    'object',
    'before',
    'settles',
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

/** Run before the others, which make namespaces and kinds that these would show; the last of them first. */
const first: readonly string[] = ['openapi.yaml', 'discovery.yaml', 'namespaces.yaml'];

/** Every case of the corpus, in the order in which they are sent. Throws on an unknown member. */
export function loadCases(folder: string = join(oracleFolder, 'cases')): readonly OracleCase[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.yaml'))
    .toSorted((a, b) => first.lastIndexOf(b) - first.lastIndexOf(a) || (a < b ? -1 : 1))
    .map((file) => {
      // The files belong to the project; the code that uses them checks their content.
      const content = parse(readFileSync(join(folder, file), 'utf8')) as Omit<OracleCase, 'name'>;
      const unknown = Object.keys(content).find((member) => !members.has(member));
      if (unknown !== undefined) throw new Error(`${file}: no case has a member "${unknown}"`);
      return { name: basename(file, '.yaml'), ...content };
    });
}

/** A copy with the changes applied. Throws when a pointer leads nowhere. */
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
