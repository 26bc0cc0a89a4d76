/**
 * JSON patch (RFC 6902) with the server's limits and errors. Source: apiserver pkg/endpoints/handlers/patch.go,
 * jsonPatcher.
 */
import jsonPatch, { type Operation } from 'fast-json-patch';
import type { JsonObject, JsonValue } from '../json.ts';
import { StatusError, statusErrors } from '../status-error.ts';
import { copyObject } from './mutable-json.ts';
import { unprocessable } from './patch-error.ts';

const maxOperations = 10_000;
/**
 * How many bytes of JSON all copies of one patch may add: the limit of a request's body. Source: apiserver
 * pkg/server/config.go (JSONPatchMaxCopyBytes).
 */
const maxCopiedBytes = 3 * 1024 * 1024;
const operations: ReadonlySet<unknown> = new Set(['add', 'remove', 'replace', 'move', 'copy', 'test']);

function isOperation(item: JsonValue): boolean {
  if (typeof item !== 'object' || item === null || Array.isArray(item)) return false;
  const { op, path } = item as JsonObject;
  return operations.has(op) && typeof path === 'string';
}

/** A `test` of the patch does not hold. */
export class PatchTestFailed extends StatusError {
  constructor() {
    super(unprocessable().status);
  }
}

/**
 * Applies a JSON patch; neither argument is changed. Throws StatusError: 400 when it is no list of objects, 413 above
 * 10,000 operations, 422 when an operation is unknown, its path does not exist, a test fails or the copies grow too
 * large.
 */
export function applyJsonPatch(document: JsonObject, patch: JsonValue): JsonObject {
  if (!Array.isArray(patch)) {
    const what = patch === null ? 'null' : typeof patch === 'object' ? 'object' : typeof patch === 'boolean' ? 'bool' : typeof patch;
    throw statusErrors.badRequest(`json: cannot unmarshal ${what} into Go value of type jsonpatch.Patch`);
  }
  if (patch.length > maxOperations) {
    throw statusErrors.requestEntityTooLarge(`The allowed maximum operations in a JSON patch is ${maxOperations}, got ${patch.length}`);
  }
  if (!patch.every(isOperation)) throw unprocessable();
  // Each item was checked to be an operation; the library checks the rest (validate on).
  const patched = applyAll(copyObject(document), patch as Operation[]);
  if (typeof patched !== 'object' || patched === null || Array.isArray(patched)) throw unprocessable();
  // The document was JSON and so are the values that the patch put into it.
  return patched as JsonObject;
}

/**
 * Applies one operation after the other, so that the size of a copy is checked before it is made. Source:
 * evanphx/json-patch v4 patch.go (copy).
 */
function applyAll(document: unknown, patch: readonly Operation[]): unknown {
  let patched = document;
  let copied = 0;
  try {
    for (const operation of patch) {
      if (operation.op === 'copy') {
        copied += Buffer.byteLength(JSON.stringify(jsonPatch.getValueByPointer(patched, operation.from)) ?? '');
        if (copied > maxCopiedBytes) throw unprocessable();
      }
      const lenient = asGoReads(patched, operation);
      if (lenient !== undefined) patched = jsonPatch.applyOperation(patched, lenient, true).newDocument;
    }
  } catch (error) {
    if (error instanceof jsonPatch.JsonPatchError && error.name === 'TEST_OPERATION_FAILED') throw new PatchTestFailed();
    if (error instanceof jsonPatch.JsonPatchError || error instanceof TypeError) throw unprocessable();
    throw error;
  }
  return patched;
}

/**
 * Go's library does not tell a member that is missing from one that is null: `replace` adds it, and a test for null
 * succeeds (undefined: nothing is left to do). Source: evanphx/json-patch v4 patch.go (partialDoc.get, replace, test).
 */
function asGoReads(document: unknown, operation: Operation): Operation | undefined {
  if (operation.op !== 'replace' && operation.op !== 'test') return operation;
  const slash = operation.path.lastIndexOf('/');
  if (slash === -1) return operation;
  const parent: unknown = jsonPatch.getValueByPointer(document, operation.path.slice(0, slash));
  if (typeof parent !== 'object' || parent === null || Array.isArray(parent)) return operation;
  if (Object.hasOwn(parent, jsonPatch.unescapePathComponent(operation.path.slice(slash + 1)))) return operation;
  if (operation.op === 'replace') return { ...operation, op: 'add' };
  return operation.value === null ? undefined : operation;
}
