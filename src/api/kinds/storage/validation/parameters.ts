/** Parameters of classes of volumes. Source: pkg/apis/storage/validation/validation.go (validateParameters). */
import { type FieldError, type FieldPath, fieldErrors } from '../../../field-error.ts';
import { byteLength, type Errors } from '../../../validation/common.ts';

const maxParameters = 512;
const maxBytes = 256 * 1024;

/** Parameters must have names; all of them together are limited in number and size. */
export function parametersErrors(parameters: Readonly<Record<string, string>> | undefined, at: FieldPath): Errors {
  const entries = Object.entries(parameters ?? {});
  if (entries.length > maxParameters) return [fieldErrors.tooLong(at, maxParameters)];
  const errors: FieldError[] = entries.some(([name]) => name === '') ? [fieldErrors.invalid(at, '', 'field can not be empty.')] : [];
  let total = 0;
  for (const [name, value] of entries) total += byteLength(name) + byteLength(value);
  if (total > maxBytes) errors.push(fieldErrors.tooLong(at, maxBytes));
  return errors;
}
