/** kill -9 of the server in the middle of work: what was answered is there afterwards, and everything converges. */
import assert from 'node:assert/strict';
import { existsSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';
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

    // Nobody starts it: its guard does.
    const { pid: next, lastCrash } = await eventually(async () => {
      const facts = await cluster.facts();
      assert.equal(facts.state, 'Running');
      return facts;
    });
    assert.notEqual(next, pid);
    assert.match(lastCrash?.why ?? '', /^killed by SIGKILL/);
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

  it('is told of, in status, start and the log, with when and why', async () => {
    const said = await cluster.minik(['status']);
    assert.match(said.stdout, /^crashes: 1 since the start; it crashed at \d{4}-\d\d-\d\d \d\d:\d\d:\d\d \(killed by SIGKILL/m);
    assert.match((await cluster.minik(['start'])).stderr, /^minik: the server had crashed at .* and was started again/m);
    const { stdout: log } = await cluster.minik(['logs']);
    assert.match(log, /"msg":"Running pods were adopted",.*"pods":\d+,"containers":\d+/);
    assert.deepEqual(
      log
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line).msg)
        .filter((text) => /^The (server|cluster) /.test(text))
        .map((text) => text.replace(/ at \S+ \S+/, '')),
      [
        'The server starts',
        'The cluster is ready',
        'The server crashed (killed by SIGKILL, as by the kernel when memory runs out) and is started again',
        'The server starts',
        'The cluster is ready',
      ],
    );
  });

  it('stays down after minik stop, although it crashes once more on the way', async () => {
    const { pid, guardPid } = await cluster.facts();
    assert.equal(basename(readlinkSync(`/proc/${guardPid}/exe`)), 'guard');
    process.kill(pid, 'SIGKILL');
    assert.equal((await cluster.minik(['stop'])).code, 0);
    assert.equal((await cluster.facts()).state, 'Stopped');
    assert.equal(existsSync(`/proc/${guardPid}/exe`), false);
    await cluster.start();
    assert.equal((await cluster.facts()).lastCrash, null);
  });
});
