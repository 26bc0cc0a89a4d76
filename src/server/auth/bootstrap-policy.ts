/**
 * The roles and bindings that every cluster starts with. The ones of controllers are left out: ours run in process.
 * Source: plugin/pkg/auth/authorizer/rbac/bootstrappolicy/policy.go.
 */
import type { Binding, PolicyRule, RuleSource, Subject } from './rbac.ts';

const read = ['get', 'list', 'watch'];
const write = ['create', 'delete', 'deletecollection', 'patch', 'update'];
const readWrite = [...write, ...read];
const watching = ['list', 'watch'];

const rule = (verbs: readonly string[], apiGroups: readonly string[], resources: readonly string[]): PolicyRule => ({
  verbs,
  apiGroups,
  resources,
});
const urls = (nonResourceURLs: readonly string[]): PolicyRule => ({ verbs: ['get'], nonResourceURLs });
const events = rule(['create', 'patch', 'update'], ['', 'events.k8s.io'], ['events']);
const reviews: readonly PolicyRule[] = [
  rule(['create'], ['authentication.k8s.io'], ['tokenreviews']),
  rule(['create'], ['authorization.k8s.io'], ['subjectaccessreviews']),
];

const viewable: readonly PolicyRule[] = [
  rule(
    read,
    [''],
    [
      'configmaps',
      'endpoints',
      'persistentvolumeclaims',
      'persistentvolumeclaims/status',
      'pods',
      'replicationcontrollers',
      'replicationcontrollers/scale',
      'serviceaccounts',
      'services',
      'services/status',
    ],
  ),
  rule(
    read,
    [''],
    [
      'bindings',
      'events',
      'limitranges',
      'namespaces/status',
      'pods/log',
      'pods/status',
      'replicationcontrollers/status',
      'resourcequotas',
      'resourcequotas/status',
    ],
  ),
  rule(read, [''], ['namespaces']),
  rule(read, ['discovery.k8s.io'], ['endpointslices']),
  rule(
    read,
    ['apps'],
    [
      'controllerrevisions',
      'daemonsets',
      'daemonsets/status',
      'deployments',
      'deployments/scale',
      'deployments/status',
      'replicasets',
      'replicasets/scale',
      'replicasets/status',
      'statefulsets',
      'statefulsets/scale',
      'statefulsets/status',
    ],
  ),
  rule(read, ['autoscaling'], ['horizontalpodautoscalers', 'horizontalpodautoscalers/status']),
  rule(read, ['batch'], ['cronjobs', 'cronjobs/status', 'jobs', 'jobs/status']),
  rule(read, ['policy'], ['poddisruptionbudgets', 'poddisruptionbudgets/status']),
  rule(read, ['networking.k8s.io'], ['ingresses', 'ingresses/status', 'networkpolicies']),
];

const editable: readonly PolicyRule[] = [
  rule(read, [''], ['pods/attach', 'pods/exec', 'pods/portforward', 'pods/proxy', 'secrets', 'services/proxy']),
  rule(['impersonate'], [''], ['serviceaccounts']),
  rule(write, [''], ['pods', 'pods/attach', 'pods/exec', 'pods/portforward', 'pods/proxy']),
  rule(['create'], [''], ['pods/eviction']),
  rule(
    write,
    [''],
    [
      'configmaps',
      'events',
      'persistentvolumeclaims',
      'replicationcontrollers',
      'replicationcontrollers/scale',
      'secrets',
      'serviceaccounts',
      'services',
      'services/proxy',
    ],
  ),
  rule(['create'], [''], ['serviceaccounts/token']),
  rule(
    write,
    ['apps'],
    [
      'daemonsets',
      'deployments',
      'deployments/rollback',
      'deployments/scale',
      'replicasets',
      'replicasets/scale',
      'statefulsets',
      'statefulsets/scale',
    ],
  ),
  rule(write, ['autoscaling'], ['horizontalpodautoscalers']),
  rule(write, ['batch'], ['cronjobs', 'jobs']),
  rule(write, ['policy'], ['poddisruptionbudgets']),
  rule(write, ['networking.k8s.io'], ['ingresses', 'networkpolicies']),
  rule(readWrite, ['coordination.k8s.io'], ['leases']),
];

const administrable: readonly PolicyRule[] = [
  rule(['create'], ['authorization.k8s.io'], ['localsubjectaccessreviews']),
  rule(readWrite, ['rbac.authorization.k8s.io'], ['rolebindings', 'roles']),
];

