import type { KindSamples } from '../../testing/samples.ts';
import { role } from '../role.ts';

export const samples: KindSamples = {
  kind: role,
  valid: { rules: [{ verbs: ['get', 'list'], apiGroups: [''], resources: ['pods', 'pods/log'], resourceNames: ['a'] }] },
  change: { rules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }] },
  invalid: [
    [
      'a rule that says nothing',
      { rules: [{}] },
      'rules[0].verbs: Required value: verbs must contain at least one value',
      'rules[0].apiGroups: Required value: resource rules must supply at least one api group',
      'rules[0].resources: Required value: resource rules must supply at least one resource',
    ],
    [
      'URLs in a namespace',
      { rules: [{ verbs: ['get'], nonResourceURLs: ['/metrics'], resources: ['pods'] }] },
      'rules[0].nonResourceURLs: Invalid value: ["/metrics"]: namespaced rules cannot apply to non-resource URLs',
      'rules[0].nonResourceURLs: Invalid value: ["/metrics"]: rules cannot apply to both regular resources and non-resource URLs',
    ],
  ],
};
