import assert from 'node:assert/strict';
import { it } from 'node:test';
import { FakeClock } from '../client/fake-clock.ts';
import type { ContainerRuntime } from '../runtime/container/container-runtime.ts';
import { aContainer, aSandbox } from '../runtime/container/runtime-test-support.ts';
import { createSimulatedRuntime } from '../runtime/container/simulated/create-simulated-runtime.ts';
import { simulatedMachine } from './simulated-machine.ts';

const ownMillicores = 20;

/** A node with containers of 10 millicores each; reading their usage takes a millisecond of the clock. */
async function start(count: number) {
  const clock = new FakeClock();
  const runtime = createSimulatedRuntime({ clock, rules: { behaviours: () => [{ cpu: [{ fromMs: 0, value: 0.01 }] }] } });
  const slow: ContainerRuntime = Object.assign(Object.create(runtime), {
    containers: Object.assign(Object.create(runtime.containers), {
      list: (node: string) => runtime.containers.list(node),
      stats: async (id: string) => {
        const stats = await runtime.containers.stats(id);
        await Promise.resolve().then(() => clock.advance(1));
        return stats;
      },
    }),
  });
  await runtime.images.pull('app:1', undefined, new AbortController().signal);
  const sandbox = await runtime.sandboxes.run(aSandbox());
  const measure = simulatedMachine({ runtime: slow, node: sandbox.pod.node, now: () => clock.now() });
  for (let i = 0; i < count; i++)
    await runtime.containers.start(await runtime.containers.create(aContainer(sandbox, 'app:1', [], { name: `c${i}` })));
  return { clock, measure };
}

it('counts what containers use once, however many measure a node at the same time', async () => {
  const { clock, measure } = await start(3);
  clock.advance(1000);
  const first = await measure();
  clock.advance(1000);
  await Promise.all([measure(), measure(), measure()]);
  clock.advance(1000);
  const last = await measure();
  assert.equal((last.cpuUsageNs - first.cpuUsageNs) / (last.timestampMs - first.timestampMs) / 1000, 3 * 10 + ownMillicores);
});
