/** Gives a cluster role to users in all namespaces. https://kubernetes.io/docs/reference/access-authn-authz/rbac/ */
import type { ClusterRoleBinding } from '../../generated/rbac/v1.ts';
import { defineKind } from '../../kind.ts';
import { oldRbac } from '../../legacy/same-shape.ts';
import { bindingDefaults, bindingTable } from './bindings.ts';
import { bindingUpdateErrors, clusterRoleBindingErrors, rbacName } from './validation/rbac.ts';

export const clusterRoleBinding = defineKind<ClusterRoleBinding>({
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  kind: 'ClusterRoleBinding',
  plural: 'clusterrolebindings',
  scope: 'Cluster',
  codec: { schema: 'io.k8s.api.rbac.v1.ClusterRoleBinding', alsoServed: oldRbac('ClusterRoleBinding'), defaults: bindingDefaults },
  rules: { validateName: rbacName, validate: clusterRoleBindingErrors },
  update: { metadata: 'whole', createsAbsent: true, validate: bindingUpdateErrors },
  table: bindingTable('clusterRoleBinding'),
});
