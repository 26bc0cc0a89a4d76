import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer as createBackend, type IncomingMessage } from 'node:http';
import { connect, type IncomingHttpHeaders } from 'node:http2';
import { request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { WebSocket, WebSocketServer } from 'ws';
import { loadPki } from '../../pki/pki.ts';
import { createServer } from '../create-server.ts';
import { pod, sending, testApp } from '../test-app.ts';
import { isProxyable, splitProxyName } from './resolve-backend.ts';

/** A server, a backend at 127.0.0.1, and a pod and a service that lead there. */
async function start(t: TestContext) {
  const seen: IncomingMessage[] = [];
  const backend = createBackend((incoming, outgoing) => {
    seen.push(incoming);
    outgoing.setHeader('x-from', 'backend');
    incoming.pipe(outgoing.writeHead(incoming.url === '/teapot' ? 418 : 200));
    if (incoming.method === 'GET') outgoing.end(`you asked for ${incoming.url}`);
  }).listen(0, '127.0.0.1');
  await once(backend, 'listening');
  const { port } = backend.address() as AddressInfo;
  const directory = await mkdtemp(join(tmpdir(), 'minik-proxy-'));
  const pki = await loadPki({ directory, serviceIp: '10.96.0.1', extraNames: [] });
  const { options, fetch } = testApp({ mayProxyTo: () => true });
  const server = await createServer({ ...options, pki, addresses: [{ host: '127.0.0.1', port: 0 }], drainMs: 100 });
  t.after(async () => {
    await server.close();
    backend.close();
    backend.closeAllConnections();
    await rm(directory, { recursive: true });
  });
  const base = '/api/v1/namespaces/default';
  await fetch(`${base}/pods`, sending('POST', pod('p')));
  const status = { status: { phase: 'Running', podIP: '127.0.0.1', podIPs: [{ ip: '127.0.0.1' }] } };
  await fetch(`${base}/pods/p/status`, sending('PATCH', status, { 'content-type': 'application/merge-patch+json' }));
  const spec = { ports: [{ name: 'web', port: 80 }], clusterIP: '10.96.0.9' };
  await fetch(`${base}/services`, sending('POST', { apiVersion: 'v1', kind: 'Service', metadata: { name: 's' }, spec }));
  const subsets = [{ addresses: [{ ip: '192.0.2.1' }], ports: [{ name: 'web', port }] }];
  const made = await fetch(`${base}/endpoints`, sending('POST', { apiVersion: 'v1', kind: 'Endpoints', metadata: { name: 's' }, subsets }));
  assert.equal(made.status, 201);
  const identity = { ca: pki.caCertificate, key: pki.admin.key, cert: pki.admin.certificate };
  const ask = async (path: string, method = 'GET', body?: string) => {
    const outgoing = request(`${server.url}${base}${path}`, {
      ...identity,
      method,
      headers: { authorization: 'Bearer secret,system:masters' },
    });
    outgoing.end(body);
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
    let text = '';
    for await (const chunk of response) text += String(chunk);
    return { status: response.statusCode, text, headers: response.headers };
  };
  return { ask, port, seen, server, identity, base, backend };
}

describe('proxy', () => {
  it('passes requests on to a pod, without the credentials', async (t) => {
    const { ask, port, seen } = await start(t);
    const { status, text, headers } = await ask(`/pods/p:${port}/proxy/some/path?x=1`);
    assert.deepEqual([status, text, headers['x-from']], [200, 'you asked for /some/path?x=1', 'backend']);
    assert.equal(seen[0]?.headers.authorization, undefined);
    assert.equal((await ask(`/pods/p:${port}/proxy/teapot`)).status, 418);
    assert.equal((await ask(`/pods/p:${port}/proxy/echo`, 'POST', 'a body')).text, 'a body');
  });

  it('passes requests of HTTP/2 on', async (t) => {
    const { server, identity, base, port, seen } = await start(t);
    const session = connect(server.url, identity);
    t.after(() => session.destroy());
    const ask = async (path: string, method: string, body?: string): Promise<readonly [unknown, string]> => {
      const stream = session.request({ ':path': `${base}/pods/p:${port}/proxy${path}`, ':method': method });
      stream.end(body);
      const [headers] = (await once(stream, 'response')) as [IncomingHttpHeaders];
      let text = '';
      for await (const chunk of stream) text += String(chunk);
      return [headers[':status'], text];
    };
    assert.deepEqual(await ask('/some/path?x=1', 'GET'), [200, 'you asked for /some/path?x=1']);
    assert.deepEqual(await ask('/echo', 'POST', 'a body'), [200, 'a body']);
    assert.equal(seen[0]?.headers.host, new URL(server.url).host);
    assert.equal(seen[0]?.headers['x-forwarded-proto'], 'https');
  });

  it('adds the slash that relative links need', async (t) => {
    const { ask, port, base } = await start(t);
    const { status, headers } = await ask(`/pods/p:${port}/proxy`);
    assert.deepEqual([status, headers.location], [301, `${base}/pods/p:${port}/proxy/`]);
  });

  it('says what is missing', async (t) => {
    const { ask } = await start(t);
    assert.equal((await ask('/pods/none/proxy/')).status, 404);
    const { status, text } = await ask('/services/s:none/proxy/');
    assert.equal(status, 503);
    assert.match(text, /no service port \\"none\\" found for service \\"s\\"/);
    const refused = await ask('/pods/p:1/proxy/');
    assert.equal(refused.status, 503);
    assert.match(refused.text, /error trying to reach service: connect ECONNREFUSED 127\.0\.0\.1:1/);
  });

  it('passes WebSockets on', async (t) => {
    const { server, identity, base, backend, port } = await start(t);
    const sockets = new WebSocketServer({ server: backend });
    sockets.on('connection', (socket) => socket.on('message', (data) => socket.send(`echo ${String(data)}`)));
    const client = new WebSocket(`${server.url.replace('https', 'wss')}${base}/pods/p:${port}/proxy/chat`, identity);
    await once(client, 'open');
    client.send('hello');
    const [data] = (await once(client, 'message')) as [Buffer];
    assert.equal(data.toString('utf8'), 'echo hello');
    client.terminate();
  });
});

describe('splitProxyName', () => {
  it('knows name, port and scheme', () => {
    assert.deepEqual(splitProxyName('a'), { scheme: 'http', name: 'a', port: '' });
    assert.deepEqual(splitProxyName('a:web'), { scheme: 'http', name: 'a', port: 'web' });
    assert.deepEqual(splitProxyName('https:a:8443'), { scheme: 'https', name: 'a', port: '8443' });
    assert.throws(() => splitProxyName('ftp:a:21'), { message: 'invalid service request "ftp:a:21"' });
  });
});

describe('isProxyable', () => {
  it('keeps the server from being led to itself', () => {
    for (const host of ['10.0.0.1', '192.168.1.1', '2001:db8::1']) assert.equal(isProxyable(host), true, host);
    for (const host of ['', '127.0.0.1', '0.0.0.0', '169.254.169.254', '224.0.0.1', '::1', 'fe80::1', 'localhost']) {
      assert.equal(isProxyable(host), false, host);
    }
  });
});
