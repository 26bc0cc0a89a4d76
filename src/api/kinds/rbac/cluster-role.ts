/** What may be done in all namespaces, or in those where it is bound. https://kubernetes.io/docs/reference/access-authn-authz/rbac/ */
import type { ClusterRole } from '../../generated/rbac/v1.ts';
import { defineKind } from '../../kind.ts';
import { oldRbac } from '../../legacy/same-shape.ts';
import { clusterRoleErrors, rbacName } from './validation/rbac.ts';

export const clusterRole = defineKind<ClusterRole>({
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  kind: 'ClusterRole',
  plural: 'clusterroles',
  scope: 'Cluster',
  codec: { schema: 'io.k8s.api.rbac.v1.ClusterRole', alsoServed: oldRbac('ClusterRole') },
  rules: { validateName: rbacName, validate: clusterRoleErrors },
  update: { metadata: 'whole', createsAbsent: true },
});
