import type { KindSamples } from '../../testing/samples.ts';
import { roleBinding } from '../role-binding.ts';

const group = 'rbac.authorization.k8s.io';

export const samples: KindSamples = {
  kind: roleBinding,
  valid: {
    roleRef: { apiGroup: group, kind: 'Role', name: 'reader' },
    subjects: [
      { kind: 'User', apiGroup: group, name: 'jane' },
      { kind: 'ServiceAccount', name: 'bot' },
    ],
  },
  change: { subjects: [{ kind: 'Group', apiGroup: group, name: 'devs' }] },
  invalid: [
    [
      'a role of another group and kind',
      { roleRef: { apiGroup: 'apps', kind: 'Deployment', name: '' } },
      `roleRef.apiGroup: Unsupported value: "apps": supported values: "${group}"`,
      'roleRef.kind: Unsupported value: "Deployment": supported values: "Role", "ClusterRole"',
      'roleRef.name: Required value',
    ],
    ['a role whose name is no path segment', { roleRef: { name: 'a/b' } }, `roleRef.name: Invalid value: "a/b": may not contain '/'`],
    [
      'subjects that cannot be',
      {
        subjects: [
          { kind: 'ServiceAccount', apiGroup: group, name: 'A' },
          { kind: 'User', apiGroup: 'apps', name: 'jane' },
          { kind: 'Robot', name: '' },
        ],
      },
      `subjects[0].name: Invalid value: "A": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')`,
      `subjects[0].apiGroup: Unsupported value: "${group}": supported values: ""`,
      `subjects[1].apiGroup: Unsupported value: "apps": supported values: "${group}"`,
      'subjects[2].name: Required value',
      'subjects[2].kind: Unsupported value: "Robot": supported values: "ServiceAccount", "User", "Group"',
    ],
  ],
};
