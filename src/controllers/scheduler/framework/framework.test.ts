import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { configMap } from '../../../api/kinds/core/config-map.ts';
import { pod as podKind } from '../../../api/kinds/core/pod.ts';
import { podCondition } from '../../pods.ts';
import { aNode, aPod } from '../../testing/objects.ts';
import { startTestCluster, type TestCluster } from '../../testing/test-cluster.ts';
import { defaultPlugins } from '../plugins/default-plugins.ts';
import { startScheduler } from '../scheduler.ts';
import { action, anyUpdate, on } from './cluster-event.ts';
import { StateKey } from './cycle-state.ts';
import type { Plugin, PluginHandle } from './plugin.ts';
import { skip, unresolvable, unschedulable } from './status.ts';

type Make = Plugin | ((handle: PluginHandle) => Plugin);

/** A cluster whose scheduler runs an extra plugin before all others. */
const startWith = (t: TestContext, extra: Make, options: { readonly weight?: number } = {}): Promise<TestCluster> => {
  const create = typeof extra === 'function' ? extra : () => extra;
  return startTestCluster(t, { parts: [(deps) => startScheduler({ ...deps, plugins: [{ create, ...options }, ...defaultPlugins] })] });
};
const ref = (name: string) => ({ namespace: 'default', name });
const podNamed = (cluster: TestCluster, name: string) => cluster.api(podKind).get(ref(name));
const nodeOf = async (cluster: TestCluster, name: string) => (await podNamed(cluster, name)).spec.nodeName;
const whyNot = async (cluster: TestCluster, name: string) => {
  const condition = podCondition(await podNamed(cluster, name), 'PodScheduled');
  return [condition?.reason, condition?.message];
};

const name = new StateKey<string>('name');

