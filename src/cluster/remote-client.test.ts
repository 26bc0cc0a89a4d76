/** Objects of other servers over real sockets. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { widgetSamples } from '../api/kinds/testing/widget.ts';
import { StatusError } from '../api/status-error.ts';
import { systemUser } from '../client/identity.ts';
import type { RemoteApi } from '../server/aggregation/remote-apis.ts';
import { RemoteConnections } from '../server/aggregation/remote-connections.ts';
import { makeCertificate, newKey } from '../server/pki/certificate.ts';
import { createRemoteClient } from './remote-client.ts';

const dates = { notBefore: new Date(Date.now() - 3_600_000), notAfter: new Date(Date.now() + 3_600_000) };
const nobody = { ...dates, organizations: [], dnsNames: [] as readonly string[], ipAddresses: [] };

function pair(commonName: string, usage: 'server' | 'client', dnsNames: readonly string[]) {
  const caKey = newKey();
  const ca = { key: caKey, certificate: makeCertificate({ ...nobody, commonName: 'ca', usage: 'ca' }, caKey, undefined) };
  const key = newKey();
  return { ca: ca.certificate, key, certificate: makeCertificate({ ...nobody, commonName, usage, dnsNames }, key, ca) };
}

/** A server of widgets, and a client for it whose `api` the test changes. */
async function setUp(t: TestContext) {
  const serving = pair('api', 'server', ['api.default.svc']);
  const front = pair('front-proxy-client', 'client', []);
  const seen: IncomingMessage[] = [];
  const server = createServer({ key: serving.key, cert: serving.certificate, ca: front.ca, requestCert: true }, (request, response) => {
    seen.push(request);
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ kind: 'WidgetList', metadata: { resourceVersion: '7' }, items: [{ metadata: { name: 'a' } }] }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const stop = new AbortController();
  t.after(() => {
    stop.abort();
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const api = (status: 'True' | 'False', caBundle = serving.ca): RemoteApi => ({
    ...{ apiVersion: 'apiregistration.k8s.io/v1', kind: 'APIService' },
    metadata: { name: 'v1.example.com', uid: '1', resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z' },
    spec: {
      ...{ group: 'example.com', version: 'v1', groupPriorityMinimum: 1, versionPriority: 1 },
      ...{ caBundle: Buffer.from(caBundle).toString('base64'), service: { namespace: 'default', name: 'api' } },
    },
    status: { conditions: [{ type: 'Available', status }] },
  });
  const known: { api: RemoteApi | undefined } = { api: api('True') };
  const address = { host: '127.0.0.1', port, missing: false };
  const connections = new RemoteConnections({
    addressOf: () => {
      if (address.missing) throw new Error('no such Service');
      return address;
    },
    client: front,
  });
  const user = systemUser('system:kube-controller-manager', 'system:masters');
  const client = createRemoteClient({ known: { find: () => known.api }, connections, client: front, user, signal: stop.signal });
  return { widgets: client.resource(widgetSamples.kind), known, api, address, seen, otherCa: front.ca };
}

const fails = (pattern: RegExp) => (error: unknown) => {
  assert.ok(error instanceof StatusError);
  assert.equal(error.code, 503);
  assert.match(error.message, pattern);
  return true;
};

describe('a client of other servers', () => {
  it('names its user, vouched for by the certificate of this server', async (t) => {
    const { widgets, seen } = await setUp(t);
    const { items } = await widgets.list({ namespace: 'team' });
    assert.deepEqual(
      items.map(({ kind, metadata }) => [kind, metadata.name]),
      [['Widget', 'a']],
    );
    const [request] = seen;
    assert.ok(request !== undefined);
    assert.equal(request.url, '/apis/example.com/v1/namespaces/team/widgets');
    assert.equal(request.headers['x-remote-user'], 'system:kube-controller-manager');
    assert.equal(request.headers['x-remote-group'], 'system:masters, system:authenticated');
    assert.equal(request.headers['user-agent'], 'kube-controller-manager');
  });

  it('trusts nobody else than the APIService says', async (t) => {
    const { widgets, known, api, otherCa } = await setUp(t);
    known.api = api('True', otherCa);
    await assert.rejects(widgets.list(), fails(/certificate/));
  });

  it('rejects with ServiceUnavailable while the API is away, and goes on when it is back', async (t) => {
    const { widgets, known, api, address } = await setUp(t);
    for (const away of [undefined, api('False')]) {
      known.api = away;
      await assert.rejects(widgets.list(), fails(/^the server is currently unable to handle the request$/));
    }
    known.api = api('True');
    address.missing = true;
    await assert.rejects(widgets.list(), fails(/no such Service/));
    address.missing = false;
    assert.equal((await widgets.list()).items.length, 1);
  });
});
