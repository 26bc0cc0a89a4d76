/**
 * Field errors: what validation returns (it never throws), with upstream's wording.
 * Source: apimachinery pkg/util/validation/field/{errors,path}.go
 */

/** A position inside an object, printed as `spec.containers[0].name` or `metadata.labels[app]`. Immutable. */
export class FieldPath {
  readonly #text: string;
  private constructor(text: string) {
    this.#text = text;
  }

  /** The object itself; prints as the empty string until a field is added. */
  static readonly root: FieldPath = new FieldPath('');

  /** The path of a nested field, by its JSON names. */
  field(...names: readonly string[]): FieldPath {
    let text = this.#text;
    for (const name of names) text = text === '' ? name : `${text}.${name}`;
    return new FieldPath(text);
  }

  /** The path of a list item. */
  index(position: number): FieldPath {
    return new FieldPath(`${this.#text}[${position}]`);
  }

  /** The path of a map entry, or of a list item named by its key. */
  key(name: string): FieldPath {
    return new FieldPath(`${this.#text}[${name}]`);
  }

  toString(): string {
    return this.#text === '' ? '<nil>' : this.#text;
  }
}

/** The machine-readable kinds of field error; they become `Status.details.causes[].reason`. */
export type FieldErrorType =
  | 'FieldValueNotFound'
  | 'FieldValueRequired'
  | 'FieldValueDuplicate'
  | 'FieldValueInvalid'
  | 'FieldValueNotSupported'
  | 'FieldValueForbidden'
  | 'FieldValueTooLong'
  | 'FieldValueTooMany'
  | 'InternalError'
  | 'FieldValueTypeInvalid';

/** One thing wrong with one field. `message` is what a user reads, without the field's name in front. */
export interface FieldError {
  readonly type: FieldErrorType;
  readonly field: string;
  /** e.g. `Invalid value: "Foo": must be lower case`. */
  readonly message: string;
}

/**
 * Longest value in a message, in characters. Differs: upstream prints whole values, so its error can be many times as
 * large as the request.
 */
const maxShown = 32 * 1024;

/** A text for a message, cut when it is too long for one. */
export const shortened = (text: string): string => (text.length <= maxShown ? text : `${text.slice(0, maxShown).toWellFormed()}...`);

/** Thrown to stop JSON.stringify once enough has been rendered. */
class EnoughShown extends Error {}

/** A value as JSON. Stops reading a large value once there is as much text as is shown. */
function boundedJson(value: unknown): string {
  let budget = maxShown;
  try {
    return (
      JSON.stringify(value, (_key, item: unknown) => {
        budget -= typeof item === 'string' ? item.length + 1 : 1;
        if (budget < 0) throw new EnoughShown();
        return item;
      }) ?? 'null'
    );
  } catch (error) {
    if (error instanceof EnoughShown) return '...';
    throw error;
  }
}

/** As Go writes JSON. */
export const escapedForHtml = (json: string): string => json.replace(/[<>&]/g, (char) => `\\u00${char.charCodeAt(0).toString(16)}`);

/** Renders a bad value as upstream's `ErrorBody` does: strings quoted, objects as JSON, absent as `null`. */
export function renderBadValue(value: unknown): string {
  if (value === undefined || value === null) return 'null';
  return typeof value === 'object' ? escapedForHtml(boundedJson(value)) : shortened(JSON.stringify(value));
}

/** The most errors reported for one object; checks of long lists stop here. Differs: upstream reports all errors. */
export const maxFieldErrors = 256;

const withDetail = (head: string, detail: string): string => (detail === '' ? head : `${head}: ${detail}`);

/** The message is built when it is first read, because only the first of very many errors are reported. */
const fieldError = (type: FieldErrorType, at: FieldPath, message: () => string): FieldError => ({
  type,
  field: at.toString(),
  get message() {
    return message();
  },
});

/** The constructors, one per type, as in upstream's `field` package. */
export const fieldErrors = {
  notFound: (at: FieldPath, value: unknown): FieldError =>
    fieldError('FieldValueNotFound', at, () => `Not found: ${renderBadValue(value)}`),
  required: (at: FieldPath, detail = ''): FieldError => fieldError('FieldValueRequired', at, () => withDetail('Required value', detail)),
  duplicate: (at: FieldPath, value: unknown): FieldError =>
    fieldError('FieldValueDuplicate', at, () => `Duplicate value: ${renderBadValue(value)}`),
  /** Of an object or a list that is not shown. */
  duplicateWhole: (at: FieldPath): FieldError => fieldError('FieldValueDuplicate', at, () => 'Duplicate value'),
  invalid: (at: FieldPath, value: unknown, detail: string): FieldError =>
    fieldError('FieldValueInvalid', at, () => withDetail(`Invalid value: ${renderBadValue(value)}`, detail)),
  /** The same, for values that are too long or too secret to print. */
  invalidOmitted: (at: FieldPath, detail: string): FieldError =>
    fieldError('FieldValueInvalid', at, () => withDetail('Invalid value', detail)),
  /** Of an object or a list that is not shown. */
  invalidWhole: (at: FieldPath, detail: string): FieldError =>
    fieldError('FieldValueInvalid', at, () => withDetail('Invalid value', detail)),
  typeInvalid: (at: FieldPath, value: unknown, detail: string): FieldError =>
    fieldError('FieldValueTypeInvalid', at, () => withDetail(`Invalid value: ${renderBadValue(value)}`, detail)),
  notSupported: (at: FieldPath, value: unknown, supported: readonly string[]): FieldError =>
    fieldError('FieldValueNotSupported', at, () =>
      withDetail(
        `Unsupported value: ${renderBadValue(value)}`,
        supported.length === 0 ? '' : `supported values: ${supported.map((s) => JSON.stringify(s)).join(', ')}`,
      ),
    ),
  forbidden: (at: FieldPath, detail: string): FieldError => fieldError('FieldValueForbidden', at, () => withDetail('Forbidden', detail)),
  tooLong: (at: FieldPath, maxBytes: number): FieldError =>
    fieldError('FieldValueTooLong', at, () => `Too long: may not be more than ${maxBytes} bytes`),
  tooMany: (at: FieldPath, actual: number, max: number): FieldError =>
    fieldError('FieldValueTooMany', at, () => `Too many: ${actual}: must have at most ${max} item${max === 1 ? '' : 's'}`),
  internal: (at: FieldPath, cause: string): FieldError => fieldError('InternalError', at, () => `Internal error: ${cause}`),
} as const;

/** One error as upstream prints it: `spec.replicas: Invalid value: -1: must be greater than or equal to 0`. */
export function renderFieldError(error: FieldError): string {
  return error.field === '' ? error.message : `${error.field}: ${error.message}`;
}
