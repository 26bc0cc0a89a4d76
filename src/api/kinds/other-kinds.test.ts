import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JsonObject } from '../json.ts';
import { lease } from './coordination/lease.ts';
import { configMap } from './core/config-map.ts';
import { endpoints } from './core/endpoints.ts';
import { event } from './core/event.ts';
import { namespace } from './core/namespace.ts';
import { node } from './core/node.ts';
import { secret } from './core/secret.ts';
import { serviceAccount } from './core/service-account.ts';
import { endpointSlice } from './discovery/endpoint-slice.ts';
import { cells, created, createErrors, partErrors, received, updated, updateErrors } from './testing/objects.ts';

describe('ConfigMap', () => {
  it('accepts good data', () => assert.deepEqual(createErrors(configMap, { data: { 'a.b': 'x' }, binaryData: { c: 'AA==' } }), []));
  it('refuses bad and repeated keys', () => {
    assert.deepEqual(createErrors(configMap, { data: { 'a b': 'x', c: 'y' }, binaryData: { c: 'AA==' } }), [
      `data[a b]: Invalid value: "a b": a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')`,
      'data[c]: Invalid value: "c": duplicate of key present in binaryData',
    ]);
  });
  it('refuses more than a mebibyte', () => {
    assert.deepEqual(createErrors(configMap, { data: { a: 'x'.repeat(1024 * 1024 + 1) } }), [
      '[]: Too long: may not be more than 1048576 bytes',
    ]);
  });
  it('cannot change once immutable', () => {
    const old = received(configMap, { immutable: true, data: { a: '1' } });
    assert.deepEqual(updateErrors(configMap, old, received(configMap, { data: { a: '2' } })), [
      'immutable: Forbidden: field is immutable when `immutable` is set',
      'data: Forbidden: field is immutable when `immutable` is set',
    ]);
  });
  it('counts its data', () => assert.equal(cells(configMap, received(configMap, { data: { a: '' }, binaryData: { b: '' } })).Data, 2));
});

describe('Secret', () => {
  it('encodes stringData and is Opaque unless said', () => {
    const got = received(secret, { data: { a: 'MQ==' }, stringData: { a: '2', b: '3' } });
    assert.deepEqual([got.data, got.stringData, got.type], [{ a: 'Mg==', b: 'Mw==' }, undefined, 'Opaque']);
  });
  const invalid: ReadonlyArray<readonly [string, JsonObject, ...string[]]> = [
    ['tls', { type: 'kubernetes.io/tls', data: { 'tls.crt': 'MQ==' } }, 'data[tls.key]: Required value'],
    ['token', { type: 'kubernetes.io/service-account-token' }, 'metadata.annotations[kubernetes.io/service-account.name]: Required value'],
    ['basic auth', { type: 'kubernetes.io/basic-auth' }, 'data[username]: Required value', 'data[password]: Required value'],
    ['ssh', { type: 'kubernetes.io/ssh-auth' }, 'data[ssh-privatekey]: Required value'],
    ['docker', { type: 'kubernetes.io/dockerconfigjson' }, 'data[.dockerconfigjson]: Required value'],
    [
      'broken docker JSON',
      { type: 'kubernetes.io/dockerconfigjson', stringData: { '.dockerconfigjson': '{' } },
      'data[.dockerconfigjson]: Invalid value: "<secret contents redacted>": unexpected end of JSON input',
    ],
    [
      'docker JSON',
      { type: 'kubernetes.io/dockerconfigjson', stringData: { '.dockerconfigjson': '[]' } },
      'data[.dockerconfigjson]: Invalid value: "<secret contents redacted>": json: cannot unmarshal array into Go value of type map[string]interface {}',
    ],
  ];
  for (const [name, json, ...errors] of invalid)
    it(`requires what its type does: ${name}`, () => assert.deepEqual(createErrors(secret, json), errors));
  it('keeps its type', () => {
    assert.deepEqual(updateErrors(secret, received(secret, {}), received(secret, { type: 'a/b' })), [
      'type: Invalid value: "a/b": field is immutable',
    ]);
  });
});

describe('Namespace', () => {
  it('starts Active with its label and finalizer', () => {
    const got = created(namespace, { metadata: { name: 'dev' } });
    assert.deepEqual(
      [got.metadata.labels, got.spec.finalizers, got.status.phase],
      [{ 'kubernetes.io/metadata.name': 'dev' }, ['kubernetes'], 'Active'],
    );
    assert.deepEqual(createErrors(namespace, { metadata: { name: 'dev' } }), []);
  });
  it('has a label as its name', () => {
    assert.deepEqual(createErrors(namespace, { metadata: { name: 'a.b' } }), [
      'metadata.name: Invalid value: "a.b": must not contain dots',
    ]);
  });
  it('is Terminating only while it is deleted', () => {
    const old = created(namespace, {});
    const next = { ...old, status: { phase: 'Terminating' } as const };
    assert.deepEqual(partErrors(namespace, 'status', old, next), [
      `status.Phase: Invalid value: "Terminating": may only be 'Active' if \`deletionTimestamp\` is empty`,
    ]);
  });
});

