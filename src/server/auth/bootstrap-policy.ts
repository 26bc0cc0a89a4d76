/**
 * The roles and bindings that every cluster starts with.
 * Source: plugin/pkg/auth/authorizer/rbac/bootstrappolicy/{policy,namespace_policy}.go and its testdata; rules of alpha
 * features are left out.
 */
import { controllerRoles } from './bootstrap-controller-roles.ts';
import type { Binding, PolicyRule, RuleSource, Subject } from './rbac.ts';

const read = ['get', 'list', 'watch'];
const write = ['create', 'delete', 'deletecollection', 'patch', 'update'];
const readWrite = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];
const readUpdate = ['get', 'list', 'patch', 'update', 'watch'];
const watching = ['list', 'watch'];

const rule = (verbs: readonly string[], apiGroups: readonly string[], resources: readonly string[], ...names: string[]): PolicyRule => ({
  verbs,
  apiGroups,
  resources,
  ...(names.length === 0 ? {} : { resourceNames: names }),
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
  rule(read, ['', 'events.k8s.io'], ['events']),
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
  rule(
    read,
    ['extensions'],
    [
      'daemonsets',
      'daemonsets/status',
      'deployments',
      'deployments/scale',
      'deployments/status',
      'ingresses',
      'ingresses/status',
      'networkpolicies',
      'replicasets',
      'replicasets/scale',
      'replicasets/status',
      'replicationcontrollers/scale',
    ],
  ),
  rule(read, ['policy'], ['poddisruptionbudgets', 'poddisruptionbudgets/status']),
  rule(read, ['networking.k8s.io'], ['ingresses', 'ingresses/status', 'networkpolicies']),
  rule(read, ['resource.k8s.io'], ['resourceclaims', 'resourceclaims/status', 'resourceclaimtemplates']),
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
  rule(write, ['', 'events.k8s.io'], ['events']),
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
  rule(
    write,
    ['extensions'],
    [
      'daemonsets',
      'deployments',
      'deployments/rollback',
      'deployments/scale',
      'ingresses',
      'networkpolicies',
      'replicasets',
      'replicasets/scale',
      'replicationcontrollers/scale',
    ],
  ),
  rule(write, ['policy'], ['poddisruptionbudgets']),
  rule(write, ['networking.k8s.io'], ['ingresses', 'networkpolicies']),
  rule(readWrite, ['coordination.k8s.io'], ['leases']),
  rule(write, ['resource.k8s.io'], ['resourceclaims', 'resourceclaimtemplates']),
];

const administrable: readonly PolicyRule[] = [
  rule(['create'], ['authorization.k8s.io'], ['localsubjectaccessreviews']),
  rule(readWrite, ['rbac.authorization.k8s.io'], ['rolebindings', 'roles']),
];

const volumeScheduling: readonly PolicyRule[] = [
  rule(readUpdate, [''], ['persistentvolumes']),
  rule(read, ['storage.k8s.io'], ['storageclasses']),
  rule(readUpdate, [''], ['persistentvolumeclaims']),
];

const scheduling: readonly PolicyRule[] = [
  events,
  rule(['create'], ['coordination.k8s.io'], ['leases']),
  rule(['get', 'list', 'update', 'watch'], ['coordination.k8s.io'], ['leases'], 'kube-scheduler'),
  rule(readWrite, ['coordination.k8s.io'], ['leasecandidates']),
  rule(read, [''], ['nodes']),
  rule(['delete', 'get', 'list', 'watch'], [''], ['pods']),
  rule(['create'], [''], ['bindings', 'pods/binding']),
  rule(['patch', 'update'], [''], ['pods/status']),
  rule(read, [''], ['replicationcontrollers', 'services']),
  rule(read, ['apps', 'extensions'], ['replicasets']),
  rule(read, ['apps'], ['statefulsets']),
  rule(read, ['policy'], ['poddisruptionbudgets']),
  rule(read, [''], ['persistentvolumeclaims', 'persistentvolumes']),
  ...reviews,
  rule(read, ['storage.k8s.io'], ['csinodes']),
  rule(read, ['storage.k8s.io'], ['volumeattachments']),
  rule(read, [''], ['namespaces']),
  rule(read, ['storage.k8s.io'], ['csidrivers']),
  rule(read, ['storage.k8s.io'], ['csistoragecapacities']),
  rule(read, ['resource.k8s.io'], ['deviceclasses']),
  rule(readUpdate, ['resource.k8s.io'], ['resourceclaims']),
  rule(readUpdate, ['resource.k8s.io'], ['resourceclaims/status']),
  rule(['update'], [''], ['pods/finalizers']),
  rule(read, ['resource.k8s.io'], ['resourceslices']),
  rule(['create', 'delete'], ['resource.k8s.io'], ['resourceclaims']),
  rule(['patch', 'update'], ['resource.k8s.io'], ['resourceclaims/binding']),
];

const managingControllers: readonly PolicyRule[] = [
  events,
  rule(['create'], ['coordination.k8s.io'], ['leases']),
  rule(['get', 'update'], ['coordination.k8s.io'], ['leases'], 'kube-controller-manager'),
  rule(['create'], [''], ['secrets', 'serviceaccounts']),
  rule(['delete'], [''], ['secrets']),
  rule(['get'], [''], ['configmaps', 'namespaces', 'secrets', 'serviceaccounts']),
  rule(['update'], [''], ['secrets', 'serviceaccounts']),
  ...reviews,
  rule(watching, ['*'], ['*']),
  rule(['create'], [''], ['serviceaccounts/token']),
];

/** What nodes may do: see the node authorizer. */
export const nodeRules: readonly PolicyRule[] = [
  rule(['create'], ['authentication.k8s.io'], ['tokenreviews']),
  rule(['create'], ['authorization.k8s.io'], ['localsubjectaccessreviews', 'subjectaccessreviews']),
  rule(read, [''], ['services']),
  rule(['create', 'get', 'list', 'watch'], [''], ['nodes']),
  rule(['patch', 'update'], [''], ['nodes/status']),
  rule(['patch', 'update'], [''], ['nodes']),
  events,
  rule(read, [''], ['pods']),
  rule(['create', 'delete'], [''], ['pods']),
  rule(['patch', 'update'], [''], ['pods/status']),
  rule(['create'], [''], ['pods/eviction']),
  rule(read, [''], ['configmaps', 'secrets']),
  rule(['get'], [''], ['persistentvolumeclaims', 'persistentvolumes']),
  rule(['get'], [''], ['endpoints']),
  rule(['create', 'get', 'list', 'watch'], ['certificates.k8s.io'], ['certificatesigningrequests']),
  rule(['create', 'delete', 'get', 'patch', 'update'], ['coordination.k8s.io'], ['leases']),
  rule(['get'], ['storage.k8s.io'], ['volumeattachments']),
  rule(['create'], [''], ['serviceaccounts/token']),
  rule(['get', 'patch', 'update'], [''], ['persistentvolumeclaims/status']),
  rule(read, ['storage.k8s.io'], ['csidrivers']),
  rule(['create', 'delete', 'get', 'patch', 'update'], ['storage.k8s.io'], ['csinodes']),
  rule(read, ['node.k8s.io'], ['runtimeclasses']),
  rule(['get'], ['resource.k8s.io'], ['resourceclaims']),
  rule(['deletecollection'], ['resource.k8s.io'], ['resourceslices']),
  rule(['get'], [''], ['serviceaccounts']),
];

const controllerPrefix = 'system:controller:';
const signers = ['kube-apiserver-client', 'kube-apiserver-client-kubelet', 'kubelet-serving', 'legacy-unknown'];

/** Lets everybody who may view a namespace see its usage. Source: metrics-server manifests/base/rbac.yaml. */
export const metricsReader = 'system:aggregated-metrics-reader';
const usageOfResources: readonly PolicyRule[] = [rule(read, ['metrics.k8s.io'], ['nodes', 'pods'])];

/**
 * Cluster roles by name. `view`, `edit` and `admin` hold what the controller of aggregated roles computes from the
 * `system:aggregate-to-…` roles.
 */
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
  'system:monitoring': [
    urls(['/flagz', '/healthz', '/healthz/*', '/livez', '/livez/*', '/metrics', '/metrics/slis', '/readyz', '/readyz/*', '/statusz']),
    rule(['get'], [''], ['nodes/metrics']),
  ],
  'system:heapster': [rule(read, [''], ['events', 'namespaces', 'nodes', 'pods']), rule(read, ['extensions'], ['deployments'])],
  'system:auth-delegator': reviews,
  'system:kube-aggregator': [rule(read, [''], ['endpoints', 'services'])],
  'system:node': nodeRules,
  'system:node-bootstrapper': [rule(['create', 'get', 'list', 'watch'], ['certificates.k8s.io'], ['certificatesigningrequests'])],
  'system:node-problem-detector': [rule(['get'], [''], ['nodes']), rule(['patch'], [''], ['nodes/status']), events],
  'system:node-proxier': [
    rule(watching, [''], ['endpoints', 'services']),
    rule(read, [''], ['nodes']),
    events,
    rule(watching, ['networking.k8s.io'], ['servicecidrs']),
    rule(watching, ['discovery.k8s.io'], ['endpointslices']),
  ],
  'system:kubelet-api-admin': [
    rule(read, [''], ['nodes']),
    rule(['proxy'], [''], ['nodes']),
    rule(['*'], [''], ['nodes/log', 'nodes/metrics', 'nodes/proxy', 'nodes/stats']),
    rule(['*'], [''], ['nodes/configz', 'nodes/healthz', 'nodes/pods']),
  ],
  'system:persistent-volume-provisioner': [
    rule(['create', 'delete', 'get', 'list', 'watch'], [''], ['persistentvolumes']),
    rule(['get', 'list', 'update', 'watch'], [''], ['persistentvolumeclaims']),
    rule(read, ['storage.k8s.io'], ['storageclasses']),
    rule(['watch'], [''], ['events']),
    events,
  ],
  'system:volume-scheduler': volumeScheduling,
  'system:kube-dns': [rule(watching, [''], ['endpoints', 'services'])],
  'system:kube-scheduler': scheduling,
  'system:kube-controller-manager': managingControllers,
  'system:certificates.k8s.io:certificatesigningrequests:nodeclient': [
    rule(['create'], ['certificates.k8s.io'], ['certificatesigningrequests/nodeclient']),
  ],
  'system:certificates.k8s.io:certificatesigningrequests:selfnodeclient': [
    rule(['create'], ['certificates.k8s.io'], ['certificatesigningrequests/selfnodeclient']),
  ],
  ...Object.fromEntries(
    signers.map((name) => [
      `system:certificates.k8s.io:${name}-approver`,
      [rule(['approve'], ['certificates.k8s.io'], ['signers'], `kubernetes.io/${name}`)],
    ]),
  ),
  [metricsReader]: usageOfResources,
  'system:aggregate-to-view': viewable,
  'system:aggregate-to-edit': editable,
  'system:aggregate-to-admin': administrable,
  ...Object.fromEntries(Object.entries(controllerRoles).map(([name, rules]) => [`${controllerPrefix}${name}`, rules])),
  view: [...viewable, ...usageOfResources],
  edit: [...editable, ...usageOfResources, ...viewable],
  admin: [...administrable, ...editable, ...usageOfResources, ...viewable],
};

