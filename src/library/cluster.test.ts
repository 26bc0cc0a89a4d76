import assert from 'node:assert/strict';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { after, before, beforeEach, describe, it } from 'node:test';
import { HttpTransport } from '../client/http-transport.ts';
import { parseFile, resolveContext } from '../client/kubeconfig.ts';
import { Cluster, kinds, StatusError, WaitError } from './index.ts';

const web = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web' },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: 'web' } },
    template: {
      metadata: { labels: { app: 'web' }, annotations: { 'simulated.minik.io/log': 'hello' } },
      spec: { containers: [{ name: 'web', image: 'nginx' }] },
    },
  },
};

const parseKubeconfig = (text: string) => resolveContext(parseFile('kubeconfig', text)).config;

const podsOf = async (cluster: Cluster, namespace = 'default') => (await cluster.client.resource(kinds.pod).list({ namespace })).items;

describe('Cluster', () => {
  let cluster: Cluster;
  before(async () => {
    cluster = await Cluster.start({ manifests: web });
    await cluster.save();
  });
  after(() => cluster.stop());
  beforeEach(() => cluster.restore());

  it('hands out a cluster whose manifests are what they are meant to be', async () => {
    const deployment = await cluster.client.resource(kinds.deployment).get({ namespace: 'default', name: 'web' });
    assert.equal(deployment.status.readyReplicas, 2);
    assert.equal((await podsOf(cluster)).length, 2);
  });

  it('has nodes that pods can be scheduled to, as soon as it has started', async () => {
    const other = await Cluster.start({ nodes: 3 });
    try {
      const { items } = await other.client.resource(kinds.node).list();
      assert.deepEqual(
        items.map(({ spec }) => spec.taints ?? []),
        [[], [], []],
      );
    } finally {
      await other.stop();
    }
  });

  it('applies YAML, objects and lists of them, custom resources right after their definition', async () => {
    const schema = { type: 'object', properties: { spec: { type: 'object', properties: { size: { type: 'integer' } } } } };
    const [, widget] = await cluster.apply([
      {
        apiVersion: 'apiextensions.k8s.io/v1',
        kind: 'CustomResourceDefinition',
        metadata: { name: 'widgets.example.com' },
        spec: {
          group: 'example.com',
          scope: 'Namespaced',
          names: { kind: 'Widget', plural: 'widgets', singular: 'widget' },
          versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema } }],
        },
      },
      'apiVersion: example.com/v1\nkind: Widget\nmetadata:\n  name: w\nspec:\n  size: 3\n---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c\n',
    ]);
    assert.equal(widget?.metadata.namespace, 'default');
    assert.equal((await cluster.get('widget/w'))?.metadata.name, 'w');
    assert.equal((await cluster.get('cm/c'))?.kind, 'ConfigMap');
    await assert.rejects(cluster.apply('apiVersion: example.com/v1\nkind: Gadget\nmetadata:\n  name: g\n'), /no kind Gadget/);
  });

  it('tells why what was waited for has not come about, and what became of it', async () => {
    await cluster.apply({
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'broken' },
      spec: {
        backoffLimit: 0,
        template: {
          metadata: { annotations: { 'simulated.minik.io/exit-code': '3', 'simulated.minik.io/log': 'no database' } },
          spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'busybox' }] },
        },
      },
    });
    await assert.rejects(cluster.waitFor('job/broken', 'ready'), (error) => {
      assert.ok(error instanceof WaitError);
      assert.match(error.reason, /BackoffLimitExceeded/);
      for (const part of [/container main ended with code 3/, /SuccessfulCreate/, /log of main:\n\s+no database/])
        assert.match(error.story, part);
      return true;
    });
    await assert.rejects(
      cluster.waitFor('pod/none', 'exists', { timeoutMs: 1 }),
      /pod\/none in namespace default is not exists .*: it does not exist/,
    );
  });

  it('waits for conditions, functions and deletion', async () => {
    await cluster.waitFor(web, 'Available');
    const scaled = cluster.waitFor(web, (object) => (object as { spec?: { replicas?: number } }).spec?.replicas === 3);
    await cluster.apply({ ...web, spec: { ...web.spec, replicas: 3 } });
    assert.equal((await scaled)?.metadata.name, 'web');
    await cluster.client.resource(kinds.deployment).delete({ namespace: 'default', name: 'web' });
    assert.equal(await cluster.waitFor(web, 'deleted'), undefined);
  });

  it('reads logs and events, and runs commands', async () => {
    const [pod] = await podsOf(cluster);
    assert.ok(pod !== undefined);
    assert.equal(await cluster.logs(pod), 'hello\n');
    assert.ok((await cluster.events(pod)).some(({ reason }) => reason === 'Started'));
    assert.deepEqual(
      (await cluster.events('deployment/web')).map(({ reason }) => reason),
      ['ScalingReplicaSet'],
    );
    const { exitCode } = await cluster.exec(pod, ['true']);
    assert.equal(exitCode, 0);
  });

  it('has a kubeconfig as text and as a file that only its user reads', async () => {
    const path = await cluster.kubeconfigFile();
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.match(await cluster.kubeconfig(), /"server": "https:\/\/127\.0\.0\.1:\d+"/);
  });

  it('restores what was changed, deleted and made, with the uids and the containers that there were', async () => {
    const before = await podsOf(cluster);
    const started = before.map(({ status }) => status.containerStatuses?.[0]?.containerID);
    await cluster.apply([
      { ...web, spec: { ...web.spec, replicas: 4 } },
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'team' } },
    ]);
    await cluster.apply({ ...web, metadata: { name: 'other' } }, { namespace: 'team' });
    await cluster.waitFor('deployment/other', 'ready', { namespace: 'team' });
    await cluster.client.resource(kinds.deployment).delete({ namespace: 'default', name: 'web' });
    for (const { metadata } of before) await cluster.waitFor(`pod/${metadata.name}`, 'deleted');
    for (let round = 0; round < 2; round++) {
      await cluster.restore();
      const pods = await podsOf(cluster);
      assert.deepEqual(
        pods.map(({ metadata }) => metadata.uid),
        before.map(({ metadata }) => metadata.uid),
      );
      assert.deepEqual(
        pods.map(({ status }) => status.containerStatuses?.[0]?.containerID),
        started,
      );
      assert.equal(await cluster.get('namespace/team'), undefined);
      await cluster.waitFor(web, 'ready');
      const [pod] = pods;
      assert.ok(pod !== undefined);
      assert.equal(await cluster.logs(pod), 'hello\n');
      await cluster.client.resource(kinds.pod).delete({ namespace: 'default', name: pod.metadata.name });
    }
  });

  it('lets requests of others fail, and brings back the faults that were there when it was saved', async () => {
    const transport = new HttpTransport({ ...parseKubeconfig(await cluster.kubeconfig()), userAgent: 'operator' });
    const read = () => transport.json({ method: 'GET', path: '/apis/apps/v1/namespaces/default/deployments' });
    try {
      const added = await cluster.faults.add({ fault: 'unavailable', resources: ['deploy'], users: ['kubernetes-admin'] });
      assert.deepEqual([added.name, added.resources], ['unavailable-1', ['deployments']]);
      await assert.rejects(read(), { message: 'apiserver is shutting down' });
      // Who looks on is spared.
      assert.ok(await cluster.get('deployment/web'));
      const [rule] = await cluster.faults.list();
      assert.deepEqual([rule?.struck, rule?.selected], [1, 1]);
      const [injection] = await cluster.faults.injections();
      assert.equal(injection?.what, 'list deployments.apps default by kubernetes-admin');
      assert.equal((await cluster.faults.remove('unavailable-1')).struck, 1);
      await read();
      await cluster.faults.add({ fault: '500' });
      await assert.rejects(cluster.faults.remove(''), TypeError);
      assert.equal((await cluster.faults.list()).length, 1);
      await cluster.restore();
      assert.deepEqual(await cluster.faults.list(), []);
      await read();
      await assert.rejects(cluster.faults.add({ fault: 'nonsense' }), (error) => error instanceof StatusError && error.code === 400);
    } finally {
      transport.close();
    }
  });

  it('keeps clusters in one process apart', async () => {
    const others = await Promise.all([Cluster.start({ nodes: 3 }), Cluster.start({ controllers: false })]);
    try {
      const nodes = await Promise.all(
        [cluster, ...others].map(async (each) => (await each.client.resource(kinds.node).list()).items.length),
      );
      assert.deepEqual(nodes, [1, 3, 1]);
      assert.equal(await others[0].get('deployment/web'), undefined);
    } finally {
      await Promise.all(others.map((each) => each.stop()));
    }
  });

  it('leaves nothing when it ends, also by await using', async () => {
    let path: string;
    let name: string;
    {
      await using own = await Cluster.start();
      path = await own.kubeconfigFile();
      name = own.name;
      await own.apply({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' }, spec: { containers: [{ name: 'main', image: 'app' }] } });
      await own.waitFor('pod/a', 'Ready');
    }
    assert.equal(existsSync(path), false);
    const left = readdirSync(tmpdir()).filter((entry) => entry.includes(name));
    assert.deepEqual(left, [], 'the folders of its nodes');
  });
});

