import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { StatusError } from '../api/status-error.ts';
import { clientContract } from './client.contract.ts';
import { createHttpClient, resourcePath } from './http-client.ts';
import { aConfigMap, configMaps } from './testing/config-maps.ts';
import { FakeApiServer } from './testing/fake-api-server.ts';
import { serveOverHttp } from './testing/http-front.ts';

describe('HTTP client', () => {
  clientContract(async (t) => {
    const api = new FakeApiServer();
    const server = await serveOverHttp(api, configMaps);
    const client = createHttpClient({ server: server.url });
    t.after(async () => {
      client.close();
      await server.close();
    });
    const compact = (): void => {
      api.compacted = api.revision;
    };
    return { client, compact };
  });

  it('hands warnings to their receiver', async (t) => {
    const warnings: string[] = [];
    const server = await serveOverHttp(new FakeApiServer(), configMaps);
    const client = createHttpClient({ server: server.url, onWarning: (text) => warnings.push(text) });
    t.after(async () => {
      client.close();
      await server.close();
    });
    await client.resource(configMaps).create(aConfigMap('a'));
    assert.deepEqual(warnings, ['be "careful"']);
  });

  it('rejects with ServiceUnavailable, and the cause, when nothing listens', async (t) => {
    const client = createHttpClient({ server: 'http://127.0.0.1:1' });
    t.after(() => client.close());
    await assert.rejects(client.resource(configMaps).get({ namespace: 'default', name: 'a' }), (error) => {
      assert.ok(error instanceof StatusError);
      assert.equal(error.code, 503);
      assert.ok(error.cause instanceof Error && 'code' in error.cause);
      assert.equal(error.cause.code, 'ECONNREFUSED');
      return true;
    });
  });
});

describe('resourcePath', () => {
  it('builds paths of core and named groups, collections and sub-resources', () => {
    const deployments = { group: 'apps', version: 'v1', plural: 'deployments', scope: 'Namespaced' } as const;
    const nodes = { group: '', version: 'v1', plural: 'nodes', scope: 'Cluster' } as const;
    assert.equal(resourcePath(deployments, { namespace: 'a', name: 'b' }, 'scale'), '/apis/apps/v1/namespaces/a/deployments/b/scale');
    assert.equal(resourcePath(deployments, { namespace: '', name: '' }), '/apis/apps/v1/deployments');
    assert.equal(resourcePath(nodes, { namespace: '', name: 'n' }), '/api/v1/nodes/n');
  });
});
