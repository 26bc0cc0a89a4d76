import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { fromBase64 } from '../api/base64.ts';
import { secret } from '../api/kinds/core/secret.ts';
import { serviceAccount } from '../api/kinds/core/service-account.ts';
import { serviceAccountTokensController } from './service-account-tokens.ts';
import { startTestCluster, type TestCluster } from './testing/test-cluster.ts';

const ref = { namespace: 'default', name: 'robot-token' };
const account = { namespace: 'default', name: 'robot' };

async function start(t: TestContext): Promise<TestCluster> {
  const issue = async ({ serviceAccount: { name }, secretName }: { serviceAccount: { name: string }; secretName: string }) =>
    `token of ${name} in ${secretName}`;
  return startTestCluster(t, { controllers: [serviceAccountTokensController({ issue, certificateAuthority: 'PEM' })] });
}

const addAccount = (cluster: TestCluster, fields: Record<string, unknown> = {}) =>
  cluster.apply({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: account, ...fields });

const addSecret = (cluster: TestCluster, annotations: Record<string, string> = {}) =>
  cluster.apply({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { ...ref, annotations: { 'kubernetes.io/service-account.name': 'robot', ...annotations } },
    type: 'kubernetes.io/service-account-token',
  });

const texts = (data: Readonly<Record<string, string>> | undefined) =>
  Object.fromEntries(Object.entries(data ?? {}).map(([key, value]) => [key, fromBase64(value)]));

describe('serviceAccountTokensController', () => {
  it('fills a Secret with token, certificate and namespace, and repairs what is changed', async (t) => {
    const cluster = await start(t);
    const { uid } = (await addAccount(cluster)).metadata;
    await addSecret(cluster);
    await cluster.settle();
    const filled = await cluster.api(secret).get(ref);
    const expected = { 'ca.crt': 'PEM', namespace: 'default', token: 'token of robot in robot-token' };
    assert.deepEqual(texts(filled.data), expected);
    assert.equal(filled.metadata.annotations?.['kubernetes.io/service-account.uid'], uid);
    await cluster.api(secret).patch(ref, { type: 'merge', body: { data: { 'ca.crt': 'eA==', token: null } } });
    await cluster.settle();
    assert.deepEqual(texts((await cluster.api(secret).get(ref)).data), expected);
  });

  it('deletes Secrets whose account is not there, or is another of the same name', async (t) => {
    const cluster = await start(t);
    await addSecret(cluster);
    await cluster.settle();
    assert.deepEqual(await cluster.list(secret), []);
    await addAccount(cluster);
    await addSecret(cluster, { 'kubernetes.io/service-account.uid': 'another' });
    await cluster.settle();
    assert.deepEqual(await cluster.list(secret), []);
  });

  it('deletes Secrets with their account', async (t) => {
    const cluster = await start(t);
    await addAccount(cluster);
    await addSecret(cluster);
    await cluster.settle();
    assert.equal((await cluster.list(secret)).length, 1);
    await cluster.api(serviceAccount).delete(account);
    await cluster.settle();
    assert.deepEqual(await cluster.list(secret), []);
  });

  it('takes a deleted Secret out of its account and leaves Secrets of other types alone', async (t) => {
    const cluster = await start(t);
    await addAccount(cluster, { secrets: [{ name: 'robot-token', namespace: 'elsewhere' }, { name: 'other' }] });
    assert.deepEqual((await cluster.api(serviceAccount).get(account)).secrets, [{ name: 'robot-token' }, { name: 'other' }]);
    await addSecret(cluster);
    await cluster.apply({ apiVersion: 'v1', kind: 'Secret', metadata: { namespace: 'default', name: 'other' } });
    await cluster.settle();
    for (const name of ['robot-token', 'other']) await cluster.api(secret).delete({ namespace: 'default', name });
    await cluster.settle();
    assert.deepEqual((await cluster.api(serviceAccount).get(account)).secrets, [{ name: 'other' }]);
  });
});