describe('the clock of a cluster', () => {
  it('stands where it was set, and waiting passes its time', async () => {
    await using cluster = await Cluster.start({ clock: { now: '2028-02-28T23:59:00Z', frozen: true } });
    await cluster.apply({
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: { name: 'daily' },
      spec: {
        schedule: '0 0 * * *',
        jobTemplate: {
          spec: {
            template: {
              metadata: { annotations: { 'simulated.minik.io/run-ms': '5000' } },
              spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'busybox' }] },
            },
          },
        },
      },
    });
    const minutes = Date.parse('2028-02-29T00:00:00Z') / 60_000;
    const job = await cluster.waitFor(`job/daily-${minutes}`, 'ready', { timeoutMs: 3_000_000 });
    assert.equal(job?.metadata.creationTimestamp, '2028-02-29T00:00:00Z');
    // Time may have gone on until the wait heard of it.
    assert.equal((await cluster.clock.now()).toISOString().slice(0, 13), '2028-02-29T00');
    await cluster.clock.advance('24h');
    assert.ok((await cluster.get(`job/daily-${minutes + 24 * 60}`)) !== undefined);
  });

  it('runs a CronJob at each of its times, and every run to its end', async () => {
    await using cluster = await Cluster.start({ clock: { now: '2027-02-27T12:30:00Z', frozen: true } });
    const template = {
      metadata: { annotations: { 'simulated.minik.io/run-ms': '2000' } },
      spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'busybox' }] },
    };
    await cluster.apply({
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: { name: 'hourly' },
      spec: { schedule: '0 * * * *', successfulJobsHistoryLimit: 1000, jobTemplate: { spec: { template } } },
    });
    const hours = 24;
    const { timers = 0 } = await cluster.clock.advance(`${hours}h`);
    const { items } = await cluster.client.resource(kinds.job).list({ namespace: 'default' });
    const firstMs = Date.parse('2027-02-27T13:00:00Z');
    assert.deepEqual(
      items.map(({ status }) => [status.startTime, status.succeeded]),
      Array.from({ length: hours }, (_, hour) => [new Date(firstMs + hour * 3_600_000).toISOString().replace('.000', ''), 1]),
    );
    // What nodes and controllers look after all the time is left out between the runs.
    assert.ok(timers < 80 * hours, `${timers} timers`);
  });

  it('passes over a time in which nothing happens, however long it is', async () => {
    await using cluster = await Cluster.start({ nodes: 3, clock: { now: '2027-01-01T00:00:00Z', frozen: true } });
    await cluster.apply({
      ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'idle' } },
      spec: { containers: [{ name: 'main', image: 'app', readinessProbe: { httpGet: { port: 80 } } }] },
    });
    await cluster.waitFor('pod/idle', 'Ready');
    // Until the events of the start are gone.
    await cluster.clock.advance('3h');
    const timersIn = async (by: string): Promise<number> => (await cluster.clock.advance(by)).timers ?? 0;
    const [day, year] = [await timersIn('1d'), await timersIn('365d')];
    assert.ok(year <= day + 10, `${day} timers in a day, ${year} in a year`);
  });

  it('stays where it is when a state is restored: what fell due in between happens at once', async () => {
    await using cluster = await Cluster.start({ clock: { now: '2027-01-01T00:30:00Z', frozen: true } });
    const spec = { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'app' }] } } };
    const job = (name: string, ttlSecondsAfterFinished: number) => ({
      ...{ apiVersion: 'batch/v1', kind: 'Job', metadata: { name } },
      spec: { ...spec, ttlSecondsAfterFinished },
    });
    const cronJob = {
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: { name: 'hourly' },
      spec: { schedule: '0 * * * *', jobTemplate: { spec } },
    };
    await cluster.apply([cronJob, job('short', 7200), job('long', 100_000)]);
    await cluster.clock.advance('1h');
    await cluster.save();
    await cluster.clock.advance('3h');
    await cluster.restore();
    assert.equal((await cluster.clock.now()).toISOString(), '2027-01-01T04:30:00.000Z');
    await cluster.clock.advance('10s');
    const { items } = await cluster.client.resource(kinds.job).list({ namespace: 'default' });
    const run = (time: string): string => `hourly-${Date.parse(time) / 60_000}`;
    assert.deepEqual(
      items.map(({ metadata, status }) => `${metadata.name} ${status.succeeded}`),
      [`${run('2027-01-01T01:00:00Z')} 1`, `${run('2027-01-01T04:00:00Z')} 1`, 'long 1'],
    );
  });

  it('lets a token expire', async () => {
    await using cluster = await Cluster.start();
    const { token } = await tokenOf(cluster);
    assert.equal(await isAccepted(cluster, token), true);
    await cluster.clock.advance('11m');
    assert.equal(await isAccepted(cluster, token), false);
  });
});

async function tokenOf(cluster: Cluster): Promise<{ readonly token: string }> {
  const { status } = await cluster.client
    .resource(kinds.serviceAccount)
    .subresource('create', { namespace: 'default', name: 'default' }, 'token', { spec: { expirationSeconds: 600 } });
  return status as { readonly token: string };
}

async function isAccepted(cluster: Cluster, token: string): Promise<boolean> {
  const { clusters } = JSON.parse(await cluster.kubeconfig());
  const [{ cluster: access }] = clusters;
  const certificateAuthority = Buffer.from(access['certificate-authority-data'], 'base64').toString();
  const transport = new HttpTransport({ server: access.server, certificateAuthority, token });
  try {
    await transport.json({ method: 'GET', path: '/version' });
    return true;
  } catch (error) {
    assert.ok(error instanceof StatusError);
    assert.equal(error.code, 401);
    return false;
  } finally {
    transport.close();
  }
}
