/** kill -9 of the server in the middle of work: what was answered is there afterwards, and everything converges. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { E2eCluster, testdata } from './support/cluster.ts';
import { eventually } from './support/shell.ts';

const cluster = new E2eCluster({ name: 'e2e-crash' });
const kubectl = (...args: string[]): Promise<string> => cluster.kubectl('kubectl', args);

before(() => cluster.start());
after(() => cluster.delete());

const list = (count: number): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'List',
    items: Array.from({ length: count }, (_, index) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: `written-${index}` } })),
  });

describe('a killed server', () => {
  it('loses no answered write, leaves no orphans, and goes on where it was', async () => {
    await kubectl('create', '-f', testdata('kubia/kubia-deployment-v1.yaml'));
    await cluster.podsReady('app=kubia', 3);
    const { pid } = await cluster.facts();
    await kubectl('set', 'image', 'deployment/kubia', 'nodejs=luksa/kubia:v2');
    await kubectl('scale', 'deployment', 'kubia', '--replicas=8');
    const writing = cluster.try('kubectl', ['create', '-f', '-'], { stdin: list(500) });
    await cluster.until(['get', 'configmaps', '-o', 'name'], (text) => text.split('\n').length > 40);
    process.kill(pid, 'SIGKILL');
    const answered = (await writing).stdout
      .split('\n')
      .filter((line) => line.endsWith(' created'))
      .map((line) => line.replace(' created', ''));
    assert.ok(answered.length >= 30 && answered.length < 500, `${answered.length} writes were answered before the end`);

    await cluster.start();
    assert.notEqual((await cluster.facts()).pid, pid);
    const stored = new Set((await kubectl('get', 'configmaps', '-o', 'name')).split('\n'));
    assert.deepEqual(
      answered.filter((name) => !stored.has(name)),
      [],
    );
    assert.equal(await kubectl('get', 'deployment', 'kubia', '-o', 'jsonpath={.spec.replicas}'), '8');
    assert.match(await kubectl('rollout', 'status', 'deployment/kubia'), /successfully rolled out/);
    const pods = await cluster.podsReady('app=kubia', 8);
    assert.deepEqual(
      new Set((await kubectl('get', 'po', '-o', 'jsonpath={.items[*].spec.containers[0].image}')).split(' ')),
      new Set(['luksa/kubia:v2']),
    );
    await eventually(async () => {
      const owners = (await cluster.containers()).map((name) => name.split('_')[2]).sort();
      assert.deepEqual(owners, [...pods, ...pods].sort(), 'a pause and a workload container for each pod');
    });
    await eventually(async () => {
      const uids = await kubectl('get', 'po', '-o', 'jsonpath={.items[*].metadata.uid}');
      assert.deepEqual(await cluster.podFolders(), uids.split(' ').sort());
    });
  });
});
