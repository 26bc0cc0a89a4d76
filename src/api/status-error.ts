/**
 * API errors: one class, one constructor per reason, one predicate per reason.
 * Source: apimachinery pkg/api/errors/errors.go; pkg/apis/meta/v1/types.go (StatusReason).
 */
import { errorText } from './error-text.ts';
import { type FieldError, maxFieldErrors, renderFieldError, shortened } from './field-error.ts';

export interface StatusCause {
  readonly reason?: string | undefined;
  readonly message?: string | undefined;
  readonly field?: string | undefined;
}

export interface StatusDetails {
  readonly name?: string | undefined;
  readonly group?: string | undefined;
  readonly kind?: string | undefined;
  readonly uid?: string | undefined;
  readonly causes?: readonly StatusCause[] | undefined;
  readonly retryAfterSeconds?: number | undefined;
}

/** The wire object of an error (or of a successful delete). */
export interface Status {
  readonly kind: 'Status';
  readonly apiVersion: 'v1';
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly status: 'Success' | 'Failure';
  readonly message?: string | undefined;
  readonly reason?: string | undefined;
  readonly details?: StatusDetails | undefined;
  readonly code?: number | undefined;
}

/** Group and plural resource name, printed as upstream's GroupResource: `pods`, `deployments.apps`. */
export interface GroupResource {
  readonly group: string;
  readonly resource: string;
}

/** Group and kind name, printed as `Pod`, `Deployment.apps`. */
export interface GroupKind {
  readonly group: string;
  readonly kind: string;
}

const dotted = (name: string, group: string): string => (group === '' ? name : `${name}.${group}`);
const gr = (r: GroupResource): string => dotted(r.resource, r.group);
const gk = (k: GroupKind): string => dotted(k.kind, k.group);

/** An error that is meant for the client. Anything else that is thrown is a bug and is answered with 500. */
export class StatusError extends Error {
  readonly status: Status;

  constructor(
    status: Omit<Status, 'kind' | 'apiVersion' | 'metadata' | 'status'> & { readonly metadata?: Status['metadata'] },
    options?: ErrorOptions,
  ) {
    super(status.message ?? status.reason ?? 'unknown error', options);
    this.name = 'StatusError';
    const { metadata = {}, message, reason, details, code } = status;
    this.status = {
      ...{ kind: 'Status', apiVersion: 'v1', metadata, status: 'Failure' },
      ...(message === undefined ? {} : { message }),
      ...(reason === undefined ? {} : { reason }),
      ...(details === undefined ? {} : { details }),
      ...(code === undefined ? {} : { code }),
    };
  }

  get code(): number {
    return this.status.code ?? 500;
  }

  get reason(): string {
    return this.status.reason ?? '';
  }
}

const details = (r: GroupResource, name: string, more: Partial<StatusDetails> = {}): StatusDetails => ({
  ...(name === '' ? {} : { name }),
  ...(r.group === '' ? {} : { group: r.group }),
  kind: r.resource,
  ...more,
});

