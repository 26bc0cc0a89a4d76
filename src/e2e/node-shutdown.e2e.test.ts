/** What becomes of pods when their cluster is stopped: they run on, or their node shuts down gracefully. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { E2eCluster } from './support/cluster.ts';

const folder = mkdtempSync(join(tmpdir(), 'minik-e2e-shutdown-config-'));
const config = join(folder, 'kubelet.json');
writeFileSync(
  config,
  JSON.stringify({
    ...{ apiVersion: 'kubelet.config.k8s.io/v1beta1', kind: 'KubeletConfiguration' },
    ...{ shutdownGracePeriod: '8s', shutdownGracePeriodCriticalPods: '4s' },
  }),
);
const cluster = new E2eCluster({ name: 'e2e-shutdown', startArgs: ['--kubelet-config', config] });
const kubectl = (...args: string[]): Promise<string> => cluster.kubectl('kubectl', args);

before(() => cluster.start());
after(async () => {
  await cluster.delete();
  rmSync(folder, { recursive: true, force: true });
});

const container = (command: string): object => ({ name: 'main', image: 'busybox:1.36', command: ['sh', '-c', command] });
const polite = container('trap "exit 0" TERM; sleep 3600 & wait');
const pod = (name: string, main: object, spec: object = {}): object => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name },
  spec: { containers: [main], ...spec },
});
const items = [
  pod('critical', polite, { priorityClassName: 'system-node-critical' }),
  pod('stubborn', container('trap "" TERM; while :; do sleep 1; done')),
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web' },
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: 'web' } },
      template: { metadata: { labels: { app: 'web' } }, spec: { containers: [polite] } },
    },
  },
];

interface Ended {
  readonly reason: string;
  readonly phase: string;
  readonly exitCode: number;
  readonly finishedAt: string;
}

async function ended(): Promise<ReadonlyMap<string, Ended>> {
  const list = JSON.parse(await kubectl('get', 'pods', '-o', 'json'));
  const rows = list.items.flatMap(
    ({
      metadata,
      status,
    }: {
      metadata: { name: string };
      status: { phase: string; reason?: string; containerStatuses?: { state: { terminated?: Ended } }[] };
    }) => {
      const state = status.containerStatuses?.[0]?.state.terminated;
      const name = metadata.name.replace(/^(web)-.*-(.*)$/, '$1-$2');
      return state === undefined ? [] : [[name, { ...state, phase: status.phase, reason: status.reason ?? '' }]];
    },
  );
  return new Map(rows);
}

describe('minik stop', () => {
  it('lets containers run on with --pause, says so, and the next start takes them over', async () => {
    await cluster.kubectl('kubectl', ['create', '-f', '-'], { stdin: JSON.stringify({ apiVersion: 'v1', kind: 'List', items }) });
    await cluster.podsReady('app=web', 2);
    await kubectl('wait', '--for=condition=Ready', 'pod/critical', 'pod/stubborn', '--timeout=60s');
    const running = (): Promise<readonly string[]> => cluster.containers('status=running', 'label=io.kubernetes.docker.type=container');
    const containers = await running();
    assert.equal(containers.length, 4);
    const { code, stderr } = await cluster.minik(['stop', '--pause']);
    assert.equal(code, 0);
    assert.match(stderr, /^minik: 4 containers run on until "minik start -p e2e-shutdown" takes over, or "minik delete -p e2e-shutdown"$/m);
    assert.deepEqual(await running(), containers);
    await cluster.start();
    await cluster.podsReady('app=web', 2);
    assert.deepEqual(await running(), containers);
  });

  it('shuts nodes down gracefully where their configuration says so, critical pods last', async () => {
    const { code, stdout, stderr } = await cluster.minik(['stop', '-o', 'json']);
    assert.equal(code, 0, stderr);
    const { wasRunning, endedPods, runningContainers } = JSON.parse(stdout);
    assert.deepEqual([wasRunning, endedPods, runningContainers], [true, 4, 0]);
    assert.deepEqual(await cluster.containers('status=running'), []);
    await cluster.start();
    await cluster.until(['get', 'deployment', 'web', '-o', 'jsonpath={.status.readyReplicas}'], (text) => text === '2');
    const pods = await ended();
    const of = (name: string): string => `${pods.get(name)?.phase} ${pods.get(name)?.reason} ${pods.get(name)?.exitCode}`;
    assert.deepEqual([of('critical'), of('stubborn')], ['Failed Terminated 0', 'Failed Terminated 137']);
    const web = [...pods.keys()].filter((name) => name.startsWith('web'));
    assert.deepEqual(web.map(of), ['Failed Terminated 0', 'Failed Terminated 0'], 'others have taken their places');
    // Critical pods wait for the period of the others, which the stubborn one uses up.
    for (const name of web) assert.ok((pods.get(name)?.finishedAt ?? '') < (pods.get('critical')?.finishedAt ?? ''), name);
    const shown = 'jsonpath={.status.message}|{.status.conditions[?(@.type=="DisruptionTarget")].reason}';
    assert.equal(
      await kubectl('get', 'pod', 'critical', '-o', shown),
      'Pod was terminated in response to imminent node shutdown.|TerminationByKubelet',
    );
    assert.match(await kubectl('get', 'events', '--field-selector', 'reason=Shutdown'), /Shutdown manager detected shutdown event/);
    assert.match(await kubectl('get', 'nodes'), /e2e-shutdown +Ready/);
  });

  it('refuses to do both', async () => {
    const { code, stderr } = await cluster.minik(['stop', '--pause', '--graceful']);
    assert.equal(code, 64);
    assert.match(stderr, /--graceful and --pause exclude each other/);
  });
});
