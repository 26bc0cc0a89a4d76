/** Create-, Update- and PatchOptions of a request. Source: apimachinery pkg/apis/meta/v1/validation/validation.go. */
import { type FieldError, FieldPath, fieldErrors } from '../../../api/field-error.ts';
import type { PatchType } from '../../../api/request-options.ts';
import { statusErrors } from '../../../api/status-error.ts';
import type { MutateOptions } from '../../registry/registry.ts';
import type { Exchange } from '../exchange.ts';
import { boolParam } from './query-values.ts';

const maxFieldManagerBytes = 128;
const at = (name: string): FieldPath => FieldPath.root.field(name);

export function dryRunErrors(values: readonly string[]): readonly FieldError[] {
  const bad = values.filter((value) => value !== 'All');
  return bad.length === 0 ? [] : [fieldErrors.notSupported(at('dryRun'), [...new Set(values)], ['All'])];
}

/** Checks the name of a field manager: printable, at most 128 bytes. */
function fieldManagerErrors(manager: string): readonly FieldError[] {
  const errors: FieldError[] = [];
  if (Buffer.byteLength(manager) > maxFieldManagerBytes) errors.push(fieldErrors.tooLong(at('fieldManager'), maxFieldManagerBytes));
  let position = 0;
  for (const char of manager) {
    if (!/^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u.test(char)) {
      const code = (char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
      errors.push(fieldErrors.invalid(at('fieldManager'), manager, `invalid character U+${code} (at position ${position})`));
    }
    position += Buffer.byteLength(char);
  }
  return errors;
}

const directives = ['Ignore', 'Warn', 'Strict'] as const;
const isDirective = (text: string): text is MutateOptions['fieldValidation'] => directives.some((directive) => directive === text);

/**
 * The field manager; by default the user agent up to its first slash, as upstream. Source: handlers/create.go,
 * managerOrUserAgent.
 */
function managerOf(manager: string, userAgent: string): string {
  if (manager !== '') return manager;
  const slash = userAgent.indexOf('/');
  const first = slash < 0 ? userAgent : userAgent.slice(0, slash);
  const printable = /^[\x20-\x7e]*$/.test(first)
    ? first
    : [...first].filter((char) => /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u.test(char)).join('');
  return printable.slice(0, maxFieldManagerBytes);
}

/** Reads and checks the options of a write; `patch` is set for patches. Throws 422. */
export function mutateOptions(
  exchange: Exchange,
  kind: 'CreateOptions' | 'UpdateOptions' | 'PatchOptions',
  patch?: PatchType,
): MutateOptions {
  if (exchange.search === '' && patch !== 'apply') {
    return { dryRun: false, fieldManager: managerOf('', exchange.userAgent), fieldValidation: 'Warn' };
  }
  const { query } = exchange;
  const dryRun = query.getAll('dryRun').filter((value) => value !== '');
  const manager = query.get('fieldManager') ?? '';
  const validation = query.get('fieldValidation') ?? '';
  const errors: FieldError[] = [];
  if (patch === 'apply' && manager === '') errors.push(fieldErrors.required(at('fieldManager'), 'is required for apply patch'));
  if (patch !== undefined && patch !== 'apply' && query.has('force')) {
    errors.push(fieldErrors.forbidden(at('force'), 'may not be specified for non-apply patch'));
  }
  errors.push(...fieldManagerErrors(manager), ...dryRunErrors(dryRun));
  if (validation !== '' && !isDirective(validation)) {
    errors.push(fieldErrors.notSupported(at('fieldValidation'), validation, ['', 'Ignore', 'Strict', 'Warn']));
  }
  if (errors.length > 0) throw statusErrors.invalid({ group: 'meta.k8s.io', kind }, '', errors);
  return {
    dryRun: dryRun.length > 0,
    fieldManager: managerOf(manager, exchange.userAgent),
    fieldValidation: isDirective(validation) ? validation : 'Warn',
  };
}

/** `?force=` of server-side apply. */
export const forceParam = (exchange: Exchange): boolean => boolParam(exchange, 'force') ?? false;
