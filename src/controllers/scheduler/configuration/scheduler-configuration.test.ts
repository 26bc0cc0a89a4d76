import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { JsonObject } from '../../../api/json.ts';
import { event as eventKind } from '../../../api/kinds/core/event.ts';
import { node as nodeKind } from '../../../api/kinds/core/node.ts';
import { pod as podKind } from '../../../api/kinds/core/pod.ts';
import { podCondition } from '../../pods.ts';
import { aNode, aPod } from '../../testing/objects.ts';
import { startTestCluster, type TestCluster } from '../../testing/test-cluster.ts';
import { defaultPlugins } from '../plugins/default-plugins.ts';
import { startScheduler } from '../scheduler.ts';
import { SchedulerConfigurationError } from './profile.ts';
import { schedulerConfiguration } from './scheduler-configuration.ts';

const read = (fields: JsonObject) =>
  schedulerConfiguration({ apiVersion: 'kubescheduler.config.k8s.io/v1', kind: 'KubeSchedulerConfiguration', ...fields }, defaultPlugins);

const start = (t: TestContext, fields: JsonObject): Promise<TestCluster> =>
  startTestCluster(t, { parts: [(deps) => startScheduler({ ...deps, configuration: read(fields) })] });

/** A profile with the arguments of one plugin. */
const withArgs = (name: string, args: JsonObject): JsonObject => ({ profiles: [{ pluginConfig: [{ name, args }] }] });

const nodeOf = async (cluster: TestCluster, name: string) => (await cluster.api(podKind).get({ namespace: 'default', name })).spec.nodeName;
const whyNot = async (cluster: TestCluster, name: string) =>
  podCondition(await cluster.api(podKind).get({ namespace: 'default', name }), 'PodScheduled')?.message;

