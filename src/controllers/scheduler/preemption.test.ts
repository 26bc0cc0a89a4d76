import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { event as eventKind } from '../../api/kinds/core/event.ts';
import { pod } from '../../api/kinds/core/pod.ts';
import { statusErrors } from '../../api/status-error.ts';
import { podCondition } from '../pods.ts';
import { aNode, aPod } from '../testing/objects.ts';
import { startTestCluster, type TestCluster, type TestClusterOptions } from '../testing/test-cluster.ts';
import type { Plugin } from './framework/plugin.ts';
import { defaultPlugins } from './plugins/default-plugins.ts';
import { startScheduler } from './scheduler.ts';

const start = (t: TestContext, options: TestClusterOptions = {}): Promise<TestCluster> =>
  startTestCluster(t, { parts: [startScheduler], ...options });
const ref = (name: string) => ({ namespace: 'default', name });
const get = (cluster: TestCluster, name: string) => cluster.api(pod).get(ref(name));
const nodeOf = async (cluster: TestCluster, name: string) => (await get(cluster, name)).spec.nodeName;
const nominated = async (cluster: TestCluster, name: string) => (await get(cluster, name)).status.nominatedNodeName;
const whyNot = async (cluster: TestCluster, name: string) => podCondition(await get(cluster, name), 'PodScheduled')?.message;

const asking = (cpu: string, priority: number, more: object = {}) => ({
  containers: [{ name: 'c', image: 'x', resources: { requests: { cpu } } }],
  priority,
  ...more,
});

/** Creates Pods one after another, each with its CPU, its priority and more of its spec. */
async function apply(cluster: TestCluster, ...pods: readonly (readonly [name: string, cpu: string, priority: number, more?: object])[]) {
  for (const [name, cpu, priority, more] of pods) {
    await cluster.apply(aPod(name, asking(cpu, priority, more)));
    await cluster.settle();
  }
}

/** Acts as the kubelet that has ended a Pod. */
const end = (cluster: TestCluster, name: string) => cluster.api(pod).delete(ref(name), { gracePeriodSeconds: 0 });
/** The names of the Pods that are being deleted. */
const ending = async (cluster: TestCluster) =>
  (await cluster.list(pod)).filter(({ metadata }) => metadata.deletionTimestamp !== undefined).map(({ metadata }) => metadata.name);

const cannot = (n: number) =>
  `0/${n} nodes are available: ${n} Insufficient cpu. no new claims to deallocate, preemption: 0/${n} nodes are available:`;

