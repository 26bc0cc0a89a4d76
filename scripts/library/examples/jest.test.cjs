const { Cluster } = require('minik');

const web = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web' },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: 'web' } },
    template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image: 'nginx' }] } },
  },
};

let cluster;
beforeAll(async () => {
  cluster = await Cluster.start({ manifests: web });
  await cluster.save();
});
afterAll(() => cluster.stop());
beforeEach(() => cluster.restore());

test('scales', async () => {
  await cluster.apply({ ...web, spec: { ...web.spec, replicas: 5 } });
  const { status } = await cluster.waitFor('deployment/web', 'ready');
  expect(status.readyReplicas).toBe(5);
});

test('begins with what was prepared', async () => {
  const { spec } = await cluster.get('deployment/web');
  expect(spec.replicas).toBe(2);
});
