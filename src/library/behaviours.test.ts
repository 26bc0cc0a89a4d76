import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Pod } from '../api/generated/core/v1.ts';
import { Cluster, type ClusterOptions, kinds, type Rule } from './index.ts';

const now = '2026-01-01T00:00:00Z';

/** A cluster whose clock only the test moves. */
const frozen = (options: ClusterOptions = {}): Promise<Cluster> => Cluster.start({ clock: { now, frozen: true }, ...options });

const pod = (name: string, container: object = {}, spec: object = {}, metadata: object = {}) => ({
  ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name, ...metadata } },
  spec: { containers: [{ name: 'main', image: 'app', ...container }], ...spec },
});

const httpGet = { path: '/healthz', port: 80 };

async function podOf(cluster: Cluster, name: string): Promise<Pod> {
  return (await cluster.client.resource(kinds.pod).get({ namespace: 'default', name })) as Pod;
}

describe('simulated containers that are told what to do', () => {
  it('become ready when their rule says so, fail later, and are restarted', async () => {
    await using cluster = await frozen({
      behaviours: [{ name: 'slow', match: { images: ['app'] }, behaviour: { ready: '30s', live: { '10m': false } } }],
    });
    await cluster.apply(pod('a', { readinessProbe: { httpGet, periodSeconds: 5 }, livenessProbe: { httpGet, periodSeconds: 10 } }));
    await cluster.clock.advance('20s');
    const isReady = async (): Promise<string | undefined> =>
      (await podOf(cluster, 'a')).status?.conditions?.find(({ type }) => type === 'Ready')?.status;
    assert.equal(await isReady(), 'False');
    const events = (await cluster.events('pod/a')).map(({ message }) => message);
    assert.ok(events.includes('Readiness probe failed: HTTP probe failed with statuscode: 503'), events.join('\n'));
    await cluster.clock.advance('15s');
    assert.equal(await isReady(), 'True');
    // Over a time in which nothing else happens probes are left out, but not those that find something else.
    await cluster.clock.advance('1h');
    assert.equal((await podOf(cluster, 'a')).status?.containerStatuses?.[0]?.restartCount, 5);
  });

  it('are told otherwise while they run, by annotations and by rules', async () => {
    await using cluster = await frozen();
    await cluster.apply(pod('a', { readinessProbe: { exec: { command: ['check'] }, periodSeconds: 5 } }));
    await cluster.waitFor('pod/a', 'Ready');
    const annotate = (value: string | null) =>
      cluster.client
        .resource(kinds.pod)
        .patch(
          { namespace: 'default', name: 'a' },
          { type: 'merge', body: { metadata: { annotations: { 'simulated.minik.io/ready': value } } } },
        );
    await annotate('false');
    await cluster.waitFor('pod/a', 'Ready=False');
    await annotate(null);
    await cluster.waitFor('pod/a', 'Ready');
    await cluster.behaviours.apply({ name: 'broken', behaviour: { exec: [{ command: 'check', stdout: 'not well', exitCode: 1 }] } });
    await cluster.waitFor('pod/a', 'Ready=False');
    assert.ok((await cluster.events('pod/a')).some(({ message }) => message === 'Readiness probe failed: not well'));
    assert.deepEqual(await cluster.behaviours.remove('broken'), []);
    await cluster.waitFor('pod/a', 'Ready');
  });

  it('leave their last words, or the end of their log, in the status of the pod', async () => {
    const rules: readonly Rule[] = [
      { name: 'all', behaviour: { runFor: '1s', exitCode: 3, log: 'the log' } },
      { name: 'words', match: { pods: ['words'] }, behaviour: { terminationMessage: 'the last words' } },
    ];
    await using cluster = await frozen({ behaviours: rules });
    assert.deepEqual(await cluster.behaviours.list(), rules);
    const container = { terminationMessagePolicy: 'FallbackToLogsOnError' };
    await cluster.apply(['words', 'log'].map((name) => pod(name, container, { restartPolicy: 'Never' })));
    for (const [name, message] of [
      ['words', 'the last words'],
      ['log', 'the log\n'],
    ] as const) {
      await cluster.waitFor(`pod/${name}`, (object) => (object as Pod).status?.phase === 'Failed');
      assert.equal((await podOf(cluster, name)).status?.containerStatuses?.[0]?.state?.terminated?.message, message);
    }
  });

  it('end when users wait for their end: those of Jobs, init containers, and hooks of charts', async () => {
    await using cluster = await frozen();
    const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'migrations', command: ['migrate'] }] } };
    await cluster.apply({ apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'migrate' }, spec: { template } });
    await cluster.apply(pod('init', {}, { initContainers: [{ name: 'wait', image: 'app', command: ['wait-for', 'db'] }] }));
    await cluster.apply(pod('test', {}, { restartPolicy: 'Never' }, { annotations: { 'helm.sh/hook': 'test' } }));
    await cluster.apply(pod('other', {}, { restartPolicy: 'Never' }));
    await cluster.waitFor('job/migrate', 'Complete');
    await cluster.waitFor('pod/init', 'Ready');
    await cluster.waitFor('pod/test', (object) => (object as Pod).status?.phase === 'Succeeded');
    await cluster.clock.advance('1h');
    assert.equal((await podOf(cluster, 'other')).status?.phase, 'Running');
  });

  it('write a log that goes by the clock of the cluster, and answer commands', async () => {
    await using cluster = await frozen({
      behaviours: `
apiVersion: simulated.minik.io/v1
kind: Behaviours
rules:
  - name: database
    match: {images: [postgres]}
    behaviour:
      log:
        - text: ready for connections
        - {every: 1h, text: checkpoint}
      exec:
        - {command: 'psql *', stdout: "1\\n"}
`,
    });
    await cluster.apply(pod('db', { image: 'postgres:16' }));
    await cluster.waitFor('pod/db', 'Ready');
    await cluster.clock.advance('3h');
    assert.equal(await cluster.logs('db'), `ready for connections\n${'checkpoint\n'.repeat(4)}`);
    assert.equal(await cluster.logs('db', { sinceSeconds: 60 }), 'checkpoint\n');
    assert.deepEqual(await cluster.exec('db', ['psql', '-c', 'select 1']), { stdout: '1\n', stderr: '', exitCode: 0 });
  });

  it('are told what they were told when the state was saved that is restored', async () => {
    await using cluster = await frozen({ behaviours: { name: 'a', behaviour: { exitCode: 1 } } });
    await cluster.save();
    await cluster.behaviours.apply([{ name: 'b', behaviour: {} }]);
    await cluster.behaviours.remove('a');
    await cluster.restore();
    assert.deepEqual(
      (await cluster.behaviours.list()).map(({ name }) => name),
      ['a'],
    );
  });

  it('are not told what is no behaviour', async () => {
    await assert.rejects(Cluster.start({ behaviours: '/does/not/exist' }), { code: 'ENOENT' });
    await assert.rejects(Cluster.start({ behaviours: [{ name: 'a', behaviour: { exitCode: 256 } }] }), {
      name: 'TypeError',
      message: 'the behaviours are not valid: rules[0].behaviour.exitCode: Invalid value: 256: must be a whole number from 0 to 255',
    });
    await assert.rejects(Cluster.start({ runtime: 'docker', behaviours: [] }), /only those of a simulated cluster can be told/);
    await using cluster = await frozen();
    await assert.rejects(cluster.behaviours.remove('a'), { code: 404 });
  });
});
