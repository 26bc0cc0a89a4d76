/**
 * The flow schemas and priority levels that every cluster has. Source: apiserver
 * pkg/apis/flowcontrol/bootstrap/default.go.
 */
import type { FlowSchemaSpec, PolicyRulesWithSubjects, PriorityLevelConfigurationSpec, Subject } from '../../generated/flowcontrol/v1.ts';

const group = (name: string): Subject => ({ kind: 'Group', group: { name } });
const user = (name: string): Subject => ({ kind: 'User', user: { name } });
const systemAccounts: Subject = { kind: 'ServiceAccount', serviceAccount: { name: '*', namespace: 'kube-system' } };
const everybody = [group('system:unauthenticated'), group('system:authenticated')];

/** Everything that the subjects may ask for. */
const all = (...subjects: readonly Subject[]): readonly PolicyRulesWithSubjects[] => [
  {
    subjects,
    resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'], clusterScope: true, namespaces: ['*'] }],
    nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
  },
];

const schema = (
  level: string,
  matchingPrecedence: number,
  method: 'ByUser' | 'ByNamespace' | undefined,
  rules: readonly PolicyRulesWithSubjects[],
): FlowSchemaSpec => ({
  priorityLevelConfiguration: { name: level },
  matchingPrecedence,
  ...(method === undefined ? {} : { distinguisherMethod: { type: method } }),
  rules,
});

const leaseRules: readonly PolicyRulesWithSubjects[] = [
  {
    subjects: [user('system:kube-controller-manager'), user('system:kube-scheduler'), systemAccounts],
    resourceRules: [{ verbs: ['get', 'create', 'update'], apiGroups: ['coordination.k8s.io'], resources: ['leases'], namespaces: ['*'] }],
  },
];

const nodeRules: readonly PolicyRulesWithSubjects[] = [
  {
    subjects: [group('system:nodes')],
    resourceRules: [
      { verbs: ['*'], apiGroups: [''], resources: ['nodes', 'nodes/status'], clusterScope: true, namespaces: ['*'] },
      { verbs: ['*'], apiGroups: ['coordination.k8s.io'], resources: ['leases'], namespaces: ['*'] },
    ],
  },
];

const probeRules: readonly PolicyRulesWithSubjects[] = [
  { subjects: everybody, nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/healthz', '/readyz', '/livez'] }] },
];

/** Those that cannot be changed. */
export const mandatoryFlowSchemas: Readonly<Record<string, FlowSchemaSpec>> = {
  'catch-all': schema('catch-all', 10_000, 'ByUser', all(...everybody)),
  exempt: schema('exempt', 1, undefined, all(group('system:masters'))),
};

export const suggestedFlowSchemas: Readonly<Record<string, FlowSchemaSpec>> = {
  'global-default': schema('global-default', 9900, 'ByUser', all(...everybody)),
  'kube-controller-manager': schema('workload-high', 800, 'ByNamespace', all(user('system:kube-controller-manager'))),
  'kube-scheduler': schema('workload-high', 800, 'ByNamespace', all(user('system:kube-scheduler'))),
  'kube-system-service-accounts': schema('workload-high', 900, 'ByNamespace', all(systemAccounts)),
  probes: schema('exempt', 2, undefined, probeRules),
  'service-accounts': schema('workload-low', 9000, 'ByUser', all(group('system:serviceaccounts'))),
  'system-leader-election': schema('leader-election', 100, 'ByUser', leaseRules),
  'system-node-high': schema('node-high', 400, 'ByUser', nodeRules),
  'system-nodes': schema('system', 500, 'ByUser', all(group('system:nodes'))),
};

const queued = (shares: number, lendablePercent: number, queues: number, handSize: number): PriorityLevelConfigurationSpec => ({
  type: 'Limited',
  limited: {
    nominalConcurrencyShares: shares,
    lendablePercent,
    limitResponse: { type: 'Queue', queuing: { queues, handSize, queueLengthLimit: 50 } },
  },
});

/** Those that cannot be changed, but for the shares of the exempt one. */
export const mandatoryPriorityLevels: Readonly<Record<string, PriorityLevelConfigurationSpec>> = {
  'catch-all': { type: 'Limited', limited: { nominalConcurrencyShares: 5, lendablePercent: 0, limitResponse: { type: 'Reject' } } },
  exempt: { type: 'Exempt', exempt: { nominalConcurrencyShares: 0, lendablePercent: 0 } },
};

export const suggestedPriorityLevels: Readonly<Record<string, PriorityLevelConfigurationSpec>> = {
  'global-default': queued(20, 50, 128, 6),
  'leader-election': queued(10, 0, 16, 4),
  'node-high': queued(40, 25, 64, 6),
  system: queued(30, 33, 64, 6),
  'workload-high': queued(40, 50, 128, 6),
  'workload-low': queued(100, 90, 128, 6),
};

/** Objects with this annotation follow what the server thinks they should be. */
export const autoUpdateAnnotation = 'apf.kubernetes.io/autoupdate-spec';
