/**
 * Errors of the patch algorithms. Source: apimachinery pkg/util/mergepatch/errors.go; apiserver
 * pkg/endpoints/handlers/patch.go.
 */
import { StatusError, statusErrors } from '../status-error.ts';
import { goFormat, type Mutable, type MutableObject } from './mutable-json.ts';

/**
 * A patch that cannot be applied or made, with upstream's message. `code` is the HTTP status the server answers with.
 */
export class PatchError extends Error {
  override readonly name: string = 'PatchError';
  readonly code: 400 | 422 | 500;

  constructor(code: 400 | 422 | 500, message: string) {
    super(message);
    this.code = code;
  }
}

/** A three-way patch that would overwrite what someone else changed. */
export class PatchConflictError extends PatchError {
  override readonly name: string = 'PatchConflictError';

  constructor(patch: MutableObject, changed: MutableObject) {
    const text = (value: MutableObject): string => JSON.stringify(value, undefined, 2);
    super(500, `patch:\n${text(patch)}\nconflicts with changes made from original to current:\n${text(changed)}\n`);
  }
}

/** A patch that a precondition of the client refuses, e.g. one that changes a name. */
export class PatchPreconditionError extends PatchError {
  override readonly name: string = 'PatchPreconditionError';

  constructor(patch: MutableObject) {
    super(500, `precondition failed for: ${goFormat(patch)}`);
  }
}

/** Go's `%T` of decoded JSON. */
function goType(value: Mutable | undefined): string {
  if (value === undefined || value === null) return '<nil>';
  if (Array.isArray(value)) return '[]interface {}';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64';
  if (typeof value === 'boolean') return 'bool';
  return typeof value === 'string' ? 'string' : 'map[string]interface {}';
}

export const patchErrors = {
  noListOfLists: (): PatchError => new PatchError(422, 'lists of lists are not supported'),
  badPrimitiveList: (): PatchError => new PatchError(400, 'invalid patch format of primitive list'),
  badRetainKeys: (): PatchError => new PatchError(400, 'invalid patch format of retainKeys'),
  badSetElementOrder: (): PatchError => new PatchError(400, 'invalid patch format of setElementOrder list'),
  unsupportedStrategic: (): PatchError => new PatchError(400, 'strategic merge patch format is not supported'),
  badDocument: (): PatchError => new PatchError(400, 'invalid JSON document'),
  noMergeKey: (item: Mutable, key: string): PatchError =>
    new PatchError(500, `map: ${goFormat(item)} does not contain declared merge key: ${key}`),
  badArgument: (expected: 'map[string]interface {}' | '[]interface {}', actual: Mutable | undefined): PatchError =>
    new PatchError(500, `expected a ${expected}, but received a ${goType(actual)}`),
  badDirective: (directive: Mutable, map: MutableObject): PatchError =>
    new PatchError(500, `unknown patch type: ${goFormat(directive)} in map: ${goFormat(map)}`),
  other: (message: string): PatchError => new PatchError(500, message),
} as const;

/** The answer to a patch that is well-formed but does not fit. Source: NewGenericServerResponse for 422. */
export const unprocessable = (): StatusError =>
  new StatusError({ code: 422, reason: 'Invalid', message: 'the server rejected our request due to an error in our request', details: {} });

/** The Status that the server answers a PatchError with. */
export function patchStatus(error: PatchError): StatusError {
  if (error.code === 400) return statusErrors.badRequest(error.message);
  // Upstream has no status for the others, and answers with their text alone.
  return error.code === 422 ? unprocessable() : new StatusError({ code: 500, message: error.message }, { cause: error });
}
