import type { KindSamples } from '../../testing/samples.ts';
import { resourceQuota } from '../resource-quota.ts';

export const samples: KindSamples = {
  kind: resourceQuota,
  valid: { spec: { hard: { pods: '4', 'requests.cpu': '1', 'limits.cpu': '2', 'count/jobs.batch': '3' } } },
  change: { spec: { hard: { pods: '5' } } },
  status: { hard: { pods: '4' }, used: { pods: '1' } },
  invalid: [
    [
      'a resource that is none',
      { spec: { hard: { boxes: '1' } } },
      'spec.hard[boxes]: Invalid value: "boxes": must be a standard resource type or fully qualified',
      'spec.hard[boxes]: Invalid value: "boxes": must be a standard resource for quota',
    ],
    ['less than nothing', { spec: { hard: { pods: '-1' } } }, 'spec.hard[pods]: Invalid value: "-1": must be greater than or equal to 0'],
    ['half a pod', { spec: { hard: { pods: '500m' } } }, 'spec.hard[pods]: Invalid value: "500m": must be an integer'],
    ['a scope that is none', { spec: { scopes: ['Some'] } }, 'spec.scopes: Invalid value: ["Some"]: unsupported scope'],
    [
      'a scope of pods for other resources, and its opposite',
      { spec: { hard: null, scopes: ['BestEffort', 'NotBestEffort'] } },
      'spec.scopes: Invalid value: ["BestEffort","NotBestEffort"]: conflicting scopes',
    ],
    [
      'a scope that its resources do not have',
      { spec: { hard: { 'limits.cpu': null, 'requests.cpu': null, services: '1' }, scopes: ['BestEffort'] } },
      'spec.scopes: Invalid value: ["BestEffort"]: unsupported scope applied to resource',
    ],
    [
      'a selector with values where there are none',
      { spec: { scopeSelector: { matchExpressions: [{ scopeName: 'Terminating', operator: 'Exists', values: ['a'] }] } } },
      "spec.scopeSelector.matchExpressions.values: Invalid value: [\"a\"]: must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector",
    ],
    [
      'a selector that chooses among what is or is not',
      { spec: { scopeSelector: { matchExpressions: [{ scopeName: 'Terminating', operator: 'In' }] } } },
      'spec.scopeSelector.matchExpressions.operator: Invalid value: "In": must be \'Exists\' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity',
      "spec.scopeSelector.matchExpressions.values: Required value: must be at least one value when `operator` is 'In' or 'NotIn' for scope selector",
    ],
  ],
};
