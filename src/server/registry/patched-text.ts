/**
 * A patched object as upstream prints it: fields in their order, but sorted in those objects that the patch went into.
 * Source: gopkg.in/evanphx/json-patch.v4 (patch.go, merge.go), which decodes only these. Custom resources are maps in
 * Go, which are always written sorted.
 */
import type { JsonObject, JsonValue } from '../../api/json.ts';
import type { PatchRequest } from './registry.ts';

/** The objects that a patch goes into, below one of them. */
type Entered = ReadonlyMap<string, Entered>;

const isObject = (value: JsonValue | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const enteredByMerge = (patch: JsonObject): Entered =>
  new Map(Object.entries(patch).flatMap(([name, value]) => (isObject(value) ? [[name, enteredByMerge(value)] as const] : [])));

function enteredByOperations(operations: JsonValue): Entered {
  type Open = Map<string, Open>;
  const root: Open = new Map();
  for (const operation of Array.isArray(operations) ? operations : []) {
    for (const pointer of isObject(operation) ? [operation.path, operation.from] : []) {
      let open = root;
      for (const token of typeof pointer === 'string' ? pointer.split('/').slice(1, -1) : []) {
        const name = token.replaceAll('~1', '/').replaceAll('~0', '~');
        const next: Open = open.get(name) ?? new Map();
        open.set(name, next);
        open = next;
      }
    }
  }
  return root;
}

function textOf(value: JsonValue | undefined, entered: Entered | 'all' | undefined): string {
  if (entered === undefined) return JSON.stringify(value);
  const inside = (name: string): Entered | 'all' | undefined => (entered === 'all' ? entered : entered.get(name));
  if (Array.isArray(value)) return `[${value.map((item, i) => textOf(item, inside(String(i)))).join(',')}]`;
  if (!isObject(value)) return JSON.stringify(value);
  const fields = Object.keys(value).filter((name) => value[name] !== undefined);
  return `{${fields
    .toSorted()
    .map((name) => `${JSON.stringify(name)}:${textOf(value[name], inside(name))}`)
    .join(',')}}`;
}

function enteredBy({ type, body }: Pick<PatchRequest, 'type' | 'body'>): Entered {
  if (type === 'json') return enteredByOperations(body);
  return isObject(body) ? enteredByMerge(body) : new Map();
}

/** The text of an object after a JSON patch or a merge patch. `custom`: whether it is a custom resource. */
export function patchedText(patched: JsonObject, patch: Pick<PatchRequest, 'type' | 'body'>, custom: boolean): string {
  // Go escapes what HTML would read.
  return textOf(patched, custom ? 'all' : enteredBy(patch)).replace(/[<>&]/g, (char) => `\\u00${char.charCodeAt(0).toString(16)}`);
}
