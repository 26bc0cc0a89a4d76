/** Requests, discovery and OpenAPI of APIs that a Service serves, over real sockets. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import type { APIService } from '../../../api/generated/apiregistration/v1.ts';
import type { JsonObject } from '../../../api/json.ts';
import { RemoteApis } from '../../aggregation/remote-apis.ts';
import { RemoteConnections } from '../../aggregation/remote-connections.ts';
import { makeCertificate, newKey } from '../../pki/certificate.ts';
import { createMemoryStore } from '../../store/memory-store.ts';
import { sending, testApp } from '../test-app.ts';
import { ask, start } from '../test-server.ts';

const dates = { notBefore: new Date(Date.now() - 3_600_000), notAfter: new Date(Date.now() + 3_600_000) };

function pair(commonName: string, usage: 'server' | 'client', dnsNames: readonly string[]) {
  const caKey = newKey();
  const ca = { key: caKey, certificate: makeCertificate({ ...dates, ...nobody, commonName: 'ca', usage: 'ca' }, caKey, undefined) };
  const key = newKey();
  return { ca: ca.certificate, key, certificate: makeCertificate({ ...dates, ...nobody, commonName, usage, dnsNames }, key, ca) };
}
const nobody = { organizations: [], dnsNames: [] as readonly string[], ipAddresses: [] };

const resources: JsonObject = {
  ...{ kind: 'APIResourceList', apiVersion: 'v1', groupVersion: 'wardle.example.com/v1' },
  resources: [
    { name: 'flunders', singularName: 'flunder', namespaced: true, kind: 'Flunder', verbs: ['get', 'list'], shortNames: ['fl'] },
    { name: 'flunders/status', singularName: '', namespaced: true, kind: 'Flunder', verbs: ['get'] },
  ],
};

/** An API server behind a Service, and the aggregator before it. */
async function aggregated(t: TestContext) {
  const serving = pair('api', 'server', ['api.default.svc']);
  const front = pair('front-proxy-client', 'client', []);
  const seen: IncomingMessage[] = [];
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    seen.push(request);
    request.resume();
    const { url = '' } = request;
    response.setHeader('content-type', 'application/json');
    if (url === '/apis/wardle.example.com/v1') response.end(JSON.stringify(resources));
    else if (url === '/openapi/v3/apis/wardle.example.com/v1') response.end('{"openapi":"3.0.0","info":{"title":"wardle"}}');
    else if (url.includes('/flunders')) response.end(JSON.stringify({ url, method: request.method }));
    else response.writeHead(404).end();
  };
  const server = createServer({ key: serving.key, cert: serving.certificate, ca: front.ca, requestCert: true }, answer);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const store = createMemoryStore();
  const known = new RemoteApis(store);
  const connections = new RemoteConnections({ addressOf: () => ({ host: '127.0.0.1', port }), client: front });
  const remoteApis = { known, connections };
  const app = testApp({ remoteApis }, store);
  const path = '/apis/apiregistration.k8s.io/v1/apiservices';
  const caBundle = Buffer.from(serving.ca).toString('base64');
  const spec = {
    group: 'wardle.example.com',
    version: 'v1',
    groupPriorityMinimum: 2000,
    versionPriority: 5,
    caBundle,
    service: { namespace: 'default', name: 'api' },
  };
  const name = 'v1.wardle.example.com';
  await app.json(path, sending('POST', { metadata: { name }, spec }));
  const [api] = known.all;
  assert.ok(api);
  const becomes = (status: string) =>
    app.json(
      `${path}/${name}/status`,
      sending('PATCH', { status: { conditions: [{ type: 'Available', status }] } }, { 'content-type': 'application/merge-patch+json' }),
    );
  return { ...app, api, connections, known, seen, becomes, remoteApis, store };
}

const learned = async ({ known, connections, api, becomes }: Awaited<ReturnType<typeof aggregated>>): Promise<void> => {
  known.learn(api satisfies APIService, await connections.resources(api));
  await becomes('True');
};

describe('an API that a Service serves', () => {
  it('is asked by this server as itself, with its certificate', async (t) => {
    const { connections, api, seen } = await aggregated(t);
    assert.deepEqual(await connections.resources(api), resources);
    assert.equal(seen[0]?.headers['x-remote-user'], 'system:kube-aggregator');
    assert.equal(seen[0]?.headers['x-remote-group'], 'system:masters');
  });

  it('is in discovery, with its resources and its place among the groups', async (t) => {
    const whole = await aggregated(t);
    await learned(whole);
    const { body: groups } = await whole.json('/apis');
    const names = (groups.groups as readonly { readonly name: string }[]).map(({ name }) => name);
    assert.ok(names.includes('wardle.example.com'));
    assert.equal(names[0], 'apiregistration.k8s.io');
    const { body: group } = await whole.json('/apis/wardle.example.com');
    assert.deepEqual(group.preferredVersion, { groupVersion: 'wardle.example.com/v1', version: 'v1' });
    const accept = 'application/json;as=APIGroupDiscoveryList;v=v2;g=apidiscovery.k8s.io';
    const found = async () => {
      const { body } = await whole.json('/apis', { headers: { accept } });
      return (body.items as readonly JsonObject[]).find(({ metadata }) => (metadata as JsonObject).name === 'wardle.example.com')?.versions;
    };
    const kind = { group: 'wardle.example.com', version: 'v1', kind: 'Flunder' };
    const below = [{ subresource: 'status', responseKind: kind, verbs: ['get'] }];
    const flunders = { resource: 'flunders', responseKind: kind, scope: 'Namespaced', singularResource: 'flunder', verbs: ['get', 'list'] };
    const shown = [{ ...flunders, shortNames: ['fl'], subresources: below }];
    assert.deepEqual(await found(), [{ version: 'v1', resources: shown, freshness: 'Current' }]);
    await whole.becomes('False');
    assert.deepEqual(await found(), [{ version: 'v1', resources: shown, freshness: 'Stale' }]);
  });

  it('has its OpenAPI document among the others', async (t) => {
    const whole = await aggregated(t);
    await learned(whole);
    const { status, body } = await whole.json('/openapi/v3/apis/wardle.example.com/v1');
    assert.deepEqual([status, body], [200, { openapi: '3.0.0', info: { title: 'wardle' } }]);
  });

  it('gets the requests, with the user in headers that the client cannot forge', async (t) => {
    const whole = await aggregated(t);
    await learned(whole);
    const { server, identity } = await start(t, whole.options);
    const url = `${server.url}/apis/wardle.example.com/v1/namespaces/a/flunders?limit=3`;
    const headers = { 'x-remote-user': 'forged', 'x-remote-extra-a': 'forged' };
    const { status, text } = await ask(url, { ...identity, headers });
    assert.deepEqual(
      [status, JSON.parse(text)],
      [200, { url: '/apis/wardle.example.com/v1/namespaces/a/flunders?limit=3', method: 'GET' }],
    );
    const last = whole.seen.at(-1)?.headers;
    assert.deepEqual(
      [last?.['x-remote-user'], last?.['x-remote-group'], last?.['x-remote-extra-a']],
      ['kubernetes-admin', 'system:masters, system:authenticated', undefined],
    );
    assert.equal(last?.authorization, undefined);
  });

  it('is not available until it has answered', async (t) => {
    const whole = await aggregated(t);
    const { server, identity } = await start(t, whole.options);
    const { status, text } = await ask(`${server.url}/apis/wardle.example.com/v1/flunders`, { ...identity });
    assert.deepEqual([status, text], [503, 'service unavailable\n']);
  });
});