describe('preemption', () => {
  it('evicts Pods of lower priority gracefully, says so, and gives their node to the Pod that needs it', async (t) => {
    const cluster = await start(t);
    await cluster.apply(aNode('n1'));
    await apply(cluster, ['low', '3', 1], ['high', '3', 1000]);
    assert.equal(await nodeOf(cluster, 'high'), undefined);
    assert.equal(await nominated(cluster, 'high'), 'n1');
    const victim = await get(cluster, 'low');
    assert.notEqual(victim.metadata.deletionTimestamp, undefined, 'gracefully: its kubelet ends it');
    const condition = podCondition(victim, 'DisruptionTarget');
    assert.deepEqual(
      [condition?.status, condition?.reason, condition?.message],
      ['True', 'PreemptionByScheduler', 'default-scheduler: preempting to accommodate a higher priority pod'],
    );
    const { uid } = (await get(cluster, 'high')).metadata;
    const [said] = (await cluster.list(eventKind)).filter(({ reason }) => reason === 'Preempted');
    assert.equal(said?.message, `Preempted by pod ${uid} on node n1`);
    assert.deepEqual([said?.action, said?.involvedObject.name, said?.related?.name, said?.type], ['Preempting', 'low', 'high', 'Normal']);
    assert.equal(await whyNot(cluster, 'high'), '0/1 nodes are available: 1 Insufficient cpu.');
    await end(cluster, 'low');
    await cluster.settle();
    assert.equal(await nodeOf(cluster, 'high'), 'n1');
    assert.equal(await nominated(cluster, 'high'), undefined, 'binding ends the nomination');
  });

  it('says for each node why evictions do not help', async (t) => {
    const cluster = await start(t);
    await cluster.apply(aNode('n1'));
    await apply(cluster, ['same', '3', 5], ['next', '3', 5], ['small', '1', 1]);
    assert.equal(await whyNot(cluster, 'next'), `${cannot(1)} 1 No preemption victims found for incoming pod.`);
    await cluster.apply(aNode('n2', { status: { allocatable: { cpu: '1', memory: '8Gi', pods: '110' } } }));
    await cluster.apply(aNode('n3', { spec: { taints: [{ key: 'k', value: 'v', effect: 'NoSchedule' }] } }));
    await apply(cluster, ['other', '1', 0], ['more', '4', 5]);
    const why = '1 Insufficient cpu, 2 Preemption is not helpful for scheduling';
    assert.match(String(await whyNot(cluster, 'more')), new RegExp(`preemption: 0/3 nodes are available: ${why}\\.$`));
  });

  it('does not evict for a Pod whose preemptionPolicy is Never', async (t) => {
    const cluster = await start(t);
    await cluster.apply(aNode('n1'));
    await apply(cluster, ['low', '3', 1], ['high', '3', 1000, { preemptionPolicy: 'Never' }]);
    assert.deepEqual(await ending(cluster), []);
    const never = 'preemption: not eligible due to preemptionPolicy=Never.';
    assert.equal(await whyNot(cluster, 'high'), `0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, ${never}`);
  });

  it('evicts no more than needed, and the least important first', async (t) => {
    const cluster = await start(t);
    await cluster.apply(aNode('n1'));
    await apply(cluster, ['p1', '1', 1], ['p2', '1', 2], ['p3', '1', 3], ['p0', '1', 0], ['high', '2', 1000]);
    assert.deepEqual(await ending(cluster), ['p0', 'p1']);
  });

  it('evicts the younger of two equal Pods', async (t) => {
    const cluster = await start(t);
    await cluster.apply(aNode('n1'));
    await apply(cluster, ['a', '2', 1], ['b', '2', 1]);
    const started = (name: string, startTime: string) =>
      cluster.api(pod).patch(ref(name), { type: 'merge', subresource: 'status', body: { status: { startTime } } });
    await started('a', '2026-01-02T00:00:00Z');
    await started('b', '2026-01-01T00:00:00Z');
    await cluster.settle();
    await apply(cluster, ['high', '2', 1000]);
    assert.deepEqual(await ending(cluster), ['a']);
  });

  const choices: readonly {
    readonly it: string;
    /** Pods by node: CPU and priority. */
    readonly on: Readonly<Record<string, readonly (readonly [cpu: string, priority: number])[]>>;
    readonly chosen: string;
  }[] = [
    { it: 'the lowest of the highest priorities', on: { n1: [['4', 3]], n2: [['4', 2]], n3: [['4', 4]] }, chosen: 'n2' },
    {
      it: 'the lowest sum of priorities',
      on: {
        n1: [
          ['2', 5],
          ['2', 4],
        ],
        n2: [
          ['2', 5],
          ['2', 3],
        ],
      },
      chosen: 'n2',
    },
    {
      it: 'the fewest Pods, when the sums would say otherwise',
      on: {
        n1: [
          ['2', -5],
          ['2', -5],
        ],
        n2: [['4', -5]],
      },
      chosen: 'n2',
    },
  ];
  for (const { it: what, on, chosen } of choices) {
    it(`chooses the node with ${what}`, async (t) => {
      const cluster = await start(t);
      for (const name of Object.keys(on)) await cluster.apply(aNode(name));
      for (const [nodeName, pods] of Object.entries(on)) {
        for (const [i, [cpu, priority]] of pods.entries()) await apply(cluster, [`${nodeName}-${i}`, cpu, priority, { nodeName }]);
      }
      await apply(cluster, ['high', '4', 1000]);
      assert.equal(await nominated(cluster, 'high'), chosen);
    });
  }

  it('chooses the node whose victims have run for the shortest time when all else is equal', async (t) => {
    const cluster = await start(t);
    for (const [nodeName, startTime] of [
      ['n1', '2026-01-01T00:00:00Z'],
      ['n2', '2026-01-03T00:00:00Z'],
      ['n3', '2026-01-02T00:00:00Z'],
    ] as const) {
      await cluster.apply(aNode(nodeName));
      await apply(cluster, [`on-${nodeName}`, '4', 1, { nodeName }]);
      await cluster.api(pod).patch(ref(`on-${nodeName}`), { type: 'merge', subresource: 'status', body: { status: { startTime } } });
    }
    await cluster.settle();
    await apply(cluster, ['high', '4', 1000]);
    assert.equal(await nominated(cluster, 'high'), 'n2');
  });

  it('spares Pods that a disruption budget protects while others will do, and evicts them when they must', async (t) => {
    const cluster = await start(t);
    await cluster.apply({
      ...{ apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: { name: 'guard', namespace: 'default' } },
      spec: { minAvailable: 1, selector: { matchLabels: { guarded: 'yes' } } },
    });
    await cluster.apply(aNode('n1'));
    const guarded = { labels: { guarded: 'yes' } };
    await cluster.apply(aPod('guarded', asking('2', 1), guarded));
    await cluster.settle();
    await apply(cluster, ['more', '2', 5], ['high', '2', 1000]);
    assert.deepEqual(await ending(cluster), ['more'], 'though it is of higher priority');
    await end(cluster, 'more');
    await cluster.settle();
    await apply(cluster, ['higher', '2', 900]);
    assert.deepEqual(await ending(cluster), ['guarded'], 'a budget is respected as far as possible');
  });

  it('keeps the freed place from Pods of lower or equal priority, not from those of higher', async (t) => {
    const cluster = await start(t);
    await cluster.apply(aNode('n1'));
    await apply(cluster, ['low', '4', 1], ['high', '4', 1000]);
    await apply(cluster, ['equal', '1', 1000], ['lower', '1', 10]);
    await end(cluster, 'low');
    await cluster.settle();
    assert.equal(await nodeOf(cluster, 'high'), 'n1');
    for (const name of ['equal', 'lower']) assert.equal(await nodeOf(cluster, name), undefined);
  });

  it('does not evict more while victims are ending', async (t) => {
    const cluster = await start(t);
    for (const name of ['n1', 'n2']) await cluster.apply(aNode(name));
    await apply(cluster, ['low1', '4', 1, { nodeName: 'n1' }], ['low2', '4', 2, { nodeName: 'n2' }], ['high', '4', 1000]);
    assert.deepEqual(await ending(cluster), ['low1']);
    await apply(cluster, ['tiny', '8', 0]);
    await cluster.pass(400);
    assert.deepEqual(await ending(cluster), ['low1'], 'though it was tried again');
    const wait = 'preemption: not eligible due to a terminating pod on the nominated node.';
    assert.match(String(await whyNot(cluster, 'high')), new RegExp(`no new claims to deallocate, ${wait}$`));
    assert.equal(await nominated(cluster, 'high'), 'n1');
  });

  it('takes the nomination of Pods of lower priority away, which look elsewhere', async (t) => {
    const cluster = await start(t);
    await cluster.apply(aNode('n1'));
    await apply(cluster, ['low', '4', 1], ['middle', '4', 10]);
    assert.equal(await nominated(cluster, 'middle'), 'n1');
    await cluster.apply(aNode('n2', { status: { allocatable: { cpu: '1', memory: '8Gi', pods: '110' } } }));
    await apply(cluster, ['new', '1', 0, { nodeName: 'n1' }], ['high', '4', 1000]);
    assert.equal(await nominated(cluster, 'high'), 'n1');
    assert.equal(await nominated(cluster, 'middle'), undefined);
    for (const name of ['low', 'new']) await end(cluster, name);
    await cluster.settle();
    assert.deepEqual([await nodeOf(cluster, 'high'), await nodeOf(cluster, 'middle')], ['n1', undefined]);
  });

  it('lets waiting Pods have a place again when the Pod that was nominated to it goes', async (t) => {
    const cluster = await start(t);
    await cluster.apply(aNode('n1'));
    await apply(cluster, ['low', '4', 1], ['high', '4', 1000]);
    await end(cluster, 'low');
    await cluster.settle();
    await end(cluster, 'high');
    await cluster.settle();
    await apply(cluster, ['low', '4', 1], ['high', '4', 1000], ['other', '1', 10]);
    assert.equal(await nodeOf(cluster, 'other'), undefined);
    await cluster.api(pod).delete(ref('high'), { gracePeriodSeconds: 0 });
    await end(cluster, 'low');
    await cluster.settle();
    assert.equal(await nodeOf(cluster, 'other'), 'n1');
  });

  it('tries again when an eviction fails', async (t) => {
    let failures = 2;
    const cluster = await start(t, {
      admission: [
        {
          name: 'Flaky',
          validate: ({ operation }) => {
            if (operation === 'DELETE' && failures-- > 0) throw statusErrors.internal(new Error('no luck'));
          },
        },
      ],
    });
    await cluster.apply(aNode('n1'));
    await apply(cluster, ['a', '2', 1], ['b', '2', 1], ['high', '4', 1000]);
    await cluster.pass(30);
    assert.deepEqual((await ending(cluster)).toSorted(), ['a', 'b']);
  });

  it('takes the place of a Pod that only waits to be bound, and lets that one live', async (t) => {
    const gang: Plugin = { name: 'Gang', permit: (_, info) => (info.pod.metadata.name === 'low' ? { waitMs: 600_000 } : undefined) };
    const plugins = [{ create: () => gang }, ...defaultPlugins];
    const cluster = await startTestCluster(t, { parts: [(deps) => startScheduler({ ...deps, plugins })] });
    await cluster.apply(aNode('n1'));
    await apply(cluster, ['low', '3', 1], ['high', '3', 1000]);
    await cluster.pass(2);
    assert.equal(await nodeOf(cluster, 'high'), 'n1');
    assert.deepEqual([await ending(cluster), await nodeOf(cluster, 'low')], [[], undefined]);
    const { uid } = (await get(cluster, 'high')).metadata;
    assert.ok((await cluster.events()).includes(`Normal Preempted Preempted by pod ${uid} on node n1 (in kube-scheduler memory).`));
  });
});
