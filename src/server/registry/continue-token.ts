/**
 * The tokens that continue a list, in upstream's form. Source: apiserver pkg/storage/continue.go,
 * pkg/storage/etcd3/errors.go.
 */
import { goJsonError } from '../../api/go-json-error.ts';
import { StatusError, statusErrors } from '../../api/status-error.ts';

export interface Continuation {
  /** The revision to list; -1: the newest. */
  readonly revision: number;
  /** Key of the last object that was returned. */
  readonly after: string;
  /** When the list was begun, in milliseconds since the epoch; absent in tokens for the newest revision. */
  readonly begunMs?: number | undefined;
}

/**
 * How long the pages of one list can be had, in milliseconds. Upstream drops old revisions after that time; here they
 * may be kept for longer, but clients must not come to rely on it. Source: apiserver
 * pkg/storage/storagebackend/config.go (DefaultCompactInterval).
 */
const pagesLastMs = 300_000;

/** Whether a list was begun too long ago. */
export const isOutOfDate = ({ begunMs }: Continuation, nowMs: number): boolean => begunMs !== undefined && nowMs - begunMs > pagesLastMs;

/** Encodes where a list continues; `prefix` is left out of the token. */
export function encodeContinue({ revision, after, begunMs }: Continuation, prefix: string): string {
  const start = `${after.slice(prefix.length)}\u0000`;
  return Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv: revision, start, begun: begunMs })).toString('base64url');
}

/** Decodes a token for a list of keys under `prefix`. Throws StatusError (400). */
export function decodeContinue(token: string, prefix: string): Continuation {
  const { v, rv, start, begun } = parse(token);
  if (v !== 'meta.k8s.io/v1') throw bad(`continue key is not valid: server does not recognize this encoded version ${String(v ?? '')}`);
  if (typeof rv !== 'number' || !Number.isSafeInteger(rv) || rv === 0) {
    throw bad('continue key is not valid: incorrect encoded start resourceVersion (version meta.k8s.io/v1)');
  }
  if (typeof start !== 'string' || start === '') throw bad('continue key is not valid: encoded start key empty (version meta.k8s.io/v1)');
  // A token must not reach outside the prefix for which it was made.
  if (start.split('/').some((part) => part === '' || part === '.' || part === '..')) throw bad(`continue key is not valid: ${start}`);
  const begunMs = typeof begun === 'number' ? begun : undefined;
  return { revision: rv, after: prefix + (start.endsWith('\u0000') ? start.slice(0, -1) : start), begunMs };
}

const bad = (message: string): StatusError => statusErrors.badRequest(`invalid continue token: ${message}`);

/** Position at which Go's base64 decoder stops; -1 when the token is valid base64. */
function illegalAt(token: string): number {
  const at = token.search(/[^\w\-\r\n]/);
  return at === -1 && token.replace(/[\r\n]/g, '').length % 4 === 1 ? token.length - 1 : at;
}

function parse(token: string): { readonly v?: unknown; readonly rv?: unknown; readonly start?: unknown; readonly begun?: unknown } {
  const illegal = illegalAt(token);
  if (illegal !== -1) throw bad(`continue key is not valid: illegal base64 data at input byte ${illegal}`);
  const text = Buffer.from(token, 'base64url').toString('utf8');
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value;
  } catch (error) {
    throw bad(`continue key is not valid: ${goJsonError(text, error)}`);
  }
  throw bad('continue key is not valid');
}

const inconsistent =
  'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.';

/**
 * The error for a token whose revision has been compacted. It carries a new token that continues with the newest state.
 */
export function expiredContinue(after: string, prefix: string): StatusError {
  const metadata = { continue: encodeContinue({ revision: -1, after }, prefix) };
  return new StatusError({ code: 410, reason: 'Expired', message: inconsistent, metadata });
}

/** The error for an exact list at a revision that has been compacted. */
export const expiredList = (): StatusError => statusErrors.expired('The resourceVersion for the provided list is too old.');
