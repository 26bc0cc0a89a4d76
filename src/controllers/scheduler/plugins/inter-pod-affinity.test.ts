import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { namespace } from '../../../api/kinds/core/namespace.ts';
import { node } from '../../../api/kinds/core/node.ts';
import { pod } from '../../../api/kinds/core/pod.ts';
import { podCondition } from '../../pods.ts';
import { aNode, aPod } from '../../testing/objects.ts';
import { startTestCluster, type TestCluster } from '../../testing/test-cluster.ts';
import { startScheduler } from '../scheduler.ts';

const hostname = 'kubernetes.io/hostname';
const zone = 'topology.kubernetes.io/zone';

/** Nodes of two zones: a1 and a2, b1 and b2; and one without a zone: c. */
async function start(t: TestContext, nodes: readonly string[] = ['a1', 'a2', 'b1', 'b2', 'c']): Promise<TestCluster> {
  const cluster = await startTestCluster(t, { parts: [startScheduler], namespaces: ['other'] });
  for (const name of nodes) {
    const labels = { [hostname]: name, ...(name === 'c' ? {} : { [zone]: name.slice(0, 1) }) };
    await cluster.apply(aNode(name, { metadata: { labels } }));
  }
  return cluster;
}

type Fields = Readonly<Record<string, unknown>>;
const term = (topologyKey: string, matchLabels: Fields | undefined, more: Fields = {}) => ({
  topologyKey,
  ...(matchLabels === undefined ? {} : { labelSelector: { matchLabels } }),
  ...more,
});
const to = (...terms: readonly unknown[]) => ({ podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: terms } });
const from = (...terms: readonly unknown[]) => ({ podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: terms } });
const weighted = (weight: number, podAffinityTerm: unknown) => ({ weight, podAffinityTerm });
const prefer = (kind: 'podAffinity' | 'podAntiAffinity', ...terms: readonly unknown[]) => ({
  [kind]: { preferredDuringSchedulingIgnoredDuringExecution: terms },
});

interface Where {
  readonly on?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly namespace?: string;
  readonly affinity?: unknown;
}

async function place(cluster: TestCluster, name: string, { on, labels, namespace: at = 'default', affinity }: Where): Promise<void> {
  const spec = { ...(on === undefined ? {} : { nodeName: on }), ...(affinity === undefined ? {} : { affinity }) };
  await cluster.apply(aPod(name, spec, { namespace: at, labels: labels ?? {} }));
  await cluster.settle();
}

const nodeOf = async (cluster: TestCluster, name: string) => (await cluster.api(pod).get({ namespace: 'default', name })).spec.nodeName;
/** The node, or the part of the message that says why there is none. */
async function outcome(cluster: TestCluster, name = 'new'): Promise<string> {
  const object = await cluster.api(pod).get({ namespace: 'default', name });
  if (object.spec.nodeName) return object.spec.nodeName;
  const message = podCondition(object, 'PodScheduled')?.message ?? '';
  return /nodes are available: (.*?)\. /.exec(message)?.[1] ?? message;
}

const web = { app: 'web' };
const unlike = (n: number) => `${n} node(s) didn't match pod affinity rules`;
const unlikeAnti = (n: number) => `${n} node(s) didn't match pod anti-affinity rules`;
const unlikeOthers = (n: number) => `${n} node(s) didn't satisfy existing pods anti-affinity rules`;

