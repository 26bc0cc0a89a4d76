/**
 * What the controllers that keep replicas promise, whatever happens in whatever order: users change and delete things,
 * Pods become ready and fail, calls of the API fail, controllers are started anew in the middle of their work. Each run
 * is that of a seed, which a failure names; with it in `MINIK_SEED`, the test repeats that run alone.
 */
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { Pod } from '../api/generated/core/v1.ts';
import type { Kind } from '../api/kind.ts';
import { daemonSet } from '../api/kinds/apps/daemon-set.ts';
import { deployment } from '../api/kinds/apps/deployment.ts';
import { replicaSet } from '../api/kinds/apps/replica-set.ts';
import { statefulSet } from '../api/kinds/apps/stateful-set.ts';
import { job } from '../api/kinds/batch/job.ts';
import { node } from '../api/kinds/core/node.ts';
import { pod } from '../api/kinds/core/pod.ts';
import { replicationController } from '../api/kinds/core/replication-controller.ts';
import type { KubeObject } from '../api/object.ts';
import { isNotFound, StatusError } from '../api/status-error.ts';
import { daemonSetController } from './daemon-sets/daemon-set-controller.ts';
import { nodeOf } from './daemon-sets/placement.ts';
import { deploymentController } from './deployment/deployment-controller.ts';
import { jobController } from './jobs/job-controller.ts';
import { isPodReady } from './pods.ts';
import { replicaSetController } from './replicas/replica-set.ts';
import { replicationControllerController } from './replicas/replication-controller.ts';
import type { AnyController } from './start-controllers.ts';
import { statefulSetController } from './stateful-sets/stateful-set-controller.ts';
import { Choices } from './testing/choices.ts';
import { type Faults, faultyClient } from './testing/faulty-client.ts';
import { aDeployment, aNode, aReplicaSet, aReplicationController, podSpec } from './testing/objects.ts';
import { startTestCluster, type TestCluster } from './testing/test-cluster.ts';

const seeds = process.env.MINIK_SEED === undefined ? Array.from({ length: 5 }, (_, i) => i + 1) : [Number(process.env.MINIK_SEED)];
const steps = 40;
/** Longer than any back-off after the calls that failed. */
const calmSeconds = 2000;

const labels = { app: 'web' };
const image = (version: number) => ({ spec: { containers: [{ name: 'c', image: `busybox:${version}` }] } });

/** What happens to one workload, and what must hold. */
interface Scenario {
  readonly controllers: readonly AnyController[];
  readonly object: { readonly apiVersion: string; readonly kind: string; readonly [field: string]: unknown };
  /** What users and nodes do, besides to Pods. */
  readonly actions: readonly ((world: World) => Promise<unknown>)[];
  /** Called after each step, in the middle of the controllers' work. */
  bounds(pods: readonly Pod[], world: World): void | Promise<void>;
  /** How many replicas Pods amount to. Default: as many as live. */
  size?(pods: readonly Pod[]): number;
  /** Called when nothing has failed for a while and all Pods are well. */
  final(pods: readonly Pod[], world: World): Promise<void>;
}

class World {
  readonly cluster: TestCluster;
  readonly choices: Choices;
  readonly #name: string;
  /** The largest number of replicas that was wanted since the controllers last had nothing to do. */
  most = 0;
  wanted = 0;
  version = 1;

  constructor(cluster: TestCluster, choices: Choices, name: string) {
    this.cluster = cluster;
    this.choices = choices;
    this.#name = name;
  }

