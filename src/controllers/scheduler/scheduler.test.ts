import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { node } from '../../api/kinds/core/node.ts';
import { pod } from '../../api/kinds/core/pod.ts';
import { podCondition } from '../pods.ts';
import { aNode, aPod } from '../testing/objects.ts';
import { startTestCluster, type TestCluster } from '../testing/test-cluster.ts';
import { startScheduler } from './scheduler.ts';

const start = (t: TestContext): Promise<TestCluster> => startTestCluster(t, { parts: [startScheduler] });
const ref = (name: string) => ({ namespace: 'default', name });
const nodeOf = async (cluster: TestCluster, name: string) => (await cluster.api(pod).get(ref(name))).spec.nodeName;
const asking = (cpu: string, more = {}) => ({ containers: [{ name: 'c', image: 'x', resources: { requests: { cpu } }, ...more }] });
const notHelpful = (n: number) =>
  `no new claims to deallocate, preemption: 0/${n} nodes are available: ${n} Preemption is not helpful for scheduling.`;
const noVictims = (n: number) =>
  `no new claims to deallocate, preemption: 0/${n} nodes are available: ${n} No preemption victims found for incoming pod.`;

/** Asserts why a Pod is not scheduled, in both its condition and its Event. */
async function assertRefused(cluster: TestCluster, name: string, message: string): Promise<void> {
  const condition = podCondition(await cluster.api(pod).get(ref(name)), 'PodScheduled');
  assert.deepEqual([condition?.status, condition?.reason, condition?.message], ['False', 'Unschedulable', message]);
  assert.ok((await cluster.events()).includes(`Warning FailedScheduling ${message}`));
}

