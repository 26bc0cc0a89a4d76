/** Gives a role to users in one namespace. https://kubernetes.io/docs/reference/access-authn-authz/rbac/ */
import type { RoleBinding } from '../../generated/rbac/v1.ts';
import { defineKind } from '../../kind.ts';
import { oldRbac } from '../../legacy/same-shape.ts';
import { bindingDefaults, bindingTable } from './bindings.ts';
import { bindingUpdateErrors, rbacName, roleBindingErrors } from './validation/rbac.ts';

export const roleBinding = defineKind<RoleBinding>({
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  kind: 'RoleBinding',
  plural: 'rolebindings',
  scope: 'Namespaced',
  codec: { schema: 'io.k8s.api.rbac.v1.RoleBinding', alsoServed: oldRbac('RoleBinding'), defaults: bindingDefaults },
  rules: { validateName: rbacName, validate: roleBindingErrors },
  update: { metadata: 'whole', createsAbsent: true, validate: bindingUpdateErrors },
  table: bindingTable('roleBinding'),
});
