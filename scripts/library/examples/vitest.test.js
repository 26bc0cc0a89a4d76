import { Cluster } from 'minik';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { web } from './web.js';

let cluster;
beforeAll(async () => {
  cluster = await Cluster.start({ manifests: web });
  await cluster.save();
});
afterAll(() => cluster.stop());
beforeEach(() => cluster.restore());

it('scales', async () => {
  await cluster.apply({ ...web, spec: { ...web.spec, replicas: 5 } });
  const { status } = await cluster.waitFor('deployment/web', 'ready');
  expect(status.readyReplicas).toBe(5);
});

it('begins with what was prepared', async () => {
  const { spec } = await cluster.get('deployment/web');
  expect(spec.replicas).toBe(2);
});
