import assert from 'node:assert/strict';
import { Cluster } from 'minik';
import { web } from './web.js';

describe('web', () => {
  let cluster;
  before(async () => {
    cluster = await Cluster.start({ manifests: web });
    await cluster.save();
  });
  after(() => cluster.stop());
  beforeEach(() => cluster.restore());

  it('scales', async () => {
    await cluster.apply({ ...web, spec: { ...web.spec, replicas: 5 } });
    const { status } = await cluster.waitFor('deployment/web', 'ready');
    assert.equal(status.readyReplicas, 5);
  });

  it('begins with what was prepared', async () => {
    const { spec } = await cluster.get('deployment/web');
    assert.equal(spec.replicas, 2);
  });
});
