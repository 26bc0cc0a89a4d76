import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JsonObject } from '../../json.ts';
import { pod } from '../../kinds/core/pod.ts';
import { createErrors, partErrors, received } from '../../kinds/testing/objects.ts';

const container = (more: JsonObject = {}): JsonObject => ({ name: 'c', image: 'i:1', ...more });
const errorsOf = (spec: JsonObject): readonly string[] => createErrors(pod, { spec: { containers: [container()], ...spec } });
const volumeErrors = (source: JsonObject): readonly string[] =>
  errorsOf({ serviceAccountName: 'a', volumes: [{ name: 'v', ...source }] }).map((text) => text.replace('spec.volumes[0].', ''));

describe('volumes', () => {
  const sources: ReadonlyArray<readonly [JsonObject, ...string[]]> = [
    [{ emptyDir: { sizeLimit: '-1' } }, 'emptyDir.sizeLimit: Forbidden: SizeLimit field must be a valid resource quantity'],
    [
      { gitRepo: { directory: '/a' } },
      'gitRepo.repository: Required value',
      'gitRepo.directory: Invalid value: "/a": must be a relative path',
    ],
    [
      { gcePersistentDisk: { partition: 300 } },
      'persistentDisk.pdName: Required value',
      'persistentDisk.partition: Invalid value: 300: must be between 1 and 255, inclusive',
    ],
    [{ awsElasticBlockStore: {} }, 'awsElasticBlockStore.volumeID: Required value'],
    [{ nfs: { server: 's', path: 'p' } }, 'nfs.path: Invalid value: "p": must be an absolute path'],
    [
      { iscsi: { iqn: 'x', lun: 256 } },
      'iscsi.targetPortal: Required value',
      'iscsi.iqn: Invalid value: "x": must be valid format starting with iqn, eui, or naa',
      'iscsi.lun: Invalid value: 256: must be between 0 and 255, inclusive',
    ],
    [{ iscsi: { targetPortal: 'p', iqn: 'iqn.2001-04.com.example:a', lun: 0 } }],
    [{ glusterfs: {} }, 'glusterfs.endpoints: Required value', 'glusterfs.path: Required value'],
    [{ flocker: {} }, 'flocker: Required value: one of datasetName and datasetUUID is required'],
    [{ persistentVolumeClaim: {} }, 'persistentVolumeClaim.claimName: Required value'],
    [{ rbd: {} }, 'rbd.monitors: Required value', 'rbd.image: Required value'],
    [{ cinder: { secretRef: {} } }, 'cinder.volumeID: Required value', 'cinder.secretRef.name: Required value'],
    [{ cephfs: {} }, 'cephfs.monitors: Required value'],
    [
      { quobyte: { registry: 'a', volume: 'v' } },
      'quobyte.registry: Invalid value: "a": must be a host:port pair or multiple pairs separated by commas',
    ],
    [{ fc: {} }, 'fc.targetWWNs: Required value: must specify either targetWWNs or wwids, but not both'],
    [{ fc: { targetWWNs: ['a'] } }, 'fc.lun: Required value: lun is required if targetWWNs is specified'],
    [
      { flexVolume: { driver: 'd', options: { 'a.k8s.io/x': 'y' } } },
      'flexVolume.options[a.k8s.io/x]: Invalid value: "a.k8s.io/x": kubernetes.io and k8s.io namespaces are reserved',
    ],
    [
      { configMap: { defaultMode: 4096 } },
      'configMap.name: Required value',
      'configMap.defaultMode: Invalid value: 4096: must be a number between 0 and 0777 (octal), both inclusive',
    ],
    [
      { secret: { secretName: 's', items: [{ key: '', path: '../x' }] } },
      'secret.items[0].key: Required value',
      `secret.items[0].path: Invalid value: "../x": must not contain '..'`,
    ],
    [
      { secret: { secretName: 's', items: [{ key: 'k', path: '..x' }] } },
      `secret.items[0].path: Invalid value: "..x": must not start with '..'`,
    ],
    [{ azureFile: {} }, 'azureFile.secretName: Required value', 'azureFile.shareName: Required value'],
    [
      { azureDisk: { diskName: 'd', diskURI: 'u' } },
      'azureDisk.diskURI: Unsupported value: "u": supported values: "https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd"',
    ],
    [{ vsphereVolume: {} }, 'vsphereVolume.volumePath: Required value'],
    [{ photonPersistentDisk: {} }, 'photonPersistentDisk.pdID: Required value'],
    [{ portworxVolume: {} }, 'portworxVolume.volumeID: Required value'],
    [{ storageos: { secretRef: {} } }, 'storageos.volumeName: Required value', 'storageos.secretRef.name: Required value'],
    [
      { scaleIO: { secretRef: {} } },
      'scaleIO.gateway: Required value',
      'scaleIO.system: Required value',
      'scaleIO.volumeName: Required value',
    ],
    [{ csi: { driver: 'd', nodePublishSecretRef: {} } }, 'csi.nodePublishSecretRef.name: Required value'],
    [{ image: {} }, 'image.reference: Required value'],
    [{ ephemeral: {} }, 'ephemeral.volumeClaimTemplate: Required value'],
    [{ ephemeral: { volumeClaimTemplate: { spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } } } }],
    [
      { ephemeral: { volumeClaimTemplate: { metadata: { name: 'x' }, spec: {} } } },
      'ephemeral.volumeClaimTemplate.metadata.name: Forbidden: cannot be set',
      'ephemeral.volumeClaimTemplate.spec.accessModes: Required value: at least 1 access mode is required',
      'ephemeral.volumeClaimTemplate.spec.resources[storage]: Required value',
    ],
    [{ downwardAPI: { items: [{ path: 'a' }] } }, 'downwardAPI: Required value: one of fieldRef and resourceFieldRef is required'],
    [
      { downwardAPI: { items: [{ path: 'a', fieldRef: { fieldPath: 'spec.nodeName' } }] } },
      'downwardAPI.fieldRef.fieldPath: Unsupported value: "spec.nodeName": supported values: "metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid"',
    ],
    [
      { downwardAPI: { items: [{ path: 'a', resourceFieldRef: { containerName: 'c', resource: 'limits.cpu', divisor: '2' } }] } },
      `downwardAPI.resourceFieldRef.divisor: Invalid value: "limits.cpu": only divisor's values 1m and 1 are supported with the cpu resource`,
    ],
    [
      {
        projected: {
          sources: [
            { configMap: { name: 'a', items: [{ key: 'k', path: 'p' }] } },
            { secret: { name: 's', items: [{ key: 'k', path: 'p' }] } },
          ],
        },
      },
      'projected: Invalid value: "s": conflicting duplicate paths',
    ],
    [
      { projected: { sources: [{ configMap: { name: 'a' }, secret: { name: 'b' } }] } },
      'projected.sources[0]: Forbidden: may not specify more than 1 volume type per source',
    ],
    [
      { projected: { sources: [{ clusterTrustBundle: { path: 'p' } }] } },
      'projected.sources[0].clusterTrustBundle: Required value: either name or signerName must be specified',
    ],
  ];
  for (const [source, ...errors] of sources) it(JSON.stringify(source).slice(0, 70), () => assert.deepEqual(volumeErrors(source), errors));
});

