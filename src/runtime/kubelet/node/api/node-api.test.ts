import assert from 'node:assert/strict';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { describe, it, type TestContext } from 'node:test';
import { pod as podKind } from '../../../../api/kinds/core/pod.ts';
import { startKubeletCluster } from '../../testing/kubelet-cluster.ts';
import type { NodeAnswer } from './node-api.ts';

async function start(t: TestContext) {
  const k = await startKubeletCluster(t);
  const get = (path: string, query = ''): Promise<NodeAnswer> => k.kubelet.api.get(path, new URLSearchParams(query));
  const bodyOf = async ({ body }: NodeAnswer): Promise<string> => (typeof body === 'string' ? body : textOf(body));
  return { k, get, text: async (path: string, query = '') => bodyOf(await get(path, query)) };
}

interface Usage {
  readonly usageBytes?: number;
  readonly rssBytes?: number;
  readonly workingSetBytes: number;
}

interface Summary {
  readonly node: {
    readonly nodeName: string;
    readonly memory: Usage;
    readonly fs?: { readonly usedBytes: number; readonly inodesUsed: number };
  };
  readonly pods: readonly {
    readonly podRef: { readonly name: string; readonly namespace: string };
    readonly containers: readonly { readonly name: string; readonly memory: Usage }[];
    readonly memory: Usage;
  }[];
}

