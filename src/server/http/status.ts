/** The one place that turns errors into Status objects. Source: apiserver pkg/endpoints/handlers/responsewriters/status.go. */

import { type Status, StatusError, statusErrors } from '../../api/status-error.ts';
import type { Logger } from '../../client/logger.ts';
import type { AuthorizationAttributes } from './ports.ts';

/** Any thrown value as the error that the client sees. What is no `StatusError` is a bug: 500, logged with its cause. */
export function toStatusError(error: unknown, logger: Logger, fields: Readonly<Record<string, unknown>>): StatusError {
  if (error instanceof StatusError) {
    if (error.code === 500) logger.error('request failed', { ...fields, error: stackOf(error.cause ?? error) });
    return error;
  }
  logger.error('request failed', { ...fields, error: stackOf(error) });
  return statusErrors.internal(error);
}

const stackOf = (error: unknown): string => (error instanceof Error ? (error.stack ?? error.message) : String(error));

/** The Status of an error with every member that upstream always writes. */
export const statusOf = (error: StatusError): Status & { readonly code: number } => ({ ...error.status, code: error.code });

/** Avoids messages that read as HTML. Source: responsewriters/errors.go. */
const sanitize = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** The 403 of a refused request, with upstream's sentence. */
export function forbiddenError(attributes: AuthorizationAttributes, reason: string): StatusError {
  const { user, verb, apiGroup, namespace, resource, subresource, path, name } = attributes;
  const quoted = JSON.stringify(user.name);
  const what = subresource === '' ? resource : `${resource}/${subresource}`;
  const where = namespace === '' ? 'at the cluster scope' : `in the namespace ${JSON.stringify(namespace)}`;
  const sentence = attributes.isResourceRequest
    ? `User ${quoted} cannot ${verb} resource ${JSON.stringify(what)} in API group ${JSON.stringify(apiGroup)} ${where}`
    : `User ${quoted} cannot ${verb} path ${JSON.stringify(path)}`;
  const cause = reason === '' ? sanitize(sentence) : `${sanitize(sentence)}: ${reason}`;
  if (attributes.isResourceRequest) return statusErrors.forbidden({ group: apiGroup, resource }, name, cause);
  return new StatusError({ code: 403, reason: 'Forbidden', message: `forbidden: ${cause}`, details: {} });
}
