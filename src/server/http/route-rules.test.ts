import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { configMap, testApp } from './test-app.ts';
import { ask, start } from './test-server.ts';

const base = '/api/v1/namespaces/default/configmaps';
const objects = 'application/json, application/yaml, application/vnd.kubernetes.protobuf';

describe('what the router refuses', () => {
  it('is refused before any handler is asked, as an indented document where no form is acceptable', async () => {
    const { fetch } = testApp();
    for (const [path, accept, available] of [
      [`${base}/a`, 'image/png', objects],
      ['/api', 'application/*', objects],
      ['/apis/apps/v1', 'image/png', objects],
      ['/version', 'application/yaml', 'application/json'],
    ] as const) {
      const response = await fetch(path, { headers: { accept } });
      const text = await response.text();
      assert.equal(response.status, 406, path);
      const { message, details } = JSON.parse(accept === 'application/yaml' ? '{}' : text) as Record<string, unknown>; // a Status
      if (accept === 'application/yaml') assert.match(text, /^apiVersion: v1\n/);
      else {
        assert.deepEqual([message, details], [`406: Not Acceptable\n\nAvailable representations: ${available}`, {}]);
        assert.equal(text.startsWith('{\n  "kind"'), accept === 'image/png');
      }
    }
    const discovery = await fetch('/api', { headers: { 'content-type': 'text/plain' } });
    assert.equal(discovery.status, 415);
  });

  it('leaves transforms that an endpoint does not know to negotiation', async () => {
    const { json } = testApp();
    const { status, body } = await json(base, { headers: { accept: 'application/json;as=Table;g=x;v=v1' } });
    assert.deepEqual([status, body.message], [406, `only the following media types are accepted: ${objects}`]);
  });

  it('is a key set for those who want JSON only', async () => {
    const documents = {
      '/openid/v1/jwks': { contentType: 'application/jwk-set+json', cacheControl: 'public', json: () => ({ keys: [] }) },
    };
    const { fetch } = testApp({ documents });
    assert.equal((await fetch('/openid/v1/jwks', { headers: { accept: 'application/json' } })).status, 406);
    const given = await fetch('/openid/v1/jwks');
    assert.deepEqual([given.status, given.headers.get('content-type')], [200, 'application/jwk-set+json']);
    assert.equal((await fetch('/openid/v1/jwks', { method: 'POST' })).status, 405);
  });
});

describe('the timeout parameter', () => {
  it('must be a duration, except where it means something else', async () => {
    const { json, fetch } = testApp();
    for (const [text, problem] of [
      ['abc', 'time: invalid duration "abc"'],
      ['5', 'time: missing unit in duration "5"'],
      ['5x', 'time: unknown unit "x" in duration "5x"'],
    ]) {
      for (const path of [base, '/version', '/api']) {
        const { status, body } = await json(`${path}?timeout=${text}`);
        assert.deepEqual([status, body.message], [400, `invalid timeout specified in the request URL - ${problem}`]);
      }
    }
    for (const text of ['', '0', '1h30m', '32s', '-1s']) assert.equal((await fetch(`${base}?timeout=${text}`)).status, 200, text);
    const watch = await fetch(`${base}?watch=1&timeout=abc`);
    assert.equal(watch.status, 200);
    await watch.body?.cancel();
  });
});

describe('warnings', () => {
  it('are a header each', async (t) => {
    const { server, identity } = await start(t);
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ ...configMap('a'), one: 1, two: 2 });
    const { response } = await ask(`${server.url}${base}?fieldValidation=Warn`, { ...identity, method: 'POST', headers }, body);
    assert.deepEqual(response.headersDistinct.warning, ['299 - "unknown field \\"one\\""', '299 - "unknown field \\"two\\""']);
  });
});

describe('discovery of the core group', () => {
  it('has a protobuf form, whose envelope names no version', async () => {
    const { fetch } = testApp();
    for (const [path, kind] of [
      ['/api', 'APIVersions'],
      ['/api/v1', 'APIResourceList'],
    ] as const) {
      const response = await fetch(path, { headers: { accept: 'application/vnd.kubernetes.protobuf' } });
      const bytes = Buffer.from(await response.arrayBuffer());
      assert.equal(response.status, 200);
      const typeMeta = Buffer.concat([Buffer.from([0x0a, 0, 0x12, kind.length]), Buffer.from(kind)]);
      assert.deepEqual(bytes.subarray(4, 6 + typeMeta.length), Buffer.concat([Buffer.from([0x0a, typeMeta.length]), typeMeta]));
    }
  });
});

describe('health checks', () => {
  it('have the names that upstream has, at their endpoints', async () => {
    const { fetch } = testApp();
    const lines = async (endpoint: string): Promise<readonly string[]> => (await (await fetch(`/${endpoint}?verbose`)).text()).split('\n');
    assert.deepEqual((await lines('livez')).slice(0, 2), ['[+]ping ok', '[+]log ok']);
    const ready = await lines('readyz');
    for (const name of ['informer-sync', 'poststarthook/rbac/bootstrap-roles', 'shutdown'])
      assert.ok(ready.includes(`[+]${name} ok`), name);
    assert.equal((await lines('livez')).includes('[+]shutdown ok'), false);
    assert.equal((await fetch('/readyz/poststarthook/rbac/bootstrap-roles')).status, 200);
    assert.equal((await fetch('/livez/shutdown')).status, 404);
  });

  it('are not ready while shutting down', async () => {
    const { fetch, app } = testApp();
    app.server.watches.shutDown();
    assert.deepEqual([(await fetch('/readyz')).status, (await fetch('/livez')).status], [500, 200]);
  });
});
