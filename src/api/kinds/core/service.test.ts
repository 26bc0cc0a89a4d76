import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Service } from '../../generated/core/v1.ts';
import type { JsonObject } from '../../json.ts';
import { cells, created, createErrors, received, updated, updateErrors } from '../testing/objects.ts';
import { service } from './service.ts';

const spec = (more: JsonObject = {}): JsonObject => ({ spec: { ports: [{ port: 80 }], ...more } });

describe('Service defaults', () => {
  it('fills in what upstream fills in', () => {
    assert.deepEqual(received(service, spec()).spec, {
      ports: [{ protocol: 'TCP', port: 80, targetPort: 80 }],
      type: 'ClusterIP',
      sessionAffinity: 'None',
      internalTrafficPolicy: 'Cluster',
    });
    const balanced = received(service, spec({ type: 'LoadBalancer' })).spec;
    assert.deepEqual([balanced.externalTrafficPolicy, balanced.allocateLoadBalancerNodePorts], ['Cluster', true]);
    const sticky = received(service, spec({ sessionAffinity: 'ClientIP' })).spec;
    assert.deepEqual(sticky.sessionAffinityConfig, { clientIP: { timeoutSeconds: 10800 } });
  });
});

describe('Service validation', () => {
  it('accepts the four types', () => {
    for (const type of ['ClusterIP', 'NodePort', 'LoadBalancer']) assert.deepEqual(createErrors(service, spec({ type })), []);
    assert.deepEqual(createErrors(service, { spec: { type: 'ExternalName', externalName: 'a.b.' } }), []);
    assert.deepEqual(createErrors(service, { spec: { clusterIP: 'None' } }), []);
  });
  const invalid: ReadonlyArray<readonly [string, JsonObject, ...string[]]> = [
    ['no ports', { spec: {} }, 'spec.ports: Required value'],
    [
      'ports without names',
      spec({ ports: [{ port: 80 }, { port: 80, name: 'a' }] }),
      'spec.ports[0].name: Required value',
      'spec.ports[1]: Duplicate value: {"Name":"","Protocol":"TCP","AppProtocol":null,"Port":80,"TargetPort":0,"NodePort":0}',
    ],
    [
      'a port out of range and a bad target',
      spec({ ports: [{ port: 0, targetPort: 'Web' }] }),
      'spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive',
      'spec.ports[0].targetPort: Invalid value: "Web": must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)',
    ],
    [
      'an unknown protocol',
      spec({ ports: [{ port: 80, protocol: 'ICMP' }] }),
      'spec.ports[0].protocol: Unsupported value: "ICMP": supported values: "SCTP", "TCP", "UDP"',
    ],
    [
      'an unknown type',
      spec({ type: 'Cluster' }),
      'spec.type: Unsupported value: "Cluster": supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"',
    ],
    ['an external name that is none', { spec: { type: 'ExternalName' } }, 'spec.externalName: Required value'],
    [
      'a node port on a cluster address',
      spec({ ports: [{ port: 80, nodePort: 30001 }] }),
      "spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'",
    ],
    [
      'one node port twice',
      spec({
        type: 'NodePort',
        ports: [
          { name: 'a', port: 80, nodePort: 30001 },
          { name: 'b', port: 81, nodePort: 30001 },
        ],
      }),
      'spec.ports[1].nodePort: Duplicate value: 30001',
    ],
    [
      'an address that is none',
      spec({ clusterIP: '10.0.0' }),
      'spec.clusterIPs[0]: Invalid value: "10.0.0": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
    ],
    [
      'a headless load balancer',
      spec({ type: 'LoadBalancer', clusterIP: 'None' }),
      `spec.clusterIPs[0]: Invalid value: "None": may not be set to 'None' for LoadBalancer services`,
    ],
    [
      'an external address on loopback',
      spec({ externalIPs: ['127.0.0.1'] }),
      'spec.externalIPs[0]: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)',
    ],
    [
      'external traffic policy inside',
      spec({ externalTrafficPolicy: 'Local' }),
      'spec.externalTrafficPolicy: Invalid value: "Local": may only be set for externally-accessible services',
    ],
    [
      'source ranges without load balancer',
      spec({ loadBalancerSourceRanges: ['10.0.0.0/8'] }),
      "spec.LoadBalancerSourceRanges: Forbidden: may only be used when `type` is 'LoadBalancer'",
    ],
    [
      'too long an affinity',
      spec({ sessionAffinity: 'ClientIP', sessionAffinityConfig: { clientIP: { timeoutSeconds: 86401 } } }),
      'spec.sessionAffinityConfig.clientIP.timeoutSeconds: Invalid value: 86401: must be greater than 0 and less than 86400',
    ],
  ];
  for (const [name, json, ...errors] of invalid) it(`refuses ${name}`, () => assert.deepEqual(createErrors(service, json), errors));
  it('takes any label for a name, one that starts with a digit too', () => {
    assert.deepEqual(createErrors(service, { metadata: { name: '1a' }, ...spec() }), []);
    assert.match(
      createErrors(service, { metadata: { name: 'a.b' }, ...spec() })[0] ?? '',
      /^metadata\.name: Invalid value: "a\.b": must not contain dots/,
    );
  });
});

