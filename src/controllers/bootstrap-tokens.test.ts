import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { describe, it, type TestContext } from 'node:test';
import { toBase64 } from '../api/base64.ts';
import { configMap } from '../api/kinds/core/config-map.ts';
import { secret } from '../api/kinds/core/secret.ts';
import { bootstrapSigner, bootstrapTokenCleaner } from './bootstrap-tokens.ts';
import { startTestCluster, type TestCluster } from './testing/test-cluster.ts';

const described = { namespace: 'kube-public', name: 'cluster-info' };
const start = (t: TestContext): Promise<TestCluster> =>
  startTestCluster(t, { controllers: [bootstrapTokenCleaner, bootstrapSigner], namespaces: ['kube-public'] });

const addToken = (cluster: TestCluster, id: string, more: Record<string, string> = {}) =>
  cluster.apply({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { namespace: 'kube-system', name: `bootstrap-token-${id}` },
    type: 'bootstrap.kubernetes.io/token',
    data: Object.fromEntries(
      Object.entries({ 'token-id': id, 'token-secret': '0123456789abcdef', 'usage-bootstrap-signing': 'true', ...more }).map(
        ([key, value]) => [key, toBase64(value)],
      ),
    ),
  });

const inSeconds = (cluster: TestCluster, seconds: number): string => new Date(cluster.clock.now() + seconds * 1000).toISOString();

/** What RFC 7515 says of a signature without its content. */
function signature(id: string, key: string, content: string): string {
  const header = Buffer.from(`{"alg":"HS256","kid":"${id}"}`).toString('base64url');
  const hash = createHmac('sha256', key).update(`${header}.${Buffer.from(content).toString('base64url')}`);
  return `${header}..${hash.digest('base64url')}`;
}

describe('bootstrapTokenCleaner', () => {
  it('deletes a token when it expires, and leaves others alone', async (t) => {
    const cluster = await start(t);
    await addToken(cluster, 'aaaaaa', { expiration: inSeconds(cluster, 60) });
    await addToken(cluster, 'bbbbbb');
    await addToken(cluster, 'cccccc', { expiration: 'never' });
    await cluster.settle();
    const left = async () => (await cluster.list(secret, 'kube-system')).map(({ metadata }) => metadata.name);
    assert.deepEqual(await left(), ['bootstrap-token-aaaaaa', 'bootstrap-token-bbbbbb']);
    await cluster.pass(60);
    assert.deepEqual(await left(), ['bootstrap-token-bbbbbb']);
  });
});

describe('bootstrapSigner', () => {
  it('signs the description of the cluster with each token that is for that', async (t) => {
    const cluster = await start(t);
    await addToken(cluster, 'aaaaaa');
    await addToken(cluster, 'bbbbbb', { 'usage-bootstrap-signing': 'false' });
    const data = { kubeconfig: 'k', other: 'o', 'jws-kubeconfig-zzzzzz': 'of a token that is gone' };
    await cluster.apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata: described, data });
    await cluster.settle();
    const shown = async () => (await cluster.api(configMap).get(described)).data;
    assert.deepEqual(await shown(), {
      kubeconfig: 'k',
      other: 'o',
      'jws-kubeconfig-aaaaaa': signature('aaaaaa', '0123456789abcdef', 'k'),
    });
    await cluster.api(secret).delete({ namespace: 'kube-system', name: 'bootstrap-token-aaaaaa' });
    await cluster.settle();
    assert.deepEqual(await shown(), { kubeconfig: 'k', other: 'o' });
  });
});
