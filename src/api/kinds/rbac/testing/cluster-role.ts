import type { KindSamples } from '../../testing/samples.ts';
import { clusterRole } from '../cluster-role.ts';

const selectors = 'aggregationRule.clusterRoleSelectors';

export const samples: KindSamples = {
  kind: clusterRole,
  valid: {
    aggregationRule: { clusterRoleSelectors: [{ matchLabels: { a: 'b' } }] },
    rules: [
      { verbs: ['get'], apiGroups: ['apps'], resources: ['deployments'] },
      { verbs: ['get'], nonResourceURLs: ['/healthz/*'] },
    ],
  },
  change: { rules: [{ verbs: ['get'], nonResourceURLs: ['*'] }] },
  invalid: [
    [
      'URLs and resources in one rule',
      { rules: [{ verbs: ['get'], nonResourceURLs: ['/metrics'], resources: ['pods'] }] },
      'rules[0].nonResourceURLs: Invalid value: ["/metrics"]: rules cannot apply to both regular resources and non-resource URLs',
    ],
    [
      'an aggregation of nothing',
      { aggregationRule: { clusterRoleSelectors: [] } },
      `${selectors}: Required value: at least one clusterRoleSelector required if aggregationRule is non-nil`,
    ],
    [
      'a selector that is none',
      { aggregationRule: { clusterRoleSelectors: [{ matchExpressions: [{ key: 'a', operator: 'Is' }] }] } },
      `${selectors}[0].matchExpressions[0].operator: Invalid value: "Is": not a valid selector operator`,
      `${selectors}[0]: Invalid value: null: invalid label selector.`,
    ],
  ],
};
