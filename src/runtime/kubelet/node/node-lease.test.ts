import assert from 'node:assert/strict';
import { it } from 'node:test';
import { lease as leaseKind } from '../../../api/kinds/coordination/lease.ts';
import { node as nodeKind } from '../../../api/kinds/core/node.ts';
import { startKubeletCluster } from '../testing/kubelet-cluster.ts';

it('a node renews its lease every ten seconds, for forty; it owns it, and makes it again', async (t) => {
  const k = await startKubeletCluster(t);
  // It is one of those that the API server makes; until there is one, the lease is tried for again.
  await k.cluster.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kube-node-lease' } });
  await k.pass(2);
  const api = k.cluster.api(leaseKind);
  const ref = { namespace: 'kube-node-lease', name: 'minik' };
  const { metadata, spec } = await api.get(ref);
  const { uid } = (await k.cluster.api(nodeKind).get({ namespace: '', name: 'minik' })).metadata;
  assert.deepEqual(metadata.ownerReferences, [{ apiVersion: 'v1', kind: 'Node', name: 'minik', uid }]);
  assert.deepEqual([spec?.holderIdentity, spec?.leaseDurationSeconds], ['minik', 40]);
  const renewed = async (): Promise<number> => Date.parse((await api.get(ref)).spec?.renewTime ?? '');
  const before = await renewed();
  await k.pass(10);
  assert.equal((await renewed()) - before, 10_000);
  await api.delete(ref);
  await k.pass(12);
  assert.ok((await renewed()) - before >= 20_000);
});
