/** What may be done within a namespace. https://kubernetes.io/docs/reference/access-authn-authz/rbac/ */
import type { Role } from '../../generated/rbac/v1.ts';
import { defineKind } from '../../kind.ts';
import { oldRbac } from '../../legacy/same-shape.ts';
import { rbacName, roleErrors } from './validation/rbac.ts';

export const role = defineKind<Role>({
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  kind: 'Role',
  plural: 'roles',
  scope: 'Namespaced',
  codec: { schema: 'io.k8s.api.rbac.v1.Role', alsoServed: oldRbac('Role') },
  rules: { validateName: rbacName, validate: roleErrors },
  update: { metadata: 'whole', createsAbsent: true },
});