describe('mounts', () => {
  const mountErrors = (mount: JsonObject, more: JsonObject = {}) =>
    errorsOf({ volumes: [{ name: 'v' }], containers: [container({ volumeMounts: [{ name: 'v', mountPath: '/v', ...mount }], ...more })] });
  it('refuse sub-paths upwards and two kinds of them', () => {
    assert.deepEqual(mountErrors({ subPath: 'a/../b', subPathExpr: 'c' }), [
      `spec.containers[0].volumeMounts.subPath: Invalid value: "a/../b": must not contain '..'`,
      'spec.containers[0].volumeMounts[0].subPathExpr: Invalid value: "c": subPathExpr and subPath are mutually exclusive',
    ]);
  });
  it('propagate both ways from privileged containers only', () => {
    assert.deepEqual(mountErrors({ mountPropagation: 'Bidirectional' }), [
      'spec.containers[0].volumeMounts.mountPropagation: Forbidden: Bidirectional mount propagation is available only to privileged containers',
    ]);
    assert.deepEqual(mountErrors({ mountPropagation: 'Bidirectional' }, { securityContext: { privileged: true } }), []);
  });
  it('are recursively read-only only when read-only', () => {
    assert.deepEqual(mountErrors({ recursiveReadOnly: 'Enabled' }), [
      'spec.containers[0].volumeMounts.recursiveReadOnly: Forbidden: may only be specified when readOnly is true',
    ]);
  });
  it('take devices from claims only', () => {
    const volumes = [{ name: 'v' }];
    assert.deepEqual(errorsOf({ volumes, containers: [container({ volumeDevices: [{ name: 'v', devicePath: '/d' }] })] }), [
      'spec.containers[0].volumeDevices[0].name: Invalid value: "v": can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode',
    ]);
  });
});

