import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it, type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { node as nodeKind } from '../api/kinds/core/node.ts';
import { pod as podKind } from '../api/kinds/core/pod.ts';
import type { ClusterSettings } from '../cli/cluster-port.ts';
import { newNodes } from '../cli/nodes.ts';
import { systemClock } from '../client/clock.ts';
import { silentLogger } from '../client/logger.ts';
import { aPod } from '../controllers/testing/objects.ts';
import { startTestCluster } from '../controllers/testing/test-cluster.ts';
import { createSimulatedRuntime } from '../runtime/container/simulated/create-simulated-runtime.ts';
import { PullRecords } from '../runtime/kubelet/images/pull-records.ts';
import type { Kubelet } from '../runtime/kubelet/kubelet.ts';
import { NodePool } from './node-pool.ts';
import type { NodeParts } from './nodes.ts';

async function startPool(t: TestContext, settings: Partial<ClusterSettings> = {}, more: Pick<NodeParts, 'openPort' | 'schedulable'> = {}) {
  const cluster = await startTestCluster(t, { namespaces: ['kube-node-lease'] });
  const folder = mkdtempSync(join(tmpdir(), 'minik-pool-'));
  const runtime = createSimulatedRuntime({ clock: systemClock });
  const stop = new AbortController();
  const kubelets: Kubelet[] = [];
  const pool = new NodePool({
    settings: {
      ...{ profile: 'demo', folder, runtime: 'simulated', nodes: newNodes(2, ['a', 'b']), apiPort: 1, clusterId: 'demo' },
      ...{ serviceCidr: '10.96.0.0/20', podCidr: '10.244.0.0/20' },
      ...settings,
    },
    parts: {
      clientFor: () => cluster.client,
      informers: cluster.informers,
      runtime,
      clock: systemClock,
      log: silentLogger,
      signal: stop.signal,
      pullRecords: new PullRecords(join(folder, 'image-pulls.json')),
      ...more,
    },
    kubelets,
  });
  t.after(async () => {
    await pool.stop();
    stop.abort();
    await runtime.close();
    rmSync(folder, { recursive: true, force: true });
  });
  await pool.start();
  await cluster.settle();
  const nodes = async () => (await cluster.list(nodeKind)).map(({ metadata }) => metadata.name).toSorted();
  return { cluster, folder, runtime, kubelets, pool, nodes };
}

/** The pods of the pool's kubelets live by the real clock. */
async function eventually(check: () => Promise<boolean>): Promise<void> {
  for (let i = 0; !(await check()); i++) {
    assert.ok(i < 500, 'it never happens');
    await delay(10);
  }
}

it('starts nodes in their zones, and adds one without a restart', async (t) => {
  const { cluster, pool, kubelets, nodes } = await startPool(t);
  assert.deepEqual(await nodes(), ['demo', 'demo-m02']);
  const zones = newNodes(3, ['a', 'b']);
  assert.deepEqual(await pool.set(zones), {});
  assert.deepEqual(await nodes(), ['demo', 'demo-m02', 'demo-m03']);
  const { labels } = (await cluster.api(nodeKind).get({ namespace: '', name: 'demo-m02' })).metadata;
  assert.deepEqual([labels?.['topology.kubernetes.io/zone'], labels?.['topology.kubernetes.io/region']], ['b', 'demo']);
  assert.deepEqual(kubelets.map(({ api }) => api.node).toSorted(), ['demo', 'demo-m02', 'demo-m03']);
});

it('kills the containers of a node that is switched off without a word, runs them anew, and removes all of a node', async (t) => {
  const { cluster, folder, pool, kubelets, runtime, nodes } = await startPool(t);
  await cluster.apply(aPod('a', { nodeName: 'demo-m02' }));
  const phase = async () => (await cluster.api(podKind).get({ namespace: 'default', name: 'a' })).status;
  await eventually(async () => (await phase()).phase === 'Running');
  const before = (await phase()).containerStatuses;
  const [first, second] = newNodes(2, ['a', 'b']);
  assert.ok(first !== undefined && second !== undefined);
  const states = async () => (await runtime.containers.list('demo-m02')).map(({ state }) => state);
  assert.deepEqual(await pool.set([first, { ...second, wanted: 'stopped' }]), {});
  assert.deepEqual(await states(), ['exited']);
  const address = (await phase()).podIP;
  assert.equal((await runtime.sandboxes.list('demo-m02'))[0]?.ip, address, 'no other pod may have its address while Services lead there');
  assert.deepEqual((await phase()).containerStatuses, before, 'nobody has told the API');
  assert.equal(kubelets.length, 1);
  assert.deepEqual(await pool.set([first, second]), {});
  await eventually(async () => (await phase()).containerStatuses?.[0]?.restartCount === 1 && (await states()).includes('running'));
  assert.deepEqual(await pool.set([first, { ...second, wanted: 'deleted' }]), {});
  assert.deepEqual(await states(), []);
  assert.deepEqual(await nodes(), ['demo']);
  assert.deepEqual(await cluster.list(podKind), []);
  assert.equal(existsSync(join(folder, 'nodes', 'demo-m02')), false);
});

it('does at its start what a crash has cut short', async (t) => {
  const [first, second, third] = newNodes(3);
  assert.ok(first !== undefined && second !== undefined && third !== undefined);
  const wanted = [first, { ...second, wanted: 'stopped' as const }, { ...third, wanted: 'deleted' as const }];
  const { kubelets, nodes, pool } = await startPool(t, { nodes: wanted });
  assert.deepEqual([await nodes(), kubelets.length], [['demo'], 1]);
  assert.deepEqual(await pool.set([first, second]), {});
  assert.deepEqual(await nodes(), ['demo', 'demo-m02']);
});

it("opens a kubelet's port while its node is on, and does without it where it cannot", async (t) => {
  const open = new Set<string>();
  const openPort: NodeParts['openPort'] = async (node, ip) => {
    if (node === 'demo') throw new Error('EADDRINUSE');
    open.add(`${node} ${ip}`);
    return async () => void open.delete(`${node} ${ip}`);
  };
  const [first, second] = newNodes(2);
  assert.ok(first !== undefined && second !== undefined);
  const { pool, kubelets } = await startPool(t, { nodes: [first, second] }, { openPort });
  assert.deepEqual([[...open], kubelets.length], [['demo-m02 10.244.0.2'], 2]);
  assert.deepEqual(await pool.set([first, { ...second, wanted: 'stopped' }]), {});
  assert.deepEqual([...open], []);
  assert.deepEqual(await pool.set([first, second]), {});
  assert.deepEqual([...open], ['demo-m02 10.244.0.2']);
  await pool.stop();
  assert.deepEqual([...open], []);
});

it('waits for pods to be scheduled to nodes that are started, and to no others', async (t) => {
  const [first, second, third] = newNodes(3);
  assert.ok(first !== undefined && second !== undefined && third !== undefined);
  const awaited: (readonly string[])[] = [];
  const schedulable: NodeParts['schedulable'] = async (names) => void awaited.push(names);
  const { pool } = await startPool(t, { nodes: [first, { ...second, wanted: 'stopped' }] }, { schedulable });
  assert.deepEqual(awaited, [['demo']]);
  assert.deepEqual(await pool.set([first, { ...second, wanted: 'stopped' }, third]), {});
  assert.deepEqual(awaited.slice(1), [['demo-m03']]);
});
