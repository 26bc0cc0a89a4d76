/** Asks several authorizers in turn. Source: apiserver pkg/authorization/union/union.go. */
import type { AccessAuthorizer } from './authorized-registry.ts';
import type { AccessAttributes, AccessDecision } from './rbac.ts';

/** Allows what any of the authorizers allows. */
export function unionAuthorizer(...authorizers: readonly AccessAuthorizer[]): AccessAuthorizer {
  return {
    // A sum of numbers that only increase changes whenever one of them does.
    get revision() {
      return authorizers.reduce((sum, { revision }) => sum + revision, 0);
    },
    authorize: (attributes: AccessAttributes): AccessDecision => {
      const reasons: string[] = [];
      for (const authorizer of authorizers) {
        const decision = authorizer.authorize(attributes);
        if (decision.allowed) return decision;
        if (decision.reason !== '') reasons.push(decision.reason);
      }
      return { allowed: false, reason: reasons.join('\n') };
    },
  };
}