describe('resources', () => {
  const resourceErrors = (resources: JsonObject) => errorsOf({ containers: [container({ resources })] });
  it('need limits for what cannot be overcommitted', () => {
    assert.deepEqual(resourceErrors({ requests: { 'example.com/gpu': '1' } }), [
      'spec.containers[0].resources.limits: Required value: Limit must be set for non overcommitable resources',
    ]);
    assert.deepEqual(resourceErrors({ requests: { 'example.com/gpu': '1' }, limits: { 'example.com/gpu': '2' } }), [
      'spec.containers[0].resources.requests: Invalid value: "1": must be equal to example.com/gpu limit of 2',
    ]);
  });
  it('come whole where parts make no sense', () => {
    const half = { 'example.com/gpu': '500m' };
    assert.deepEqual(resourceErrors({ limits: half, requests: half }), [
      'spec.containers[0].resources.limits[example.com/gpu]: Invalid value: "500m": must be an integer',
      'spec.containers[0].resources.requests[example.com/gpu]: Invalid value: "500m": must be an integer',
    ]);
  });
  it('have huge pages in multiples, with CPU or memory', () => {
    const huge = { 'hugepages-2Mi': '3Mi' };
    const message = '3Mi is not positive integer multiple of hugepages-2Mi';
    assert.deepEqual(resourceErrors({ limits: huge }), [
      `spec.containers[0].resources.limits[hugepages-2Mi]: Invalid value: "3Mi": ${message}`,
      `spec.containers[0].resources.requests[hugepages-2Mi]: Invalid value: "3Mi": ${message}`,
      'spec.containers[0].resources: Forbidden: HugePages require cpu or memory',
    ]);
  });
  it('name claims that the Pod has', () => {
    assert.deepEqual(resourceErrors({ claims: [{ name: 'x' }] }), [
      'spec.containers[0].resources.claims[0]: Not found: "x": must be one of the names in pod.spec.resourceClaims which is empty',
    ]);
  });
  it('of a Pod cover those of its containers', () => {
    const containers = [container({ resources: { requests: { cpu: '2' }, limits: { cpu: '2' } } })];
    assert.deepEqual(errorsOf({ resources: { requests: { cpu: '1' }, limits: { cpu: '1' } }, containers }), [
      'spec.resources.requests[cpu]: Invalid value: "1": must be greater than or equal to aggregate container requests of 2',
      'spec.resources.containers[0][cpu].limits: Invalid value: "2": must be less than or equal to pod limits of 1',
    ]);
  });
});