describe('Node', () => {
  const json = {
    metadata: { labels: { 'node-role.kubernetes.io/worker': '', 'node-role.kubernetes.io/control-plane': '' } },
    spec: { unschedulable: true },
    status: {
      capacity: { cpu: '2' },
      conditions: [{ type: 'Ready', status: 'True' }],
      addresses: [{ type: 'InternalIP', address: '10.0.0.1' }],
      nodeInfo: { kubeletVersion: 'v1.36.0' },
    },
  };
  it('fills its table', () => {
    const row = cells(node, received(node, json));
    assert.deepEqual(
      [row.Status, row.Roles, row.Version, row['Internal-IP'], row['External-IP'], row['OS-Image']],
      ['Ready,SchedulingDisabled', 'control-plane,worker', 'v1.36.0', '10.0.0.1', '<none>', '<unknown>'],
    );
  });
  it('allocates its capacity by default', () => assert.deepEqual(received(node, json).status.allocatable, { cpu: '2' }));
  it('refuses repeated and bad taints', () => {
    const taints = [
      { key: 'a', effect: 'NoSchedule' },
      { key: 'a', effect: 'NoSchedule' },
      { key: 'b', effect: 'Never' },
    ];
    assert.deepEqual(createErrors(node, { spec: { taints } }), [
      'metadata.taints[1]: Duplicate value: {"Key":"a","Value":"","Effect":"NoSchedule","TimeAdded":null}: taints must be unique by key and effect pair',
      'metadata.taints[2].effect: Unsupported value: "Never": supported values: "NoSchedule", "PreferNoSchedule", "NoExecute"',
    ]);
  });
  it('keeps its pod range', () => {
    const old = received(node, { spec: { podCIDR: '10.1.0.0/24', podCIDRs: ['10.1.0.0/24'] } });
    assert.deepEqual(updateErrors(node, old, received(node, { spec: {} })), [
      'spec.podCIDRs: Forbidden: node updates may not change podCIDR except from "" to valid',
    ]);
  });
});

describe('Endpoints', () => {
  it('shows at most three addresses', () => {
    const text = (subsets: readonly JsonObject[]) => cells(endpoints, received(endpoints, { subsets })).Endpoints;
    const addresses = ['1', '2', '3', '4'].map((n) => ({ ip: `10.0.0.${n}` }));
    assert.equal(text([{ addresses, ports: [{ port: 80 }] }]), '10.0.0.1:80,10.0.0.2:80,10.0.0.3:80 + 1 more...');
    assert.equal(text([{ addresses: addresses.slice(0, 1) }]), '10.0.0.1');
    assert.equal(text([]), '<none>');
  });
  it('refuses subsets without addresses and special addresses', () => {
    assert.deepEqual(createErrors(endpoints, { subsets: [{ ports: [{ port: 80 }] }, { addresses: [{ ip: '127.0.0.1' }] }] }), [
      'subsets[0]: Required value: must specify `addresses` or `notReadyAddresses`',
      'subsets[1].addresses[0].ip: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)',
    ]);
  });
});

describe('EndpointSlice', () => {
  const json = { addressType: 'IPv4', endpoints: [{ addresses: ['10.0.0.1'] }], ports: [{ port: 80 }, { name: 'b' }] };
  it('accepts a good one and fills its table', () => {
    assert.deepEqual(createErrors(endpointSlice, json), []);
    const row = cells(endpointSlice, received(endpointSlice, json));
    assert.deepEqual([row.AddressType, row.Ports, row.Endpoints], ['IPv4', '80,b', '10.0.0.1']);
  });
  it('refuses addresses of another family and repeated ports', () => {
    assert.deepEqual(
      createErrors(endpointSlice, { ...json, endpoints: [{ addresses: ['fd00::1'] }, {}], ports: [{ port: 1 }, { port: 2 }] }),
      [
        'ports[1].name: Duplicate value: ""',
        'endpoints[0].addresses: Invalid value: "fd00::1": must be an IPv4 address',
        'endpoints[1].addresses: Required value: must contain at least 1 address',
      ],
    );
  });
  it('keeps its address type', () => {
    const old = received(endpointSlice, json);
    assert.ok(
      updateErrors(endpointSlice, old, { ...old, addressType: 'FQDN' }).includes('addressType: Invalid value: "FQDN": field is immutable'),
    );
  });
  it('counts generations', () => {
    const old = created(endpointSlice, json);
    const same = updated(endpointSlice, old, old);
    const changed = updated(endpointSlice, old, { ...old, ports: [] });
    assert.deepEqual([same?.metadata.generation, changed?.metadata.generation], [1, 2]);
  });
});