const filters: readonly {
  readonly it: string;
  /** Pods that are there. */
  readonly there?: readonly Where[];
  readonly incoming: Where;
  /** Where it may go, or why it goes nowhere. */
  readonly goes: readonly string[];
}[] = [
  {
    it: 'goes to the host of a Pod that it wants to be near',
    there: [{ on: 'b2', labels: web }],
    incoming: { affinity: to(term(hostname, web)) },
    goes: ['b2'],
  },
  {
    it: 'goes to the zone of a Pod that it wants to be near',
    there: [{ on: 'b2', labels: web }],
    incoming: { affinity: to(term(zone, web)) },
    goes: ['b1', 'b2'],
  },
  {
    it: 'goes nowhere when nothing matches and it does not match itself',
    incoming: { affinity: to(term(zone, web)) },
    goes: [unlike(5)],
  },
  {
    it: 'may be the first of a group that wants to be together, on a node with the label',
    incoming: { labels: web, affinity: to(term(zone, web)) },
    goes: ['a1', 'a2', 'b1', 'b2'],
  },
  {
    it: 'wants one Pod that all its terms select',
    there: [
      { on: 'a1', labels: web },
      { on: 'a1', labels: { tier: 'x' } },
      { on: 'b1', labels: { ...web, tier: 'x' } },
    ],
    incoming: { affinity: to(term(zone, web), term(hostname, { tier: 'x' })) },
    goes: ['b1'],
  },
  {
    it: 'looks only at Pods of its own namespace',
    there: [{ on: 'a1', labels: web, namespace: 'other' }],
    incoming: { affinity: to(term(hostname, web)) },
    goes: [unlike(5)],
  },
  {
    it: 'looks at the namespaces that the term names',
    there: [{ on: 'a1', labels: web, namespace: 'other' }],
    incoming: { affinity: to(term(hostname, web, { namespaces: ['other'] })) },
    goes: ['a1'],
  },
  {
    it: 'looks at the namespaces that the term selects',
    there: [
      { on: 'a1', labels: web, namespace: 'other' },
      { on: 'b1', labels: web },
    ],
    incoming: { affinity: to(term(hostname, web, { namespaceSelector: { matchLabels: { team: 'x' } } })) },
    goes: ['a1'],
  },
  {
    it: 'looks at all namespaces with an empty selector',
    there: [{ on: 'a1', labels: web, namespace: 'other' }],
    incoming: { affinity: to(term(hostname, web, { namespaceSelector: {} })) },
    goes: ['a1'],
  },
  {
    it: 'selects nothing without a label selector',
    there: [{ on: 'a1', labels: web }],
    incoming: { affinity: from(term(zone, undefined)) },
    goes: ['a1', 'a2', 'b1', 'b2', 'c'],
  },
  {
    it: 'keeps away from zones of Pods that it does not want to be near; a node without a zone will do',
    there: [
      { on: 'a1', labels: web },
      { on: 'b1', labels: web },
    ],
    incoming: { affinity: from(term(zone, web)) },
    goes: ['c'],
  },
  {
    it: 'says that nodes are refused by its own anti-affinity',
    there: ['a1', 'a2', 'b1', 'b2', 'c'].map((on) => ({ on, labels: web })),
    incoming: { affinity: from(term(hostname, web)) },
    goes: [unlikeAnti(5)],
  },
  {
    it: 'keeps away from Pods that do not want to be near it',
    there: [
      { on: 'a1', affinity: from(term(zone, web)) },
      { on: 'c', affinity: from(term(hostname, web)) },
    ],
    incoming: { labels: web },
    goes: ['b1', 'b2'],
  },
  {
    it: 'says that nodes are refused by the anti-affinity of others',
    there: ['a1', 'a2', 'b1', 'b2', 'c'].map((on) => ({ on, affinity: from(term(hostname, web)) })),
    incoming: { labels: web },
    goes: [unlikeOthers(5)],
  },
  {
    it: 'knows the anti-affinity of Pods in other namespaces whose terms select its own by label',
    there: ['a1', 'b1', 'c'].map((on) => ({
      ...{ on, namespace: 'other' },
      affinity: from(term(on === 'c' ? hostname : zone, web, { namespaceSelector: { matchLabels: { team: 'y' } } })),
    })),
    incoming: { labels: web },
    goes: [unlikeOthers(5)],
  },
  {
    it: 'counts matchLabelKeys and mismatchLabelKeys, which the API has merged into the selector',
    there: [
      { on: 'a1', labels: { ...web, rev: '1' } },
      { on: 'b1', labels: { ...web, rev: '2' } },
    ],
    incoming: { labels: { rev: '2' }, affinity: to(term(hostname, web, { matchLabelKeys: ['rev'] })) },
    goes: ['b1'],
  },
  {
    it: 'keeps away from other revisions with mismatchLabelKeys',
    there: ['a1', 'a2', 'b1', 'b2'].map((on) => ({ on, labels: { ...web, rev: on === 'b2' ? '2' : '1' } })),
    incoming: { labels: { rev: '2' }, affinity: from(term(hostname, web, { mismatchLabelKeys: ['rev'] })) },
    goes: ['b2', 'c'],
  },
];