/** Cluster roles by name. */
export const bootstrapClusterRoles: Readonly<Record<string, readonly PolicyRule[]>> = {
  'cluster-admin': [rule(['*'], ['*'], ['*']), { verbs: ['*'], nonResourceURLs: ['*'] }],
  'system:discovery': [
    urls(['/api', '/api/*', '/apis', '/apis/*', '/healthz', '/livez', '/openapi', '/openapi/*', '/readyz', '/version', '/version/']),
  ],
  'system:public-info-viewer': [urls(['/healthz', '/livez', '/readyz', '/version', '/version/'])],
  'system:basic-user': [
    rule(['create'], ['authorization.k8s.io'], ['selfsubjectaccessreviews', 'selfsubjectrulesreviews']),
    rule(['create'], ['authentication.k8s.io'], ['selfsubjectreviews']),
  ],
  'system:service-account-issuer-discovery': [
    urls(['/.well-known/openid-configuration', '/.well-known/openid-configuration/', '/openid/v1/jwks', '/openid/v1/jwks/']),
  ],
  'system:monitoring': [urls(['/healthz', '/healthz/*', '/livez', '/livez/*', '/metrics', '/metrics/slis', '/readyz', '/readyz/*'])],
  'system:auth-delegator': reviews,
  'system:node-proxier': [
    rule(watching, [''], ['endpoints', 'services']),
    rule(read, [''], ['nodes']),
    events,
    rule(watching, ['discovery.k8s.io'], ['endpointslices']),
    rule(watching, ['networking.k8s.io'], ['servicecidrs']),
  ],
  'system:kube-dns': [rule(watching, [''], ['endpoints', 'services'])],
  'system:kube-scheduler': [
    events,
    rule(['create'], ['coordination.k8s.io'], ['leases']),
    rule(['get', 'list', 'patch', 'update', 'watch'], ['coordination.k8s.io'], ['leases']),
    rule(read, [''], ['nodes']),
    rule(['delete', 'get', 'list', 'watch'], [''], ['pods']),
    rule(['create'], [''], ['bindings', 'pods/binding']),
    rule(['patch', 'update'], [''], ['pods/status']),
    rule(read, [''], ['namespaces', 'persistentvolumeclaims', 'persistentvolumes', 'replicationcontrollers', 'services']),
    rule(read, ['apps'], ['replicasets', 'statefulsets']),
    rule(read, ['policy'], ['poddisruptionbudgets']),
    rule(read, ['storage.k8s.io'], ['csidrivers', 'csinodes', 'csistoragecapacities']),
    ...reviews,
  ],
  'system:kube-controller-manager': [
    events,
    rule(['create', 'get', 'update'], ['coordination.k8s.io'], ['leases']),
    rule(['create', 'delete', 'get', 'update'], [''], ['secrets', 'serviceaccounts']),
    rule(['get'], [''], ['configmaps', 'namespaces']),
    rule(['create'], [''], ['serviceaccounts/token']),
    rule(watching, ['*'], ['*']),
    ...reviews,
  ],
  'system:node': [
    ...reviews,
    rule(['create'], ['authorization.k8s.io'], ['localsubjectaccessreviews']),
    rule(read, [''], ['services']),
    rule(['create', 'get', 'list', 'watch'], [''], ['nodes']),
    rule(['patch', 'update'], [''], ['nodes', 'nodes/status']),
    events,
    rule(['create', 'delete', ...read], [''], ['pods']),
    rule(['patch', 'update'], [''], ['pods/status']),
    rule(['create'], [''], ['pods/eviction', 'serviceaccounts/token']),
    rule(read, [''], ['configmaps', 'endpoints', 'persistentvolumeclaims', 'persistentvolumes', 'secrets']),
    rule(['create', 'delete', 'get', 'patch', 'update'], ['coordination.k8s.io'], ['leases']),
    rule(read, ['node.k8s.io'], ['runtimeclasses']),
    rule(['create', 'delete', 'get', 'patch', 'update'], ['storage.k8s.io'], ['csinodes']),
  ],
  view: viewable,
  edit: [...viewable, ...editable],
  admin: [...viewable, ...editable, ...administrable],
};

const users = (...names: readonly string[]): readonly Subject[] => names.map((name) => ({ kind: 'User', name }));
const groups = (...names: readonly string[]): readonly Subject[] => names.map((name) => ({ kind: 'Group', name }));
const bind = (name: string, subjects: readonly Subject[]): Binding => ({ roleRef: { kind: 'ClusterRole', name }, subjects });

/** Upstream names each binding after its role. Nodes are bound as before the node authorizer, which is not built. */
export const bootstrapClusterRoleBindings: readonly Binding[] = [
  bind('cluster-admin', groups('system:masters')),
  bind('system:monitoring', groups('system:monitoring')),
  bind('system:discovery', groups('system:authenticated')),
  bind('system:basic-user', groups('system:authenticated')),
  bind('system:public-info-viewer', groups('system:authenticated', 'system:unauthenticated')),
  bind('system:service-account-issuer-discovery', groups('system:serviceaccounts')),
  bind('system:node-proxier', users('system:kube-proxy')),
  bind('system:kube-controller-manager', users('system:kube-controller-manager')),
  bind('system:kube-dns', [{ kind: 'ServiceAccount', name: 'kube-dns', namespace: 'kube-system' }]),
  bind('system:kube-scheduler', users('system:kube-scheduler')),
  bind('system:node', groups('system:nodes')),
];

/** The bootstrap policy as a source of rules. */
export const bootstrapRules: RuleSource = {
  clusterRoleBindings: () => bootstrapClusterRoleBindings,
  roleBindings: () => [],
  clusterRole: (name) => (Object.hasOwn(bootstrapClusterRoles, name) ? bootstrapClusterRoles[name] : undefined),
  role: () => undefined,
};
