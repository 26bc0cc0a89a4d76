/**
 * Nobody may grant more than they hold: who writes a role or a binding must hold all its rules, or the right to
 * `escalate` roles or to `bind` this one. Source: pkg/registry/rbac/escalation_check.go,
 * pkg/registry/rbac/{role,clusterrole,rolebinding,clusterrolebinding}/policybased/storage.go,
 * pkg/registry/rbac/validation/rule.go (ConfirmNoEscalation).
 */
import { deepEqual } from '../../api/deep-equal.ts';
import type { ClusterRole, RoleBinding } from '../../api/generated/rbac/v1.ts';
import type { KubeObject } from '../../api/object.ts';
import { withMeta } from '../../api/object-fields.ts';
import { compacted, quotedList, ruleText, uncovered } from '../../api/rule-cover.ts';
import { StatusError, statusErrors } from '../../api/status-error.ts';
import type { UserInfo } from '../registry/registry.ts';
import type { GuardedWrite, WriteGuard } from '../registry/registry-parts.ts';
import type { AccessAuthorizer } from './authorized-registry.ts';
import { missingText, type PolicyRule, type RbacAuthorizer } from './rbac.ts';

const group = 'rbac.authorization.k8s.io';
const privilegedGroup = 'system:masters';

const everything: readonly PolicyRule[] = [
  { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
  { verbs: ['*'], nonResourceURLs: ['*'] },
];

/** Whether a change only prepares the deletion of an object. */
function changesOnlyOwnership(object: KubeObject, previous: KubeObject | undefined): boolean {
  if (previous === undefined) return false;
  const { ownerReferences, finalizers, managedFields } = previous.metadata;
  return deepEqual(withMeta(object, { ownerReferences, finalizers, managedFields }), previous);
}

const aggregates = (role: ClusterRole | undefined): boolean => (role?.aggregationRule?.clusterRoleSelectors ?? []).length > 0;

interface Grant {
  readonly user: UserInfo;
  readonly namespace: string;
  readonly rules: readonly PolicyRule[];
}

/** Makes the guards of roles and bindings, by resource name. `authorizer` decides on `escalate` and `bind`. */
export function roleGuards(rbac: RbacAuthorizer, authorizer: AccessAuthorizer): ReadonlyMap<string, WriteGuard> {
  const may = (user: UserInfo, verb: string, resource: string, { namespace, name }: { namespace: string; name: string }): boolean =>
    authorizer.authorize({
      ...{ user, verb, isResourceRequest: true, namespace, apiGroup: group, resource, subresource: '', name, path: '' },
    }).allowed;

  /** What the user would grant without holding it, in upstream's words; undefined when there is nothing. */
  const excess = ({ user, namespace, rules }: Grant): string | undefined => {
    const held = rbac.heldRules(user, namespace);
    const lacking = uncovered(held.rules, rules);
    if (lacking.length === 0) return undefined;
    const lines = [...new Set(compacted(lacking).map(ruleText))].toSorted();
    const unresolved = held.missing.length === 0 ? '' : `; resolution errors: [${missingText(held.missing, true)}]`;
    return `user ${JSON.stringify(user.name)} (groups=${quotedList(user.groups)}) is attempting to grant RBAC permissions not currently held:\n${lines.join('\n')}${unresolved}`;
  };

  const guardRole = ({ context: { user }, target, object, previous }: GuardedWrite): void => {
    const { plural } = target.kind;
    if (user.groups.includes(privilegedGroup) || may(user, 'escalate', plural, target) || changesOnlyOwnership(object, previous)) return;
    const refuse = (cause: string) => statusErrors.forbidden({ group, resource: plural }, object.metadata.name ?? '', cause);
    // Only roles come here, and those of namespaces have no aggregation rule.
    const role = object as ClusterRole;
    const { namespace } = target;
    const cause = excess({ user, namespace, rules: role.rules ?? [] });
    if (cause !== undefined) throw refuse(cause);
    if (!aggregates(role) && !aggregates(previous as ClusterRole | undefined)) return;
    if (excess({ user, namespace, rules: everything }) !== undefined) {
      throw refuse('must have cluster-admin privileges to use the aggregationRule');
    }
  };

  const guardBinding = ({ context: { user }, target, object, previous }: GuardedWrite): void => {
    if (user.groups.includes(privilegedGroup) || changesOnlyOwnership(object, previous)) return;
    const { namespace } = target;
    const { roleRef } = object as RoleBinding;
    if (roleRef.kind !== 'Role' && roleRef.kind !== 'ClusterRole') {
      throw new StatusError({ code: 500, message: `unsupported role reference kind: ${JSON.stringify(roleRef.kind)}` });
    }
    const resource = roleRef.kind === 'Role' ? 'roles' : 'clusterroles';
    if (roleRef.apiGroup === group && may(user, 'bind', resource, { namespace, name: roleRef.name })) return;
    const rules = rbac.rulesOfRole(roleRef, namespace);
    if (rules === undefined) throw statusErrors.notFound({ group, resource }, roleRef.name);
    const cause = excess({ user, namespace, rules });
    if (cause !== undefined) throw statusErrors.forbidden({ group, resource: target.kind.plural }, object.metadata.name ?? '', cause);
  };

  return new Map([
    [`roles.${group}`, guardRole],
    [`clusterroles.${group}`, guardRole],
    [`rolebindings.${group}`, guardBinding],
    [`clusterrolebindings.${group}`, guardBinding],
  ]);
}