describe('Event', () => {
  const json = {
    involvedObject: { kind: 'Pod', name: 'web', namespace: 'default' },
    reason: 'Scheduled',
    message: ' done\n',
    type: 'Normal',
    source: { component: 'default-scheduler' },
    firstTimestamp: '2026-01-01T00:00:00Z',
    lastTimestamp: '2026-01-01T00:01:00Z',
    count: 3,
  };
  const nowMs = Date.parse('2026-01-01T00:02:00Z');
  it('fills its table', () => {
    const row = cells(event, received(event, json), nowMs);
    assert.deepEqual(Object.values(row), ['60s', 'Normal', 'Scheduled', 'pod/web', '', 'default-scheduler', 'done', '2m', 3, 'x']);
  });
  it('is served as events.k8s.io too, there and back', () => {
    const [served] = event.codec.alsoServed ?? [];
    // Stored objects are JSON.
    const stored = received(event, { ...json, reportingComponent: 'kubelet' }) as unknown as JsonObject;
    const other = served?.fromStored(stored) ?? {};
    assert.deepEqual(
      [other.note, other.regarding, other.reportingController, other.deprecatedCount, other.reportingInstance],
      [' done\n', json.involvedObject, 'kubelet', 3, undefined],
    );
    assert.deepEqual(served?.toStored(other), stored);
  });
  it('belongs to the namespace of its object', () => {
    assert.deepEqual(createErrors(event, json), []);
    assert.deepEqual(createErrors(event, { ...json, involvedObject: { ...json.involvedObject, namespace: 'other' } }), [
      'involvedObject.namespace: Invalid value: "other": does not match event.namespace',
    ]);
  });
  it('says more when recorded the new way', () => {
    assert.deepEqual(createErrors(event, { ...json, eventTime: '2026-01-01T00:00:00.000000Z', reportingComponent: 'a' }), [
      'reportingInstance: Required value',
      'action: Required value',
    ]);
  });
  it('offers its fields', () => {
    const object = received(event, json);
    const fields = ['involvedObject.name', 'source', 'reason'].map((field) => event.select?.[field]?.(object));
    assert.deepEqual(fields, ['web', 'default-scheduler', 'Scheduled']);
  });
});

describe('Lease', () => {
  it('refuses durations that are none', () => {
    assert.deepEqual(createErrors(lease, { spec: { holderIdentity: 'a', leaseDurationSeconds: 40 } }), []);
    assert.deepEqual(createErrors(lease, { spec: { leaseDurationSeconds: 0, leaseTransitions: -1 } }), [
      'spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0',
      'spec.leaseTransitions: Invalid value: -1: must be greater than or equal to 0',
    ]);
  });
  it('shows its holder', () => assert.equal(cells(lease, received(lease, { spec: { holderIdentity: 'a' } })).Holder, 'a'));
});

describe('ServiceAccount', () => {
  it('accepts good names only', () => {
    assert.deepEqual(createErrors(serviceAccount, { metadata: { name: 'robot' } }), []);
    assert.equal(createErrors(serviceAccount, { metadata: { name: 'Robot' } }).length, 1);
  });
});

describe('warnings', () => {
  it('name addresses that are written unusually, save those of our own controllers', () => {
    const subsets = [{ addresses: [{ ip: '010.0.0.1' }] }];
    const expected = 'subsets[0].addresses[0].ip: non-standard IP address "010.0.0.1" is invalid: use "10.0.0.1"';
    assert.deepEqual(endpoints.rules?.warnings?.(received(endpoints, { subsets }), undefined), [expected]);
    const labels = { 'endpoints.kubernetes.io/managed-by': 'endpoint-controller' };
    assert.deepEqual(endpoints.rules?.warnings?.(received(endpoints, { metadata: { labels }, subsets }), undefined), []);
    const slice = received(endpointSlice, { addressType: 'IPv6', endpoints: [{ addresses: ['FD00::1'] }] });
    assert.deepEqual(endpointSlice.rules?.warnings?.(slice, undefined), [
      'endpoints[0].addresses[0]: IPv6 address "FD00::1" should be in RFC 5952 canonical format ("fd00::1")',
    ]);
    const names = received(endpointSlice, { addressType: 'FQDN', endpoints: [] });
    assert.deepEqual(endpointSlice.rules?.warnings?.(names, undefined), ['spec.addressType: FQDN endpoints are deprecated']);
  });

  it('name what nodes and service accounts should not have any more', () => {
    assert.deepEqual(node.rules?.warnings?.(received(node, { spec: { externalID: 'x' } }), undefined), [
      'spec.externalID: this field is deprecated, and is unused by Kubernetes',
    ]);
    const annotations = { 'kubernetes.io/enforce-mountable-secrets': 'true' };
    const account = received(serviceAccount, { metadata: { annotations } });
    assert.equal(serviceAccount.rules?.warnings?.(account, undefined).length, 1);
    assert.deepEqual(serviceAccount.rules?.warnings?.(account, account), []);
  });
});