describe('security', () => {
  const cases: ReadonlyArray<readonly [JsonObject, string]> = [
    [
      { securityContext: { runAsUser: -1 } },
      'spec.securityContext.runAsUser: Invalid value: -1: must be between 0 and 2147483647, inclusive',
    ],
    [
      { securityContext: { seccompProfile: { type: 'Localhost' } } },
      'spec.securityContext.seccompProfile.localhostProfile: Required value: must be set when seccomp type is Localhost',
    ],
    [
      { securityContext: { appArmorProfile: { type: 'Unconfined', localhostProfile: 'a' } } },
      'spec.securityContext.appArmorProfile.localhostProfile: Invalid value: "a": can only be set when AppArmor type is Localhost',
    ],
    [
      { securityContext: { sysctls: [{ name: 'net.a', value: '1' }] }, hostNetwork: true },
      `spec.securityContext.sysctls[0].name: Invalid value: "net.a": may not be specified when 'hostNetwork' is true`,
    ],
    [
      { securityContext: { fsGroupChangePolicy: 'Never' } },
      'spec.securityContext.fsGroupChangePolicy: Unsupported value: "Never": supported values: "Always", "OnRootMismatch"',
    ],
    [
      { securityContext: { windowsOptions: { runAsUserName: 'a\\b\\c' } } },
      `spec.securityContext.windowsOptions.runAsUserName: Invalid value: "a\\\\b\\\\c": runAsUserName cannot contain more than one backslash`,
    ],
    [
      { securityContext: { windowsOptions: { hostProcess: true } } },
      'spec.hostNetwork: Invalid value: false: hostNetwork must be true if pod contains any hostProcess containers',
    ],
    [
      { os: { name: 'windows' }, securityContext: { runAsUser: 1 } },
      'spec.securityContext.runAsUser: Forbidden: cannot be set for a windows pod',
    ],
    [
      { os: { name: 'linux' }, securityContext: { windowsOptions: {} } },
      'spec.securityContext.windowsOptions: Forbidden: windows options cannot be set for a linux pod',
    ],
    [{ os: { name: 'plan9' } }, 'spec.os: Unsupported value: "plan9": supported values: "linux", "windows"'],
    [{ hostUsers: false, hostNetwork: true }, 'spec.hostNetwork: Forbidden: when `hostUsers` is false'],
    [
      { shareProcessNamespace: true, hostPID: true },
      'spec.securityContext.shareProcessNamespace: Invalid value: true: ShareProcessNamespace and HostPID cannot both be enabled',
    ],
  ];
  for (const [spec, error] of cases) it(error.slice(0, 80), () => assert.deepEqual(errorsOf(spec), [error]));
});

describe('scheduling and the rest', () => {
  const cases: ReadonlyArray<readonly [JsonObject, ...string[]]> = [
    [
      { tolerations: [{ key: 'a', operator: 'Exists', value: 'b' }] },
      'spec.tolerations[0].operator: Invalid value: "b": value must be empty when `operator` is \'Exists\'',
    ],
    [
      { tolerations: [{ key: 'a', tolerationSeconds: 1 }] },
      `spec.tolerations[0].effect: Invalid value: "": effect must be 'NoExecute' when \`tolerationSeconds\` is set`,
    ],
    [
      { tolerations: [{ key: 'a', operator: 'In' }] },
      'spec.tolerations[0].operator: Unsupported value: "In": supported values: "Equal", "Exists"',
    ],
    [{ schedulingGates: [{ name: 'a' }, { name: 'a' }] }, 'spec.schedulingGates[1]: Duplicate value: "a"'],
    [
      { schedulingGates: [{ name: 'a' }], nodeName: 'n' },
      'spec.nodeName: Forbidden: cannot be set until all schedulingGates have been cleared',
    ],
    [{ activeDeadlineSeconds: 0 }, 'spec.activeDeadlineSeconds: Invalid value: 0: must be between 1 and 2147483647, inclusive'],
    [
      { hostname: 'A.b' },
      `spec.hostname: Invalid value: "A.b": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')`,
    ],
    [
      { dnsConfig: { nameservers: ['1.1.1.1', '1.1.1.2', '1.1.1.3', '1.1.1.4'] } },
      'spec.dnsConfig.nameservers: Invalid value: ["1.1.1.1","1.1.1.2","1.1.1.3","1.1.1.4"]: must not have more than 3 nameservers',
    ],
    [{ dnsConfig: { options: [{}] } }, 'spec.dnsConfig.options[0]: Required value: must not be empty'],
    [
      { hostnameOverride: 'a', setHostnameAsFQDN: true },
      'spec.hostnameOverride: Forbidden: may not be specified when setHostnameAsFQDN is true',
    ],
    [
      { resourceClaims: [{ name: 'a' }] },
      'spec.resourceClaims[0]: Invalid value: {"Name":"a","ResourceClaimName":null,"ResourceClaimTemplateName":null}: must specify one of: `resourceClaimName`, `resourceClaimTemplateName`',
    ],
    [
      { preemptionPolicy: 'Always' },
      'spec.preemptionPolicy: Unsupported value: "Always": supported values: "PreemptLowerPriority", "Never"',
    ],
    [
      {
        affinity: {
          podAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 101, podAffinityTerm: { topologyKey: 'z' } }] },
        },
      },
      'spec.affinity.podAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].weight: Invalid value: 101: must be in the range 1-100',
    ],
    [
      {
        affinity: {
          nodeAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'a', operator: 'In' }] }] },
          },
        },
      },
      "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'",
    ],
    [
      { containers: [container({ lifecycle: { preStop: { sleep: { seconds: 60 } } } })] },
      'spec.containers[0].lifecycle.preStop.sleep: Invalid value: 60: must be non-negative and less than terminationGracePeriodSeconds (30)',
    ],
    [
      { containers: [container({ envFrom: [{}] })] },
      'spec.containers[0].envFrom: Invalid value: "": must specify one of: `configMapRef` or `secretRef`',
    ],
    [
      { containers: [container({ env: [{ name: 'a', value: 'x', valueFrom: { configMapKeyRef: { name: 'c', key: 'k' } } }] })] },
      'spec.containers[0].env[0].valueFrom: Invalid value: "": may not be specified when `value` is not empty',
    ],
    [
      { hostNetwork: true, containers: [container({ ports: [{ containerPort: 80, hostPort: 81 }] })] },
      'spec.containers[0].ports[0].hostPort: Invalid value: 81: must match `containerPort` when `hostNetwork` is true',
    ],
  ];
  for (const [spec, ...errors] of cases) it((errors[0] ?? '').slice(0, 80), () => assert.deepEqual(errorsOf(spec), errors));
});

