/** The removal of a cluster by an engine that takes calls and never answers them. */
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { ContainerRuntime } from '../container-runtime.ts';
import { createVirtualClock } from '../simulated/virtual-clock.ts';
import { createDockerRuntime } from './create-docker-runtime.ts';
import { startFakeEngine } from './fake-engine.ts';
import { LABEL } from './names-and-labels.ts';

/** Longer than the fake engine takes, on a busy machine, for what it answers. */
const removalLimitMs = 3000;

function runtimeOn(socketPath: string): ContainerRuntime {
  const network = { networkName: 'minik-stuck', subnet: '10.213.0.0/24', gateway: '10.213.0.1' };
  return createDockerRuntime({ clusterId: 'stuck', clock: createVirtualClock(), socketPath, ...network, removalLimitMs });
}

/** Removes a cluster with one container and one network; `stuck` is what is not answered. */
async function remove(t: TestContext, stuck: string, removing = false): Promise<void> {
  let hasContainer = true;
  const { socketPath } = await startFakeEngine(t, {
    answer: (call, _query, response) => {
      if (call === stuck) return 'answered'; // later than the test lasts
      if (call === 'GET /containers/json') return hasContainer ? [{ Id: 'c1', Labels: { [LABEL.type]: 'podsandbox' } }] : [];
      if (call === 'GET /networks') return [{ Id: 'n1' }];
      if (call !== 'DELETE /containers/c1') return {};
      hasContainer = false;
      if (!removing) return {};
      response.writeHead(409, { 'content-type': 'application/json' });
      response.end('{"message":"removal of container c1 is already in progress"}');
      return 'answered';
    },
  });
  await runtimeOn(socketPath).destroy();
}

describe('the removal of a cluster', () => {
  it('ends when the engine answers', async (t) => {
    await remove(t, 'nothing');
    await remove(t, 'nothing', true);
  });

  it('takes sandboxes, and nothing else, off the network before it removes them', async (t) => {
    const found = [
      { Id: 'pause', Labels: { [LABEL.type]: 'podsandbox' } },
      { Id: 'main', Labels: { [LABEL.type]: 'container' } },
    ];
    const left: unknown[] = [];
    const { socketPath, calls } = await startFakeEngine(t, {
      answer: (call) => {
        if (call === 'GET /containers/json') return calls.includes('DELETE /containers/pause') ? [] : found;
        return call === 'GET /networks' ? [{ Id: 'n1' }] : {};
      },
      body: (call, body) => call.endsWith('/disconnect') && left.push(body),
    });
    await runtimeOn(socketPath).destroy();
    assert.deepEqual(left, [{ Container: 'pause', Force: true }]);
    const order = ['POST /networks/minik-stuck/disconnect', 'DELETE /containers/pause', 'DELETE /networks/n1'];
    assert.deepEqual(
      calls.filter((call) => order.includes(call)),
      order,
    );
  });

  it('fails, naming the call, when the engine does not answer', async (t) => {
    const calls = [
      'GET /containers/json',
      'POST /networks/minik-stuck/disconnect',
      'DELETE /containers/c1',
      'GET /networks',
      'DELETE /networks/n1',
    ];
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