describe('InterPodAffinity', () => {
  for (const { it: what, there = [], incoming, goes } of filters) {
    it(what, async (t) => {
      const cluster = await start(t);
      await cluster
        .api(namespace)
        .patch({ namespace: '', name: 'other' }, { type: 'merge', body: { metadata: { labels: { team: 'x' } } } });
      await cluster
        .api(namespace)
        .patch({ namespace: '', name: 'default' }, { type: 'merge', body: { metadata: { labels: { team: 'y' } } } });
      for (const [i, where] of there.entries()) await place(cluster, `there-${i}`, where);
      await place(cluster, 'new', incoming);
      const went = await outcome(cluster);
      assert.ok(goes.includes(went), went);
    });
  }

  const scores: readonly { readonly it: string; readonly there: readonly Where[]; readonly incoming: Where; readonly goes: string }[] = [
    {
      it: 'prefers the Pods that it likes, by weight',
      there: [
        { on: 'a1', labels: web },
        { on: 'b1', labels: { app: 'db' } },
      ],
      incoming: { affinity: prefer('podAffinity', weighted(1, term(hostname, web)), weighted(100, term(hostname, { app: 'db' }))) },
      goes: 'b1',
    },
    {
      it: 'avoids the Pods that it does not like',
      there: ['a1', 'a2', 'b1', 'c'].map((on) => ({ on, labels: web })),
      incoming: { affinity: prefer('podAntiAffinity', weighted(100, term(hostname, web))) },
      goes: 'b2',
    },
    {
      it: 'follows the preferences of Pods that are there',
      there: [{ on: 'b2', affinity: prefer('podAffinity', weighted(100, term(hostname, web))) }],
      incoming: { labels: web },
      goes: 'b2',
    },
    {
      it: 'respects whom Pods that are there do not like',
      there: ['a1', 'a2', 'b1', 'b2'].map((on) => ({ on, affinity: prefer('podAntiAffinity', weighted(100, term(hostname, web))) })),
      incoming: { labels: web },
      goes: 'c',
    },
    {
      it: 'goes where a Pod is that requires it, even by the least weight',
      there: [{ on: 'a2', labels: web, affinity: to(term(hostname, web)) }],
      incoming: { labels: web },
      goes: 'a2',
    },
  ];
  for (const { it: what, there, incoming, goes } of scores) {
    it(what, async (t) => {
      const cluster = await start(t);
      for (const [i, where] of there.entries()) await place(cluster, `there-${i}`, where);
      await place(cluster, 'new', incoming);
      assert.equal(await outcome(cluster), goes);
    });
  }

  it('tries a Pod again when another comes that it wants to be near, and not for any other', async (t) => {
    const cluster = await start(t);
    await place(cluster, 'new', { affinity: to(term(hostname, web)) });
    await place(cluster, 'stranger', { on: 'a1', labels: { app: 'db' } });
    assert.equal(await nodeOf(cluster, 'new'), undefined);
    await place(cluster, 'friend', { on: 'a2', labels: web });
    assert.equal(await nodeOf(cluster, 'new'), 'a2');
  });

  it('tries a Pod again when one goes that it, or that did not want to be near it, or that changes its labels', async (t) => {
    const cluster = await start(t, ['a1']);
    await place(cluster, 'enemy', { on: 'a1', labels: web });
    await place(cluster, 'new', { affinity: from(term(hostname, web)) });
    assert.equal(await nodeOf(cluster, 'new'), undefined);
    await cluster.api(pod).patch({ namespace: 'default', name: 'enemy' }, { type: 'merge', body: { metadata: { labels: { app: 'db' } } } });
    await cluster.settle();
    assert.equal(await nodeOf(cluster, 'new'), 'a1');
    await place(cluster, 'shy', { labels: web });
    assert.equal(await nodeOf(cluster, 'shy'), undefined);
    await cluster.api(pod).delete({ namespace: 'default', name: 'new' }, { gracePeriodSeconds: 0 });
    await cluster.settle();
    assert.equal(await nodeOf(cluster, 'shy'), 'a1');
  });

  it('tries a Pod again when a node gets a label that its terms name, or loses one', async (t) => {
    const cluster = await start(t, ['c']);
    await place(cluster, 'first', { labels: web, affinity: to(term(zone, web)) });
    assert.equal(await nodeOf(cluster, 'first'), undefined);
    const label = (value: string | null) =>
      cluster.api(node).patch({ namespace: '', name: 'c' }, { type: 'merge', body: { metadata: { labels: { [zone]: value } } } });
    await label('z');
    await cluster.settle();
    assert.equal(await nodeOf(cluster, 'first'), 'c');
    await place(cluster, 'second', { affinity: from(term(zone, web)) });
    assert.equal(await nodeOf(cluster, 'second'), undefined);
    await label(null);
    await cluster.settle();
    assert.equal(await nodeOf(cluster, 'second'), 'c');
  });
});
