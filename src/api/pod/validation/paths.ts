/** Paths inside volumes. Source: pkg/apis/core/validation/validation.go. */
import { type FieldPath, fieldErrors } from '../../field-error.ts';
import type { Errors } from '../../validation/common.ts';

/** A path without `..` elements. */
export const noBacksteps = (path: string, at: FieldPath): Errors =>
  path.split('/').includes('..') ? [fieldErrors.invalid(at, path, "must not contain '..'")] : [];

/** A relative path without `..` elements. */
export const descendingPath = (path: string, at: FieldPath): Errors => [
  ...(path.startsWith('/') ? [fieldErrors.invalid(at, path, 'must be a relative path')] : []),
  ...noBacksteps(path, at),
];

/** A relative path that neither contains nor starts with `..`: the kubelet reserves such names. */
export const localPath = (path: string, at: FieldPath): Errors => [
  ...descendingPath(path, at),
  ...(path.startsWith('..') && !path.startsWith('../') ? [fieldErrors.invalid(at, path, "must not start with '..'")] : []),
];

/** Permission bits. */
export const fileMode = (mode: number | undefined, at: FieldPath): Errors =>
  mode !== undefined && (mode < 0 || mode > 0o777)
    ? [fieldErrors.invalid(at, mode, 'must be a number between 0 and 0777 (octal), both inclusive')]
    : [];
