import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ipAddress } from '../api/kinds/networking/ip-address.ts';
import { serviceCidr } from '../api/kinds/networking/service-cidr.ts';
import { serviceCidrController } from './service-cidrs.ts';
import { startTestCluster, type TestCluster } from './testing/test-cluster.ts';

const range = (name: string, ...cidrs: string[]) => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'ServiceCIDR',
  metadata: { name },
  spec: { cidrs },
});
const address = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'IPAddress',
  metadata: { name: '10.200.0.7', labels: { 'ipaddress.kubernetes.io/managed-by': 'ipallocator.k8s.io' } },
  spec: { parentRef: { resource: 'services', namespace: 'default', name: 'web' } },
};
const ref = { namespace: '', name: 'more' };
const readyOf = async (cluster: TestCluster): Promise<readonly unknown[]> => {
  const { status } = await cluster.api(serviceCidr).get(ref);
  const { status: value, reason } = status.conditions?.find(({ type }) => type === 'Ready') ?? {};
  return [value, reason];
};

describe('serviceCidrController', () => {
  it('says that a range is ready, and keeps it while its addresses have no other', async (t) => {
    const cluster = await startTestCluster(t, { controllers: () => [serviceCidrController] });
    await cluster.apply(range('more', '10.200.0.0/24'));
    await cluster.apply(address);
    await cluster.settle();
    assert.deepEqual(await readyOf(cluster), ['True', '']);
    await cluster.api(serviceCidr).delete(ref);
    await cluster.settle();
    assert.deepEqual(await readyOf(cluster), ['False', 'Terminating']);
    await cluster.api(ipAddress).delete({ namespace: '', name: '10.200.0.7' });
    await cluster.pass(11);
    await cluster.settle();
    assert.deepEqual(await cluster.list(serviceCidr), []);
  });

  it('lets a range go that another contains, after a while', async (t) => {
    const cluster = await startTestCluster(t, { controllers: () => [serviceCidrController] });
    await cluster.apply(range('more', '10.200.0.0/24'));
    await cluster.apply(range('larger', '10.200.0.0/16'));
    await cluster.apply(address);
    await cluster.settle();
    await cluster.api(serviceCidr).delete(ref);
    await cluster.settle();
    assert.equal((await cluster.list(serviceCidr)).length, 2);
    await cluster.pass(11);
    await cluster.settle();
    assert.deepEqual(
      (await cluster.list(serviceCidr)).map(({ metadata }) => metadata.name),
      ['larger'],
    );
  });
});