describe('scheduler', () => {
  it('binds a Pod, says so and sets PodScheduled', async (t) => {
    const cluster = await start(t);
    await cluster.apply(aNode('n1'));
    await cluster.apply(aPod('a'));
    await cluster.settle();
    const bound = await cluster.api(pod).get(ref('a'));
    assert.equal(bound.spec.nodeName, 'n1');
    assert.equal(podCondition(bound, 'PodScheduled')?.status, 'True');
    assert.deepEqual(await cluster.events(), ['Normal Scheduled Successfully assigned default/a to n1']);
  });

  it('waits for a node, then schedules when one comes', async (t) => {
    const cluster = await start(t);
    await cluster.apply(aPod('a'));
    await cluster.settle();
    await assertRefused(cluster, 'a', 'no nodes available to schedule pods');
    await cluster.apply(aNode('n1'));
    await cluster.pass(1);
    assert.equal(await nodeOf(cluster, 'a'), 'n1');
  });

  it('explains insufficient resources, and tries again when a Pod goes', async (t) => {
    const cluster = await start(t);
    await cluster.apply(aNode('n1'));
    await cluster.apply(aPod('big', asking('3')));
    await cluster.settle();
    await cluster.apply(aPod('next', asking('2')));
    await cluster.settle();
    await assertRefused(cluster, 'next', `0/1 nodes are available: 1 Insufficient cpu. ${noVictims(1)}`);
    await cluster.api(pod).delete(ref('big'), { gracePeriodSeconds: 0 });
    await cluster.pass(1);
    assert.equal(await nodeOf(cluster, 'next'), 'n1');
  });

  it('knows that eviction cannot help when an empty node is too small', async (t) => {
    const cluster = await start(t);
    await cluster.apply(aNode('n1'));
    await cluster.apply(aPod('huge', asking('64')));
    await cluster.settle();
    await assertRefused(cluster, 'huge', `0/1 nodes are available: 1 Insufficient cpu. ${notHelpful(1)}`);
  });

  it('groups the reasons of several nodes', async (t) => {
    const cluster = await start(t);
    await cluster.apply(aNode('cordoned', { spec: { unschedulable: true } }));
    await cluster.apply(aNode('tainted', { spec: { taints: [{ key: 'k', value: 'v', effect: 'NoSchedule' }] } }));
    await cluster.apply(aNode('small', { status: { allocatable: { cpu: '1', memory: '1Gi', pods: '110' } } }));
    await cluster.apply(aPod('a', asking('2')));
    await cluster.settle();
    await assertRefused(
      cluster,
      'a',
      `0/3 nodes are available: 1 Insufficient cpu, 1 node(s) had untolerated taint(s), 1 node(s) were unschedulable. ${notHelpful(3)}`,
    );
  });

  it('obeys node selectors and affinity, and wakes when labels change', async (t) => {
    const cluster = await start(t);
    await cluster.apply(aNode('n1'));
    await cluster.apply(aPod('a', { nodeSelector: { disk: 'ssd' } }));
    const required = { nodeSelectorTerms: [{ matchExpressions: [{ key: 'disk', operator: 'In', values: ['ssd'] }] }] };
    await cluster.apply(aPod('b', { affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: required } } }));
    await cluster.settle();
    await assertRefused(cluster, 'a', `0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector. ${notHelpful(1)}`);
    await cluster.api(node).patch({ namespace: '', name: 'n1' }, { type: 'merge', body: { metadata: { labels: { disk: 'ssd' } } } });
    await cluster.pass(1);
    assert.deepEqual([await nodeOf(cluster, 'a'), await nodeOf(cluster, 'b')], ['n1', 'n1']);
  });

  it('looks at no other nodes for a Pod whose affinity names its node', async (t) => {
    const cluster = await start(t);
    for (const name of ['n1', 'n2', 'n3']) await cluster.apply(aNode(name));
    const to = (...names: readonly string[]) => {
      const terms = [{ matchFields: names.map((name) => ({ key: 'metadata.name', operator: 'In', values: [name] })) }];
      return { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms } } };
    };
    await cluster.apply(aPod('pinned', { affinity: to('n2') }));
    await cluster.apply(aPod('big', { ...asking('64'), affinity: to('n3') }));
    await cluster.apply(aPod('torn', { affinity: to('n1', 'n2') }));
    await cluster.settle();
    assert.equal(await nodeOf(cluster, 'pinned'), 'n2');
    const others = "2 node(s) didn't satisfy plugin(s) [NodeAffinity]";
    await assertRefused(cluster, 'big', `0/3 nodes are available: 1 Insufficient cpu, ${others}. ${notHelpful(3)}`);
    await assertRefused(cluster, 'torn', '0/3 nodes are available: pod affinity terms conflict. not found');
  });

  it('lets Pods have one host port at different addresses or of different protocols, and none beside all addresses', async (t) => {
    const cluster = await start(t);
    await cluster.apply(aNode('n1'));
    const ask = async (name: string, more: object): Promise<string | undefined> => {
      await cluster.apply(aPod(name, asking('100m', { ports: [{ containerPort: 80, hostPort: 54321, ...more }] })));
      await cluster.settle();
      return nodeOf(cluster, name);
    };
    assert.equal(await ask('one', { hostIP: '127.0.0.1' }), 'n1');
    assert.equal(await ask('other-address', { hostIP: '127.0.0.2' }), 'n1');
    assert.equal(await ask('other-protocol', { hostIP: '127.0.0.2', protocol: 'UDP' }), 'n1');
    assert.equal(await ask('same', { hostIP: '127.0.0.1' }), undefined);
    assert.equal(await ask('all', { hostIP: '0.0.0.0' }), undefined);
    assert.equal(await ask('all-sctp', { protocol: 'SCTP' }), 'n1');
    assert.equal(await ask('beside-all', { hostIP: '127.0.0.1', protocol: 'SCTP' }), undefined);
  });

  it('obeys tolerations and host ports', async (t) => {
    const cluster = await start(t);
    await cluster.apply(aNode('n1', { spec: { taints: [{ key: 'k', value: 'v', effect: 'NoSchedule' }] } }));
    const tolerations = [{ key: 'k', operator: 'Exists' }];
    const spec = { ...asking('100m', { ports: [{ containerPort: 80, hostPort: 8080 }] }), tolerations };
    await cluster.apply(aPod('a', spec));
    await cluster.settle();
    await cluster.apply(aPod('b', spec));
    await cluster.settle();
    assert.equal(await nodeOf(cluster, 'a'), 'n1');
    await assertRefused(
      cluster,
      'b',
      `0/1 nodes are available: 1 node(s) didn't have free ports for the requested pod ports. ${noVictims(1)}`,
    );
  });

  it('fills no node beyond its number of Pods and spreads over nodes', async (t) => {
    const cluster = await start(t);
    const status = { allocatable: { cpu: '4', memory: '8Gi', pods: '2' } };
    for (const name of ['n1', 'n2']) await cluster.apply(aNode(name, { status }));
    for (const name of ['a', 'b', 'c', 'd', 'e']) await cluster.apply(aPod(name));
    await cluster.settle();
    const nodes = (await cluster.list(pod)).map(({ spec }) => spec.nodeName);
    assert.equal(nodes.filter((name) => name === 'n1').length, 2);
    assert.equal(nodes.filter((name) => name === 'n2').length, 2);
    await assertRefused(cluster, 'e', `0/2 nodes are available: 2 Too many pods. ${noVictims(2)}`);
  });

  it("leaves gated Pods, other schedulers' Pods and bound Pods alone", async (t) => {
    const cluster = await start(t);
    await cluster.apply(aNode('n1'));
    await cluster.apply(aPod('gated', { schedulingGates: [{ name: 'example.com/g' }] }));
    await cluster.apply(aPod('other', { schedulerName: 'mine' }));
    await cluster.settle();
    assert.deepEqual([await nodeOf(cluster, 'gated'), await nodeOf(cluster, 'other')], [undefined, undefined]);
    await cluster.api(pod).patch(ref('gated'), { type: 'json', body: [{ op: 'remove', path: '/spec/schedulingGates' }] });
    await cluster.settle();
    assert.equal(await nodeOf(cluster, 'gated'), 'n1');
  });

  it('places Pods only where the features that they need are declared, also later', async (t) => {
    const cluster = await start(t);
    await cluster.apply(aNode('n1'));
    const rule = { action: 'RestartAllContainers', exitCodes: { operator: 'In', values: [1] } };
    const container = { name: 'c', image: 'busybox:1.36', restartPolicy: 'Never', restartPolicyRules: [rule] };
    await cluster.apply(aPod('a', { restartPolicy: 'Never', containers: [container] }));
    await cluster.settle();
    const why = "0/1 nodes are available: 1 node(s) didn't match Pod's required features.";
    await assertRefused(cluster, 'a', `${why} ${notHelpful(1)}`);
    const body = { status: { declaredFeatures: ['RestartAllContainersOnContainerExits'] } };
    await cluster.api(node).patch({ namespace: '', name: 'n1' }, { type: 'merge', subresource: 'status', body });
    await cluster.pass(2);
    assert.equal(await nodeOf(cluster, 'a'), 'n1');
  });

  it('schedules by priority', async (t) => {
    const cluster = await start(t);
    for (const [name, priority] of [
      ['low', 1],
      ['high', 1000],
    ] as const)
      await cluster.apply(aPod(name, { ...asking('3'), priority }));
    await cluster.settle();
    await cluster.apply(aNode('n1'));
    await cluster.pass(1);
    assert.deepEqual([await nodeOf(cluster, 'low'), await nodeOf(cluster, 'high')], [undefined, 'n1']);
  });
});
