/** The removal of a cluster's network, against an engine that answers as Docker's libnetwork does when it is busy. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, it } from 'node:test';
import { DockerApi } from './docker-api.ts';
import { ClusterNetwork } from './network.ts';

const busy = { message: 'error while removing network: network minik-a id n1 has active endpoints' };

/** An engine with one network; `endpoints` are those it lists, `hidden` counts refusals before it lets go by itself. */
class Engine {
  readonly disconnected: string[] = [];
  removed = false;
  readonly #folder = mkdtempSync(join(tmpdir(), 'minik-engine-'));
  readonly #server: Server;
  readonly #endpoints: Map<string, string>;
  #hidden: number;

  constructor(endpoints: Readonly<Record<string, string>>, hidden = 0) {
    this.#endpoints = new Map(Object.entries(endpoints));
    this.#hidden = hidden;
    this.#server = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk);
      const [status, body] = this.#answer(`${request.method} ${request.url?.split('?')[0]}`, Buffer.concat(chunks).toString());
      response.writeHead(status, { 'content-type': 'application/json' }).end(body === undefined ? '' : JSON.stringify(body));
    });
  }

  async network(): Promise<ClusterNetwork> {
    const socketPath = join(this.#folder, 'engine.sock');
    await new Promise<void>((resolve) => this.#server.listen(socketPath, resolve));
    return new ClusterNetwork(new DockerApi({ socketPath }), 'a', {
      networkName: 'minik-a',
      subnet: '10.244.0.0/16',
      gateway: '10.244.0.1',
    });
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
    rmSync(this.#folder, { recursive: true });
  }

  #answer(call: string, body: string): [number, unknown?] {
    if (call.endsWith('/networks')) return [200, this.removed ? [] : [{ Id: 'n1' }]];
    if (call.endsWith('/disconnect')) {
      const { Container, Force }: { Container: string; Force: boolean } = JSON.parse(body);
      assert.equal(Force, true);
      this.disconnected.push(Container);
      for (const [key, name] of this.#endpoints) if (name === Container) this.#endpoints.delete(key);
      return [200];
    }
    if (call.startsWith('DELETE')) {
      if (this.#endpoints.size > 0) return [403, busy];
      if (this.#hidden-- > 0) return [403, busy];
      this.removed = true;
      return [204];
    }
    return [200, { Id: 'n1', Containers: Object.fromEntries([...this.#endpoints].map(([key, Name]) => [key, { Name }])) }];
  }
}

describe('the removal of a network', () => {
  let engine: Engine;
  afterEach(() => engine.close());

  it('takes away endpoints whose containers are gone', async () => {
    engine = new Engine({ 'ep-1': 'k8s_POD_a', 'ep-2': 'k8s_POD_b' });
    await (await engine.network()).remove();
    assert.deepEqual([engine.removed, engine.disconnected], [true, ['k8s_POD_a', 'k8s_POD_b']]);
  });

  it('waits for an engine that is still letting go', async () => {
    engine = new Engine({}, 3);
    await (await engine.network()).remove();
    assert.ok(engine.removed);
  });

  it('leaves containers alone that are not of the cluster, and names them', async () => {
    engine = new Engine({ '0123abcd': 'database', 'ep-1': 'k8s_POD_a' });
    const network = await engine.network();
    await assert.rejects(network.remove(), /network minik-a is still used by database: disconnect or remove what is not of this cluster/);
    assert.deepEqual([engine.removed, engine.disconnected], [false, []]);
  });
});
