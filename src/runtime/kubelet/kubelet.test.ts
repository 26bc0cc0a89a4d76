import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { JsonValue } from '../../api/json.ts';
import { node as nodeKind } from '../../api/kinds/core/node.ts';
import { pod as podKind } from '../../api/kinds/core/pod.ts';
import type { ProcessUser } from '../container/container-runtime.ts';
import { nodeReady, startKubeletCluster } from './testing/kubelet-cluster.ts';

const requests = (cpu: string, memory = '64Mi') => ({
  containers: [{ name: 'main', image: 'busybox:1.36', resources: { requests: { cpu, memory } } }],
});

describe('kubelet', () => {
  it('registers its node, Ready', async (t) => {
    const k = await startKubeletCluster(t);
    assert.equal(await nodeReady(k.cluster), 'True kubelet is posting ready status');
  });

  it('takes over what runs after a restart, and restarts nothing', async (t) => {
    const k = await startKubeletCluster(t);
    const sidecar = { name: 'side', image: 'busybox:1.36', restartPolicy: 'Always' };
    const probe = { exec: { command: ['true'] }, periodSeconds: 5 };
    await k.run('web', {
      initContainers: [{ name: 'init', image: 'busybox:1.36', command: ['true'] }, sidecar],
      containers: [{ name: 'main', image: 'busybox:1.36', command: ['sleep', '3600'], readinessProbe: probe }],
    });
    await k.run('done', { restartPolicy: 'Never', containers: [{ name: 'main', image: 'busybox:1.36', command: ['true'] }] });
    await k.pass(6);
    const before = [await k.pod('web'), await k.pod('done')];
    assert.equal((await k.status('web')).ready, true);
    const running = [...k.engine.containers.keys()];
    await k.restart();
    assert.deepEqual([...k.engine.containers.keys()], running);
    const after = [await k.pod('web'), await k.pod('done')];
    assert.deepEqual(
      after.map(({ status }) => status),
      before.map(({ status }) => status),
    );
    await k.pass(10);
    assert.equal((await k.status('web')).ready, true);
  });

  it('lets no container wait for whom it was started as', async (t) => {
    const k = await startKubeletCluster(t);
    const { promise, resolve } = Promise.withResolvers<ProcessUser>();
    t.mock.method(k.runtime.containers, 'userOf', () => promise);
    await k.run('web', { containers: [{ name: 'main', image: 'busybox:1.36', command: ['sleep', '3600'] }] });
    const before = await k.status('web');
    assert.deepEqual([before.ready, before.user], [true, undefined]);
    resolve({ uid: 7, gid: 8, supplementalGroups: [8] });
    await k.settle();
    assert.deepEqual((await k.status('web')).user, { linux: { uid: 7, gid: 8, supplementalGroups: [8] } });
  });

  it('shows whom containers were started as, also of those that a kubelet started which could not say it any more', async (t) => {
    const k = await startKubeletCluster(t);
    const securityContext = { runAsUser: 1000, runAsGroup: 3000, supplementalGroups: [4000], fsGroup: 2000 };
    const main = { name: 'main', image: 'busybox:1.36', command: ['sleep', '3600'] };
    await k.run('web', {
      ...{ securityContext, initContainers: [{ name: 'init', image: 'busybox:1.36', command: ['true'] }] },
      containers: [{ ...main, securityContext: { runAsUser: 7 } }],
    });
    const user = { linux: { uid: 7, gid: 3000, supplementalGroups: [2000, 3000, 4000] } };
    assert.deepEqual((await k.status('web')).user, user);
    assert.deepEqual((await k.pod('web')).status.initContainerStatuses?.[0]?.user, { linux: { ...user.linux, uid: 1000 } });
    await k.stop();
    const { status, ...pod } = await k.pod('web');
    const silent = status.containerStatuses?.map(({ user: _, ...rest }) => rest);
    await k.cluster
      .api(podKind)
      .updateStatus({ ...pod, status: { ...status, ...(silent === undefined ? {} : { containerStatuses: silent }) } });
    await k.settle();
    await k.restart();
    assert.deepEqual((await k.status('web')).user, user);
    k.runtime.control.exit([...k.engine.containers.values()].find(({ view }) => view.name === 'main')?.view.id ?? '', 1);
    await k.pass(30);
    assert.equal((await k.status('web')).restartCount, 1);
    assert.deepEqual((await k.status('web')).user, user);
  });

  it('acts on what happened while it was away', async (t) => {
    const k = await startKubeletCluster(t);
    await k.run('crashed');
    await k.run('deleted');
    await k.run('gone');
    const idOf = (name: string): string => [...k.engine.containers.values()].find((c) => c.view.pod.name === name)?.view.id ?? '';
    const goneUid = (await k.pod('gone')).metadata.uid;
    await mkdir(join(k.root, 'pods', 'left-over-folder'), { recursive: true });
    await k.stop();
    k.runtime.control.exit(idOf('crashed'), 5);
    await k.cluster.api(podKind).delete({ namespace: 'default', name: 'deleted' });
    await k.cluster.api(podKind).delete({ namespace: 'default', name: 'gone' }, { gracePeriodSeconds: 0 });
    await k.settle();
    await k.restart();
    const crashed = await k.status('crashed');
    assert.equal(crashed.restartCount, 1);
    assert.equal(crashed.lastState.terminated?.exitCode, 5);
    assert.ok(crashed.state.running);
    assert.equal(await k.find('deleted'), undefined);
    assert.deepEqual([...new Set([...k.engine.containers.values()].map((c) => c.view.pod.name))], ['crashed']);
    assert.equal(existsSync(join(k.root, 'pods', goneUid)), false);
    assert.equal(existsSync(join(k.root, 'pods', 'left-over-folder')), false);
  });

  it('shows an engine that is away, keeps the pods as they are, and goes on when it is back', async (t) => {
    const k = await startKubeletCluster(t);
    await k.run('web', {
      containers: [
        { name: 'main', image: 'busybox:1.36', livenessProbe: { exec: { command: ['true'] }, periodSeconds: 1, failureThreshold: 1 } },
      ],
    });
    await k.pass(2);
    const before = await k.pod('web');
    k.runtime.control.setAvailable(false);
    await k.settle();
    assert.equal(await nodeReady(k.cluster), 'False container runtime is down');
    await k.run('late');
    await k.pass(20);
    assert.deepEqual((await k.pod('web')).status, before.status);
    assert.equal((await k.pod('late')).status.phase, 'Pending');
    k.runtime.control.setAvailable(true);
    await k.pass(2);
    assert.equal(await nodeReady(k.cluster), 'True kubelet is posting ready status');
    assert.deepEqual((await k.pod('web')).status, before.status);
    assert.equal((await k.pod('late')).status.phase, 'Running');
    const ready = (await k.cluster.api(nodeKind).get({ namespace: '', name: 'minik' })).status.conditions?.find((c) => c.type === 'Ready');
    assert.equal(ready?.reason, 'KubeletReady');
  });

  it('makes a sandbox that died again, with all its containers', async (t) => {
    const k = await startKubeletCluster(t);
    await k.run('web', { initContainers: [{ name: 'init', image: 'busybox:1.36', command: ['true'] }] });
    const [sandbox] = [...k.engine.sandboxes.keys()];
    await k.runtime.control.stopSandbox(sandbox ?? '');
    await k.settle();
    assert.ok((await k.events('web')).includes('Normal SandboxChanged Pod sandbox changed, it will be killed and re-created.'));
    const [again, ...others] = [...k.engine.sandboxes.values()];
    assert.equal(others.length, 0);
    assert.equal(again?.view.attempt, 1);
    const main = await k.status('web');
    assert.equal(main.restartCount, 1);
    assert.ok(main.state.running);
    assert.equal((await k.pod('web')).status.podIP, again?.view.ip);
  });

  it('gives its pods addresses of the range that the node has been given', async (t) => {
    const k = await startKubeletCluster(t);
    await k.run('before');
    const podCIDR = '10.244.7.0/24';
    await k.cluster
      .api(nodeKind)
      .patch({ namespace: '', name: 'minik' }, { type: 'merge', body: { spec: { podCIDR, podCIDRs: [podCIDR] } } });
    await k.settle();
    await k.run('after');
    const ips = [await k.pod('before'), await k.pod('after')].map(({ status }) => status.podIP);
    assert.deepEqual(ips, ['10.244.0.2', '10.244.7.1']);
  });

  it('ends a pod that never restarts when its sandbox died', async (t) => {
    const k = await startKubeletCluster(t);
    await k.run('web', { restartPolicy: 'Never' });
    const [sandbox] = [...k.engine.sandboxes.keys()];
    await k.runtime.control.stopSandbox(sandbox ?? '');
    await k.settle();
    assert.equal((await k.pod('web')).status.phase, 'Failed');
    assert.equal((await k.status('web')).state.terminated?.exitCode, 143);
  });

  it('starts a container again that was removed behind its back', async (t) => {
    const k = await startKubeletCluster(t);
    await k.run('web');
    const [id] = [...k.engine.containers.keys()];
    await k.runtime.containers.remove(id ?? '');
    await k.settle();
    const main = await k.status('web');
    assert.ok(main.state.running);
    assert.equal(main.restartCount, 1);
  });

  it('refuses pods that were bound to it and do not fit', async (t) => {
    const k = await startKubeletCluster(t, { allocatable: { cpus: 2 } });
    await k.run('first', requests('1500m'));
    await k.run('second', requests('1'));
    const { status } = await k.pod('second');
    const text = "Node didn't have enough resource: cpu, requested: 1000, used: 1500, capacity: 2000";
    assert.deepEqual([status.phase, status.reason, status.message], ['Failed', 'OutOfcpu', `Pod was rejected: ${text}`]);
    assert.equal(status.containerStatuses, undefined);
    assert.deepEqual(await k.events('second'), [`Warning OutOfcpu ${text}`]);
    await k.run('elsewhere', { nodeSelector: { disk: 'ssd' } });
    assert.equal(
      (await k.pod('elsewhere')).status.message,
      "Pod was rejected: Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector",
    );
    await k.run('port', { containers: [{ name: 'main', image: 'busybox:1.36', ports: [{ containerPort: 80, hostPort: 8080 }] }] });
    await k.run('same-port', { containers: [{ name: 'main', image: 'busybox:1.36', ports: [{ containerPort: 80, hostPort: 8080 }] }] });
    assert.equal((await k.pod('same-port')).status.reason, 'NodePorts');
    const sysctls = [
      { name: 'net/ipv4/ip_local_port_range', value: '1024 65535' },
      { name: 'kernel/msgmax', value: '1' },
    ];
    await k.run('sysctl', { securityContext: { sysctls } });
    const forbidden = (await k.pod('sysctl')).status;
    assert.deepEqual(
      [forbidden.reason, forbidden.message],
      ['SysctlForbidden', 'Pod was rejected: forbidden sysctl: "kernel.msgmax" not allowlisted'],
    );
    assert.equal((await k.pod('first')).status.phase, 'Running');
    await k.restart();
    assert.equal((await k.pod('first')).status.phase, 'Running');
  });

  it('takes over what others add to the capacity of its Node', async (t) => {
    const k = await startKubeletCluster(t);
    const nodes = k.cluster.api(nodeKind);
    const node = () => nodes.get({ namespace: '', name: 'minik' });
    const patch = async (capacity: object): Promise<void> => {
      const body = { status: { capacity } } as JsonValue;
      await nodes.patch({ namespace: '', name: 'minik' }, { type: 'merge', subresource: 'status', body });
      await k.settle();
    };
    const gpu = (count: string) => {
      const resources = { requests: { 'ex.io/gpu': count }, limits: { 'ex.io/gpu': count } };
      return { containers: [{ name: 'main', image: 'busybox:1.36', command: ['sleep', '3600'], resources }] };
    };
    const before = (await node()).status;
    await k.run('unknown', gpu('9'));
    assert.equal((await k.pod('unknown')).status.phase, 'Running');
    await patch({ 'ex.io/gpu': '10', cpu: '99' });
    const after = (await node()).status;
    assert.deepEqual(after.capacity, { ...before.capacity, 'ex.io/gpu': '10' });
    assert.deepEqual(after.allocatable, { ...before.allocatable, 'ex.io/gpu': '10' });
    await k.run('fits', gpu('1'));
    assert.equal((await k.pod('fits')).status.phase, 'Running');
    await k.run('over', gpu('1'));
    assert.equal((await k.pod('over')).status.reason, 'OutOfex.io/gpu');
    await patch({ 'ex.io/gpu': null });
    assert.deepEqual([(await node()).status.capacity, (await node()).status.allocatable], [before.capacity, before.allocatable]);
  });

  it("writes a pod's status again when someone else changed it", async (t) => {
    const k = await startKubeletCluster(t);
    const created = await k.run('web');
    const object = await k.pod('web');
    await k.cluster.api(podKind).updateStatus({ ...object, status: { ...object.status, phase: 'Pending' } });
    await k.settle();
    assert.equal((await k.pod('web')).status.phase, 'Running');
    const running = await k.pod('web');
    const conditions = (running.status.conditions ?? []).map((c) => (c.type === 'Ready' ? { ...c, status: 'False' as const } : c));
    await k.cluster.api(podKind).updateStatus({ ...running, status: { ...running.status, conditions } });
    await k.settle();
    assert.deepEqual((await k.pod('web')).status.conditions, running.status.conditions);
    assert.equal(created.metadata.uid, (await k.pod('web')).metadata.uid);
  });
});
