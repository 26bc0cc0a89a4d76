import assert from 'node:assert/strict';
import { it } from 'node:test';
import { flowSchema } from '../api/kinds/flowcontrol/flow-schema.ts';
import { flowSchemaController } from './flow-schemas.ts';
import { startTestCluster } from './testing/test-cluster.ts';

it('says whether the priority level of a flow schema exists', async (t) => {
  const cluster = await startTestCluster(t, { controllers: () => [flowSchemaController] });
  const ref = { namespace: '', name: 'mine' };
  const dangling = async () => (await cluster.api(flowSchema).get(ref)).status.conditions?.[0];
  const group = 'flowcontrol.apiserver.k8s.io/v1';
  const spec = { priorityLevelConfiguration: { name: 'low' } };
  await cluster.apply({ apiVersion: group, kind: 'FlowSchema', metadata: { name: 'mine' }, spec });
  await cluster.settle();
  assert.equal((await dangling())?.status, 'True');
  await cluster.apply({
    apiVersion: group,
    kind: 'PriorityLevelConfiguration',
    metadata: { name: 'low' },
    spec: { type: 'Limited', limited: { limitResponse: { type: 'Reject' } } },
  });
  await cluster.settle();
  assert.deepEqual(
    [(await dangling())?.status, (await dangling())?.message],
    ['False', 'This FlowSchema references the PriorityLevelConfiguration object named "low" and it exists'],
  );
});