const users = (...names: readonly string[]): readonly Subject[] => names.map((name) => ({ kind: 'User', name }));
const groups = (...names: readonly string[]): readonly Subject[] => names.map((name) => ({ kind: 'Group', name }));
const account = (name: string): Subject => ({ kind: 'ServiceAccount', name, namespace: 'kube-system' });
const nobody: readonly Binding[] = [];

const bind = (name: string, subjects: readonly Subject[]): Binding => ({ roleRef: { kind: 'ClusterRole', name }, subjects });
const bindRole = (name: string, subjects: readonly Subject[]): Binding => ({ roleRef: { kind: 'Role', name }, subjects });

/** Each binding has the name of its role. That of nodes has no subjects: the node authorizer decides for nodes. */
export const bootstrapClusterRoleBindings: readonly Binding[] = [
  bind('cluster-admin', groups('system:masters')),
  bind('system:monitoring', groups('system:monitoring')),
  bind('system:discovery', groups('system:authenticated')),
  bind('system:basic-user', groups('system:authenticated')),
  bind('system:public-info-viewer', groups('system:authenticated', 'system:unauthenticated')),
  bind('system:service-account-issuer-discovery', groups('system:serviceaccounts')),
  bind('system:node-proxier', users('system:kube-proxy')),
  bind('system:kube-controller-manager', users('system:kube-controller-manager')),
  bind('system:kube-dns', [account('kube-dns')]),
  bind('system:kube-scheduler', users('system:kube-scheduler')),
  bind('system:volume-scheduler', users('system:kube-scheduler')),
  bind('system:node', []),
  ...Object.keys(controllerRoles).map((name) => bind(`${controllerPrefix}${name}`, [account(name)])),
];

