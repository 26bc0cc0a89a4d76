/** One object of every kind that is served, with most of its fields. For tests. */
import type { JsonObject } from '../../api/json.ts';

const container: JsonObject = {
  name: 'main',
  image: 'busybox:1.36',
  command: ['sleep'],
  args: ['1'],
  workingDir: '/tmp',
  ports: [{ name: 'http', containerPort: 80, hostPort: 8080, hostIP: '127.0.0.1', protocol: 'TCP' }],
  envFrom: [{ prefix: 'A_', configMapRef: { name: 'c', optional: true } }],
  env: [
    { name: 'A', value: 'b' },
    { name: 'B', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.name' } } },
    { name: 'C', valueFrom: { resourceFieldRef: { containerName: 'main', resource: 'limits.cpu', divisor: '1m' } } },
    { name: 'D', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } },
  ],
  resources: { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '500m', memory: '1Gi' } },
  resizePolicy: [{ resourceName: 'cpu', restartPolicy: 'NotRequired' }],
  volumeMounts: [{ name: 'data', mountPath: '/data', subPath: 'a', readOnly: true, mountPropagation: 'None' }],
  livenessProbe: { httpGet: { path: '/', port: 80, scheme: 'HTTP', httpHeaders: [{ name: 'A', value: 'b' }] }, periodSeconds: 3 },
  readinessProbe: { tcpSocket: { port: 'http' } },
  startupProbe: { exec: { command: ['true'] }, failureThreshold: 3 },
  lifecycle: { postStart: { exec: { command: ['true'] } }, preStop: { sleep: { seconds: 1 } } },
  terminationMessagePolicy: 'File',
  imagePullPolicy: 'IfNotPresent',
  securityContext: { runAsUser: 1000, capabilities: { add: ['NET_ADMIN'], drop: ['ALL'] }, seccompProfile: { type: 'RuntimeDefault' } },
};

const term: JsonObject = {
  labelSelector: { matchLabels: { app: 'a' }, matchExpressions: [{ key: 'a', operator: 'In', values: ['b'] }] },
  topologyKey: 'kubernetes.io/hostname',
  namespaces: ['default'],
};

const podSpec: JsonObject = {
  initContainers: [{ name: 'init', image: 'busybox', restartPolicy: 'Always' }],
  containers: [container],
  volumes: [
    { name: 'data', emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } },
    { name: 'config', configMap: { name: 'c', items: [{ key: 'k', path: 'p', mode: 0o644 }], defaultMode: 0o600 } },
    { name: 'secret', secret: { secretName: 's', optional: true } },
    { name: 'host', hostPath: { path: '/tmp', type: 'Directory' } },
    { name: 'down', downwardAPI: { items: [{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } }] } },
    {
      name: 'all',
      projected: {
        sources: [
          { serviceAccountToken: { path: 'token', expirationSeconds: 3600 } },
          { configMap: { name: 'c', items: [{ key: 'k', path: 'c' }] } },
          { secret: { name: 's', items: [{ key: 'k', path: 's' }] } },
          { downwardAPI: { items: [{ path: 'd', resourceFieldRef: { containerName: 'main', resource: 'limits.memory' } }] } },
        ],
      },
    },
    {
      name: 'eph',
      ephemeral: { volumeClaimTemplate: { spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } } },
    },
  ],
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchExpressions: [{ key: 'a', operator: 'Gt', values: ['1'] }] }],
      },
      preferredDuringSchedulingIgnoredDuringExecution: [
        { weight: 1, preference: { matchFields: [{ key: 'metadata.name', operator: 'In', values: ['n'] }] } },
      ],
    },
    podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] },
    podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 2, podAffinityTerm: term }] },
  },
  topologySpreadConstraints: [
    {
      maxSkew: 1,
      topologyKey: 'zone',
      whenUnsatisfiable: 'DoNotSchedule',
      labelSelector: { matchLabels: { app: 'a' } },
      matchLabelKeys: ['x'],
    },
  ],
  tolerations: [{ key: 'a', operator: 'Equal', value: 'b', effect: 'NoExecute', tolerationSeconds: 3 }],
  nodeSelector: { a: 'b' },
  hostAliases: [{ ip: '1.2.3.4', hostnames: ['a.b'] }],
  dnsPolicy: 'None',
  dnsConfig: { nameservers: ['1.2.3.4'], searches: ['a.b'], options: [{ name: 'ndots', value: '2' }] },
  imagePullSecrets: [{ name: 's' }],
  securityContext: { fsGroup: 1, sysctls: [{ name: 'kernel.shm_rmid_forced', value: '1' }], supplementalGroups: [1] },
  readinessGates: [{ conditionType: 'a.b/c' }],
  resources: { limits: { cpu: '2', memory: '3Gi' } },
  os: { name: 'linux' },
  hostname: 'h',
  subdomain: 's',
};

const labels: JsonObject = { app: 'a' };
const template: JsonObject = { metadata: { labels }, spec: { containers: [{ name: 'main', image: 'busybox:1.36' }] } };
const ref: JsonObject = { apiVersion: 'v1', kind: 'Pod', name: 'p', namespace: 'default', uid: 'u', fieldPath: 'spec' };