  async change<T extends KubeObject>(kind: Kind<T>, spec: object): Promise<void> {
    await this.cluster.api(kind).patch({ namespace: 'default', name: this.#name }, { type: 'strategic', body: { spec: { ...spec } } });
  }

  get<T extends KubeObject>(kind: Kind<T>): Promise<T> {
    return this.cluster.api(kind).get({ namespace: 'default', name: this.#name });
  }

  async scale<T extends KubeObject>(kind: Kind<T>, limit = 7): Promise<void> {
    this.want(this.choices.below(limit));
    await this.change(kind, { replicas: this.wanted });
  }

  want(replicas: number): void {
    this.wanted = replicas;
    this.most = Math.max(this.most, replicas);
  }

  /** Another template. */
  async roll<T extends KubeObject>(kind: Kind<T>): Promise<void> {
    this.version++;
    await this.change(kind, { template: image(this.version) });
  }

  async pods(): Promise<readonly Pod[]> {
    return this.cluster.list(pod);
  }

  /** Does something to a Pod, if there is one; another may have removed it meanwhile. */
  async toSome(act: (one: Pod) => Promise<unknown>): Promise<void> {
    const [first, ...others] = await this.pods();
    if (first === undefined) return;
    await heeding(act(this.choices.of([first, ...others])));
  }

  async end(one: Pod, phase: 'Succeeded' | 'Failed'): Promise<void> {
    const finishedAt = new Date(this.cluster.clock.now()).toISOString().replace(/\.\d+/, '');
    const terminated = { exitCode: phase === 'Failed' ? 1 : 0, finishedAt, startedAt: finishedAt };
    const containerStatuses = [{ name: 'c', image: 'i', imageID: 'i', ready: false, restartCount: 0, state: { terminated } }];
    await this.cluster.api(pod).updateStatus({ ...one, status: { ...one.status, phase, containerStatuses } });
  }
}

const isLive = ({ metadata, status }: Pod): boolean =>
  metadata.deletionTimestamp === undefined && status.phase !== 'Succeeded' && status.phase !== 'Failed';

/** What happens to Pods of any workload. */
const podActions: Scenario['actions'] = [
  (world) => world.toSome((one) => world.cluster.api(pod).delete({ namespace: 'default', name: one.metadata.name })),
  (world) => world.toSome((one) => makeReadyNow(world, [one])),
  (world) => world.toSome((one) => (isLive(one) ? world.end(one, 'Failed') : Promise.resolve())),
];

/** Without waiting for the controllers. */
async function makeReadyNow({ cluster }: World, pods: readonly Pod[]): Promise<void> {
  const lastTransitionTime = new Date(cluster.clock.now()).toISOString().replace(/\.\d+/, '');
  const conditions = [{ type: 'Ready', status: 'True', lastTransitionTime }];
  for (const one of pods.filter((each) => isLive(each) && !isPodReady(each))) {
    await heeding(cluster.api(pod).updateStatus({ ...one, status: { ...one.status, phase: 'Running', conditions } }));
  }
}

/** What is written may have changed or gone. */
async function heeding(write: Promise<unknown>): Promise<void> {
  try {
    await write;
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
  }
}

async function run(t: TestContext, scenario: Scenario, seed: number): Promise<void> {
  const { size = (pods: readonly Pod[]) => pods.filter(isLive).length } = scenario;
  const choices = new Choices(seed);
  const faults: Faults = { choices, on: false };
  const cluster = await startTestCluster(t, {
    controllers: scenario.controllers,
    controllersClient: (client) => faultyClient(client, faults),
  });
  // The objects here have names.
  const { metadata } = scenario.object as unknown as KubeObject;
  const world = new World(cluster, choices, metadata.name);
  for (const name of ['n1', 'n2', 'n3']) await cluster.apply(aNode(name));
  await cluster.apply(scenario.object);
  world.want(3);
  for (let step = 0; step < steps; step++) {
    faults.on = choices.chance(0.7);
    await choices.of([...podActions, ...scenario.actions] as [Scenario['actions'][number]])(world);
    if (choices.chance(0.1)) await cluster.restart();
    // Mostly the next thing happens before the controllers have done what this one asks for.
    const quiet = choices.chance(0.2);
    if (quiet) await cluster.settle();
    else for (let turns = choices.below(12); turns > 0; turns--) await turn();
    if (choices.chance(0.2)) await cluster.pass(choices.below(30));
    await scenario.bounds(await world.pods(), world);
    if (quiet && !faults.on) world.most = Math.max(world.wanted, size(await world.pods()));
  }
  faults.on = false;
  await cluster.pass(calmSeconds);
  for (let before = ''; ; ) {
    await makeReadyNow(world, await world.pods());
    await cluster.pass(30);
    const now = JSON.stringify((await world.pods()).map(({ metadata: { uid }, status }) => [uid, status.phase]));
    if (now === before) break;
    before = now;
  }
  await scenario.bounds(await world.pods(), world);
  await scenario.final(await world.pods(), world);
}

const scenarios: Readonly<Record<string, Scenario>> = {
  ReplicaSet: {
    controllers: [replicaSetController],
    object: aReplicaSet({ replicas: 3 }),
    actions: [
      (world) => world.scale(replicaSet),
      (world) => world.toSome(({ metadata: { name } }) => relabel(world, name, { app: 'released' })),
    ],
    bounds: (pods, { most }) => assert.ok(ownedLive(pods).length <= most, `${ownedLive(pods).length} Pods, ${most} wanted`),
    final: async (pods, world) => {
      assert.equal(ownedLive(pods).length, world.wanted);
      const { status } = await world.get(replicaSet);
      assert.deepEqual([status.replicas, status.readyReplicas ?? 0], [world.wanted, world.wanted]);
    },
  },
  ReplicationController: {
    controllers: [replicationControllerController],
    object: aReplicationController({ replicas: 3 }),
    actions: [
      (world) => world.scale(replicationController),
      (world) => world.toSome(({ metadata: { name } }) => relabel(world, name, { app: 'released' })),
    ],
    bounds: (pods, { most }) => assert.ok(ownedLive(pods).length <= most, `${ownedLive(pods).length} Pods, ${most} wanted`),
    final: async (pods, world) => {
      assert.equal(ownedLive(pods).length, world.wanted);
      const { status } = await world.get(replicationController);
      assert.deepEqual([status.replicas, status.readyReplicas ?? 0], [world.wanted, world.wanted]);
    },
  },
  Deployment: {
    controllers: [deploymentController, replicaSetController],
    object: aDeployment({ replicas: 3, strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 2, maxUnavailable: 1 } } }),
    actions: [
      (world) => world.scale(deployment),
      (world) => world.roll(deployment),
      (world) => world.change(deployment, { paused: world.choices.chance(0.3) }),
    ],
    // Of its sets: a set whose Pods go slowly has more of them than it is to have.
    bounds: async (_, { most, cluster }) => {
      const total = (await cluster.list(replicaSet)).reduce((sum, { spec }) => sum + spec.replicas, 0);
      assert.ok(total <= most + 2, `sets of ${total} Pods, ${most} wanted`);
    },
    final: async (_, world) => {
      await world.change(deployment, { paused: false });
      for (let i = 0; i < 20; i++) {
        await world.cluster.settle();
        await makeReadyNow(world, await world.pods());
      }
      const live = ownedLive(await world.pods());
      const { spec, status } = await world.get(deployment);
      const wantedImage = spec.template.spec.containers[0]?.image;
      assert.deepEqual([live.length, status.replicas ?? 0, status.updatedReplicas ?? 0], [world.wanted, world.wanted, world.wanted]);
      assert.ok(live.every((one) => one.spec.containers[0]?.image === wantedImage));
      const sets = await world.cluster.list(replicaSet);
      assert.equal(sets.filter((set) => set.spec.replicas > 0).length, world.wanted === 0 ? 0 : 1);
      const templates = sets.map((set) => set.spec.template.spec.containers[0]?.image);
      assert.equal(new Set(templates).size, templates.length, 'no template has two ReplicaSets');
    },
  },
  StatefulSet: {
    controllers: [statefulSetController],
    object: {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: { name: 'web', namespace: 'default' },
      spec: { serviceName: 'web', replicas: 3, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: podSpec } },
    },
    actions: [(world) => world.scale(statefulSet, 5), (world) => world.roll(statefulSet)],
    // One in between may be missing.
    size: (pods) => Math.max(0, ...ordinalsOf(pods).map((ordinal) => ordinal + 1)),
    bounds: (pods, { most }) => {
      const ordinals = ordinalsOf(pods);
      assert.ok(
        ordinals.every((ordinal) => ordinal < most),
        `${ordinals} of ${most}`,
      );
    },
    final: async (pods, world) => {
      const names = pods.map(({ metadata: { name } }) => name).toSorted();
      assert.deepEqual(
        names,
        Array.from({ length: world.wanted }, (_, i) => `web-${i}`),
      );
      assert.ok(pods.every(isPodReady));
      const { spec, status } = await world.get(statefulSet);
      assert.ok(pods.every((one) => one.spec.containers[0]?.image === spec.template.spec.containers[0]?.image));
      assert.deepEqual([status.replicas, status.currentRevision], [world.wanted, status.updateRevision]);
    },
  },
  DaemonSet: {
    controllers: [daemonSetController()],
    object: {
      apiVersion: 'apps/v1',
      kind: 'DaemonSet',
      metadata: { name: 'web', namespace: 'default' },
      spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: podSpec } },
    },
    actions: [(world) => world.roll(daemonSet), ({ cluster, choices }) => toggleNode(cluster, choices.of(['n2', 'n3', 'n4']))],
    bounds: (pods) => {
      const nodes = pods.filter(isLive).map(nodeOf);
      assert.equal(new Set(nodes).size, nodes.length, `one a node: ${nodes}`);
    },
    final: async (pods, world) => {
      const nodes = (await world.cluster.list(node)).map(({ metadata: { name } }) => name).toSorted();
      const live = pods.filter(isLive).filter((one) => nodes.includes(nodeOf(one)));
      assert.deepEqual(live.map(nodeOf).toSorted(), nodes);
      const { spec, status } = await world.get(daemonSet);
      assert.ok(live.every((one) => one.spec.containers[0]?.image === spec.template.spec.containers[0]?.image));
      assert.deepEqual([status.desiredNumberScheduled, status.updatedNumberScheduled], [nodes.length, nodes.length]);
    },
  },
  Job: {
    controllers: [jobController()],
    object: {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'web', namespace: 'default' },
      spec: {
        ...{ completions: 6, parallelism: 3, backoffLimit: 1000 },
        template: { metadata: { labels }, spec: { ...podSpec, restartPolicy: 'Never' } },
      },
    },
    actions: [
      async (world) => {
        const { status } = await world.get(job);
        const ended = (status.conditions ?? []).some(({ type }) => type !== 'Suspended');
        if (!ended) await world.change(job, { parallelism: 1 + world.choices.below(3) });
      },
      (world) => world.toSome((one) => (isLive(one) ? world.end(one, 'Succeeded') : Promise.resolve())),
    ],
    bounds: (pods) => assert.ok(pods.filter(isLive).length <= 3, `${pods.filter(isLive).length} of 3 at once`),
    final: async (_, world) => {
      for (let i = 0; i < 12; i++) {
        for (const one of (await world.pods()).filter(isLive)) await heeding(world.end(one, 'Succeeded'));
        await world.cluster.pass(700);
      }
      const { status } = await world.get(job);
      assert.ok(
        status.conditions?.some(({ type, status: is }) => type === 'Complete' && is === 'True'),
        JSON.stringify(status),
      );
      assert.ok((status.succeeded ?? 0) >= 6 && status.active === undefined);
      assert.ok((await world.pods()).every(({ metadata: { finalizers } }) => finalizers === undefined));
    },
  },
};

const ordinalsOf = (pods: readonly Pod[]): readonly number[] => pods.map(({ metadata: { name } }) => Number(name.slice('web-'.length)));

const ownedLive = (pods: readonly Pod[]): readonly Pod[] => pods.filter((one) => isLive(one) && one.metadata.labels?.app === 'web');

const relabel = ({ cluster }: World, name: string, to: object) =>
  cluster.api(pod).patch({ namespace: 'default', name }, { type: 'merge', body: { metadata: { labels: { ...to } } } });

async function toggleNode(cluster: TestCluster, name: string): Promise<void> {
  try {
    await cluster.api(node).delete({ namespace: '', name });
  } catch (error) {
    if (!isNotFound(error)) throw error;
    await cluster.apply(aNode(name));
  }
}

describe('controllers that keep replicas', () => {
  for (const [kind, scenario] of Object.entries(scenarios)) {
    it(`converge and stay within their bounds, whatever happens to a ${kind}`, async (t) => {
      for (const seed of seeds) {
        try {
          await run(t, scenario, seed);
        } catch (error) {
          throw new Error(`${kind} with MINIK_SEED=${seed}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
        }
      }
    });
  }
});