const locking = ['create', 'get', 'list', 'update', 'watch'];
const leaderLocking: readonly PolicyRule[] = [
  rule(locking, ['coordination.k8s.io'], ['leases']),
  rule(locking, ['coordination.k8s.io'], ['leasecandidates']),
];

/** Roles by namespace and name. */
export const bootstrapRoles: Readonly<Record<string, Readonly<Record<string, readonly PolicyRule[]>>>> = {
  'kube-public': {
    'system:controller:bootstrap-signer': [
      rule(read, [''], ['configmaps']),
      rule(['update'], [''], ['configmaps'], 'cluster-info'),
      events,
    ],
  },
  'kube-system': {
    'extension-apiserver-authentication-reader': [rule(read, [''], ['configmaps'], 'extension-apiserver-authentication')],
    'system::leader-locking-kube-controller-manager': leaderLocking,
    'system::leader-locking-kube-scheduler': leaderLocking,
    'system:controller:bootstrap-signer': [rule(read, [''], ['secrets'])],
    'system:controller:cloud-provider': [rule(['create', 'get', 'list', 'watch'], [''], ['configmaps'])],
    'system:controller:token-cleaner': [rule(['delete', 'get', 'list', 'watch'], [''], ['secrets']), events],
  },
};

const apiReaders = users('system:kube-controller-manager', 'system:kube-scheduler');