export const statusErrors = {
  notFound: (r: GroupResource, name: string): StatusError =>
    new StatusError({ code: 404, reason: 'NotFound', message: `${gr(r)} ${JSON.stringify(name)} not found`, details: details(r, name) }),
  /** A path or resource type that this server does not serve. */
  noSuchResource: (): StatusError =>
    new StatusError({ code: 404, reason: 'NotFound', message: 'the server could not find the requested resource', details: {} }),
  /** A method that is not supported at a path that supports others. Source: errors.go, NewGenericServerResponse. */
  methodNotAllowed: (): StatusError =>
    new StatusError({
      code: 405,
      reason: 'MethodNotAllowed',
      message: 'the server does not allow this method on the requested resource',
      details: {},
    }),
  alreadyExists: (r: GroupResource, name: string): StatusError =>
    new StatusError({
      code: 409,
      reason: 'AlreadyExists',
      message: `${gr(r)} ${JSON.stringify(name)} already exists`,
      details: details(r, name),
    }),
  generateNameConflict: (r: GroupResource, name: string): StatusError =>
    new StatusError({
      code: 409,
      reason: 'AlreadyExists',
      message: `${gr(r)} ${JSON.stringify(name)} already exists, the server was not able to generate a unique name for the object`,
      details: details(r, name, { retryAfterSeconds: 1 }),
    }),
  conflict: (r: GroupResource, name: string, cause: string): StatusError =>
    new StatusError({
      code: 409,
      reason: 'Conflict',
      message: `Operation cannot be fulfilled on ${gr(r)} ${JSON.stringify(name)}: ${cause}`,
      details: details(r, name),
    }),
  /** The optimistic-concurrency conflict, with upstream's text. */
  modified: (r: GroupResource, name: string): StatusError =>
    statusErrors.conflict(r, name, 'the object has been modified; please apply your changes to the latest version and try again'),
  /** Identical errors are reported once, as upstream. */
  invalid: (k: GroupKind, name: string, all: readonly FieldError[]): StatusError => {
    const errors = all.length <= maxFieldErrors ? all : all.slice(0, maxFieldErrors);
    const rendered = [...new Set(errors.map(renderFieldError))];
    if (errors.length < all.length) rendered.push('too many errors');
    const text = rendered.length === 1 ? (rendered[0] ?? '') : `[${rendered.join(', ')}]`;
    return new StatusError({
      code: 422,
      reason: 'Invalid',
      message: `${gk(k)} ${JSON.stringify(name)} is invalid: ${shortened(text)}`,
      details: {
        ...(name === '' ? {} : { name }),
        ...(k.group === '' ? {} : { group: k.group }),
        ...(k.kind === '' ? {} : { kind: k.kind }),
        causes: errors.map((e) => ({ reason: e.type, message: e.message, field: e.field })),
      },
    });
  },
  badRequest: (message: string): StatusError => new StatusError({ code: 400, reason: 'BadRequest', message }),
  unauthorized: (): StatusError => new StatusError({ code: 401, reason: 'Unauthorized', message: 'Unauthorized' }),
  forbidden: (r: GroupResource, name: string, cause: string): StatusError =>
    new StatusError({
      code: 403,
      reason: 'Forbidden',
      message: name === '' ? `${gr(r)} is forbidden: ${cause}` : `${gr(r)} ${JSON.stringify(name)} is forbidden: ${cause}`,
      details: details(r, name),
    }),
  methodNotSupported: (r: GroupResource, action: string): StatusError =>
    new StatusError({
      code: 405,
      reason: 'MethodNotAllowed',
      message: `${action} is not supported on resources of kind ${JSON.stringify(gr(r))}`,
      details: details(r, ''),
    }),
  notAcceptable: (message: string): StatusError => new StatusError({ code: 406, reason: 'NotAcceptable', message }),
  unsupportedMediaType: (message: string): StatusError => new StatusError({ code: 415, reason: 'UnsupportedMediaType', message }),
  /** A resourceVersion or continue token older than the change log. */
  expired: (message: string): StatusError => new StatusError({ code: 410, reason: 'Expired', message }),
  tooLargeResourceVersion: (requested: number, current: number): StatusError =>
    new StatusError({
      code: 504,
      reason: 'Timeout',
      message: `Timeout: Too large resource version: ${requested}, current: ${current}`,
      details: { causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }], retryAfterSeconds: 1 },
    }),
  requestEntityTooLarge: (message: string): StatusError => new StatusError({ code: 413, reason: 'RequestEntityTooLarge', message }),
  tooManyRequests: (message: string, retryAfterSeconds: number): StatusError =>
    new StatusError({ code: 429, reason: 'TooManyRequests', message, details: { retryAfterSeconds } }),
  timeout: (message: string, retryAfterSeconds: number): StatusError =>
    new StatusError({ code: 504, reason: 'Timeout', message: `Timeout: ${message}`, details: { retryAfterSeconds } }),
  serviceUnavailable: (message: string): StatusError => new StatusError({ code: 503, reason: 'ServiceUnavailable', message }),
  internal: (cause: unknown): StatusError => {
    const text = errorText(cause);
    return new StatusError(
      { code: 500, reason: 'InternalError', message: `Internal error occurred: ${text}`, details: { causes: [{ message: text }] } },
      { cause },
    );
  },
} as const;

const has =
  (reason: string) =>
  (error: unknown): boolean =>
    error instanceof StatusError && error.reason === reason;

export const isNotFound: (error: unknown) => boolean = has('NotFound');
export const isAlreadyExists: (error: unknown) => boolean = has('AlreadyExists');
export const isConflict: (error: unknown) => boolean = has('Conflict');
export const isInvalid: (error: unknown) => boolean = has('Invalid');

export const isExpired: (error: unknown) => boolean = (error) =>
  error instanceof StatusError && (error.reason === 'Expired' || error.reason === 'Gone');
