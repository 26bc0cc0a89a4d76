import assert from 'node:assert/strict';
import { after, before, beforeEach, it } from 'node:test';
import { Cluster, kinds } from 'minik';
import { web } from './web.js';

let cluster;
before(async () => {
  cluster = await Cluster.start({ manifests: web });
  await cluster.save();
});
after(() => cluster.stop());
beforeEach(() => cluster.restore());

it('replaces a pod that is deleted', async () => {
  const pods = cluster.client.resource(kinds.pod);
  const [first] = (await pods.list({ namespace: 'default' })).items;
  await pods.delete({ namespace: 'default', name: first.metadata.name });
  await cluster.waitFor(first, 'deleted');
  await cluster.waitFor('deployment/web', 'ready');
  const names = (await pods.list({ namespace: 'default' })).items.map(({ metadata }) => metadata.name);
  assert.equal(names.length, 2);
  assert.ok(!names.includes(first.metadata.name));
});

it('scales', async () => {
  await cluster.apply({ ...web, spec: { ...web.spec, replicas: 5 } });
  const { status } = await cluster.waitFor('deployment/web', 'ready');
  assert.equal(status.readyReplicas, 5);
});