const metadata: JsonObject = {
  name: 'x',
  labels,
  annotations: { a: 'b' },
  finalizers: ['a.b/c'],
  ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'u', controller: true, blockOwnerDeletion: true }],
};

const now = '2026-01-01T00:00:00Z';
const condition: JsonObject = { type: 'Ready', status: 'True', lastTransitionTime: now, reason: 'R', message: 'm' };

/** The objects, by the path of their collection. */
export const richObjects: Readonly<Record<string, JsonObject>> = {
  '/api/v1/namespaces': { metadata, spec: { finalizers: ['kubernetes'] }, status: { phase: 'Active', conditions: [condition] } },
  '/api/v1/nodes': {
    metadata,
    spec: { podCIDR: '10.0.0.0/24', podCIDRs: ['10.0.0.0/24'], providerID: 'p', taints: [{ key: 'a', value: 'b', effect: 'NoSchedule' }] },
    status: {
      capacity: { cpu: '1' },
      allocatable: { cpu: '1' },
      addresses: [{ type: 'InternalIP', address: '1.2.3.4' }],
      conditions: [{ ...condition, lastHeartbeatTime: now }],
      images: [{ names: ['a'], sizeBytes: 1 }],
      nodeInfo: { kernelVersion: 'k' },
    },
  },
  '/api/v1/namespaces/default/pods': {
    metadata,
    spec: podSpec,
    status: { phase: 'Pending', conditions: [condition], podIPs: [{ ip: '1.2.3.4' }] },
  },
  '/api/v1/namespaces/default/services': {
    metadata,
    spec: {
      type: 'LoadBalancer',
      selector: labels,
      ports: [{ name: 'a', port: 80, targetPort: 'http', protocol: 'TCP', appProtocol: 'http' }],
      externalIPs: ['1.2.3.4'],
      externalTrafficPolicy: 'Local',
      sessionAffinity: 'ClientIP',
      sessionAffinityConfig: { clientIP: { timeoutSeconds: 3 } },
      loadBalancerSourceRanges: ['10.0.0.0/8'],
      trafficDistribution: 'PreferClose',
    },
    status: { loadBalancer: { ingress: [{ ip: '1.2.3.4', ports: [{ port: 80, protocol: 'TCP' }] }] }, conditions: [condition] },
  },
  '/api/v1/namespaces/default/endpoints': {
    metadata,
    subsets: [
      {
        addresses: [{ ip: '1.2.3.4', hostname: 'h', targetRef: ref }],
        notReadyAddresses: [{ ip: '1.2.3.5' }],
        ports: [{ name: 'a', port: 80 }],
      },
    ],
  },
  '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices': {
    metadata,
    addressType: 'IPv4',
    endpoints: [
      {
        addresses: ['1.2.3.4'],
        conditions: { ready: true },
        hostname: 'h',
        targetRef: ref,
        zone: 'z',
        hints: { forZones: [{ name: 'z' }] },
      },
    ],
    ports: [{ name: 'a', port: 80, protocol: 'TCP', appProtocol: 'http' }],
  },
  '/api/v1/namespaces/default/configmaps': { metadata, data: { a: 'b' }, binaryData: { c: 'YQ==' }, immutable: false },
  '/api/v1/namespaces/default/secrets': { metadata, data: { a: 'YQ==' }, stringData: { b: 'c' }, type: 'Opaque', immutable: false },
  '/api/v1/namespaces/default/serviceaccounts': {
    metadata,
    secrets: [ref],
    imagePullSecrets: [{ name: 'a' }],
    automountServiceAccountToken: true,
  },
  '/api/v1/namespaces/default/events': {
    metadata,
    involvedObject: ref,
    reason: 'R',
    message: 'm',
    source: { component: 'c', host: 'h' },
    firstTimestamp: now,
    lastTimestamp: now,
    count: 1,
    type: 'Normal',
    eventTime: '2026-01-01T00:00:00.000000Z',
    series: { count: 2, lastObservedTime: '2026-01-01T00:00:00.000000Z' },
    action: 'A',
    related: ref,
    reportingComponent: 'a.b/c',
    reportingInstance: 'i',
  },
  '/apis/coordination.k8s.io/v1/namespaces/default/leases': {
    metadata,
    spec: {
      holderIdentity: 'h',
      leaseDurationSeconds: 1,
      acquireTime: '2026-01-01T00:00:00.000000Z',
      renewTime: '2026-01-01T00:00:00.000000Z',
    },
  },
  '/api/v1/namespaces/default/replicationcontrollers': {
    metadata,
    spec: { replicas: 1, selector: labels, template, minReadySeconds: 1 },
    status: { replicas: 1, conditions: [condition] },
  },
  '/apis/apps/v1/namespaces/default/replicasets': {
    metadata,
    spec: { replicas: 1, selector: { matchLabels: labels }, template },
    status: { replicas: 1, conditions: [condition] },
  },
  '/apis/apps/v1/namespaces/default/deployments': {
    metadata,
    spec: {
      replicas: 1,
      selector: { matchLabels: labels },
      template,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: 1 } },
      revisionHistoryLimit: 1,
      progressDeadlineSeconds: 600,
    },
    status: { replicas: 1, conditions: [condition] },
  },
};
