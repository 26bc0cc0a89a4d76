/**
 * What a check of a value against a schema has found. Source: kube-openapi pkg/validation/{errors,validate/result}.go.
 */
import { type FieldError, type FieldPath, fieldErrors } from '../field-error.ts';
import type { JsonValue } from '../json.ts';

export type ValueErrorType =
  | 'type'
  | 'required'
  | 'too-long'
  | 'enum'
  | 'too-many-items'
  | 'too-many-properties'
  /** Any other constraint. */
  | 'constraint'
  /** Of the whole object: the error names no field. */
  | 'schema';

/** One complaint, in kube-openapi's words. */
export interface ValueError {
  readonly type: ValueErrorType;
  /** The path of the value, e.g. `spec.list[0]`; a member of the root begins with a dot, or not. */
  readonly path: string;
  readonly message: string;
  readonly value?: JsonValue;
  /** The limit that was exceeded. */
  readonly limit?: number;
  readonly allowed?: readonly JsonValue[];
}

export class ValueResult {
  readonly #errors = new Map<string, ValueError>();
  /** How many checks were made; tells which alternative of an `anyOf` comes nearest. */
  matches = 0;

  get valid(): boolean {
    return this.#errors.size === 0;
  }

  get errors(): readonly ValueError[] {
    return [...this.#errors.values()];
  }

  /** The same message is kept once. */
  add(error: ValueError): void {
    if (!this.#errors.has(error.message)) this.#errors.set(error.message, error);
  }

  merge(other: ValueResult): void {
    if (other.#errors.size > 0) for (const error of other.#errors.values()) this.add(error);
    this.matches += other.matches;
  }
}

const texts = (allowed: readonly JsonValue[]): readonly string[] =>
  allowed.map((value) => (typeof value === 'string' ? value : JSON.stringify(value)));

/** Source: apiextensions-apiserver pkg/apiserver/validation/validation.go (kubeOpenAPIResultToFieldErrors). */
export function toFieldError({ type, path, message, value, limit = -1, allowed = [] }: ValueError, base: FieldPath): FieldError {
  const name = path.startsWith('.') ? path.slice(1) : path;
  const at = name === '' || type === 'schema' ? base : base.field(name);
  switch (type) {
    case 'required':
      return fieldErrors.required(at);
    case 'enum':
      return fieldErrors.notSupported(at, value ?? null, texts(allowed));
    case 'too-long':
      return fieldErrors.tooLong(at, limit);
    case 'too-many-items':
    case 'too-many-properties':
      return fieldErrors.tooMany(at, Number(value), limit);
    case 'type':
      return fieldErrors.typeInvalid(at, value ?? '', message);
    default:
      return fieldErrors.invalid(at, value ?? '', message);
  }
}
