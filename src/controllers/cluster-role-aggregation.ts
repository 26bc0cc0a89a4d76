/**
 * Gives aggregated ClusterRoles the rules of the roles that they select. Source:
 * pkg/controller/clusterroleaggregation/clusterroleaggregation_controller.go.
 */
import { deepEqual } from '../api/deep-equal.ts';
import type { ClusterRole, PolicyRule } from '../api/generated/rbac/v1.ts';
import type { JsonValue } from '../api/json.ts';
import { clusterRole } from '../api/kinds/rbac/cluster-role.ts';
import type { ObjectRef } from '../api/object.ts';
import { fromLabelSelector } from '../api/selector.ts';
import { controllerAccount } from '../client/identity.ts';
import type { Cache } from '../client/informer.ts';
import { type Controller, type ControllerContext, defineController, settled, watching } from './controller.ts';

const fieldManager = 'clusterrole-aggregation-controller';

/** Every rule of the selected roles once, selector by selector, roles by name. */
function aggregatedRules({ metadata, aggregationRule }: ClusterRole, roles: Cache<ClusterRole>): readonly PolicyRule[] {
  const rules: PolicyRule[] = [];
  const sorted = roles.list().toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  for (const selected of aggregationRule?.clusterRoleSelectors ?? []) {
    const selector = fromLabelSelector(selected);
    for (const role of sorted) {
      if (role.metadata.name === metadata.name || !selector.matches(role.metadata.labels)) continue;
      for (const rule of role.rules ?? []) if (!rules.some((known) => deepEqual(known, rule))) rules.push(rule);
    }
  }
  return rules;
}

/** A change of any role may concern every aggregated one. */
const aggregatedRoles = (_: ClusterRole, { cache }: ControllerContext): readonly ObjectRef[] =>
  cache(clusterRole)
    .list()
    .filter(({ aggregationRule }) => aggregationRule !== undefined)
    .map(({ metadata: { name } }) => ({ namespace: '', name }));

export const clusterRoleAggregationController: Controller<ClusterRole> = defineController<ClusterRole>({
  name: 'clusterrole-aggregation',
  identity: controllerAccount('clusterrole-aggregation-controller'),
  reconciles: clusterRole,
  concerns: ({ aggregationRule }) => aggregationRule !== undefined,
  watches: [watching(clusterRole, aggregatedRoles)],
  reconcile: async (ref, { cache, api }) => {
    const role = cache(clusterRole).get(ref);
    if (role?.aggregationRule === undefined) return settled;
    const rules = aggregatedRules(role, cache(clusterRole));
    if (deepEqual(rules, role.rules)) return settled;
    const { apiVersion, kind } = role;
    // Rules are JSON.
    const body = { apiVersion, kind, metadata: { name: ref.name }, rules: rules as unknown as JsonValue };
    await api(clusterRole).patch(ref, { type: 'apply', body, force: true }, { fieldManager });
    return settled;
  },
});