describe("the scheduler's framework", () => {
  it('runs the extension points of a cycle in order, with one state', async (t) => {
    const ran: string[] = [];
    const key = new StateKey<string>('test');
    const saw = (point: string): undefined => {
      if (!ran.includes(point)) ran.push(point);
    };
    const cluster = await startWith(t, {
      name: 'Recorder',
      preEnqueue: () => saw('preEnqueue'),
      preFilter: (state) => {
        state.write(key, 'kept');
        return saw('preFilter');
      },
      filter: () => saw('filter'),
      preScore: () => saw('preScore'),
      score: () => {
        saw('score');
        return 0;
      },
      normalizeScore: () => saw('normalizeScore'),
      reserve: () => saw('reserve'),
      permit: () => saw('permit'),
      preBind: async () => saw('preBind'),
      bind: async () => {
        saw('bind');
        return skip;
      },
      postBind: (state) => saw(`postBind, ${state.read(key)}`),
    });
    for (const name of ['n1', 'n2']) await cluster.apply(aNode(name));
    await cluster.apply(aPod('a'));
    await cluster.settle();
    assert.deepEqual(ran, [
      'preEnqueue',
      'preFilter',
      'filter',
      'preScore',
      'score',
      'normalizeScore',
      'reserve',
      'permit',
      'preBind',
      'bind',
      'postBind, kept',
    ]);
    assert.notEqual(await nodeOf(cluster, 'a'), undefined);
  });

  it('asks a plugin that skips neither for nodes nor for scores', async (t) => {
    const never = (): never => assert.fail('asked though it skips');
    const cluster = await startWith(t, { name: 'Skipper', preFilter: () => skip, filter: never, preScore: () => skip, score: never });
    for (const name of ['n1', 'n2']) await cluster.apply(aNode(name));
    await cluster.apply(aPod('a'));
    await cluster.settle();
    assert.notEqual(await nodeOf(cluster, 'a'), undefined);
  });

  it('multiplies scores with the weight of the registry', async (t) => {
    const cluster = await startWith(t, { name: 'Last', score: (_, __, { name }) => (name === 'n3' ? 100 : 0) }, { weight: 100 });
    for (const name of ['n1', 'n2', 'n3']) await cluster.apply(aNode(name));
    for (const name of ['a', 'b', 'c']) await cluster.apply(aPod(name));
    await cluster.settle();
    for (const name of ['a', 'b', 'c']) assert.equal(await nodeOf(cluster, name), 'n3');
  });

  it('tries a Pod again on an event of any Kind that the plugin which refused it names', async (t) => {
    const cluster = await startWith(t, ({ informers }) => ({
      name: 'NeedsConfig',
      events: [on(configMap, action.add, (pod, _, current) => current?.metadata.name === pod.metadata.name)],
      filter: (_, { pod }) =>
        informers.informer(configMap).cache.get(ref(pod.metadata.name)) === undefined ? unresolvable('node(s) have no config') : undefined,
    }));
    await cluster.apply(aNode('n1'));
    await cluster.apply(aPod('a'));
    await cluster.pass(2);
    assert.match(String(await whyNot(cluster, 'a')), /0\/1 nodes are available: 1 node\(s\) have no config\./);
    const aConfigMap = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default' } });
    await cluster.apply(aConfigMap('other'));
    await cluster.pass(2);
    assert.equal(await nodeOf(cluster, 'a'), undefined);
    await cluster.apply(aConfigMap('a'));
    await cluster.settle();
    assert.equal(await nodeOf(cluster, 'a'), 'n1');
  });

  it('looks only at the nodes that PreFilter names, and says which plugins left the others out', async (t) => {
    const cluster = await startWith(t, {
      name: 'Pinned',
      preFilter: (_, { pod }) => ({ nodeNames: new Set(pod.metadata.name === 'lost' ? ['n9'] : ['n2']) }),
    });
    for (const name of ['n1', 'n2', 'n3']) await cluster.apply(aNode(name));
    for (const name of ['a', 'lost']) await cluster.apply(aPod(name));
    await cluster.settle();
    assert.equal(await nodeOf(cluster, 'a'), 'n2');
    const reason = "3 node(s) didn't satisfy plugin(s) [Pinned]";
    const after = 'no new claims to deallocate, preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.';
    assert.deepEqual(await whyNot(cluster, 'lost'), ['Unschedulable', `0/3 nodes are available: ${reason}. ${after}`]);
  });

  it('waits for PostFilter, writes what it nominates, and loses no event meanwhile', async (t) => {
    const evicting = Promise.withResolvers<void>();
    const started: string[] = [];
    const cluster = await startWith(t, {
      name: 'Evictor',
      postFilter: async (_, { pod }) => {
        started.push(pod.metadata.name);
        if (pod.metadata.name === 'next') await evicting.promise;
        return { nomination: { nominatedNodeName: 'n1' } };
      },
    });
    await cluster.apply(aNode('n1'));
    const asking = { containers: [{ name: 'c', image: 'x', resources: { requests: { cpu: '3' } } }] };
    await cluster.apply(aPod('big', asking));
    await cluster.settle();
    await cluster.apply(aPod('next', asking));
    await cluster.apply(aPod('third'));
    while (started.length === 0) await new Promise(setImmediate);
    await cluster.api(podKind).delete(ref('big'), { gracePeriodSeconds: 0 });
    const gone = cluster.informers.informer(podKind).cache;
    while (gone.get(ref('big')) !== undefined) await new Promise(setImmediate);
    assert.equal(await nodeOf(cluster, 'third'), undefined, 'no cycle runs beside PostFilter');
    evicting.resolve();
    await cluster.settle();
    assert.equal((await podNamed(cluster, 'next')).status.nominatedNodeName, 'n1');
    assert.deepEqual(await whyNot(cluster, 'next'), ['Unschedulable', '0/1 nodes are available: 1 Insufficient cpu.']);
    assert.equal(await nodeOf(cluster, 'third'), 'n1');
    await cluster.pass(1);
    assert.equal(await nodeOf(cluster, 'next'), 'n1', 'the deletion came while PostFilter ran');
  });

  it('gives back what a Pod reserved when Permit refuses it', async (t) => {
    const taken = new Set<string>();
    const cluster = await startWith(t, {
      name: 'Turnstile',
      reserve: (_, { pod }) => {
        taken.add(pod.metadata.name);
        return undefined;
      },
      unreserve: (_, { pod }) => void taken.delete(pod.metadata.name),
      permit: () => unschedulable('not today'),
    });
    await cluster.apply(aNode('n1', { status: { allocatable: { cpu: '4', memory: '8Gi', pods: '1' } } }));
    for (const name of ['a', 'b']) await cluster.apply(aPod(name));
    await cluster.settle();
    assert.deepEqual([...taken], []);
    for (const name of ['a', 'b'])
      assert.deepEqual(await whyNot(cluster, name), ['Unschedulable', '0/1 nodes are available: 1 not today.']);
  });

  it('binds a Pod that waits once it is allowed; time refuses it', async (t) => {
    let handle: PluginHandle | undefined;
    const cluster = await startWith(t, (given) => {
      handle = given;
      return { name: 'Gang', permit: () => ({ waitMs: 90_000 }) };
    });
    await cluster.apply(aNode('n1'));
    for (const name of ['a', 'b']) await cluster.apply(aPod(name));
    await cluster.settle();
    assert.equal(handle?.waitingPods.size, 2);
    assert.ok(cluster.meters().includes('scheduler_goroutines{operation="binding"} 2'));
    // Others may look at where they will be.
    const nominated = async (name: string) => (await podNamed(cluster, name)).status.nominatedNodeName;
    assert.deepEqual([await nominated('a'), await nominated('b')], ['n1', 'n1']);
    handle?.waitingPods.get((await podNamed(cluster, 'a')).metadata.uid)?.allow('Gang');
    await cluster.settle();
    assert.deepEqual([await nodeOf(cluster, 'a'), await nodeOf(cluster, 'b')], ['n1', undefined]);
    await cluster.pass(90);
    const reason = 'rejected due to timeout after waiting 1m30s at plugin Gang';
    assert.deepEqual(await whyNot(cluster, 'b'), ['Unschedulable', `0/1 nodes are available: 1 ${reason}.`]);
    assert.deepEqual([await nominated('a'), await nominated('b')], [undefined, undefined]);
    const waits = cluster.meters().filter((line) => line.startsWith('scheduler_permit_wait_duration_seconds_count'));
    assert.deepEqual(waits.toSorted(), [
      'scheduler_permit_wait_duration_seconds_count{result="Success"} 1',
      'scheduler_permit_wait_duration_seconds_count{result="Unschedulable"} 1',
    ]);
  });

  it('says where a Pod will be bound only when something is to be done before', async (t) => {
    const written: string[] = [];
    const prepared = new Set(['b']);
    const cluster = await startWith(t, {
      name: 'Preparing',
      preFilter: (state, { pod }) => void state.write(name, pod.metadata.name),
      willPreBind: (state) => prepared.has(state.read(name)),
      preBind: async (_, { pod }) => {
        const { status } = await podNamed(cluster, pod.metadata.name);
        written.push(`${pod.metadata.name} ${status.nominatedNodeName ?? ''}`);
        return undefined;
      },
    });
    await cluster.apply(aNode('n1'));
    for (const name of ['a', 'b']) await cluster.apply(aPod(name));
    await cluster.settle();
    assert.deepEqual(written.toSorted(), ['a ', 'b n1']);
    const { status } = await podNamed(cluster, 'b');
    assert.deepEqual([await nodeOf(cluster, 'b'), status.nominatedNodeName], ['n1', undefined]);
  });

  it('gives the place of a Pod back that is deleted while it waits', async (t) => {
    const given: string[] = [];
    const cluster = await startWith(t, {
      name: 'Gang',
      unreserve: (_, { pod }) => void given.push(pod.metadata.name),
      permit: (_, { pod }) => (pod.metadata.name === 'a' ? { waitMs: 600_000 } : undefined),
    });
    await cluster.apply(aNode('n1', { status: { allocatable: { cpu: '4', memory: '8Gi', pods: '1' } } }));
    await cluster.apply(aPod('a'));
    await cluster.settle();
    await cluster.apply(aPod('b'));
    await cluster.settle();
    assert.match(String(await whyNot(cluster, 'b')), /Too many pods/);
    await cluster.api(podKind).delete(ref('a'), { gracePeriodSeconds: 0 });
    await cluster.pass(1);
    assert.deepEqual([given, await nodeOf(cluster, 'b')], [['a'], 'n1']);
  });

  it('tries a Pod again after a back-off when a plugin fails, and says so', async (t) => {
    let left = 1;
    const given: string[] = [];
    const cluster = await startWith(t, {
      name: 'Flaky',
      unreserve: (_, { pod }) => void given.push(pod.metadata.name),
      preBind: async () => {
        if (left-- > 0) throw new Error('no luck');
        return undefined;
      },
    });
    await cluster.apply(aNode('n1'));
    await cluster.apply(aPod('a'));
    await cluster.settle();
    assert.deepEqual(await whyNot(cluster, 'a'), ['SchedulerError', 'running PreBind plugin "Flaky": no luck']);
    assert.deepEqual(given, ['a']);
    await cluster.pass(1);
    assert.equal(await nodeOf(cluster, 'a'), 'n1');
  });

  it('lets a plugin keep a Pod out of the queue until its event comes', async (t) => {
    const cluster = await startWith(t, ({ informers }) => ({
      name: 'Quota',
      events: [on(configMap, action.add | anyUpdate)],
      preEnqueue: () => (informers.informer(configMap).cache.list().length === 0 ? unresolvable('no quota') : undefined),
    }));
    await cluster.apply(aNode('n1'));
    await cluster.apply(aPod('a'));
    await cluster.pass(2);
    assert.deepEqual([await nodeOf(cluster, 'a'), await whyNot(cluster, 'a')], [undefined, [undefined, undefined]]);
    await cluster.apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'quota', namespace: 'default' } });
    await cluster.settle();
    assert.equal(await nodeOf(cluster, 'a'), 'n1');
  });

  it('lets PostFilter try a node without some of its Pods, evict them and nominate the node', async (t) => {
    const key = new StateKey<{ left: number }>('test', (value) => ({ ...value }));
    const cluster = await startWith(t, ({ client, runner }) => ({
      name: 'Preemptor',
      preFilter: (state) => {
        state.write(key, { left: 0 });
        return undefined;
      },
      preFilterExtensions: {
        addPod: (state) => void state.read(key).left--,
        removePod: (state) => void state.read(key).left++,
      },
      postFilter: async (state, info, _, { nodes }) => {
        for (const node of nodes) {
          const [trialState, trial] = [state.clone(), node.clone()];
          const victims = [...node.pods.values()].filter(({ pod }) => pod.metadata.name === 'victim');
          for (const victim of victims) runner.removePod(trialState, info, victim, trial);
          const fits = victims.length > 0 && runner.refusal(trialState, info, trial) === undefined;
          assert.deepEqual([trialState.read(key).left, state.read(key).left], [victims.length, 0], 'a trial leaves the cycle alone');
          assert.equal(node.pods.size, 1);
          if (!fits) continue;
          for (const { pod } of victims) await client.resource(podKind).delete(ref(pod.metadata.name), { gracePeriodSeconds: 0 });
          return { nomination: { nominatedNodeName: node.name } };
        }
        return { status: unschedulable('no victims') };
      },
    }));
    const asking = { containers: [{ name: 'c', image: 'x', resources: { requests: { cpu: '3' } } }] };
    for (const [node, name] of [
      ['n1', 'keeper'],
      ['n2', 'victim'],
    ] as const) {
      await cluster.apply(aNode(node));
      await cluster.apply(aPod(name, asking));
      await cluster.settle();
    }
    await cluster.apply(aPod('next', asking));
    await cluster.settle();
    assert.equal((await podNamed(cluster, 'next')).status.nominatedNodeName, 'n2');
    await cluster.pass(1);
    assert.equal(await nodeOf(cluster, 'next'), 'n2');
  });
});
