import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { TestRegistry } from '../test-registry.ts';
import { ServiceAddresses } from './service-addresses.ts';

const resource = 'ipaddresses.networking.k8s.io';
const turns = async (): Promise<void> => {
  for (let i = 0; i < 20; i++) await new Promise(setImmediate);
};

const aService = (name: string, spec: Record<string, unknown> = {}) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace: 'default' },
  spec: { ports: [{ port: 80 }], ...spec },
});

async function started(t: TestContext): Promise<TestRegistry> {
  const test = new TestRegistry();
  let uids = 0;
  const options = {
    store: test.store,
    now: () => 0,
    newUid: () => `uid-${uids++}`,
    onError: (error: unknown) => assert.fail(String(error)),
  };
  await test.create('namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'default' } });
  t.after(await new ServiceAddresses(options).start());
  return test;
}

describe('ServiceAddresses', () => {
  it('shows the address of a Service until the Service is gone, and restores it when it is deleted', async (t) => {
    const test = await started(t);
    await test.create('services', aService('web', { clusterIP: '10.96.7.7' }));
    await turns();
    const shown = await test.get(resource, '10.96.7.7');
    assert.deepEqual(shown.spec, { parentRef: { resource: 'services', namespace: 'default', name: 'web' } });
    assert.deepEqual(shown.metadata.labels, {
      'ipaddress.kubernetes.io/ip-family': 'IPv4',
      'ipaddress.kubernetes.io/managed-by': 'ipallocator.k8s.io',
    });
    await test.delete(resource, '10.96.7.7');
    await turns();
    assert.deepEqual(await test.names(resource, ''), ['10.96.7.7']);
    await test.delete('services', 'default/web');
    await turns();
    assert.deepEqual(await test.names(resource, ''), []);
  });

  it('has none for a Service without an address, and leaves addresses of others alone', async (t) => {
    const test = await started(t);
    const parentRef = { group: 'example.com', resource: 'things', name: 'a' };
    await test.create(resource, {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'IPAddress',
      metadata: { name: '10.96.8.8' },
      spec: { parentRef },
    });
    await test.create('services', aService('headless', { clusterIP: 'None' }));
    await turns();
    assert.deepEqual(await test.names(resource, ''), ['10.96.8.8']);
    await assert.rejects(test.create('services', aService('taken', { clusterIP: '10.96.8.8' })), /provided IP is already allocated/);
  });

  it('draws addresses from a ServiceCIDR once it is ready', async (t) => {
    const test = await started(t);
    const cidr = {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'ServiceCIDR',
      metadata: { name: 'more' },
      spec: { cidrs: ['10.200.0.0/24'] },
    };
    await test.create('servicecidrs.networking.k8s.io', cidr);
    const wanted = aService('far', { clusterIP: '10.200.0.9' });
    await assert.rejects(test.create('services', wanted), /not in the valid range/);
    const key = 'servicecidrs.networking.k8s.io//more';
    const entry = test.store.get(key);
    assert.ok(entry);
    const conditions = [{ type: 'Ready', status: 'True', reason: '', message: '', lastTransitionTime: '2026-01-01T00:00:00Z' }];
    const object = { ...entry.object, status: { conditions } };
    await test.store.write({ key, object });
    await test.create('services', wanted);
    await turns();
    assert.deepEqual(await test.names(resource, ''), ['10.200.0.9']);
  });
});
