/** Checks whether the user may make a request. Source: apiserver pkg/endpoints/filters/authorization.go. */

import { forbiddenError } from '../../auth/forbidden.ts';
import type { Exchange } from '../exchange.ts';
import type { AuthorizationAttributes, AuthorizationDecision, Authorizer } from '../ports.ts';

export function attributesOf(exchange: Exchange): AuthorizationAttributes {
  const { info, user } = exchange;
  return {
    user,
    verb: info.verb,
    isResourceRequest: info.isResourceRequest,
    namespace: info.namespace,
    apiGroup: info.apiGroup,
    apiVersion: info.apiVersion,
    resource: info.resource,
    subresource: info.subresource,
    name: info.name,
    path: info.path,
    fieldSelector: exchange.param('fieldSelector'),
  };
}

/**
 * Throws 403 with upstream's message when the user may not make the request. `verb`: a verb to check instead of the
 * request's own, when a request needs more than one permission.
 */
export function authorize(exchange: Exchange, authorizer: Authorizer, verb = exchange.info.verb): Promise<void> | void {
  const attributes = { ...attributesOf(exchange), verb };
  const answer = authorizer.authorize(attributes);
  const decided = ({ allowed, reason }: AuthorizationDecision): void => {
    if (exchange.audit !== undefined) {
      exchange.annotate('authorization.k8s.io/decision', allowed ? 'allow' : 'forbid');
      exchange.annotate('authorization.k8s.io/reason', reason);
    }
    if (!allowed) throw forbiddenError(attributes, reason);
  };
  return answer instanceof Promise ? answer.then(decided) : decided(answer);
}
