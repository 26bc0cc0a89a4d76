import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Pod } from '../../generated/core/v1.ts';
import type { JsonObject } from '../../json.ts';
import { cells, created, createErrors, partErrors, received, updateErrors } from '../testing/objects.ts';
import { pod } from './pod.ts';

const container = (more: JsonObject = {}): JsonObject => ({ name: 'c', image: 'busybox:1.36', ...more });
const withSpec = (spec: JsonObject): JsonObject => ({ spec: { containers: [container()], ...spec } });
const withContainer = (more: JsonObject): JsonObject => ({ spec: { containers: [container(more)] } });

describe('Pod defaults', () => {
  it('fills in what upstream fills in', () => {
    const { spec } = received(pod, {
      spec: {
        containers: [
          {
            name: 'c',
            image: 'nginx',
            ports: [{ containerPort: 80 }],
            livenessProbe: { httpGet: { port: 80 } },
            env: [{ name: 'IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } }],
            resources: { limits: { cpu: '1', memory: '64Mi' }, requests: { cpu: '0.0001' } },
          },
        ],
        volumes: [{ name: 'e' }, { name: 's', secret: { secretName: 's' } }, { name: 'h', hostPath: { path: '/' } }],
        serviceAccount: 'robot',
      },
    });
    assert.deepEqual(spec, {
      volumes: [
        { name: 'e', emptyDir: {} },
        { name: 's', secret: { secretName: 's', defaultMode: 420 } },
        { name: 'h', hostPath: { path: '/', type: '' } },
      ],
      containers: [
        {
          name: 'c',
          image: 'nginx',
          ports: [{ containerPort: 80, protocol: 'TCP' }],
          env: [{ name: 'IP', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'status.podIP' } } }],
          resources: { limits: { cpu: '1', memory: '64Mi' }, requests: { cpu: '1m', memory: '64Mi' } },
          livenessProbe: {
            httpGet: { path: '/', port: 80, scheme: 'HTTP' },
            timeoutSeconds: 1,
            periodSeconds: 10,
            successThreshold: 1,
            failureThreshold: 3,
          },
          terminationMessagePath: '/dev/termination-log',
          terminationMessagePolicy: 'File',
          imagePullPolicy: 'Always',
        },
      ],
      restartPolicy: 'Always',
      terminationGracePeriodSeconds: 30,
      dnsPolicy: 'ClusterFirst',
      serviceAccountName: 'robot',
      serviceAccount: 'robot',
      securityContext: {},
      schedulerName: 'default-scheduler',
      enableServiceLinks: true,
    });
  });
  it('pulls tagged images only when absent', () => {
    const policy = (image: string) => received(pod, withContainer({ image })).spec.containers[0]?.imagePullPolicy;
    assert.equal(policy('localhost:5000/a'), 'Always');
    assert.equal(policy('localhost:5000/a:1'), 'IfNotPresent');
    assert.equal(policy(`a@sha256:${'0'.repeat(64)}`), 'IfNotPresent');
  });
  it('gives host-network containers their host ports', () => {
    const { spec } = received(pod, { spec: { hostNetwork: true, containers: [container({ ports: [{ containerPort: 80 }] })] } });
    assert.equal(spec.containers[0]?.ports?.[0]?.hostPort, 80);
  });
  it('derives pod-level requests from containers and limits', () => {
    const { spec } = received(pod, {
      spec: {
        resources: { limits: { cpu: '2', memory: '1Gi' } },
        containers: [container({ resources: { requests: { cpu: '500m' } } })],
      },
    });
    assert.deepEqual(spec.resources, { limits: { cpu: '2', memory: '1Gi' }, requests: { cpu: '500m', memory: '1Gi' } });
  });
});

