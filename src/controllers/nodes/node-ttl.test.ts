import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { node } from '../../api/kinds/core/node.ts';
import { aNode } from '../testing/objects.ts';
import { startTestCluster } from '../testing/test-cluster.ts';
import { nodeTtlController } from './node-ttl.ts';

describe('nodeTtlController', () => {
  it('lets kubelets keep what they read for longer in larger clusters, and for less once these are clearly smaller', async (t) => {
    const cluster = await startTestCluster(t, { controllers: [nodeTtlController()] });
    const ttlOf = async (name: string) =>
      (await cluster.api(node).get({ namespace: '', name })).metadata.annotations?.['node.alpha.kubernetes.io/ttl'];
    for (let i = 1; i <= 100; i++) await cluster.apply(aNode(`n${i}`));
    await cluster.settle();
    assert.equal(await ttlOf('n100'), '0');
    await cluster.apply(aNode('n101'));
    await cluster.settle();
    assert.deepEqual([await ttlOf('n101'), await ttlOf('n1')], ['15', '0'], 'others learn of it when they change');
    const touch = async (name: string, value: string): Promise<string | undefined> => {
      await cluster.api(node).patch({ namespace: '', name }, { type: 'merge', body: { metadata: { labels: { touched: value } } } });
      await cluster.settle();
      return ttlOf(name);
    };
    assert.equal(await touch('n1', 'once'), '15');
    for (let i = 101; i > 90; i--) await cluster.api(node).delete({ namespace: '', name: `n${i}` });
    await cluster.settle();
    assert.equal(await touch('n1', 'twice'), '15');
    await cluster.api(node).delete({ namespace: '', name: 'n90' });
    await cluster.settle();
    assert.equal(await touch('n1', 'again'), '0');
  });
});