/** Role bindings by namespace. */
export const bootstrapRoleBindings: Readonly<Record<string, readonly Binding[]>> = {
  'kube-public': [bindRole('system:controller:bootstrap-signer', [account('bootstrap-signer')])],
  'kube-system': [
    { ...bindRole('extension-apiserver-authentication-reader', apiReaders), name: 'system::extension-apiserver-authentication-reader' },
    bindRole('system::leader-locking-kube-controller-manager', [
      ...users('system:kube-controller-manager'),
      account('kube-controller-manager'),
      account('leader-election-controller'),
    ]),
    bindRole('system::leader-locking-kube-scheduler', [...users('system:kube-scheduler'), account('kube-scheduler')]),
    bindRole('system:controller:bootstrap-signer', [account('bootstrap-signer')]),
    bindRole('system:controller:cloud-provider', [account('cloud-provider')]),
    bindRole('system:controller:token-cleaner', [account('token-cleaner')]),
  ],
};

/** The own property of a record, never an inherited one. */
const member = <T>(record: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(record, name) ? record[name] : undefined;

/** The bootstrap policy as a source of rules. */
export const bootstrapRules: RuleSource = {
  revision: 0,
  clusterRoleBindings: () => bootstrapClusterRoleBindings,
  roleBindings: (namespace) => member(bootstrapRoleBindings, namespace) ?? nobody,
  clusterRole: (name) => member(bootstrapClusterRoles, name),
  role: (namespace, name) => member(member(bootstrapRoles, namespace) ?? {}, name),
};
