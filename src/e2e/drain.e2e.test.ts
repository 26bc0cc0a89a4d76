/** Nodes are emptied for maintenance, by both kubectls with all their options, in the same words. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { E2eCluster, type Flavour, flavours } from './support/cluster.ts';
import { parity } from './support/parity.ts';
import { eventually } from './support/shell.ts';

const cluster = new E2eCluster({ name: 'drain', runtime: 'simulated', startArgs: ['--nodes', '2'] });
const namespaceOf: Readonly<Record<Flavour, string>> = { kubectl: 'parity-real', 'minik kubectl': 'parity-ours' };
const { step, same } = parity(cluster, namespaceOf);
const node = 'drain-m02';
const kubectl = (...args: string[]): Promise<string> => cluster.kubectl('kubectl', args);

const container = 'containers: [{name: main, image: busybox, command: [sleep, "100000"]}]';
const onNode = `nodeSelector: {kubernetes.io/hostname: ${node}}`;
const workload = (kind: string, name: string, more: string, spec = ''): string => `apiVersion: apps/v1
kind: ${kind}
metadata: {name: ${name}}
spec:
  ${more}
  selector: {matchLabels: {app: ${name}}}
  template:
    metadata: {labels: {app: ${name}}}
    spec: {terminationGracePeriodSeconds: 0, ${onNode}, ${container}${spec}}
---
`;
const pod = (name: string, metadata: string, spec = ''): string => `apiVersion: v1
kind: Pod
metadata: {name: ${name}, labels: {app: ${name}}${metadata}}
spec: {terminationGracePeriodSeconds: 0, ${onNode}, ${container}${spec}}
---
`;
const budget = `apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: guarded}
spec: {minAvailable: 1, selector: {matchLabels: {app: guarded}}}
`;

const ready = (app: string) => step(`wait --for=condition=Ready pod -l app=${app} --timeout=60s`);

describe('a node that is emptied', () => {
  before(async () => {
    await cluster.start();
    for (const flavour of flavours) await cluster.kubectl(flavour, ['create', 'namespace', namespaceOf[flavour]]);
  });
  after(() => cluster.delete());

  it('keeps its pods until one allows what would lose them', () =>
    same([
      step('create -f -', pod('bare', '')),
      ready('bare'),
      step('create -f -', workload('DaemonSet', 'agent', '')),
      step('rollout status ds/agent --timeout=60s'),
      step('create -f -', pod('local', '', ', volumes: [{name: v, emptyDir: {}}]')),
      ready('local'),
      step(`drain ${node} --pod-selector=app=agent`),
      step(`drain ${node} --pod-selector=app=bare`),
      step(`drain ${node} --pod-selector=app=local --force`),
      step(`drain ${node} --pod-selector=app=local --force --delete-emptydir-data --dry-run=client`),
      step(`drain ${node} --pod-selector=app=local --force --delete-emptydir-data --dry-run=server`),
      step(`drain ${node} --pod-selector=app=local --force --delete-emptydir-data --chunk-size=1`),
      step(`drain ${node} --pod-selector=app=bare --force --disable-eviction --grace-period=0 --timeout=30s`),
      step(`drain ${node} --pod-selector=app=agent --ignore-daemonsets`),
      step(`drain ${node} --pod-selector=a=,=`),
      step('drain'),
      step(`drain ${node} -l a=b`),
      step('get pods -o name --field-selector=status.phase=Running -l app!=agent'),
      step('delete ds agent --cascade=orphan'),
      step(`drain ${node} --pod-selector=app=agent --ignore-daemonsets`),
      step(`uncordon -l kubernetes.io/hostname=${node}`),
      step(`cordon ${node} --dry-run=client`),
      step(`cordon ${node} --dry-run=server`),
      step(`get node ${node} -o jsonpath={.spec.unschedulable}`),
      step('delete pods --all --force --grace-period=0'),
    ]));

  it('does not wait for pods that have been leaving for long', () =>
    same([
      step('create -f -', pod('stuck', ', finalizers: [example.com/stay]')),
      ready('stuck'),
      step('delete pod stuck --wait=false'),
      step(`drain ${node} --pod-selector=app=stuck --force --timeout=3s`),
      step(`drain ${node} --pod-selector=app=stuck --force --disable-eviction --skip-wait-for-delete-timeout=1`),
      step(`uncordon ${node}`),
      { args: ['patch', 'pod', 'stuck', '--type=merge', '-p', '{"metadata":{"finalizers":null}}'] },
    ]));

  for (const flavour of flavours)
    it(`waits for a disruption budget to let pods go: ${flavour}`, async () => {
      const own = ['-n', namespaceOf[flavour]];
      const input = { stdin: workload('Deployment', 'guarded', 'replicas: 1') + budget };
      await cluster.kubectl(flavour, [...own, 'create', '-f', '-'], input);
      await kubectl(...own, 'wait', '--for=condition=Ready', 'pod', '-l', 'app=guarded', '--timeout=60s');
      await cluster.until([...own, 'get', 'pdb', 'guarded', '-o', 'jsonpath={.status.currentHealthy}'], (text) => text === '1');
      const refused = await cluster.try(flavour, ['drain', node, '--pod-selector=app=guarded', '--timeout=3s']);
      assert.equal(refused.code, 1);
      assert.match(
        refused.stderr,
        /error when evicting pods\/"guarded-\S+" -n "\S+" \(will retry after 5s\): Cannot evict pod as it would violate the pod's disruption budget\.\n/,
      );
      assert.match(refused.stderr, /global timeout reached: 3s/);
      const draining = cluster.background(flavour, ['drain', node, '--pod-selector=app=guarded']);
      await eventually(async () => assert.match(draining.output(), /will retry after 5s/));
      await kubectl(...own, 'patch', 'pdb', 'guarded', '-p', '{"spec":{"minAvailable":0}}');
      await eventually(async () => assert.match(draining.output(), new RegExp(`^pod/guarded-\\S+ evicted\nnode/${node} drained\n`, 'm')));
      await draining.stop();
      await kubectl('uncordon', node);
      await kubectl(...own, 'delete', 'deployment,pdb', 'guarded');
    });

  it('is tainted, and untainted, in all ways that there are', () =>
    same([
      step(`taint node ${node} a=b:NoSchedule`),
      step(`taint node ${node} a=b:NoSchedule`),
      step(`taint node ${node} a=c:NoSchedule --overwrite`),
      step(`taint nodes -l kubernetes.io/hostname=${node} d:NoExecute e=f:PreferNoSchedule`),
      step(`taint node ${node} a:NoSchedule- d- --dry-run=client`),
      step(`taint node ${node} a:NoSchedule- d- e-`),
      step(`taint node ${node} a-`),
      step(`taint node ${node} a=b:Never`),
      step(`taint node ${node}`),
      step(`get node ${node} -o jsonpath={.spec.taints}`),
    ]));
});