describe("the node's API", () => {
  it('is well', async (t) => {
    const { text, get } = await start(t);
    assert.equal(await text('/healthz'), 'ok');
    assert.match(await text('/healthz', 'verbose'), /^\[\+\]ping ok\n.*healthz check passed\n$/s);
    assert.equal((await get('/healthz/none')).status, 404);
    assert.equal((await get('/none')).status, 404);
  });

  it('lists its pods, and tells what they use', async (t) => {
    const { k, text } = await start(t);
    await k.run('web', { containers: [{ name: 'main', image: 'busybox:1.36', command: ['sleep', '3600'] }] });
    const pods = JSON.parse(await text('/pods')) as { kind: string; items: readonly { metadata: { name: string }; kind?: string }[] };
    assert.deepEqual([pods.kind, pods.items.map(({ metadata, kind }) => [metadata.name, kind])], ['PodList', [['web', undefined]]]);
    for (const path of ['/runningpods', '/runningpods/']) assert.match(await text(path), /"kind":"PodList".*"name":"web"/);
    const { node, pods: used } = JSON.parse(await text('/stats/summary')) as Summary;
    assert.deepEqual([node.memory.usageBytes, node.memory.rssBytes], [400, 300]);
    assert.deepEqual([node.nodeName, node.memory.workingSetBytes, node.fs?.usedBytes, node.fs?.inodesUsed], ['minik', 400, 70, 2]);
    assert.deepEqual(
      used.map(({ podRef, containers }) => [podRef.namespace, podRef.name, containers.map(({ name }) => name)]),
      [['default', 'web', ['main']]],
    );
    assert.equal(used[0]?.memory.workingSetBytes, used[0]?.containers[0]?.memory.workingSetBytes);
    const short = JSON.parse(await text('/stats/summary', 'only_cpu_and_memory=true')) as Summary;
    assert.equal(short.node.fs, undefined);
  });

  it('has metrics whose every line Prometheus can read', async (t) => {
    const { k, text } = await start(t);
    await k.run('web', { containers: [{ name: 'main', image: 'busybox:1.36', command: ['sleep', '3600'] }] });
    const expected: Readonly<Record<string, RegExp>> = {
      '/metrics': /^kubelet_running_containers\{container_state="running"\} 1$/m,
      '/metrics/resource': /^container_memory_working_set_bytes\{container="main",namespace="default",pod="web"\} [\d.e+]+ \d+$/m,
      '/metrics/cadvisor':
        /^container_cpu_usage_seconds_total\{container="main",id="[^"]+",image="[^"]+",name="[^"]+",namespace="default",pod="web",cpu="total"\} /m,
    };
    for (const [path, sample] of Object.entries(expected)) {
      const lines = await text(path);
      assert.match(lines, sample);
      for (const line of lines.trimEnd().split('\n'))
        assert.match(line, /^(# (HELP|TYPE) \w+ .+|\w+(\{(\w+="[^"]*",?)+\})? -?[\d.e+]+( \d+)?)$/);
    }
  });

  it('counts how containers ended, each end once', async (t) => {
    const { k, text } = await start(t);
    const container = { name: 'main', image: 'busybox:1.36', command: ['sh', '-c', 'exit 3'] };
    await k.run('fails', {
      restartPolicy: 'Never',
      initContainers: [{ ...container, name: 'init', command: ['true'] }],
      containers: [container],
    });
    await k.pass(3);
    await k.restart();
    const found = await text('/metrics');
    assert.doesNotMatch(found, /terminated_containers_total/, 'what ended before this kubelet started is not counted again');
    await k.run('again', {
      restartPolicy: 'Never',
      initContainers: [{ ...container, name: 'init', command: ['true'] }],
      containers: [container],
    });
    await k.pass(3);
    const lines = (await text('/metrics')).split('\n').filter((line) => line.startsWith('kubelet_terminated_containers_total'));
    assert.deepEqual(lines, [
      'kubelet_terminated_containers_total{container_type="init_container",exit_code="0",reason="Completed"} 1',
      'kubelet_terminated_containers_total{container_type="container",exit_code="3",reason="Error"} 1',
    ]);
  });

  it('counts the probes of its pods, until a pod is gone', async (t) => {
    const { k, text } = await start(t);
    assert.equal(await text('/metrics/probes'), '');
    const probe = (command: string) => ({ exec: { command: [command] }, periodSeconds: 1 });
    const container = { name: 'main', image: 'busybox:1.36', command: ['sleep', '3600'] };
    await k.run('web', { containers: [{ ...container, readinessProbe: probe('true'), livenessProbe: probe('false') }] });
    await k.pass(1);
    const { uid } = (await k.pod('web')).metadata;
    const found = await text('/metrics/probes');
    const labels = (type: string): string => `container="main",namespace="default",pod="web",probe_type="${type}"`;
    assert.match(found, new RegExp(`^prober_probe_total\\{${labels('Readiness')},pod_uid="${uid}",result="successful"\\} [1-9]$`, 'm'));
    assert.match(found, new RegExp(`^prober_probe_total\\{${labels('Liveness')},pod_uid="${uid}",result="failed"\\} [1-9]$`, 'm'));
    assert.match(found, new RegExp(`^prober_probe_duration_seconds_bucket\\{${labels('Readiness')},le="10"\\} [1-9]$`, 'm'));
    assert.doesNotMatch(found, /duration_seconds_\w+\{[^}]*Liveness/, 'failed probes have no duration');
    await k.cluster.api(podKind).delete({ namespace: 'default', name: 'web' }, { gracePeriodSeconds: 0 });
    await k.pass(2);
    assert.equal(await text('/metrics/probes'), '');
  });

  it('shows the logs below its folder, and nothing beside it', async (t) => {
    const { k, get, text } = await start(t);
    const folder = join(k.root, 'logs');
    await mkdir(join(folder, 'sub'), { recursive: true });
    await writeFile(join(folder, 'a.log'), 'hello');
    await writeFile(join(k.root, 'secret'), 'secret');
    await symlink(join(k.root, 'secret'), join(folder, 'link'));
    assert.match(await text('/logs/'), /<a href="a.log">a.log<\/a>\n<a href="link">link<\/a>\n<a href="sub\/">sub\/<\/a>/);
    assert.equal(await text('/logs/a.log'), 'hello');
    assert.deepEqual([(await get('/logs/sub')).status, (await get('/logs/sub')).location], [301, 'sub/']);
    for (const path of ['/logs/none', '/logs/../secret', '/logs/link', '/logs/sub/../../secret'])
      assert.equal((await get(path)).status, 404, path);
  });

  it('tells how it is set', async (t) => {
    const { text } = await start(t);
    const { kubeletconfig } = JSON.parse(await text('/configz')) as { kubeletconfig: Record<string, unknown> };
    assert.deepEqual(
      [kubeletconfig.kind, kubeletconfig.maxPods, kubeletconfig.clusterDomain],
      ['KubeletConfiguration', 110, 'cluster.local'],
    );
  });
});