describe('Pod creation', () => {
  it('starts Pending with its quality-of-service class', () => {
    assert.deepEqual(created(pod, { ...withSpec({}), status: { phase: 'Running' } }).status, { phase: 'Pending', qosClass: 'BestEffort' });
    const limits = { cpu: '1', memory: '1Gi' };
    assert.equal(created(pod, withContainer({ resources: { limits } })).status.qosClass, 'Guaranteed');
    assert.equal(created(pod, withContainer({ resources: { requests: { cpu: '1' } } })).status.qosClass, 'Burstable');
  });
  it('merges label keys into selectors', () => {
    const constraint = { maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule', matchLabelKeys: ['v'], labelSelector: {} };
    const term = { topologyKey: 'zone', mismatchLabelKeys: ['v'], labelSelector: { matchLabels: { app: 'a' } } };
    const json = {
      metadata: { labels: { v: '2' } },
      ...withSpec({
        topologySpreadConstraints: [constraint],
        affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } },
      }),
    };
    const { topologySpreadConstraints, affinity } = created(pod, json).spec;
    assert.deepEqual(topologySpreadConstraints?.[0]?.labelSelector, {
      matchExpressions: [{ key: 'v', operator: 'In', values: ['2'] }],
    });
    assert.deepEqual(affinity?.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.[0]?.labelSelector, {
      matchLabels: { app: 'a' },
      matchExpressions: [{ key: 'v', operator: 'NotIn', values: ['2'] }],
    });
    assert.deepEqual(createErrors(pod, json), []);
    const repeated = { ...constraint, labelSelector: { matchLabels: { v: '2' } } };
    assert.deepEqual(createErrors(pod, { metadata: { labels: { v: '2' } }, ...withSpec({ topologySpreadConstraints: [repeated] }) }), [
      'spec.topologySpreadConstraints[0].matchLabelKeys[0]: Invalid value: "v": exists in both matchLabelKeys and labelSelector',
    ]);
  });
  it('says that a gated Pod waits', () => {
    const { status } = created(pod, withSpec({ schedulingGates: [{ name: 'example.com/wait' }] }));
    assert.equal(status.conditions?.[0]?.reason, 'SchedulingGated');
  });
});

const label63 =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";

