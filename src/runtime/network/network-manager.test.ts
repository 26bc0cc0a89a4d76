import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { describe, it } from 'node:test';
import { node } from '../../api/kinds/core/node.ts';
import { FakeClock } from '../../client/fake-clock.ts';
import { createInProcessClient } from '../../client/in-process-client.ts';
import { createInformerFactory } from '../../client/informer-factory.ts';
import { silentLogger } from '../../client/logger.ts';
import { FakeApiServer } from '../../client/testing/fake-api-server.ts';
import { NetworkManager, type NetworkWorkerThread } from './network-manager.ts';
import type { NetworkConfig, ToNetworkWorker } from './network-state.ts';
import { aConfig } from './testing.ts';

/** A worker that keeps what it is told, and does nothing. */
class RecordingWorker extends EventEmitter {
  readonly configs: NetworkConfig[] = [];

  postMessage(message: ToNetworkWorker): void {
    if (message.type === 'configure') this.configs.push(message.config);
    else if (message.type === 'stop') setImmediate(() => this.emit('message', { type: 'stopped' }));
    else if (message.sequence !== undefined) this.emit('message', { type: 'synced', sequence: message.sequence });
  }

  terminate(): Promise<number> {
    return Promise.resolve(0);
  }
}

describe('the manager of the network worker', () => {
  it('tells it in which zones nodes are, also when that changes', async (t) => {
    const stop = new AbortController();
    t.after(() => stop.abort());
    const client = createInProcessClient(new FakeApiServer(), { user: { name: 'test' } });
    const nodes = client.resource(node);
    const created = await nodes.create({ metadata: { name: 'one', labels: { 'topology.kubernetes.io/zone': 'a' } }, spec: {}, status: {} });
    await nodes.create({ metadata: { name: 'two' }, spec: {}, status: {} });
    const worker = new RecordingWorker();
    const { nodes: _, ...config } = aConfig();
    const manager = new NetworkManager({
      ...{ config, logger: silentLogger, clock: new FakeClock(), events: { event: () => undefined } },
      informers: createInformerFactory({ client, signal: stop.signal }),
      // Partial: the manager uses nothing else of a worker.
      createWorker: () => worker as unknown as NetworkWorkerThread,
    });
    await manager.start();
    t.after(() => manager.stop());
    const zones = () => worker.configs.at(-1)?.nodes.map(({ name, zone = '-' }) => `${name} ${zone}`);
    assert.deepEqual(zones(), ['one a', 'two -']);
    const moved = async (labels: Readonly<Record<string, string>>): Promise<void> => {
      const { metadata } = await nodes.get({ namespace: '', name: 'one' });
      await nodes.update({ ...created, metadata: { ...metadata, labels } });
      await new Promise((resolve) => setImmediate(resolve));
    };
    await moved({ 'topology.kubernetes.io/zone': 'b' });
    assert.deepEqual(zones(), ['one b', 'two -']);
    await moved({ 'topology.kubernetes.io/zone': '' });
    assert.deepEqual(zones(), ['one -', 'two -']);
  });
});
