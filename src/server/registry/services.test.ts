import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JsonObject } from '../../api/json.ts';
import { bootstrap } from './bootstrap.ts';
import { parseRange } from './services/ip-range.ts';
import { status, type TestObject, TestRegistry } from './test-registry.ts';

interface ServiceSpecLike {
  readonly clusterIP?: string;
  readonly clusterIPs?: readonly string[];
  readonly ipFamilies?: readonly string[];
  readonly ipFamilyPolicy?: string;
  readonly healthCheckNodePort?: number;
  readonly ports: readonly { readonly name?: string; readonly port: number; readonly nodePort?: number; readonly protocol?: string }[];
}
const spec = (service: TestObject): ServiceSpecLike => service.spec as unknown as ServiceSpecLike;

const aService = (name: string, more: JsonObject = {}): JsonObject => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace: 'default' },
  spec: { selector: { app: name }, ports: [{ port: 80 }], ...more },
});

const newTest = (serviceRange?: string): Promise<TestRegistry> =>
  new TestRegistry(serviceRange === undefined ? {} : { serviceRange }).withNamespace();

describe('cluster addresses', () => {
  it('are given from the upper part of the range, one family', async () => {
    const test = await newTest();
    const { clusterIP, clusterIPs, ipFamilies, ipFamilyPolicy } = spec(await test.create('services', aService('a')));
    assert.match(clusterIP ?? '', /^10\.96\./);
    assert.deepEqual([clusterIPs, ipFamilies, ipFamilyPolicy], [[clusterIP], ['IPv4'], 'SingleStack']);
  });

  it('can be asked for, once', async () => {
    const test = await newTest();
    await test.create('services', aService('a', { clusterIP: '10.96.0.10' }));
    await assert.rejects(
      test.create('services', aService('b', { clusterIP: '10.96.0.10' })),
      status(
        422,
        'Service "b" is invalid: spec.clusterIPs: Invalid value: ["10.96.0.10"]: failed to allocate IP 10.96.0.10: provided IP is already allocated',
      ),
    );
    await assert.rejects(
      test.create('services', aService('b', { clusterIP: '10.97.0.10' })),
      status(
        422,
        'Service "b" is invalid: spec.clusterIPs: Invalid value: ["10.97.0.10"]: failed to allocate IP 10.97.0.10: the provided IP (10.97.0.10) is not in the valid range. The range of valid IPs is 10.96.0.0/16',
      ),
    );
    await test.delete('services', 'default/a');
    await test.create('services', aService('b', { clusterIP: '10.96.0.10' }));
  });

  it('and ports are not looked for in dry runs, which hold nothing', async () => {
    const test = await newTest();
    await test.create('services', aService('a', { clusterIP: '10.96.0.10', type: 'NodePort', ports: [{ port: 80, nodePort: 30_080 }] }));
    const dry = async (more: JsonObject): Promise<ServiceSpecLike> =>
      spec(await test.create('services', aService('b', more), { dryRun: true }));
    assert.equal((await dry({ clusterIP: '10.96.0.10' })).clusterIP, '10.96.0.10');
    assert.equal((await dry({})).clusterIP, '10.96.0.0');
    const ports = [
      { name: 'p', port: 80, nodePort: 80 },
      { name: 'q', port: 81 },
      { name: 'r', port: 82 },
    ];
    const given = await dry({ type: 'NodePort', ports });
    assert.deepEqual(
      given.ports.map(({ nodePort }) => nodePort),
      [80, 81, 82],
    );
    const guessed = await dry({ type: 'NodePort' });
    assert.deepEqual(
      guessed.ports.map(({ nodePort }) => nodePort),
      [32_769],
    );
    await assert.rejects(dry({ clusterIP: '10.97.0.10' }), status(422, /is not in the valid range/));
    const taken = dry({ type: 'NodePort', ports: [{ port: 80, nodePort: 30_080 }] });
    await assert.rejects(taken, status(422, /nodePort: Invalid value: 30080: provided port is already allocated/));
    await test.create('services', aService('b', { clusterIP: '10.96.0.11' }));
  });

  it('are not lost by refused creates, and run out', async () => {
    const test = await newTest('10.96.0.0/28');
    for (let round = 0; round < 40; round++) {
      await assert.rejects(
        test.create('services', { ...aService('a'), metadata: { name: 'Not-A-Name', namespace: 'default' } }),
        status(422, /metadata.name/),
      );
    }
    for (let index = 0; index < 12; index++) await test.create('services', aService(`s${index}`));
    const taken = (await test.list('services', 'default')).entries.map(({ object }) => spec(object as unknown as TestObject).clusterIP);
    assert.equal(new Set(taken).size, 12);
    assert.ok(!taken.includes('10.96.0.1') && !taken.includes('10.96.0.10'));
    await assert.rejects(
      test.create('services', aService('full')),
      status(500, 'Internal error occurred: failed to allocate a serviceIP: range is full'),
    );
  });

  it('go to one of two that ask at the same moment', async () => {
    const test = await newTest();
    const asked = ['a', 'b'].map((name) => test.create('services', aService(name, { clusterIP: '10.96.5.5' })));
    const outcomes = await Promise.allSettled(asked);
    assert.deepEqual(outcomes.map((outcome) => outcome.status).toSorted(), ['fulfilled', 'rejected']);
  });

  it('are kept by updates that leave them out, and dropped for an external name', async () => {
    const test = await newTest();
    const { clusterIP } = spec(await test.create('services', aService('a')));
    const updated = spec(await test.update('services', 'default/a', aService('a', { ports: [{ port: 81 }] })));
    assert.equal(updated.clusterIP, clusterIP);
    const external = await test.update(
      'services',
      'default/a',
      aService('a', { type: 'ExternalName', externalName: 'example.com', ports: [{ port: 81 }] }),
    );
    assert.equal(spec(external).clusterIP, undefined);
    const again = spec(await test.update('services', 'default/a', aService('a', { clusterIP: clusterIP ?? '' })));
    assert.deepEqual(again.clusterIPs, [clusterIP]);
  });

  it('are not given to headless Services', async () => {
    const test = await newTest();
    assert.deepEqual(spec(await test.create('services', aService('a', { clusterIP: 'None' }))).clusterIPs, ['None']);
    const open = spec(await test.create('services', aService('b', { clusterIP: 'None', selector: {} })));
    assert.deepEqual([open.ipFamilyPolicy, open.ipFamilies], ['RequireDualStack', ['IPv4', 'IPv6']]);
  });

  it('have one family', async () => {
    const test = await newTest();
    await assert.rejects(
      test.create('services', aService('a', { ipFamilies: ['IPv6'] })),
      status(422, 'Service "a" is invalid: spec.ipFamilies[0]: Invalid value: "IPv6": not configured on this cluster'),
    );
    await assert.rejects(
      test.create('services', aService('a', { ipFamilyPolicy: 'RequireDualStack' })),
      status(422, /this cluster is not configured for dual-stack services/),
    );
  });
});

