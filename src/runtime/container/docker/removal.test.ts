/** The removal of a cluster by an engine that takes calls and never answers them. */
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { createVirtualClock } from '../simulated/virtual-clock.ts';
import { createDockerRuntime } from './create-docker-runtime.ts';
import { startFakeEngine } from './fake-engine.ts';

/** Longer than the fake engine takes, on a busy machine, for what it answers. */
const removalLimitMs = 3000;

/** Removes a cluster with one container and one network; `stuck` is what is not answered. */
async function remove(t: TestContext, stuck: string, removing = false): Promise<void> {
  let hasContainer = true;
  const { socketPath } = await startFakeEngine(t, {
    answer: (call, _query, response) => {
      if (call === stuck) return 'answered'; // later than the test lasts
      if (call === 'GET /containers/json') return hasContainer ? [{ Id: 'c1' }] : [];
      if (call === 'GET /networks') return [{ Id: 'n1' }];
      if (call !== 'DELETE /containers/c1') return {};
      hasContainer = false;
      if (!removing) return {};
      response.writeHead(409, { 'content-type': 'application/json' });
      response.end('{"message":"removal of container c1 is already in progress"}');
      return 'answered';
    },
  });
  const network = { networkName: 'minik-stuck', subnet: '10.213.0.0/24', gateway: '10.213.0.1' };
  const runtime = createDockerRuntime({ clusterId: 'stuck', clock: createVirtualClock(), socketPath, ...network, removalLimitMs });
  await runtime.destroy();
}

describe('the removal of a cluster', () => {
  it('ends when the engine answers', async (t) => {
    await remove(t, 'nothing');
    await remove(t, 'nothing', true);
  });

  it('fails, naming the call, when the engine does not answer', async (t) => {
    const calls = ['GET /containers/json', 'DELETE /containers/c1', 'GET /networks', 'DELETE /networks/n1'];
    const outcomes = calls.map((call) =>
      assert.rejects(remove(t, call), { code: 'Other', message: `the Docker daemon has not answered ${call} within 3 s` }),
    );
    await Promise.all(outcomes);
  });

  it('fails when a removal that is in progress does not end', async (t) => {
    const message = 'the Docker daemon has not answered POST /containers/c1/wait within 3 s';
    await assert.rejects(remove(t, 'POST /containers/c1/wait', true), { message });
  });
});
