/**
 * The answer to a request that its user may not make. Source: apiserver
 * pkg/endpoints/handlers/responsewriters/errors.go.
 */
import { StatusError, statusErrors } from '../../api/status-error.ts';
import type { AccessAttributes } from './rbac.ts';

/** Escapes text so that browsers do not read it as HTML. */
const sanitize = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** The 403 error of a refused request, with upstream's message. */
export function forbiddenError(attributes: AccessAttributes, reason: string): StatusError {
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