const invalid: ReadonlyArray<readonly [name: string, json: JsonObject, ...errors: string[]]> = [
  ['no containers', { spec: {} }, 'spec.containers: Required value'],
  [
    'a container without name and image',
    { spec: { containers: [{}] } },
    'spec.containers[0].name: Required value',
    'spec.containers[0].image: Required value',
  ],
  ['a bad container name', withContainer({ name: 'C_1' }), `spec.containers[0].name: Invalid value: "C_1": ${label63}`],
  ['two containers of one name', { spec: { containers: [container(), container()] } }, 'spec.containers[1].name: Duplicate value: "c"'],
  [
    'an image with spaces',
    withContainer({ image: ' a' }),
    'spec.containers[0].image: Invalid value: " a": must not have leading or trailing whitespace',
  ],
  [
    'a bad port',
    withContainer({ ports: [{ containerPort: 70000, name: 'A' }] }),
    'spec.containers[0].ports[0].name: Invalid value: "A": must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)',
    'spec.containers[0].ports[0].name: Invalid value: "A": must contain at least one letter (a-z)',
    'spec.containers[0].ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive',
  ],
  [
    'a host port taken twice',
    withContainer({
      ports: [
        { containerPort: 80, hostPort: 80 },
        { containerPort: 81, hostPort: 80 },
      ],
    }),
    'spec.containers[0].ports[1].hostPort: Duplicate value: "TCP//80"',
  ],
  [
    'a mount of no volume',
    withContainer({ volumeMounts: [{ name: 'v', mountPath: '/v' }] }),
    'spec.containers[0].volumeMounts[0].name: Not found: "v"',
  ],
  [
    'two mounts at one path',
    {
      spec: {
        volumes: [{ name: 'v' }],
        containers: [
          container({
            volumeMounts: [
              { name: 'v', mountPath: '/v' },
              { name: 'v', mountPath: '/v' },
            ],
          }),
        ],
      },
    },
    'spec.containers[0].volumeMounts[1].mountPath: Invalid value: "/v": must be unique',
  ],
  ['two volumes of one name', withSpec({ volumes: [{ name: 'v' }, { name: 'v' }] }), 'spec.volumes[1].name: Duplicate value: "v"'],
  [
    'two sources in a volume',
    withSpec({ volumes: [{ name: 'v', emptyDir: {}, hostPath: { path: '/' } }] }),
    'spec.volumes[0].hostPath: Forbidden: may not specify more than 1 volume type',
  ],
  [
    'a host path upwards',
    withSpec({ volumes: [{ name: 'v', hostPath: { path: '/a/../b', type: 'Dir' } }] }),
    `spec.volumes[0].hostPath.path: Invalid value: "/a/../b": must not contain '..'`,
    'spec.volumes[0].hostPath.type: Unsupported value: "Dir": supported values: "", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"',
  ],
  ['a secret volume without name', withSpec({ volumes: [{ name: 'v', secret: {} }] }), 'spec.volumes[0].secret.secretName: Required value'],
  [
    'a short token',
    withSpec({
      serviceAccountName: 'a',
      volumes: [{ name: 'v', projected: { sources: [{ serviceAccountToken: { path: 't', expirationSeconds: 1 } }] } }],
    }),
    'spec.volumes[0].projected.sources[0].serviceAccountToken.expirationSeconds: Invalid value: 1: may not specify a duration less than 10 minutes',
  ],
  [
    'requests above limits',
    withContainer({ resources: { requests: { memory: '2Gi' }, limits: { memory: '1Gi' } } }),
    'spec.containers[0].resources.requests: Invalid value: "2Gi": must be less than or equal to memory limit of 1Gi',
  ],
  [
    'an unknown resource',
    withContainer({ resources: { limits: { foo: '1' } } }),
    'spec.containers[0].resources.limits[foo]: Invalid value: "foo": must be a standard resource type or fully qualified',
    'spec.containers[0].resources.limits[foo]: Invalid value: "foo": must be a standard resource for containers',
    'spec.containers[0].resources.requests[foo]: Invalid value: "foo": must be a standard resource type or fully qualified',
    'spec.containers[0].resources.requests[foo]: Invalid value: "foo": must be a standard resource for containers',
  ],
  [
    'negative CPU',
    withContainer({ resources: { requests: { cpu: '-1' } } }),
    'spec.containers[0].resources.requests[cpu]: Invalid value: "-1": must be greater than or equal to 0',
  ],
  [
    'a probe with two actions and a bad threshold',
    withContainer({ livenessProbe: { exec: { command: ['a'] }, tcpSocket: { port: 1 }, successThreshold: 2 } }),
    'spec.containers[0].livenessProbe.tcpSocket: Forbidden: may not specify more than 1 handler type',
    'spec.containers[0].livenessProbe.successThreshold: Invalid value: 2: must be 1',
  ],
  [
    'a probe without action',
    withContainer({ readinessProbe: {} }),
    'spec.containers[0].readinessProbe: Required value: must specify a handler type',
  ],
  [
    'a variable from nowhere',
    withContainer({ env: [{ name: 'A', valueFrom: {} }] }),
    'spec.containers[0].env[0].valueFrom: Invalid value: "": must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`',
  ],
  [
    'a variable from an unknown field',
    withContainer({ env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'spec.foo' } } }] }),
    'spec.containers[0].env[0].valueFrom.fieldRef.fieldPath: Invalid value: "spec.foo": error converting fieldPath: field label not supported: spec.foo',
  ],
  [
    'an unknown restart policy',
    withSpec({ restartPolicy: 'Sometimes' }),
    'spec.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "OnFailure", "Never"',
  ],
  [
    'an unknown pull policy',
    withContainer({ imagePullPolicy: 'Maybe' }),
    'spec.containers[0].imagePullPolicy: Unsupported value: "Maybe": supported values: "Always", "IfNotPresent", "Never"',
  ],
  [
    'a probe on an init container',
    withSpec({ initContainers: [{ name: 'i', image: 'i:1', livenessProbe: { exec: { command: ['a'] } } }] }),
    'spec.initContainers[0].livenessProbe: Forbidden: may not be set for init containers without restartPolicy=Always',
  ],
  [
    'privileged without escalation',
    withContainer({ securityContext: { privileged: true, allowPrivilegeEscalation: false } }),
    'spec.containers[0].securityContext: Invalid value: {"Capabilities":null,"Privileged":true,"SELinuxOptions":null,"WindowsOptions":null,"RunAsUser":null,"RunAsGroup":null,"RunAsNonRoot":null,"ReadOnlyRootFilesystem":null,"AllowPrivilegeEscalation":false,"ProcMount":null,"SeccompProfile":null,"AppArmorProfile":null}: cannot set `allowPrivilegeEscalation` to false and `privileged` to true',
  ],
  [
    'a toleration of everything without Exists',
    withSpec({ tolerations: [{ operator: 'Equal', value: 'x' }] }),
    'spec.tolerations[0].operator: Invalid value: "Equal": operator must be Exists when `key` is empty, which means "match all values and all keys"',
  ],
  [
    'spread without key',
    withSpec({ topologySpreadConstraints: [{ maxSkew: 0, whenUnsatisfiable: 'DoNotSchedule' }] }),
    'spec.topologySpreadConstraints[0].maxSkew: Invalid value: 0: must be greater than zero',
    'spec.topologySpreadConstraints[0].topologyKey: Required value: can not be empty',
  ],
  [
    'affinity without terms',
    withSpec({ affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [] } } } }),
    'spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms: Required value: must have at least one node selector term',
  ],
  ['no name servers', withSpec({ dnsPolicy: 'None' }), 'spec.dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None'],
  [
    'a host alias that is no address',
    withSpec({ hostAliases: [{ ip: '300.0.0.1' }] }),
    'spec.hostAliases[0].ip: Invalid value: "300.0.0.1": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
  ],
  [
    'ephemeral containers from the start',
    withSpec({ ephemeralContainers: [container({ name: 'debug' })] }),
    'spec.ephemeralContainers: Forbidden: cannot be set on create',
  ],
  [
    'a bad name',
    { metadata: { name: 'Up' }, ...withSpec({}) },
    `metadata.name: Invalid value: "Up": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')`,
  ],
];

