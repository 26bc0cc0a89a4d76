/**
 * Authorizes kubelets, which no binding names. Source: plugin/pkg/auth/authorizer/node/node_authorizer.go,
 * pkg/auth/nodeidentifier/default.go.
 */
import type { UserInfo } from '../registry/registry.ts';
import type { AccessAuthorizer } from './authorized-registry.ts';
import { type AccessAttributes, type AccessDecision, type PolicyRule, ruleAllows } from './rbac.ts';

const userPrefix = 'system:node:';
const nodesGroup = 'system:nodes';

/** The name of the node that a user is; '' for a node without a name, undefined for others. */
export function nodeIdentity({ name, groups }: UserInfo): string | undefined {
  return name.startsWith(userPrefix) && groups.includes(nodesGroup) ? name.slice(userPrefix.length) : undefined;
}

const allowed: AccessDecision = Object.freeze({ allowed: true, reason: '' });
const noOpinion: AccessDecision = Object.freeze({ allowed: false, reason: '' });

/** Decides for nodes by the given rules. */
export class NodeAuthorizer implements AccessAuthorizer {
  readonly #rules: readonly PolicyRule[];
  readonly revision = 0;

  constructor(rules: readonly PolicyRule[]) {
    this.#rules = rules;
  }

  authorize(attributes: AccessAttributes): AccessDecision {
    const node = nodeIdentity(attributes.user);
    if (node === undefined) return noOpinion;
    if (node === '') return { allowed: false, reason: `unknown node for user ${JSON.stringify(attributes.user.name)}` };
    return this.#rules.some((rule) => ruleAllows(rule, attributes)) ? allowed : noOpinion;
  }
}
