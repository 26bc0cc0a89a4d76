import type { KindSamples } from '../../testing/samples.ts';
import { clusterRoleBinding } from '../cluster-role-binding.ts';

const group = 'rbac.authorization.k8s.io';

export const samples: KindSamples = {
  kind: clusterRoleBinding,
  valid: {
    roleRef: { apiGroup: group, kind: 'ClusterRole', name: 'view' },
    subjects: [
      { kind: 'Group', apiGroup: group, name: 'devs' },
      { kind: 'ServiceAccount', name: 'bot', namespace: 'default' },
    ],
  },
  change: { subjects: [{ kind: 'User', apiGroup: group, name: 'jane' }] },
  invalid: [
    ['a role of a namespace', { roleRef: { kind: 'Role' } }, 'roleRef.kind: Unsupported value: "Role": supported values: "ClusterRole"'],
    ['a service account of no namespace', { subjects: [{ kind: 'ServiceAccount', name: 'bot' }] }, 'subjects[0].namespace: Required value'],
  ],
};
