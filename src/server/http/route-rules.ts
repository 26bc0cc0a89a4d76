/**
 * The requests that upstream's router refuses before it calls a handler: by method, media type of the body, and
 * accepted media types. Source: go-restful jsr311.go (detectRoute), route.go; apiserver pkg/endpoints/installer.go,
 * pkg/server/handler.go (serviceErrorHandler).
 */
import { StatusError, statusErrors } from '../../api/status-error.ts';
import type { Exchange } from './exchange.ts';

const objectTypes: readonly string[] = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf'];
const streamTypes: readonly string[] = ['application/json;stream=watch', 'application/vnd.kubernetes.protobuf;stream=watch'];

/** The media types that each kind of route produces. */
export const routeTypes = {
  object: objectTypes,
  /** Collections can be watched, so they also produce streams. */
  collection: [...objectTypes, ...streamTypes],
  log: ['text/plain', ...objectTypes],
} as const;

/** The media types in a header, without parameters. */
const namesIn = (header: string): readonly string[] => header.split(',').map((part) => (part.split(';', 1)[0] ?? '').trim());

const routerError = (code: number, reason: string, message: string): StatusError => new StatusError({ code, reason, message, details: {} });

/** Throws 406 when the client accepts none of the media types of a route. */
export function requireAcceptable({ accept }: Exchange, produces: readonly string[]): void {
  if (accept === '' || accept === '*/*' || produces.includes(accept)) return;
  if (namesIn(accept).some((name) => name === '*/*' || produces.includes(name))) return;
  throw routerError(406, 'NotAcceptable', `406: Not Acceptable\n\nAvailable representations: ${produces.join(', ')}`);
}

/** Throws 415 when a route does not accept bodies of the declared type. */
export function requireConsumable(contentType: string, consumes: readonly string[]): void {
  if (!namesIn(contentType).some((name) => consumes.includes(name)))
    throw routerError(415, 'UnsupportedMediaType', '415: Unsupported Media Type');
}

/**
 * Checks a request for a read-only document: throws 405, 415 and 406. `consumes` is checked for a GET only when it
 * declares a body type.
 */
export function requireReadable(exchange: Exchange, produces: readonly string[], consumes: readonly string[] = ['*/*']): void {
  if (exchange.method !== 'GET') throw statusErrors.methodNotAllowed();
  const contentType = exchange.header('content-type');
  if (contentType !== '' && !consumes.includes('*/*')) requireConsumable(contentType, consumes);
  requireAcceptable(exchange, produces);
}
