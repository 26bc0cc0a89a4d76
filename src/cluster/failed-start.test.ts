import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import type { ClusterSettings } from '../cli/cluster-port.ts';
import { silentLogger } from '../client/logger.ts';
import { clusterHost } from '../cluster.ts';

/** Longer than the start takes to fail. */
const engineDelayMs = 500;

it('rejects a start that fails only when the engine has done what it was asked for, so that it can be removed', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'minik-failed-start-'));
  mkdirSync(join(folder, 'cluster.db')); // no store can be opened here
  const order: string[] = [];
  const engine = createServer((request, response) => {
    response.setHeader('content-type', 'application/json');
    const isCreate = request.method === 'POST' && request.url?.includes('/networks/create') === true;
    const answer = (): void => {
      if (isCreate) order.push('the network is made');
      response.statusCode = isCreate ? 500 : 404;
      response.end('{"message":"none"}');
    };
    setTimeout(answer, isCreate ? engineDelayMs : 0);
  });
  engine.listen(join(folder, 'engine.sock'));
  await once(engine, 'listening');
  t.after(() => {
    engine.close();
    engine.closeAllConnections();
    rmSync(folder, { recursive: true });
  });
  const settings: ClusterSettings = {
    ...{ profile: 'failed-start', folder, runtime: 'docker', nodes: [{ index: 0 }], apiPort: 0, clusterId: 'failed-start' },
    ...{
      serviceCidr: '10.213.208.0/24',
      podCidr: '10.213.209.0/24',
      engine: { host: `unix://${join(folder, 'engine.sock')}`, id: 'fake' },
    },
  };
  const hooks = { log: silentLogger, known: undefined, onStep: () => undefined, onListening: () => undefined };
  await assert.rejects(clusterHost.start(settings, hooks), /EISDIR|cannot open the store/);
  assert.deepEqual(order, ['the network is made']);
});
