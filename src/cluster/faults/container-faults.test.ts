import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { Pod } from '../../api/generated/core/v1.ts';
import { Cluster, type ClusterOptions, kinds } from '../../library/index.ts';

const now = '2027-01-01T00:00:00Z';

/** A cluster whose time only the test moves. */
async function frozen(t: TestContext, options: ClusterOptions = {}): Promise<Cluster> {
  const cluster = await Cluster.start({ clock: { now, frozen: true }, ...options });
  t.after(() => cluster.stop());
  return cluster;
}

interface PodOptions {
  readonly labels?: Record<string, string>;
  readonly nodeName?: string;
  readonly restartPolicy?: string;
}

const pod = (name: string, image: string, { labels = {}, ...spec }: PodOptions = {}) => ({
  ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name, labels } },
  spec: { containers: [{ name: 'main', image }], ...spec },
});

const read = (cluster: Cluster, name: string): Promise<Pod> => cluster.client.resource(kinds.pod).get({ namespace: 'default', name });
/** The status of the container of a pod. */
const mainIn = (object: object) => (object as Pod).status.containerStatuses?.[0];
const mainOf = async (cluster: Cluster, name: string) => mainIn(await read(cluster, name));
const reasonsOf = async (cluster: Cluster, name: string): Promise<readonly string[]> => [
  ...new Set(
    (await cluster.events(`pod/${name}`))
      .filter(({ type }) => type === 'Warning')
      .map(({ reason = '', message = '' }) => `${reason}: ${message}`),
  ),
];

const secondsBetween = (from: string | null | undefined, to: string | null | undefined): number =>
  (Date.parse(to ?? '') - Date.parse(from ?? '')) / 1000;

describe('faults of simulated containers', () => {
  it('let pulls of an image fail, as often as they may, with what upstream shows', async (t) => {
    const cluster = await frozen(t);
    await cluster.faults.add({ fault: 'pull-error', images: ['redis'], times: 2, message: 'no route to host' });
    await cluster.apply([pod('struck', 'redis:7'), pod('spared', 'nginx')]);
    await cluster.waitFor('pod/struck', (object) => mainIn(object)?.state?.waiting?.reason === 'ImagePullBackOff');
    await cluster.waitFor('pod/struck', 'ready');
    assert.deepEqual(await reasonsOf(cluster, 'struck'), [
      'Failed: Failed to pull image "redis:7": no route to host',
      'Failed: Error: ErrImagePull',
      'Failed: Error: ImagePullBackOff',
    ]);
    await cluster.waitFor('pod/spared', 'ready');
    assert.deepEqual(await reasonsOf(cluster, 'spared'), []);
    const [rule] = await cluster.faults.list();
    assert.deepEqual([rule?.state, rule?.struck], ['spent', 2]);
    assert.match((await cluster.faults.injections())[0]?.what ?? '', /^container main of default\/struck on /);
  });

  it('let pulls fail as those from a registry that cannot be reached', async (t) => {
    const cluster = await frozen(t);
    await cluster.faults.add({ fault: 'pull-error', times: 1 });
    await cluster.apply(pod('struck', 'ghcr.io/team/app:1'));
    await cluster.waitFor('pod/struck', 'ready');
    const name = '"ghcr.io/team/app:1"';
    assert.equal(
      (await reasonsOf(cluster, 'struck'))[0],
      `Failed: Failed to pull image ${name}: failed to pull and unpack image ${name}: failed to resolve reference ${name}: failed to do request: Head "https://ghcr.io/v2/team/app/manifests/1": dial tcp: lookup ghcr.io: i/o timeout`,
    );
  });

  it('let containers take long to start', async (t) => {
    const cluster = await frozen(t);
    await cluster.faults.add({ fault: 'slow-start', selector: 'app=web', delay: '30s' });
    await cluster.apply([pod('slow', 'nginx', { labels: { app: 'web' } }), pod('other', 'nginx', { labels: { app: 'db' } })]);
    for (const name of ['pod/slow', 'pod/other']) await cluster.waitFor(name, 'ready');
    const { startTime } = (await read(cluster, 'slow')).status;
    assert.ok(secondsBetween(startTime, (await mainOf(cluster, 'slow'))?.state?.running?.startedAt) >= 30);
    const [rule] = await cluster.faults.list();
    assert.deepEqual([rule?.struck, rule?.selected], [1, 1]);
  });

  it('end those that run at once, and those that start, until the rule has gone', async (t) => {
    const cluster = await frozen(t);
    await cluster.apply([pod('web', 'nginx'), pod('other', 'httpd')]);
    for (const name of ['pod/web', 'pod/other']) await cluster.waitFor(name, 'ready');
    await cluster.faults.add({ fault: 'crash', images: ['nginx'], exitCode: 3 });
    await cluster.waitFor('pod/web', (object) => mainIn(object)?.state?.waiting?.reason === 'CrashLoopBackOff');
    const { lastState, restartCount } = (await mainOf(cluster, 'web')) ?? {};
    assert.deepEqual([lastState?.terminated?.exitCode, lastState?.terminated?.reason], [3, 'Error']);
    assert.ok((restartCount ?? 0) >= 1);
    assert.equal((await mainOf(cluster, 'other'))?.restartCount, 0);
    await cluster.faults.removeAll();
    await cluster.waitFor('pod/web', 'ready');
  });

  it('kill for want of memory after some time', async (t) => {
    const cluster = await frozen(t);
    await cluster.faults.add({ fault: 'oom-kill', pods: ['big*'], after: '30s', times: 1 });
    await cluster.apply(pod('big-1', 'nginx'));
    await cluster.waitFor('pod/big-1', (object) => mainIn(object)?.restartCount === 1);
    const { reason, exitCode, startedAt, finishedAt } = (await mainOf(cluster, 'big-1'))?.lastState?.terminated ?? {};
    assert.deepEqual([reason, exitCode, secondsBetween(startedAt, finishedAt)], ['OOMKilled', 137, 30]);
  });

  it('do not come about when their rule has gone by then', async (t) => {
    const cluster = await frozen(t);
    await cluster.apply(pod('web', 'nginx'));
    await cluster.waitFor('pod/web', 'ready');
    await cluster.faults.add({ fault: 'crash', after: '1m' });
    assert.equal((await cluster.faults.list())[0]?.struck, 1);
    await cluster.faults.removeAll();
    await cluster.clock.advance('5m');
    assert.equal((await mainOf(cluster, 'web'))?.restartCount, 0);
  });

  it('strike the same share of starts in each run', async (t) => {
    const struck = async (seed: number): Promise<string> => {
      const cluster = await frozen(t);
      await cluster.faults.add({ fault: 'crash', share: '50%', seed });
      let found = '';
      for (let i = 0; i < 12; i++) {
        await cluster.apply(pod(`p${i}`, 'nginx', { restartPolicy: 'Never' }));
        const begun = (object: object): boolean => ['Running', 'Failed'].includes((object as Pod).status.phase ?? '');
        const { status } = (await cluster.waitFor(`pod/p${i}`, begun)) as Pod;
        found += status.phase === 'Failed' ? 'x' : '.';
      }
      return found;
    };
    const [first, again] = [await struck(1), await struck(1)];
    assert.equal(first, again);
    assert.match(first, /x/);
    assert.match(first, /\./);
  });

  it('are brought back as they were when the cluster was saved, and do not end what has been restored', async (t) => {
    const cluster = await frozen(t);
    await cluster.apply(pod('web', 'nginx'));
    await cluster.waitFor('pod/web', 'ready');
    await cluster.save();
    await cluster.faults.add({ fault: 'crash', after: '1m' });
    await cluster.restore();
    await cluster.clock.advance('5m');
    assert.equal((await mainOf(cluster, 'web'))?.restartCount, 0);
  });
});