describe('Pod validation', () => {
  it('accepts a full Pod', () => {
    const full = withSpec({
      initContainers: [{ name: 'side', image: 's:1', restartPolicy: 'Always', startupProbe: { tcpSocket: { port: 80 } } }],
      volumes: [
        { name: 'a', configMap: { name: 'c', items: [{ key: 'k', path: 'p/q' }] } },
        { name: 'b', downwardAPI: { items: [{ path: 'labels', fieldRef: { fieldPath: "metadata.labels['a/b']" } }] } },
        { name: 'd', image: { reference: 'i:1' } },
      ],
      tolerations: [{ operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 3 }],
      affinity: {
        podAntiAffinity: {
          preferredDuringSchedulingIgnoredDuringExecution: [
            { weight: 1, podAffinityTerm: { topologyKey: 'kubernetes.io/hostname', labelSelector: {} } },
          ],
        },
      },
      dnsConfig: { nameservers: ['1.1.1.1'], searches: ['a.b.'], options: [{ name: 'ndots', value: '2' }] },
      os: { name: 'linux' },
    });
    assert.deepEqual(createErrors(pod, full), []);
  });
  for (const [name, json, ...errors] of invalid) it(`refuses ${name}`, () => assert.deepEqual(createErrors(pod, json), errors));
});

const edited = (old: Pod, spec: Partial<Pod['spec']>): Pod => ({ ...old, spec: { ...old.spec, ...spec } });

