/** ConfigMaps and Secrets. Source: pkg/apis/core/validation/validation.go. */
import { base64ByteLength, fromBase64 } from '../../../base64.ts';
import { deepEqual } from '../../../deep-equal.ts';
import { type FieldError, type FieldPath, fieldErrors } from '../../../field-error.ts';
import type { ConfigMap, Secret } from '../../../generated/core/v1.ts';
import { goJsonError } from '../../../go-json-error.ts';
import { isConfigMapKey } from '../../../names.ts';
import { byteLength, type Errors, errorsOfEach, immutable, invalidEach } from '../../../validation/common.ts';

const maxBytes = 1024 * 1024;

/** All that is wrong with a config map: invalid keys, or more than 1 MiB of data. */
export function configMapErrors({ data = {}, binaryData = {} }: ConfigMap, at: FieldPath): Errors {
  const texts = Object.entries(data);
  const binaries = Object.entries(binaryData);
  const errors: FieldError[] = [
    ...errorsOfEach(texts, ([key]) => {
      const here = at.field('data').key(key);
      const twice = Object.hasOwn(binaryData, key) ? [fieldErrors.invalid(here, key, 'duplicate of key present in binaryData')] : [];
      return [...invalidEach(isConfigMapKey(key), key, here), ...twice];
    }),
    ...errorsOfEach(binaries, ([key]) => invalidEach(isConfigMapKey(key), key, at.field('binaryData').key(key))),
  ];
  let total = 0;
  for (const [, value] of texts) total += byteLength(value);
  for (const [, value] of binaries) total += base64ByteLength(value);
  // Upstream names no field here: the whole object is too long.
  if (total > maxBytes) errors.push({ ...fieldErrors.tooLong(at, maxBytes), field: '[]' });
  return errors;
}

interface MaybeImmutable {
  readonly immutable?: boolean | undefined;
}

function immutableErrors<T extends MaybeImmutable>(next: T, previous: T, fields: ReadonlyArray<keyof T & string>, at: FieldPath): Errors {
  if (previous.immutable !== true) return [];
  const forbid = (field: string): FieldError => fieldErrors.forbidden(at.field(field), 'field is immutable when `immutable` is set');
  return [
    ...(next.immutable === true ? [] : [forbid('immutable')]),
    ...fields.filter((field) => !deepEqual(next[field], previous[field])).map(forbid),
  ];
}

export const configMapUpdateErrors = (next: ConfigMap, previous: ConfigMap, at: FieldPath): Errors =>
  immutableErrors(next, previous, ['data', 'binaryData'], at);

const serviceAccountName = 'kubernetes.io/service-account.name';

function jsonErrors(base64: string | undefined, at: FieldPath): Errors {
  if (base64 === undefined) return [fieldErrors.required(at)];
  const refuse = (why: string): Errors => [fieldErrors.invalid(at, '<secret contents redacted>', why)];
  const text = fromBase64(base64) ?? '';
  if (text === '') return refuse('unexpected end of JSON input');
  try {
    const value: unknown = JSON.parse(text);
    const isMap = typeof value === 'object' && !Array.isArray(value);
    return isMap
      ? []
      : refuse(`json: cannot unmarshal ${Array.isArray(value) ? 'array' : typeof value} into Go value of type map[string]interface {}`);
  } catch (error) {
    return refuse(goJsonError(text, error));
  }
}

/** What each type of secret must hold. */
function typeErrors({ type, data = {}, metadata }: Secret, at: FieldPath): Errors {
  const here = at.field('data');
  const required = (...keys: readonly string[]): Errors =>
    keys.filter((key) => !Object.hasOwn(data, key)).map((key) => fieldErrors.required(here.key(key)));
  switch (type) {
    case 'kubernetes.io/service-account-token':
      return (metadata.annotations?.[serviceAccountName] ?? '') === ''
        ? [fieldErrors.required(at.field('metadata', 'annotations').key(serviceAccountName))]
        : [];
    case 'kubernetes.io/dockercfg':
      return jsonErrors(data['.dockercfg'], here.key('.dockercfg'));
    case 'kubernetes.io/dockerconfigjson':
      return jsonErrors(data['.dockerconfigjson'], here.key('.dockerconfigjson'));
    case 'kubernetes.io/basic-auth':
      return data.username === undefined && data.password === undefined ? required('username', 'password') : [];
    case 'kubernetes.io/ssh-auth':
      return (data['ssh-privatekey'] ?? '') === '' ? [fieldErrors.required(here.key('ssh-privatekey'))] : [];
    case 'kubernetes.io/tls':
      return required('tls.crt', 'tls.key');
    default:
      return [];
  }
}

/** All that is wrong with a secret: its keys, its size, and what its type requires. */
export function secretErrors(secret: Secret, at: FieldPath): Errors {
  const entries = Object.entries(secret.data ?? {});
  const total = entries.reduce((sum, [, value]) => sum + base64ByteLength(value), 0);
  return [
    ...entries.flatMap(([key]) => invalidEach(isConfigMapKey(key), key, at.field('data').key(key))),
    ...(total > maxBytes ? [fieldErrors.tooLong(at.field('data'), maxBytes)] : []),
    ...typeErrors(secret, at),
  ];
}

export const secretUpdateErrors = (next: Secret, previous: Secret, at: FieldPath): Errors => [
  ...immutable(next.type, previous.type, at.field('type')),
  ...immutableErrors(next, previous, ['data'], at),
];