describe('a silent node', () => {
  const readiness = async (cluster: Cluster, name: string): Promise<string> => {
    const { status } = await cluster.client.resource(kinds.node).get({ namespace: '', name });
    const { status: ready = '', reason = '' } = status.conditions?.find(({ type }) => type === 'Ready') ?? {};
    return `${ready} ${reason}`;
  };

  it('becomes NotReady when its lease has expired, loses its pods, and is well again when it is heard', async (t) => {
    const cluster = await frozen(t, { nodes: 2 });
    const [, second = ''] = (await cluster.client.resource(kinds.node).list()).items.map(({ metadata }) => metadata.name);
    await cluster.apply(pod('far', 'nginx', { nodeName: second }));
    await cluster.waitFor('pod/far', 'ready');
    await cluster.faults.add({ fault: 'node-silence', nodes: [second], for: '10m' });
    await cluster.clock.advance('30s');
    assert.equal(await readiness(cluster, second), 'True KubeletReady');
    await cluster.clock.advance('30s');
    assert.equal(await readiness(cluster, second), 'Unknown NodeStatusUnknown');
    await cluster.clock.advance('6m');
    assert.ok((await read(cluster, 'far')).metadata.deletionTimestamp);
    await cluster.clock.advance('4m');
    assert.equal(await readiness(cluster, second), 'True KubeletReady');
    assert.equal(await cluster.get('pod/far'), undefined);
    const [rule] = await cluster.faults.list();
    assert.deepEqual([rule?.state, rule?.struck, rule?.selected], ['over', 1, 1]);
  });

  it('is Ready as soon as it is heard again', async (t) => {
    const cluster = await frozen(t);
    const [name = ''] = (await cluster.client.resource(kinds.node).list()).items.map(({ metadata }) => metadata.name);
    await cluster.faults.add({ fault: 'node-silence', for: '70s' });
    await cluster.clock.advance('65s');
    assert.equal(await readiness(cluster, name), 'Unknown NodeStatusUnknown');
    await cluster.clock.advance('6s');
    assert.equal(await readiness(cluster, name), 'True KubeletReady');
  });

  it('does not keep its cluster from its end', async (t) => {
    const cluster = await frozen(t);
    await cluster.faults.add({ fault: 'node-silence' });
    await cluster.apply(pod('web', 'nginx'));
    await cluster.clock.advance('2m');
    await cluster.stop();
  });
});
