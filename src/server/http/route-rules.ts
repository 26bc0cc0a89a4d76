/**
 * What upstream's router refuses before a handler is asked: methods, types of bodies and of answers.
 * Source: go-restful jsr311.go (detectRoute), route.go; apiserver pkg/endpoints/installer.go, pkg/server/handler.go (serviceErrorHandler).
 */
import { StatusError, statusErrors } from '../../api/status-error.ts';
import type { Exchange } from './exchange.ts';

const objectTypes: readonly string[] = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf'];
const streamTypes: readonly string[] = ['application/json;stream=watch', 'application/vnd.kubernetes.protobuf;stream=watch'];

/** What a kind of route answers with. */
export const routeTypes = {
  object: objectTypes,
  /** Of collections, which can be watched. */
  collection: [...objectTypes, ...streamTypes],
  log: ['text/plain', ...objectTypes],
} as const;

/** Types named in a header, without their parameters. */
const namesIn = (header: string): readonly string[] => header.split(',').map((part) => (part.split(';', 1)[0] ?? '').trim());

const routerError = (code: number, reason: string, message: string): StatusError => new StatusError({ code, reason, message, details: {} });

/** Throws 406 when the client takes nothing of what a route has to say. */
export function requireAcceptable({ accept }: Exchange, produces: readonly string[]): void {
  if (accept === '' || accept === '*/*' || produces.includes(accept)) return;
  if (namesIn(accept).some((name) => name === '*/*' || produces.includes(name))) return;
  throw routerError(406, 'NotAcceptable', `406: Not Acceptable\n\nAvailable representations: ${produces.join(', ')}`);
}

/** Throws 415 when a route does not take bodies of the declared type. */
export function requireConsumable(contentType: string, consumes: readonly string[]): void {
  if (!namesIn(contentType).some((name) => consumes.includes(name)))
    throw routerError(415, 'UnsupportedMediaType', '415: Unsupported Media Type');
}

/** A document that can only be read: throws 405, 415 and 406. `consumes` of a GET count when it declares a body at all. */
export function requireReadable(exchange: Exchange, produces: readonly string[], consumes: readonly string[] = ['*/*']): void {
  if (exchange.method !== 'GET') throw statusErrors.methodNotAllowed();
  const contentType = exchange.header('content-type');
  if (contentType !== '' && !consumes.includes('*/*')) requireConsumable(contentType, consumes);
  requireAcceptable(exchange, produces);
}
