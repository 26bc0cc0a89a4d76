/**
 * Several nodes in zones: pods choose among them, a node fails and comes back, others are added, emptied and deleted.
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { E2eCluster, testdata } from './support/cluster.ts';
import { eventually } from './support/shell.ts';

const name = 'e2e-failure';
const cluster = new E2eCluster({ name, startArgs: ['--nodes', '2', '--zones', 'a,b'] });
const kubectl = (...args: string[]): Promise<string> => cluster.kubectl('kubectl', args);
const second = `${name}-m02`;
const third = `${name}-m03`;

/** Two pods on different nodes, which tolerate a dead node for five seconds. */
const deployment = `apiVersion: apps/v1
kind: Deployment
metadata: {name: kubia}
spec:
  replicas: 2
  selector: {matchLabels: {app: kubia}}
  template:
    metadata: {labels: {app: kubia}}
    spec:
      terminationGracePeriodSeconds: 1
      tolerations:
      - {key: node.kubernetes.io/unreachable, operator: Exists, effect: NoExecute, tolerationSeconds: 5}
      containers:
      - name: kubia
        image: luksa/kubia
        imagePullPolicy: IfNotPresent
        ports: [{containerPort: 8080}]
        resources: {requests: {cpu: 10m}}
`;

/** `name node ready leaving` of each pod. */
async function pods(): Promise<readonly (readonly [string, string, string, boolean])[]> {
  const columns = '{.metadata.name} {.spec.nodeName} {.status.conditions[?(@.type=="Ready")].status} {.metadata.deletionTimestamp}';
  const text = await kubectl('get', 'pods', '-l', 'app=kubia', '-o', `jsonpath={range .items[*]}${columns}{"\\n"}{end}`);
  return text
    .trimEnd()
    .split('\n')
    .map((line) => line.split(' '))
    .map(([pod = '', node = '', ready = '', deleted = '']) => [pod, node, ready, deleted !== '']);
}

const ready = async (node: string, status: string): Promise<void> => {
  await cluster.until(['get', 'node', node, '-o', 'jsonpath={.status.conditions[?(@.type=="Ready")].status}'], (text) => text === status);
};
const done = async (...args: readonly string[]): Promise<void> => {
  const { code, stderr } = await cluster.minik(['node', ...args]);
  assert.equal(code, 0, stderr);
};

describe('the nodes of a cluster', () => {
  before(async () => {
    await cluster.start();
    writeFileSync(join(cluster.home, 'kubia.yaml'), deployment);
  });
  after(() => cluster.delete());

  it('are chosen by their labels, and by their zones', async () => {
    await kubectl('create', '-f', testdata('scheduling/kubia-gpu.yaml'));
    await eventually(async () => {
      const events = await kubectl('get', 'events', '--field-selector', 'reason=FailedScheduling', '-o', 'jsonpath={.items[*].message}');
      assert.match(events, /^0\/2 nodes are available: 2 node\(s\) didn't match Pod's node affinity\/selector\./);
    });
    await kubectl('label', 'node', second, 'gpu=true');
    await cluster.until(
      ['get', 'pod', 'kubia-gpu', '-o', 'jsonpath={.status.phase} {.spec.nodeName}'],
      (text) => text === `Running ${second}`,
    );
    await kubectl('delete', 'pod', 'kubia-gpu', '--grace-period=1');
    const listed = JSON.parse((await cluster.minik(['node', 'list', '-o', 'json'])).stdout) as { readonly nodes: readonly object[] };
    assert.deepEqual(
      listed.nodes.map((node) => Object.fromEntries(Object.entries(node).filter(([key]) => key !== 'address'))),
      [
        { name, role: 'control-plane', zone: 'a', state: 'Running' },
        { name: second, role: 'worker', zone: 'b', state: 'Running' },
      ],
    );
  });

  it('lose their pods to others when they fail, and have them no more when they come back', async () => {
    await kubectl('create', '-f', join(cluster.home, 'kubia.yaml'));
    await cluster.podsReady('app=kubia', 2);
    await kubectl('expose', 'deployment', 'kubia', '--port=80', '--target-port=8080');
    const lost = (await pods()).filter(([, node]) => node === second).map(([pod]) => pod);
    assert.equal(lost.length, 1, 'the pods are on both nodes');
    await done('stop', second);
    assert.deepEqual(await cluster.containers('status=running', `name=k8s_kubia_${lost[0]}`), []);
    assert.deepEqual(
      (await pods()).map(([, , isReady]) => isReady),
      ['True', 'True'],
      'nobody knows yet',
    );
    await ready(second, 'Unknown');
    const taints = ['get', 'node', second, '-o', 'jsonpath={.spec.taints[*].key}'];
    await cluster.until(taints, (keys) => keys.includes('node.kubernetes.io/unreachable'));
    await eventually(async () => {
      const all = await pods();
      const there = all.filter(([, node]) => node === second);
      assert.deepEqual(there, [[lost[0], second, 'False', true]], 'the lost one is leaving for ever');
      assert.deepEqual(all.filter(([, node, isReady]) => node === name && isReady === 'True').length, 2);
    }, 60_000);
    const ip = await kubectl('get', 'svc', 'kubia', '-o', 'jsonpath={.spec.clusterIP}');
    for (let i = 0; i < 10; i++) assert.doesNotMatch(await (await fetch(`http://${ip}`)).text(), new RegExp(lost[0] ?? ''));
    await done('start', second);
    await ready(second, 'True');
    await eventually(async () =>
      assert.deepEqual(
        (await pods()).filter(([, node]) => node === second),
        [],
      ),
    );
    await cluster.until(taints, (keys) => keys === '');
    await eventually(async () => assert.deepEqual(await cluster.containers(`name=${lost[0]}`), []));
  });

  it('are added, emptied and deleted while the cluster runs', async () => {
    await done('add', '--zone', 'c');
    assert.equal(await kubectl('get', 'nodes', '-l', 'topology.kubernetes.io/zone=c', '-o', 'name'), `node/${third}\n`);
    const address = await kubectl('get', 'node', third, '-o', 'jsonpath={.status.addresses[?(@.type=="InternalIP")].address}');
    const isLocal = (): boolean => readFileSync('/proc/net/fib_trie', 'utf8').includes(`|-- ${address}\n`);
    assert.equal(isLocal(), true);
    await kubectl('scale', 'deployment', 'kubia', '--replicas=5');
    await cluster.podsReady('app=kubia', 5);
    assert.match(
      await kubectl('drain', third, '--ignore-daemonsets'),
      new RegExp(`^node/${third} cordoned\n(.*\n)*node/${third} drained\n$`),
    );
    await cluster.podsReady('app=kubia', 5);
    assert.equal(
      (await pods()).some(([, node]) => node === third),
      false,
    );
    await kubectl('uncordon', third);
    await done('delete', third);
    assert.equal((await cluster.try('kubectl', ['get', 'node', third])).code, 1);
    assert.equal(isLocal(), false);
    const refused = await cluster.minik(['node', 'delete', name]);
    assert.deepEqual([refused.code, /runs the control plane/.test(refused.stderr)], [1, true]);
  });

  it('are as they were after the cluster was stopped', async () => {
    await done('stop', second);
    await cluster.minik(['stop']);
    await cluster.start();
    const { stdout } = await cluster.minik(['node', 'list']);
    assert.match(stdout, new RegExp(`^${second} +worker +\\S+ +b +Stopped$`, 'm'));
    assert.equal(
      (await cluster.containers('status=running')).some((container) => container.includes('kubia')),
      true,
    );
  });
});