describe('Pod updates', () => {
  const old = created(pod, withSpec({ tolerations: [{ key: 'a', operator: 'Exists' }] }));
  const first = old.spec.containers[0];
  assert.ok(first);
  it('lets images, tolerations and deadlines change', () => {
    const next = edited(old, {
      containers: [{ ...first, image: 'other:2' }],
      tolerations: [...(old.spec.tolerations ?? []), { key: 'b', operator: 'Exists' }],
      activeDeadlineSeconds: 5,
    });
    assert.deepEqual(updateErrors(pod, old, next), []);
  });
  it('refuses other changes', () => {
    assert.deepEqual(updateErrors(pod, old, edited(old, { hostname: 'h' })), [
      'spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)\n' +
        '@@ -64,7 +64,7 @@\n   "SELinuxChangePolicy": null\n  },\n  "ImagePullSecrets": null,\n- "Hostname": "",\n+ "Hostname": "h",\n  "Subdomain": "",\n  "SetHostnameAsFQDN": null,\n  "Affinity": null,\n',
    ]);
    assert.deepEqual(updateErrors(pod, old, edited(old, { containers: [first, { ...first, name: 'd' }] })), [
      'spec.containers: Forbidden: pod updates may not add or remove containers',
    ]);
    assert.deepEqual(updateErrors(pod, old, edited(old, { tolerations: [] })), [
      'spec.tolerations: Forbidden: existing toleration can not be modified except its tolerationSeconds',
    ]);
  });
  it('lets gates go but not come', () => {
    const gated = created(pod, withSpec({ schedulingGates: [{ name: 'a' }, { name: 'b' }] }));
    assert.deepEqual(updateErrors(pod, gated, edited(gated, { schedulingGates: [{ name: 'a' }], nodeSelector: { x: 'y' } })), []);
    assert.deepEqual(updateErrors(pod, gated, edited(gated, { schedulingGates: [{ name: 'z' }] })), [
      "spec.schedulingGates[0].name: Forbidden: only deletion is allowed, but found new scheduling gate 'z'",
    ]);
  });
  it('keeps ended containers ended', () => {
    const never = created(pod, withSpec({ restartPolicy: 'Never' }));
    const status = (state: Pod['status']['containerStatuses']): Pod => ({
      ...never,
      status: { ...never.status, containerStatuses: state },
    });
    const one = { name: 'c', lastState: {}, ready: false, restartCount: 0, image: 'i', imageID: '' };
    const ended = status([{ ...one, state: { terminated: { exitCode: 0 } } }]);
    const revived = status([{ ...one, state: { running: {} } }]);
    assert.deepEqual(partErrors(pod, 'status', ended, revived), [
      'status.containerStatuses[0].state: Forbidden: may not be transitioned to non-terminated state',
    ]);
  });
  it('lets ended containers run again by their rules, and all of a pod whose containers may restart together', () => {
    const one = { name: 'c', lastState: {}, ready: false, restartCount: 0, image: 'i', imageID: '' };
    const errors = (action: string, exitCode: number): readonly string[] => {
      const rule = { action, exitCodes: { operator: 'In', values: [42] } };
      const ruled = { name: 'c', image: 'i', restartPolicy: 'Never', restartPolicyRules: [rule] };
      const base = created(pod, withSpec({ restartPolicy: 'Never', containers: [ruled] }));
      const status = (state: object): Pod => ({ ...base, status: { ...base.status, containerStatuses: [{ ...one, state }] } });
      return partErrors(pod, 'status', status({ terminated: { exitCode } }), status({ running: {} }));
    };
    assert.deepEqual(errors('Restart', 42), []);
    assert.equal(errors('Restart', 1).length, 1);
    assert.deepEqual(errors('RestartAllContainers', 1), []);
  });
});

describe('Pod warnings', () => {
  it('points at deprecated and odd fields', () => {
    const object = created(pod, {
      spec: {
        nodeSelector: { 'beta.kubernetes.io/os': 'linux' },
        imagePullSecrets: [{ name: '' }],
        containers: [
          container({
            env: [
              { name: 'A', value: '1' },
              { name: 'A', value: '2' },
            ],
          }),
        ],
      },
    });
    assert.deepEqual(pod.rules?.warnings?.(object, undefined), [
      'spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use "kubernetes.io/os" instead',
      'spec.imagePullSecrets[0].name: invalid empty name ""',
      'spec.containers[0].env[1]: hides previous definition of "A", which may be dropped when using apply',
    ]);
  });
});

