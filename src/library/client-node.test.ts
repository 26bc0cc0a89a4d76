/** The library with the official JavaScript client, as docs/library.md shows it. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { AppsV1Api, CoreV1Api, KubeConfig, KubernetesObjectApi, Watch } from '@kubernetes/client-node';
import { Cluster } from './index.ts';

it('gives @kubernetes/client-node its kubeconfig, as text and as a file', async () => {
  await using cluster = await Cluster.start();
  const fromText = new KubeConfig();
  fromText.loadFromString(await cluster.kubeconfig());
  const fromFile = new KubeConfig();
  fromFile.loadFromFile(await cluster.kubeconfigFile());
  const apps = fromText.makeApiClient(AppsV1Api);
  const labels = { app: 'web' };
  const template = { metadata: { labels }, spec: { containers: [{ name: 'main', image: 'nginx' }] } };
  await apps.createNamespacedDeployment({
    namespace: 'default',
    body: { metadata: { name: 'web' }, spec: { replicas: 2, selector: { matchLabels: labels }, template } },
  });
  await cluster.waitFor('deployment/web', 'ready');
  const { items } = await apps.listNamespacedDeployment({ namespace: 'default' });
  assert.deepEqual(
    items.map(({ metadata, status }) => [metadata?.name, status?.availableReplicas]),
    [['web', 2]],
  );
  const pods = await fromFile.makeApiClient(CoreV1Api).listNamespacedPod({ namespace: 'default', labelSelector: 'app=web' });
  assert.equal(pods.items.length, 2);
  const object = await KubernetesObjectApi.makeApiClient(fromText).read({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'default' },
  });
  assert.equal(object.metadata?.uid, items[0]?.metadata?.uid);
  const seen: string[] = [];
  const ended = Promise.withResolvers<void>();
  const controller = await new Watch(fromFile).watch(
    '/api/v1/namespaces/default/configmaps',
    {},
    (phase, { metadata }) => {
      seen.push(`${phase} ${metadata.name}`);
      if (metadata.name === 'last') controller.abort();
    },
    () => ended.resolve(),
  );
  await cluster.apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'last' } });
  await ended.promise;
  assert.equal(seen.at(-1), 'ADDED last');
});
