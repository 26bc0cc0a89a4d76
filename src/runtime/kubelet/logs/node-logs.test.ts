import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { pod as podKind } from '../../../api/kinds/core/pod.ts';
import type { SimulatedScript } from '../../container/simulated/behaviour.ts';
import { type KubeletCluster, startKubeletCluster } from '../testing/kubelet-cluster.ts';

const image = 'busybox:1.36';
const container = (name: string) => ({ name, image, command: ['sleep', '3600'] });

/** `once` prints and fails; `talks` prints a line every ten seconds to each stream. */
const talking: SimulatedScript = {
  container: ({ name, attempt }) => {
    if (name === 'once')
      return {
        steps: [
          { do: 'log', stream: 'stderr', text: `run ${attempt}\n` },
          { do: 'exit', code: 1 },
        ],
      };
    if (name !== 'talks') return undefined;
    const said = (n: number) => [
      { do: 'log' as const, stream: 'stdout' as const, text: `out ${n}\n` },
      { do: 'log' as const, stream: 'stderr' as const, text: `err ${n}\n` },
      { do: 'wait' as const, ms: 10_000 },
    ];
    return { steps: [1, 2, 3, 4, 5, 6].flatMap(said) };
  },
};

const collector = (path = '/var/log') => ({
  volumes: [{ name: 'logs', hostPath: { path, type: 'Directory' } }],
  containers: [{ ...container('main'), volumeMounts: [{ name: 'logs', mountPath: '/host/log', readOnly: true }] }],
});

const folder = (k: KubeletCluster): string => join(k.root, 'log');
/** What the lines of a log say, without their times. */
async function said(k: KubeletCluster, pod: string, name: string, run = 0): Promise<readonly string[]> {
  const { uid } = (await k.pod(pod)).metadata;
  const text = await readFile(join(folder(k), 'pods', `default_${pod}_${uid}`, name, `${run}.log`), 'utf8');
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => line.replace(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z /, ''));
}
const lines = (...numbers: number[]): readonly string[] => numbers.flatMap((n) => [`stdout F out ${n}`, `stderr F err ${n}`]);

const remove = async (k: KubeletCluster, name: string): Promise<void> => {
  await k.cluster.api(podKind).delete({ namespace: 'default', name }, { gracePeriodSeconds: 0 });
  await k.settle();
};

describe("the node's /var/log", () => {
  it('is not there while no pod looks', async (t) => {
    const k = await startKubeletCluster(t, { script: talking });
    await k.run('web', { containers: [container('talks')] });
    await k.pass(10);
    assert.equal(existsSync(folder(k)), false);
  });

  it('has the logs of all containers for a pod that mounts it, from their beginning on', async (t) => {
    const k = await startKubeletCluster(t, { script: talking });
    await k.run('web', { containers: [container('talks'), container('once')] });
    await k.pass(5);
    await k.run('agent', collector());
    assert.deepEqual(await said(k, 'web', 'talks'), lines(1));
    assert.deepEqual(await said(k, 'web', 'once'), ['stderr F run 0']);
    assert.deepEqual(await said(k, 'web', 'once', 1), ['stderr F run 1']);
    await k.pass(10);
    assert.deepEqual(await said(k, 'web', 'talks'), lines(1, 2));
    const { uid } = (await k.pod('web')).metadata;
    const id = (await k.status('web', 'talks')).containerID?.replace(/.*:\/\//, '');
    const link = join(folder(k), 'containers', `web_default_talks-${id}.log`);
    assert.equal(await readlink(link), `/var/log/pods/default_web_${uid}/talks/0.log`);
  });

  it('has no log of containers that were removed a minute ago, and of no pod that is gone', async (t) => {
    const k = await startKubeletCluster(t, { script: talking });
    await k.run('agent', collector('/var/log/pods/'));
    await k.run('web', { containers: [container('talks')] });
    const { uid } = (await k.pod('web')).metadata;
    await remove(k, 'web');
    const pods = (): Promise<string[]> => readdir(join(folder(k), 'pods'));
    assert.ok((await pods()).includes(`default_web_${uid}`), 'whoever reads it can read it to its end');
    await k.pass(61);
    assert.equal((await pods()).length, 1);
    assert.equal((await readdir(join(folder(k), 'containers'))).length, 1);
  });

  it('goes on where it was after a restart of the kubelet, and while the collector is replaced', async (t) => {
    const k = await startKubeletCluster(t, { script: talking });
    await k.run('web', { containers: [container('talks')] });
    await k.run('agent', collector('/var/log/containers'));
    await k.run('gone', { containers: [container('talks')] });
    const { uid } = (await k.pod('gone')).metadata;
    await k.stop();
    k.cluster.clock.advance(10_000);
    await k.cluster.api(podKind).delete({ namespace: 'default', name: 'gone' }, { gracePeriodSeconds: 0 });
    await k.restart();
    assert.deepEqual(await said(k, 'web', 'talks'), lines(1, 2));
    await k.pass(61);
    assert.equal((await readdir(join(folder(k), 'pods'))).includes(`default_gone_${uid}`), false);
    const before = (await said(k, 'web', 'talks')).length;
    await remove(k, 'agent');
    assert.equal(existsSync(folder(k)), true);
    await k.run('agent', collector());
    assert.ok((await said(k, 'web', 'talks')).length >= before);
    assert.deepEqual(await said(k, 'web', 'talks'), lines(1, 2, 3, 4, 5, 6));
  });

  it("shows the machine's folders below it, and no others in their place", async (t) => {
    const mounts: (readonly [string, string, boolean])[] = [];
    const k = await startKubeletCluster(t, {
      script: {
        container: (config) => {
          for (const { hostPath, containerPath, readOnly } of config.mounts)
            mounts.push([hostPath.replace(k.root, ''), containerPath, readOnly]);
          return undefined;
        },
      },
    });
    for (const name of ['journal', 'pods', 'containers']) await mkdir(join(k.root, 'logs', name), { recursive: true });
    await k.run('agent', collector());
    assert.deepEqual(
      mounts.filter(([, path]) => path.startsWith('/host')),
      [
        ['/log', '/host/log', true],
        ['/logs/journal', '/host/log/journal', true],
      ],
    );
    assert.equal(existsSync(join(folder(k), 'journal')), true);
  });
});