describe('Service updates', () => {
  const stored: Service = {
    ...created(service, spec({ type: 'NodePort', ports: [{ name: 'a', port: 80, nodePort: 30001 }] })),
  };
  const old: Service = {
    ...stored,
    spec: { ...stored.spec, clusterIP: '10.96.0.9', clusterIPs: ['10.96.0.9'], ipFamilies: ['IPv4'], ipFamilyPolicy: 'SingleStack' },
  };
  const prepared = (json: JsonObject): Service => {
    const next = received(service, json);
    return updated(service, old, next);
  };
  it('keep the addresses and node ports given out', () => {
    const { spec: got } = prepared(spec({ type: 'NodePort', ports: [{ name: 'a', port: 81 }] }));
    assert.deepEqual([got.clusterIP, got.clusterIPs, got.ports?.[0]?.nodePort], ['10.96.0.9', ['10.96.0.9'], 30001]);
  });
  it('drop node ports when the type has none', () => {
    const ports = [{ name: 'a', port: 80, nodePort: 30001 }];
    const next = prepared(spec({ type: 'ClusterIP', ports, externalTrafficPolicy: 'Cluster' }));
    assert.equal(next.spec.ports?.[0]?.nodePort, undefined);
    assert.equal(next.spec.externalTrafficPolicy, undefined);
  });
  it('drop addresses for an external name', () => {
    const next = prepared({
      spec: {
        type: 'ExternalName',
        externalName: 'a.b',
        clusterIP: '10.96.0.9',
        clusterIPs: ['10.96.0.9'],
        ipFamilies: ['IPv4'],
        ipFamilyPolicy: 'SingleStack',
      },
    });
    assert.deepEqual(
      [next.spec.clusterIP, next.spec.clusterIPs, next.spec.ipFamilies, next.spec.ipFamilyPolicy],
      [undefined, undefined, undefined, undefined],
    );
  });
  it('refuse another address', () => {
    const next: Service = { ...old, spec: { ...old.spec, clusterIP: '10.96.0.8', clusterIPs: ['10.96.0.8'] } };
    assert.deepEqual(updateErrors(service, old, next), ['spec.clusterIPs[0]: Invalid value: ["10.96.0.8"]: may not change once set']);
  });
});

describe('Service warnings', () => {
  it('point at what is ignored or not canonical', () => {
    const warnings = (json: JsonObject) => service.rules?.warnings?.(received(service, json), undefined);
    assert.deepEqual(warnings({ spec: { clusterIPs: ['None'], clusterIP: 'None', externalIPs: ['010.1.1.1'] } }), [
      'spec.externalIPs is ignored for headless services',
      'spec.externalIPs[0]: non-standard IP address "010.1.1.1" is invalid: use "10.1.1.1"',
    ]);
    assert.deepEqual(warnings(spec({ externalName: 'a' })), ['spec.externalName is ignored when spec.type is not "ExternalName"']);
    assert.deepEqual(warnings(spec()), []);
  });
});

describe('Service table', () => {
  const row = (json: JsonObject) => {
    const { Type, 'Cluster-IP': ip, 'External-IP': external, 'Port(s)': ports, Selector } = cells(service, received(service, json));
    return [Type, ip, external, ports, Selector];
  };
  it('shows addresses and ports', () => {
    assert.deepEqual(row(spec({ clusterIP: '10.96.0.1', clusterIPs: ['10.96.0.1'], selector: { b: '2', a: '1' } })), [
      'ClusterIP',
      '10.96.0.1',
      '<none>',
      '80/TCP',
      'a=1,b=2',
    ]);
    assert.deepEqual(row(spec({ type: 'LoadBalancer', ports: [{ port: 80, nodePort: 30001 }] })), [
      'LoadBalancer',
      '<none>',
      '<pending>',
      '80:30001/TCP',
      '<none>',
    ]);
    const status = { loadBalancer: { ingress: [{ ip: '127.0.0.1' }] } };
    assert.equal(row({ ...spec({ type: 'LoadBalancer', externalIPs: ['10.1.1.1'] }), status })[2], '127.0.0.1,10.1.1.1');
    assert.deepEqual(row({ spec: { type: 'ExternalName', externalName: 'a.b' } }), ['ExternalName', '<none>', 'a.b', '<none>', '<none>']);
  });
});
