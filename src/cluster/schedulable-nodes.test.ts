import assert from 'node:assert/strict';
import { it } from 'node:test';
import { node as nodeKind } from '../api/kinds/core/node.ts';
import { startTestCluster } from '../controllers/testing/test-cluster.ts';
import { schedulable } from './schedulable-nodes.ts';

it('schedulable: resolves when the last of the nodes has lost the taint that it began with, whatever other taints it has', async (t) => {
  const cluster = await startTestCluster(t);
  const notReady = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' };
  const other = { key: 'mine', effect: 'NoSchedule' };
  for (const name of ['a', 'b', 'c'])
    await cluster.apply({ apiVersion: 'v1', kind: 'Node', metadata: { name }, spec: { taints: [notReady, other] } });
  let isOver = false;
  const waiting = schedulable(cluster.informers.informer(nodeKind), ['a', 'b']).then(() => {
    isOver = true;
  });
  const untaint = async (name: string): Promise<void> => {
    const body = { spec: { taints: [other] } };
    await cluster.api(nodeKind).patch({ namespace: '', name }, { type: 'merge', body });
    await cluster.settle();
  };
  await untaint('b');
  assert.equal(isOver, false);
  await untaint('a');
  await waiting;
  await schedulable(cluster.informers.informer(nodeKind), ['a', 'b']);
  await schedulable(cluster.informers.informer(nodeKind), []);
});