describe('pod status', () => {
  const statusErrors = (status: JsonObject): readonly string[] => {
    const old = received(pod, { spec: { containers: [container()] } });
    const next = received(pod, { spec: { containers: [container()] }, status });
    return partErrors(pod, 'status', old, next);
  };
  it('has addresses of each family once', () => {
    assert.deepEqual(statusErrors({ podIPs: [{ ip: '10.0.0.1' }, { ip: 'fd00::1' }] }), []);
    assert.deepEqual(statusErrors({ podIPs: [{ ip: '10.0.0.1' }, { ip: '10.0.0.2' }] }), [
      'status.podIPs: Invalid value: [{"ip":"10.0.0.1"},{"ip":"10.0.0.2"}]: may specify no more than one IP for each IP family',
    ]);
    assert.deepEqual(statusErrors({ hostIP: '10.0.0.1', hostIPs: [{ ip: '10.0.0.2' }] }), [
      'status.hostIPs[0].ip: Invalid value: "10.0.0.2": must be equal to `hostIP`',
    ]);
  });
  it('keeps its class', () => {
    assert.deepEqual(statusErrors({ qosClass: 'Guaranteed' }), ['status.qosClass: Invalid value: "Guaranteed": field is immutable']);
  });
});

describe('pod annotations', () => {
  it('must make sense', () => {
    const annotations = {
      'controller.kubernetes.io/pod-deletion-cost': '+1',
      'container.apparmor.security.beta.kubernetes.io/d': 'x',
      'kubernetes.io/config.mirror': 'y',
    };
    assert.deepEqual(createErrors(pod, { metadata: { annotations }, spec: { containers: [container()] } }), [
      'metadata.annotations[kubernetes.io/config.mirror]: Invalid value: "y": must set spec.nodeName if mirror pod annotation is set',
      'metadata.annotations[controller.kubernetes.io/pod-deletion-cost]: Invalid value: "+1": must be a 32bit integer',
      'metadata.annotations[container.apparmor.security.beta.kubernetes.io/d]: Invalid value: "d": container not found',
      'metadata.annotations[container.apparmor.security.beta.kubernetes.io/d]: Invalid value: "x": invalid AppArmor profile name: "x"',
    ]);
  });
});