describe('Pod table', () => {
  const nowMs = Date.parse('2026-01-01T01:00:00Z');
  const base = { lastState: {}, image: 'i', imageID: '', restartCount: 0, ready: false } as const;
  const row = (json: JsonObject, more: Partial<Pod> = {}) => {
    const object: Pod = { ...received(pod, json), ...more };
    const { Ready, Status, Restarts } = cells(pod, object, nowMs);
    return [Ready, Status, Restarts];
  };
  it('shows the phase of a new Pod', () =>
    assert.deepEqual(row({ ...withSpec({}), status: { phase: 'Pending' } }), ['0/1', 'Pending', '0']));
  it('shows why a container waits and when it last restarted', () => {
    const containerStatuses = [
      {
        ...base,
        name: 'c',
        restartCount: 3,
        state: { waiting: { reason: 'CrashLoopBackOff' } },
        lastState: { terminated: { exitCode: 1, finishedAt: '2026-01-01T00:58:00Z' } },
      },
    ];
    assert.deepEqual(row({ ...withSpec({}), status: { phase: 'Running', containerStatuses } }), ['0/1', 'CrashLoopBackOff', '3 (2m ago)']);
  });
  it('shows progress of init containers', () => {
    const json = withSpec({ initContainers: [container({ name: 'i' }), container({ name: 'j' })] });
    const status = (state: JsonObject): JsonObject => ({
      ...json,
      status: { phase: 'Pending', initContainerStatuses: [{ ...base, name: 'i', state }] },
    });
    assert.deepEqual(row(status({ running: {} })), ['0/1', 'Init:0/2', '0']);
    assert.deepEqual(row(status({ terminated: { exitCode: 2 } })), ['0/1', 'Init:ExitCode:2', '0']);
    assert.deepEqual(row(status({ terminated: { exitCode: 1, reason: 'Error' } })), ['0/1', 'Init:Error', '0']);
    assert.deepEqual(row(status({ waiting: { reason: 'ImagePullBackOff' } })), ['0/1', 'Init:ImagePullBackOff', '0']);
  });
  it('counts sidecars', () => {
    const json = withSpec({ initContainers: [container({ name: 's', restartPolicy: 'Always' })] });
    const status = {
      phase: 'Running',
      initContainerStatuses: [{ ...base, name: 's', started: true, ready: true, state: { running: {} } }],
      containerStatuses: [{ ...base, name: 'c', ready: true, state: { running: {} } }],
    };
    assert.deepEqual(row({ ...json, status }), ['2/2', 'Running', '0']);
  });
  it('shows Terminating, Unknown, Completed and NotReady', () => {
    const deleted = { name: 'x', deletionTimestamp: '2026-01-01T00:00:00Z' };
    assert.equal(row({ ...withSpec({}), metadata: deleted, status: { phase: 'Running' } })[1], 'Terminating');
    assert.equal(row({ ...withSpec({}), metadata: deleted, status: { phase: 'Running', reason: 'NodeLost' } })[1], 'Unknown');
    const done = { ...base, name: 'c', state: { terminated: { exitCode: 0, reason: 'Completed' } } };
    assert.equal(row({ ...withSpec({}), status: { phase: 'Succeeded', containerStatuses: [done] } })[1], 'Completed');
    const running = { ...base, name: 'd', ready: true, state: { running: {} } };
    assert.equal(row({ ...withSpec({}), status: { phase: 'Running', containerStatuses: [done, running] } })[1], 'NotReady');
  });
  it('has wide columns and row conditions', () => {
    const object = received(pod, {
      ...withSpec({ nodeName: 'n', readinessGates: [{ conditionType: 'a/b' }] }),
      status: { phase: 'Succeeded', podIPs: [{ ip: '10.0.0.1' }], conditions: [{ type: 'a/b', status: 'True' }] },
    });
    const { IP, Node, 'Nominated Node': nominated, 'Readiness Gates': gates } = cells(pod, object);
    assert.deepEqual([IP, Node, nominated, gates], ['10.0.0.1', 'n', '<none>', '1/1']);
    assert.equal(pod.table?.rowConditions?.(object)[0]?.message, 'The pod has completed successfully.');
  });
});

describe('Pod deletion', () => {
  const grace = (json: JsonObject, requested?: number) => pod.delete?.gracePeriodSeconds?.(received(pod, json), requested);
  it('takes the time that the spec says, unless asked otherwise', () => {
    assert.equal(grace(withSpec({ nodeName: 'n' })), 30);
    assert.equal(grace(withSpec({ nodeName: 'n' }), 5), 5);
    assert.equal(grace(withSpec({ nodeName: 'n' }), 0), 0);
    assert.equal(grace(withSpec({ nodeName: 'n', terminationGracePeriodSeconds: -1 })), 1);
  });
  it('is at once when no kubelet runs it or it has ended', () => {
    assert.equal(grace(withSpec({})), 0);
    assert.equal(grace({ ...withSpec({ nodeName: 'n' }), status: { phase: 'Failed' } }), 0);
  });
});
