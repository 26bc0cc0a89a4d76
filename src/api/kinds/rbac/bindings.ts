/**
 * What RoleBinding and ClusterRoleBinding share. Source: pkg/apis/rbac/v1/defaults.go,
 * pkg/printers/internalversion/printers.go.
 */
import type { RoleBinding, Subject } from '../../generated/rbac/v1.ts';
import type { KubeObject } from '../../object.ts';
import type { Column, Table } from '../../table.ts';
import { ageColumn, nameColumn } from '../columns.ts';

const group = 'rbac.authorization.k8s.io';

type Binding = KubeObject & Pick<RoleBinding, 'roleRef' | 'subjects'>;

function withGroup(subject: Subject): Subject {
  const known = subject.kind === 'User' || subject.kind === 'Group';
  return known && (subject.apiGroup ?? '') === '' ? { ...subject, apiGroup: group } : subject;
}

/** Fills in the API group of the role and of users and groups. */
export function bindingDefaults<T extends Binding>(binding: T): T {
  const { roleRef, subjects } = binding;
  return {
    ...binding,
    ...(subjects === undefined ? {} : { subjects: subjects.map(withGroup) }),
    roleRef: roleRef.apiGroup === '' ? { ...roleRef, apiGroup: group } : roleRef,
  };
}

const subjectsColumn = (name: string, kind: string, ofKind: string): Column<Binding> => ({
  name,
  type: 'string',
  priority: 1,
  description: `${name} in the ${kind}`,
  value: ({ subjects = [] }) =>
    subjects
      .filter((subject) => subject.kind === ofKind)
      .map((subject) => (ofKind === 'ServiceAccount' ? `${subject.namespace ?? ''}/${subject.name}` : subject.name))
      .join(', '),
});

const unresolved = 'If the RoleRef cannot be resolved, the Authorizer must return an error.';
const roleDescriptions = {
  clusterRoleBinding: `RoleRef can only reference a ClusterRole in the global namespace. ${unresolved}`,
  roleBinding: `RoleRef can reference a Role in the current namespace or a ClusterRole in the global namespace. ${unresolved}`,
};

/** The table of a kind of binding; `kind` as upstream's descriptions write it. */
export const bindingTable = (kind: 'clusterRoleBinding' | 'roleBinding'): Table<Binding> => ({
  columns: [
    nameColumn,
    { name: 'Role', type: 'string', description: roleDescriptions[kind], value: ({ roleRef }) => `${roleRef.kind}/${roleRef.name}` },
    ageColumn,
    subjectsColumn('Users', kind, 'User'),
    subjectsColumn('Groups', kind, 'Group'),
    subjectsColumn('ServiceAccounts', kind, 'ServiceAccount'),
  ],
});
