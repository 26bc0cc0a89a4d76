/** The library on Docker: by the `minik` program of this checkout, with containers that run. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Pod } from '../api/generated/core/v1.ts';
import type { KubeObject } from '../api/object.ts';
import { eventually, ok } from '../e2e/support/shell.ts';
import { Cluster, kinds, WaitError } from './index.ts';

const executable = resolve(import.meta.dirname, '../../scripts/minik');

const app = (name: string, command: readonly string[]) => ({
  ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name } },
  spec: { terminationGracePeriodSeconds: 0, restartPolicy: 'Never', containers: [{ name: 'main', image: 'busybox:1.36', command }] },
});

const crontabs = {
  ...{ apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: 'crontabs.stable.example.com' } },
  spec: {
    ...{ group: 'stable.example.com', scope: 'Namespaced', names: { plural: 'crontabs', kind: 'CronTab', shortNames: ['ct'] } },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      },
    ],
  },
};

describe('a cluster on Docker', () => {
  let cluster: Cluster;
  let kubeconfig = '';

  before(async () => {
    cluster = await Cluster.start({
      ...{ runtime: 'docker', executable, nodes: 2, zones: ['a', 'b'] },
      manifests: app('server', ['sh', '-c', 'echo "it runs on $(uname -s)"; sleep 600']),
    });
    kubeconfig = await cluster.kubeconfigFile();
  });
  after(() => cluster.stop());

  it('has the nodes and manifests that it was started with', async () => {
    const { items } = await cluster.client.resource(kinds.node).list();
    assert.deepEqual(
      items.map(({ metadata }) => metadata.labels?.['topology.kubernetes.io/zone']),
      ['a', 'b'],
    );
    assert.equal(((await cluster.get('pod/server')) as Pod).status.phase, 'Running');
  });

  it('runs programs: their logs, commands in them, and how they end', async () => {
    await cluster.waitFor('pod/server', 'Ready');
    // A container that runs may not have printed anything yet.
    await eventually(async () => assert.equal(await cluster.logs('server'), 'it runs on Linux\n'));
    assert.deepEqual(await cluster.exec('server', ['sh', '-c', 'echo out; echo err >&2; exit 3']), {
      stdout: 'out\n',
      stderr: 'err\n',
      exitCode: 3,
    });
    await cluster.apply(app('fails', ['sh', '-c', 'echo no luck; exit 7']));
    await cluster.waitFor('pod/fails', (object) => (object as Pod).status.phase === 'Failed');
    const failure = await cluster.waitFor('pod/fails', 'ready').catch((error: unknown) => error);
    assert.ok(failure instanceof WaitError, String(failure));
    assert.match(failure.message, /container main ended with code 7/);
    assert.match(failure.message, /no luck/);
    // Events are written when there is time for them.
    await eventually(async () => assert.ok((await cluster.events('pod/fails')).some(({ reason }) => reason === 'Started')));
  });

  it('serves kinds that are defined while it runs', async () => {
    await cluster.apply([
      crontabs,
      { apiVersion: 'stable.example.com/v1', kind: 'CronTab', metadata: { name: 'a' }, spec: { cron: '* * * * *' } },
    ]);
    const found = (await cluster.get('ct/a')) as KubeObject & { readonly spec?: { readonly cron?: string } };
    assert.equal(found.spec?.cron, '* * * * *');
  });

  it('says what only simulated clusters can do', async () => {
    const only = /only th(at|ose) of a simulated cluster can/;
    await assert.rejects(cluster.save(), only);
    for (const moved of [cluster.clock.freeze(), cluster.clock.advance('1h')]) await assert.rejects(moved, only);
    await assert.rejects(cluster.behaviours.list(), only);
    const reading = await cluster.clock.show();
    assert.deepEqual([reading.adjustable, reading.frozen, reading.aheadMs], [false, false, 0]);
  });

  it('has a kubeconfig of its own, and leaves nothing', async () => {
    assert.equal(readFileSync(kubeconfig, 'utf8'), await cluster.kubeconfig());
    const onDaemon = async (): Promise<readonly string[]> => {
      const found = await Promise.all([
        ok(['docker', 'ps', '-a', '--format', '{{.Label "io.minik.cluster"}}']),
        ok(['docker', 'network', 'ls', '--format', '{{.Name}}']),
      ]);
      // Clusters' ids begin with their names.
      return found
        .join('\n')
        .split('\n')
        .filter((line) => line.includes(`${cluster.name}-`));
    };
    assert.notDeepEqual(await onDaemon(), []);
    await cluster.stop();
    assert.equal(existsSync(dirname(kubeconfig)), false);
    assert.deepEqual(await onDaemon(), []);
  });
});
