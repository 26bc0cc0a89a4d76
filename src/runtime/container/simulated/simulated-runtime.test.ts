import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { describe, it } from 'node:test';
import { containerRuntimeContract } from '../container-runtime.contract.ts';
import { aContainer, aSandbox, untilExit } from '../runtime-test-support.ts';
import { createSimulatedRuntime, type SimulatedRuntime } from './create-simulated-runtime.ts';
import { SimulatedEngine } from './simulated-engine.ts';
import { createVirtualClock } from './virtual-clock.ts';

const MISSING = '/does-not-exist';

containerRuntimeContract('simulated', async () => {
  // Sleeps of an hour must not end by themselves while time leaps.
  const leaping = createVirtualClock();
  const clock = {
    now: leaping.now,
    setTimer: (delayMs: number, callback: () => void) => (delayMs >= 3_600_000 ? () => undefined : leaping.setTimer(delayMs, callback)),
  };
  const engine = new SimulatedEngine({
    clock,
    script: {
      image: () => ({ present: true }),
      container: ({ command }) =>
        command[0] === MISSING
          ? { steps: [], startFailure: { message: `exec: "${MISSING}": stat ${MISSING}: no such file or directory` } }
          : undefined,
      dial: (_sandbox, port) => (port === 7007 ? new PassThrough() : 'refuse'),
    },
  });
  const { image: present } = engine.script;
  engine.script = { ...engine.script, image: (name) => (name.includes('absent') ? {} : present?.(name)) };
  createSimulatedRuntime({ clock, engine }).control.addImage('busybox:1.36');
  return {
    image: 'busybox:1.36',
    missingProgram: MISSING,
    runtime: async (clusterId) => createSimulatedRuntime({ clock, engine, clusterId }),
    echoServer: () => ['nc', '-lk', '-p', '7007', '-e', 'cat'],
    close: async () => undefined,
  };
});

describe('simulated runtime', () => {
  const start = async (change: { image?: string; command?: string[] }): Promise<[SimulatedRuntime, string]> => {
    const clock = createVirtualClock();
    const runtime = createSimulatedRuntime({ clock });
    const sandbox = await runtime.sandboxes.run(aSandbox());
    const image = change.image ?? 'app:1';
    await runtime.images.pull(image, undefined, new AbortController().signal);
    const id = await runtime.containers.create(aContainer(sandbox, image, change.command ?? []));
    await runtime.containers.start(id);
    return [runtime, id];
  };

  it('takes behaviour from image names', async () => {
    const [runtime, id] = await start({ image: 'simulated.invalid/exit-3-after-250' });
    const exited = await untilExit(runtime, id);
    assert.equal(exited.exitCode, 3);
    assert.equal(exited.finishedAtMs - exited.startedAtMs, 250);
    const signal = new AbortController().signal;
    await assert.rejects(runtime.images.pull('simulated.invalid/pull-not-found', undefined, signal), { code: 'ImageNotFound' });
    await assert.rejects(runtime.images.pull('simulated.invalid/pull-unavailable:1', undefined, signal), { code: 'RegistryUnavailable' });
    await assert.rejects(runtime.images.pull('simulated.invalid/pull-denied', undefined, signal), { code: 'ImagePullFailed' });
  });

  it('runs an unknown command until it is stopped', async () => {
    const [runtime, id] = await start({ command: ['nginx', '-g', 'daemon off;'] });
    assert.equal((await runtime.containers.inspect(id))?.state, 'running');
    await runtime.containers.stop(id, 30);
    assert.equal((await runtime.containers.inspect(id))?.exitCode, 143);
  });

  it('crashes and kills on command', async () => {
    const [runtime, id] = await start({});
    runtime.control.oomKill(id);
    const killed = await runtime.containers.inspect(id);
    assert.equal(killed?.reason, 'OOMKilled');
    assert.equal(killed?.exitCode, 137);
  });

  it('plays a stopped daemon', async () => {
    const [runtime] = await start({});
    const abort = new AbortController();
    const events = runtime.events(abort.signal)[Symbol.asyncIterator]();
    await events.next();
    runtime.control.setAvailable(false);
    assert.equal((await events.next()).value?.type, 'unavailable');
    await assert.rejects(runtime.containers.list(), { code: 'Unavailable' });
    await assert.rejects(runtime.prepare(), { code: 'Unavailable' });
    runtime.control.setAvailable(true);
    assert.deepEqual((await events.next()).value, { type: 'resync' });
    abort.abort();
  });

  it('keeps its containers for the next runtime on the same engine', async () => {
    const [runtime, id] = await start({});
    await runtime.close();
    const again = createSimulatedRuntime({ clock: createVirtualClock(), engine: runtime.control.engine });
    assert.equal((await again.containers.inspect(id))?.state, 'running');
  });
});