describe('node ports', () => {
  it('are given, shared by ports of one number, asked for and refused', async () => {
    const test = await newTest();
    const dns = [
      { name: 'udp', port: 53, protocol: 'UDP' },
      { name: 'tcp', port: 53, protocol: 'TCP' },
    ];
    const { ports } = spec(await test.create('services', aService('dns', { type: 'NodePort', ports: dns })));
    assert.ok((ports[0]?.nodePort ?? 0) >= 30_000 && (ports[0]?.nodePort ?? 0) <= 32_767);
    assert.equal(ports[0]?.nodePort, ports[1]?.nodePort);
    await test.create('services', aService('web', { type: 'NodePort', ports: [{ port: 80, nodePort: 30_001 }] }));
    const asked = (nodePort: number) => test.create('services', aService('other', { type: 'NodePort', ports: [{ port: 80, nodePort }] }));
    await assert.rejects(
      asked(30_001),
      status(422, 'Service "other" is invalid: spec.ports[0].nodePort: Invalid value: 30001: provided port is already allocated'),
    );
    await assert.rejects(
      asked(80),
      status(
        422,
        'Service "other" is invalid: spec.ports[0].nodePort: Invalid value: 80: provided port is not in the valid range. The range of valid ports is 30000-32767',
      ),
    );
  });

  it('follow changes of the type', async () => {
    const test = await newTest();
    await test.create('services', aService('web', { type: 'NodePort', ports: [{ port: 80, nodePort: 30_001 }] }));
    const kept = spec(await test.update('services', 'default/web', aService('web', { type: 'LoadBalancer' })));
    assert.equal(kept.ports[0]?.nodePort, 30_001);
    const gone = spec(await test.patch('services', 'default/web', { spec: { type: 'ClusterIP' } }));
    assert.equal(gone.ports[0]?.nodePort, undefined);
    await test.create('services', aService('other', { type: 'NodePort', ports: [{ port: 80, nodePort: 30_001 }] }));
  });

  it('include one for health checks of local traffic', async () => {
    const test = await newTest();
    const local = spec(await test.create('services', aService('lb', { type: 'LoadBalancer', externalTrafficPolicy: 'Local' })));
    assert.ok((local.healthCheckNodePort ?? 0) >= 30_000);
    const bare = spec(await test.create('services', aService('bare', { type: 'LoadBalancer', allocateLoadBalancerNodePorts: false })));
    assert.equal(bare.ports[0]?.nodePort, undefined);
  });
});

describe('bootstrap', () => {
  it('makes the system’s objects, once', async () => {
    const test = new TestRegistry();
    const run = () => bootstrap(test.registry, bootstrapOptions(test));
    await run();
    const { revision } = test.store;
    await run();
    assert.equal(test.store.revision, revision);
    assert.deepEqual(await test.names('namespaces', ''), ['default', 'kube-node-lease', 'kube-public', 'kube-system']);
    assert.equal(spec(await test.get('services', 'default/kubernetes')).clusterIP, '10.96.0.1');
    assert.equal(spec(await test.get('services', 'kube-system/kube-dns')).clusterIP, '10.96.0.10');
    assert.deepEqual((await test.get('endpointslices.discovery.k8s.io', 'default/kubernetes')).endpoints, [
      { addresses: ['172.18.0.1'], conditions: { ready: true } },
    ]);
  });

  it('brings back what is deleted, until it is stopped', async () => {
    const test = new TestRegistry();
    const stop = new AbortController();
    await bootstrap(test.registry, { ...bootstrapOptions(test), signal: stop.signal });
    const before = await test.get('services', 'default/kubernetes');
    await test.delete('services', 'default/kubernetes');
    await turns();
    const after = await test.get('services', 'default/kubernetes');
    assert.deepEqual(after.spec, before.spec);
    assert.notEqual(after.metadata.uid, before.metadata.uid);
    stop.abort();
    await test.delete('services', 'default/kubernetes');
    await turns();
    assert.deepEqual(await test.names('services', 'default'), []);
  });
});

/** Enough turns of the event loop for a few writes one after another. */
async function turns(): Promise<void> {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
}

const bootstrapOptions = (test: TestRegistry) => ({
  now: () => 0,
  serviceRange: parseRange('10.96.0.0/16'),
  apiEndpoint: { ip: '172.18.0.1', port: 6443 },
  dns: true,
  signal: test.context.signal,
  setTimer: () => assert.fail('nothing needs to be tried again'),
});