describe("the scheduler's configuration", () => {
  const invalid: Readonly<Record<string, readonly [fields: JsonObject, message: RegExp]>> = {
    'an unknown field': [{ profiles: [{ schedulername: 'a' }] }, /^strict decoding error: unknown field "profiles\[0\]\.schedulername"$/],
    'a value of another type': [{ parallelism: 'many' }, /^parallelism: Invalid value: "many": must be a whole number$/],
    'another version': [{ apiVersion: 'kubescheduler.config.k8s.io/v1beta3' }, /v1beta3.* is known; a KubeSchedulerConfiguration/],
    'no parallel work': [{ parallelism: 0 }, /^parallelism: Invalid value: 0: should be an integer value greater than zero$/],
    'a name that is given twice': [
      { profiles: [{ schedulerName: 'a' }, { schedulerName: 'a' }] },
      /^profiles\[1\]\.schedulerName: Duplicate value: "profiles\[0\]\.schedulerName"$/,
    ],
    'profiles without names': [{ profiles: [{}, { schedulerName: 'b' }] }, /^profiles\[0\]\.schedulerName: Required value$/],
    'a percentage above 100': [
      { percentageOfNodesToScore: 101 },
      /percentageOfNodesToScore: Invalid value: 101: not in valid range \[0-100\]/,
    ],
    'back-offs that shrink': [
      { podInitialBackoffSeconds: 20 },
      /^podMaxBackoffSeconds: Invalid value: 10: must be greater than or equal to PodInitialBackoffSeconds$/,
    ],
    'queues that differ': [
      { profiles: [{ schedulerName: 'a' }, { schedulerName: 'b', plugins: { queueSort: { disabled: [{ name: '*' }] } } }] },
      /^profiles\[1\]\.plugins\.queueSort: Invalid value: .*: must be the same for all profiles$/,
    ],
    extenders: [{ extenders: [{ urlPrefix: 'http://a' }] }, /^extenders: Forbidden: minik has no extenders/],
    'a removed plugin': [
      { profiles: [{ plugins: { filter: { enabled: [{ name: 'EBSLimits' }] } } }] },
      /^profiles\[0\]\.plugins\.filter\.enabled\[0\]: Invalid value: "EBSLimits": was invalid in version/,
    ],
    'arguments of another plugin': [
      withArgs('NodeAffinity', { kind: 'VolumeBindingArgs' }),
      /^args for plugin NodeAffinity were not of type NodeAffinityArgs\.kubescheduler\.config\.k8s\.io, got VolumeBindingArgs$/,
    ],
    'arguments given twice': [
      { profiles: [{ pluginConfig: [{ name: 'NodeAffinity' }, { name: 'NodeAffinity' }] }] },
      /^profiles\[0\]\.pluginConfig\[1\]: Duplicate value: "NodeAffinity"$/,
    ],
    'a shape without points': [
      withArgs('NodeResourcesFit', { scoringStrategy: { type: 'RequestedToCapacityRatio', requestedToCapacityRatio: {} } }),
      /scoringStrategy\.requestedToCapacityRatio\.shape: Required value: at least one point must be specified$/,
    ],
    'a shape that goes back': [
      withArgs('NodeResourcesFit', {
        scoringStrategy: {
          type: 'RequestedToCapacityRatio',
          requestedToCapacityRatio: {
            shape: [
              { utilization: 50, score: 0 },
              { utilization: 10, score: 11 },
            ],
          },
        },
      }),
      /shape\[1\]\.utilization: Invalid value: 10: values must be sorted in increasing order, .*shape\[1\]\.score: Invalid value: 11: not in valid range \[0, 10\]/,
    ],
    'constraints beside the default ones': [
      withArgs('PodTopologySpread', { defaultConstraints: [{ maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule' }] }),
      /args\.defaultingType: Invalid value: "System": when \.defaultConstraints are not empty$/,
    ],
    'a constraint with a selector': [
      withArgs('PodTopologySpread', {
        defaultingType: 'List',
        defaultConstraints: [{ maxSkew: 0, topologyKey: 'zone', whenUnsatisfiable: 'Maybe', labelSelector: {} }],
      }),
      /maxSkew: Invalid value: 0: .*whenUnsatisfiable: Unsupported value: "Maybe": .*labelSelector: Forbidden: constraint must not define a selector/,
    ],
    'weights that are no balance': [
      withArgs('NodeResourcesBalancedAllocation', { resources: [{ name: 'cpu', weight: 2 }, { name: 'cpu' }] }),
      /resources\[0\]\.weight: Invalid value: 2: must be 1, .*resources\[1\]\.name: Duplicate value: "cpu"/,
    ],
    'no candidates': [
      withArgs('DefaultPreemption', { minCandidateNodesPercentage: 0, minCandidateNodesAbsolute: 0 }),
      /minCandidateNodesPercentage: Invalid value: 0: cannot be zero at the same time as minCandidateNodesAbsolute/,
    ],
    'an affinity without terms': [
      withArgs('NodeAffinity', { addedAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [] } } }),
      /nodeSelectorTerms: Required value: must have at least one node selector term$/,
    ],
    'a weight above 100': [
      withArgs('InterPodAffinity', { hardPodAffinityWeight: 101 }),
      /hardPodAffinityWeight: Invalid value: 101: not in valid range \[0, 100\]$/,
    ],
    'a negative time': [withArgs('VolumeBinding', { bindTimeoutSeconds: -1 }), /bindTimeoutSeconds: Invalid value: -1: /],
  };
  for (const [what, [fields, message]] of Object.entries(invalid)) {
    it(`refuses ${what}`, () => {
      assert.throws(
        () => read(fields),
        (error) => error instanceof SchedulerConfigurationError && message.test(error.message),
      );
    });
  }

  it('refuses plugins that do not exist, do not fit their place, or leave no way to bind', async (t) => {
    const refused = async (plugins: JsonObject, message: RegExp) =>
      assert.rejects(
        start(t, { profiles: [{ plugins }] }),
        (error) => error instanceof SchedulerConfigurationError && message.test(error.message),
      );
    await refused({ multiPoint: { enabled: [{ name: 'Mine' }] } }, /^PreEnqueuePlugin "Mine" does not exist$/);
    await refused({ score: { enabled: [{ name: 'Mine' }] } }, /^ScorePlugin "Mine" does not exist$/);
    await refused({ score: { enabled: [{ name: 'NodeName' }] } }, /^plugin "NodeName" does not extend ScorePlugin plugin$/);
    await refused(
      { score: { enabled: [{ name: 'NodeAffinity' }, { name: 'NodeAffinity' }] } },
      /^plugin "NodeAffinity" already registered/,
    );
    await refused(
      { bind: { disabled: [{ name: '*' }] } },
      /^at least one bind plugin is needed for profile with scheduler name "default-scheduler"$/,
    );
    await refused({ queueSort: { disabled: [{ name: '*' }] } }, /^only one queue sort plugin required .* but got 0$/);
  });

  it('takes what concerns a process of its own, without effect', () => {
    const { profiles } = read({
      leaderElection: { leaderElect: true },
      clientConnection: { qps: 50 },
      enableProfiling: true,
      parallelism: 4,
    });
    assert.deepEqual(
      profiles.map(({ schedulerName }) => schedulerName),
      ['default-scheduler'],
    );
  });
});

describe('profiles of the scheduler', () => {
  const packing = { scoringStrategy: { type: 'MostAllocated', resources: [{ name: 'cpu' }] } };
  const asking = (cpu: string) => ({ containers: [{ name: 'c', image: 'busybox:1.36', resources: { requests: { cpu } } }] });

  it('places Pods by the plugins of the profile that they name, in its name, and leaves others alone', async (t) => {
    const cluster = await start(t, {
      profiles: [
        { schedulerName: 'default-scheduler' },
        {
          schedulerName: 'packer',
          plugins: {
            score: { disabled: [{ name: '*' }], enabled: [{ name: 'NodeResourcesFit' }] },
            filter: { disabled: [{ name: 'TaintToleration' }] },
          },
          pluginConfig: [{ name: 'NodeResourcesFit', args: packing }],
        },
      ],
    });
    await cluster.apply(aNode('n1'));
    await cluster.apply(aNode('n2', { spec: { taints: [{ key: 'no', effect: 'NoSchedule' }] } }));
    await cluster.apply(aPod('first', { ...asking('2'), nodeName: 'n2' }));
    for (const [name, schedulerName] of [
      ['spread', 'default-scheduler'],
      ['packed', 'packer'],
      ['nobody', 'mine'],
    ] as const)
      await cluster.apply(aPod(name, { ...asking('1'), schedulerName }));
    await cluster.settle();
    const nodes = await Promise.all(['spread', 'packed', 'nobody'].map((name) => nodeOf(cluster, name)));
    assert.deepEqual(nodes, ['n1', 'n2', undefined]);
    const scheduled = (await cluster.list(eventKind)).filter(({ reason }) => reason === 'Scheduled');
    const sources = Object.fromEntries(
      scheduled.map(({ involvedObject, reportingComponent }) => [involvedObject.name, reportingComponent]),
    );
    assert.deepEqual(sources, { spread: 'default-scheduler', packed: 'packer' });
  });

  it('tries a refused Pod again after what may help by its own profile', async (t) => {
    const added = (value: string) => ({
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchExpressions: [{ key: 'team', operator: 'In', values: [value] }] }],
      },
    });
    const profile = (name: string) => ({
      schedulerName: name,
      pluginConfig: [{ name: 'NodeAffinity', args: { addedAffinity: added(name) } }],
    });
    const cluster = await start(t, { profiles: [profile('red'), profile('blue')] });
    await cluster.apply(aNode('n1'));
    for (const name of ['red', 'blue']) await cluster.apply(aPod(name, { schedulerName: name }));
    await cluster.settle();
    assert.match(
      (await whyNot(cluster, 'red')) ?? '',
      /^0\/1 nodes are available: 1 node\(s\) didn't match scheduler-enforced node affinity\./,
    );
    await cluster.api(nodeKind).patch({ namespace: '', name: 'n1' }, { type: 'merge', body: { metadata: { labels: { team: 'blue' } } } });
    await cluster.pass(2);
    assert.deepEqual([await nodeOf(cluster, 'red'), await nodeOf(cluster, 'blue')], [undefined, 'n1']);
  });

  it('spreads Pods without constraints by those that are configured', async (t) => {
    const constraint = { maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule' };
    const cluster = await start(t, withArgs('PodTopologySpread', { defaultingType: 'List', defaultConstraints: [constraint] }));
    await cluster.apply(aNode('n1', { metadata: { labels: { zone: 'a' } } }));
    await cluster.apply({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web', namespace: 'default' },
      spec: { selector: { app: 'web' }, ports: [{ port: 80 }] },
    });
    await cluster.apply(aNode('n2', { metadata: { labels: { zone: 'b' } }, status: { allocatable: { cpu: '0', pods: '0' } } }));
    for (const name of ['a', 'b']) await cluster.apply(aPod(name));
    await cluster.settle();
    assert.match((await whyNot(cluster, 'b')) ?? '', /1 node\(s\) didn't match pod topology spread constraints/);
  });

  it('leaves out what is told not to be looked at, and backs off as told', async (t) => {
    const cluster = await start(t, {
      ...withArgs('NodeResourcesFit', { ignoredResourceGroups: ['example.com'] }),
      podInitialBackoffSeconds: 30,
      podMaxBackoffSeconds: 30,
    });
    await cluster.apply(aNode('n1'));
    const requests = { 'example.com/device': '1' };
    await cluster.apply(aPod('a', { containers: [{ name: 'c', image: 'busybox:1.36', resources: { requests, limits: requests } }] }));
    await cluster.settle();
    assert.equal(await nodeOf(cluster, 'a'), 'n1');
  });

  it('rates nodes by the shape that is configured', async (t) => {
    const shape = [
      { utilization: 0, score: 0 },
      { utilization: 50, score: 10 },
      { utilization: 100, score: 0 },
    ];
    const scoringStrategy = { type: 'RequestedToCapacityRatio', resources: [{ name: 'cpu' }], requestedToCapacityRatio: { shape } };
    const cluster = await start(t, {
      profiles: [
        {
          plugins: { score: { disabled: [{ name: '*' }], enabled: [{ name: 'NodeResourcesFit' }] } },
          pluginConfig: [{ name: 'NodeResourcesFit', args: { scoringStrategy } }],
        },
      ],
    });
    // Together with the Pod: a quarter, half and all of the CPU.
    for (const [name, cpu] of [
      ['n1', '4'],
      ['n2', '2'],
      ['n3', '1'],
    ] as const)
      await cluster.apply(aNode(name, { status: { allocatable: { cpu, memory: '8Gi', pods: '10' } } }));
    await cluster.apply(aPod('a', asking('1')));
    await cluster.settle();
    assert.equal(await nodeOf(cluster, 'a'), 'n2');
  });
});
