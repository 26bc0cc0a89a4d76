import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import type { SimulatedScript } from '../../container/simulated/behaviour.ts';
import { type KubeletCluster, startKubeletCluster } from '../testing/kubelet-cluster.ts';

const image = 'busybox:1.36';
const ref = (name: string) => ({ namespace: 'default', name });
const container = (name: string) => ({ name, image, command: ['sleep', '3600'] });

async function log(k: KubeletCluster, pod: string, name: string, previous = false): Promise<string> {
  const sink = new PassThrough();
  const read = text(sink);
  const { signal } = new AbortController();
  await k.kubelet.streams.logs(ref(pod), name, { follow: false, previous, timestamps: false, signal }, sink);
  sink.end();
  return read;
}

const refusal = (k: KubeletCluster, pod: string, name: string, previous = false): Promise<string> =>
  log(k, pod, name, previous).then(
    (printed) => assert.fail(`printed ${printed}`),
    (error: Error & { code?: number }) => `${error.code} ${error.message}`,
  );

/**
 * Each run prints its attempt number. Runs of the container `one` exit at once with code 1; all others keep running.
 */
const attempts: SimulatedScript = {
  container: ({ name, attempt }) => ({
    steps: [{ do: 'log', stream: 'stdout', text: `run ${attempt}\n` }, ...(name === 'one' ? [{ do: 'exit' as const, code: 1 }] : [])],
  }),
};

describe('which run a log is of', () => {
  it('is the last that ended while the next one waits, and the one before only with previous', async (t) => {
    const k = await startKubeletCluster(t, { script: attempts });
    await k.run('p', { containers: [container('one')] });
    await k.pass(1);
    const { state, restartCount } = await k.status('p', 'one');
    assert.deepEqual([state.waiting?.reason, restartCount], ['CrashLoopBackOff', 1]);
    assert.equal(await log(k, 'p', 'one'), 'run 1\n');
    assert.equal(await log(k, 'p', 'one', true), 'run 1\n');
  });

  it('is refused where no run came before, for containers of all sorts', async (t) => {
    const k = await startKubeletCluster(t, { script: attempts });
    await k.run('p', { containers: [container('main')], initContainers: [{ ...container('side'), restartPolicy: 'Always' }] });
    for (const name of ['main', 'side']) {
      assert.equal(await log(k, 'p', name), 'run 0\n');
      assert.equal(await refusal(k, 'p', name, true), `400 previous terminated container "${name}" in pod "p" not found`);
    }
    await k.run('once', { restartPolicy: 'Never', containers: [container('one')] });
    assert.equal(await log(k, 'once', 'one'), 'run 0\n');
    assert.equal(await refusal(k, 'once', 'one', true), '400 previous terminated container "one" in pod "once" not found');
  });

  it('is refused while nothing ran, with the reason', async (t) => {
    const k = await startKubeletCluster(t, { script: attempts });
    await k.run('inits', { containers: [container('main')], initContainers: [container('init')] });
    assert.equal(await refusal(k, 'inits', 'main'), '400 container "main" in pod "inits" is waiting to start: PodInitializing');
    assert.equal(await refusal(k, 'inits', 'absent'), '400 container "absent" in pod "inits" is not available');
    await k.run('pulls', { containers: [{ ...container('main'), image: 'registry.invalid/absent:1', imagePullPolicy: 'Never' }] });
    assert.equal(await refusal(k, 'pulls', 'main'), '400 container "main" in pod "pulls" is waiting to start: ErrImageNeverPull');
  });
});

describe('exec and attach', () => {
  it('are refused in words of their own for a container that does not run', async (t) => {
    const k = await startKubeletCluster(t, { script: attempts });
    await k.run('p', { restartPolicy: 'Never', containers: [container('main'), container('one')] });
    const { streams } = k.kubelet;
    assert.equal(await streams.refusal('exec', ref('p'), 'main'), undefined);
    assert.equal(await streams.refusal('attach', ref('p'), 'main'), undefined);
    assert.equal(await streams.refusal('exec', ref('p'), 'one'), 'container not found ("one")');
    assert.equal(await streams.refusal('attach', ref('p'), 'one'), 'container one not found in pod p_default');
  });

  it('are refused for a container that ended a moment ago, which the kubelet has not heard of yet', async (t) => {
    const k = await startKubeletCluster(t, { script: attempts });
    await k.run('p', { restartPolicy: 'Never', containers: [container('main')] });
    const [record] = [...k.engine.containers.values()].filter(({ view }) => view.name === 'main');
    assert.ok(record);
    const stopped = k.runtime.containers.stop(record.view.id, 0);
    assert.equal(await k.kubelet.streams.refusal('attach', ref('p'), 'main'), 'container main not found in pod p_default');
    await stopped;
  });
});
