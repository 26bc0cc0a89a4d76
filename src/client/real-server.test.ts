/** The client contract against the real registry, in process and over TLS with a client certificate. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { configMap } from '../api/kinds/core/config-map.ts';
import { isInvalid, StatusError } from '../api/status-error.ts';
import { createServer } from '../server/http/create-server.ts';
import { testApp } from '../server/http/test-app.ts';
import { loadPki } from '../server/pki/pki.ts';
import { clientContract } from './client.contract.ts';
import { createHttpClient, type HttpClient } from './http-client.ts';
import { createInProcessClient } from './in-process-client.ts';
import { createInformerFactory } from './informer-factory.ts';
import { aConfigMap, configMaps } from './testing/config-maps.ts';

async function serve(t: TestContext): Promise<HttpClient> {
  const directory = await mkdtemp(join(tmpdir(), 'client-contract-'));
  const pki = await loadPki({ directory, serviceIp: '10.96.0.1', extraNames: [] });
  const server = await createServer({ ...testApp().options, pki, addresses: [{ host: '127.0.0.1', port: 0 }], drainMs: 100 });
  const client = createHttpClient({
    server: server.url,
    certificateAuthority: pki.caCertificate,
    clientCertificate: pki.admin.certificate,
    clientKey: pki.admin.key,
  });
  t.after(async () => {
    client.close();
    await server.close();
    await rm(directory, { recursive: true });
  });
  return client;
}

describe('in-process client on the real registry', () => {
  clientContract(async () => ({ client: createInProcessClient(testApp().options.registry, { user: { name: 'test' } }) }));
});

describe('HTTP client on the real server', () => {
  clientContract(async (t) => ({ client: await serve(t) }));

  it('carries validation errors with their causes', async (t) => {
    const client = await serve(t);
    await assert.rejects(client.resource(configMap).create(aConfigMap('Bad Name')), (error) => {
      assert.ok(error instanceof StatusError && isInvalid(error));
      assert.equal(error.status.details?.causes?.[0]?.field, 'metadata.name');
      return true;
    });
  });

  it('pages through lists', async (t) => {
    const api = (await serve(t)).resource(configMaps);
    for (const name of ['a', 'b', 'c']) await api.create(aConfigMap(name));
    const first = await api.list({ namespace: 'default', limit: 2 });
    assert.deepEqual([first.items.length, first.metadata.remainingItemCount], [2, 1]);
    assert.ok(first.metadata.continue);
    const rest = await api.list({ namespace: 'default', limit: 2, continue: first.metadata.continue });
    assert.deepEqual(
      rest.items.map(({ metadata }) => metadata.name),
      ['c'],
    );
  });

  it('feeds informers', async (t) => {
    const client = await serve(t);
    const stop = new AbortController();
    const informer = createInformerFactory({ client, signal: stop.signal }).informer(configMaps);
    await informer.synced();
    const seen = new Promise<void>((resolve) => {
      informer.addHandlers({ added: () => resolve() });
    });
    const { metadata } = await client.resource(configMaps).create(aConfigMap('a'));
    await seen;
    assert.equal(informer.cache.byUid(metadata.uid)?.metadata.name, 'a');
    stop.abort();
  });
});
