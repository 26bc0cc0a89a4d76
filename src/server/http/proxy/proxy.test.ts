import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer as createBackend, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect, type IncomingHttpHeaders } from 'node:http2';
import { request } from 'node:https';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Duplex, duplexPair } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { describe, it, type TestContext } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import { WebSocket, WebSocketServer } from 'ws';
import type { ObjectRef } from '../../../api/object.ts';
import { loadPki } from '../../pki/pki.ts';
import { createServer } from '../create-server.ts';
import { requestInfo } from '../request-info.ts';
import { noStreams, pod, sending, testApp } from '../test-app.ts';
import { ask as askServer, start as startServer } from '../test-server.ts';
import { splitProxyPath } from './proxy.ts';
import { isProxyable, splitProxyName } from './resolve-backend.ts';

/** A server, a backend at 127.0.0.1, and a pod and a service in front of it. */
async function start(t: TestContext, answer?: (incoming: IncomingMessage, outgoing: ServerResponse) => void) {
  const seen: IncomingMessage[] = [];
  const backend = createBackend((incoming, outgoing) => {
    seen.push(incoming);
    if (answer !== undefined) return answer(incoming, outgoing);
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
    const bytes = await buffer(response);
    return { status: response.statusCode, text: bytes.toString(), bytes, headers: response.headers };
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
  });

  it('adds the slash that relative links need', async (t) => {
    const { ask, port, base } = await start(t);
    const { status, headers } = await ask(`/pods/p:${port}/proxy`);
    assert.deepEqual([status, headers.location], [301, `${base}/pods/p:${port}/proxy/`]);
  });

  it('says what is missing', async (t) => {
    const { ask } = await start(t);
    assert.equal((await ask('/pods/none/proxy/')).status, 404);
    for (const [name, expected] of [
      ['s:none', 'no endpoints available for service \\"s:none\\"'],
      ['s:81', 'no service port 81 found for service \\"s\\"'],
      // The endpoint's address belongs to no pod.
      ['s:web', 'no endpoints available for service \\"s:web\\"'],
    ] as const) {
      const { status, text } = await ask(`/services/${name}/proxy/`);
      assert.equal(status, 503);
      assert.ok(text.includes(expected), text);
    }
    const refused = await ask('/pods/p:1/proxy/');
    assert.equal(refused.status, 503);
    assert.match(refused.text, /error trying to reach service: dial tcp 127\.0\.0\.1:1: connect: connection refused/);
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

describe('links behind the proxy', () => {
  it('are rewritten in Location headers and pages, compressed ones, too', async (t) => {
    const page = '<a href="/x">and /y</a>';
    const { ask, port, seen, base } = await start(t, (incoming, outgoing) => {
      outgoing.setHeader('access-control-allow-origin', '*');
      outgoing.setHeader('set-cookie', ['a=1', 'b=2']);
      if (incoming.url === '/old/') outgoing.writeHead(302, { Location: '/new/' }).end();
      else if (incoming.url === '/text') outgoing.writeHead(200, { 'Content-Type': 'text/plain' }).end(page);
      else if (incoming.url === '/gzip')
        outgoing.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8', 'Content-Encoding': 'gzip' }).end(gzipSync(page));
      else outgoing.writeHead(200, { 'Content-Type': 'text/html' }).end(page);
    });
    const prefix = `${base}/pods/p:${port}/proxy`;
    const moved = await ask(`/pods/p:${port}/proxy/old/`);
    assert.deepEqual([moved.status, moved.headers.location], [302, `${prefix}/new/`]);
    assert.equal(moved.headers['access-control-allow-origin'], undefined);
    assert.deepEqual(moved.headers['set-cookie'], ['a=1', 'b=2']);
    assert.equal(seen[0]?.headers['x-forwarded-uri'], `${prefix}/old/`);
    const rewritten = `<a href="${prefix}/x">and /y</a>`;
    assert.equal((await ask(`/pods/p:${port}/proxy/`)).text, rewritten);
    assert.equal((await ask(`/pods/p:${port}/proxy/text`)).text, page);
    const compressed = await ask(`/pods/p:${port}/proxy/gzip`);
    assert.equal(compressed.headers['content-encoding'], 'gzip');
    assert.equal(gunzipSync(compressed.bytes).toString(), rewritten);
  });
});

describe('a relay', () => {
  /** A backend that announces a longer body than it sends. */
  const breakOff = (_incoming: IncomingMessage, outgoing: ServerResponse): void => {
    outgoing.writeHead(200, { 'Content-Length': 100 });
    outgoing.write('7 bytes', () => outgoing.destroy());
  };

  it('ends over HTTP/1.1 when the backend breaks off', async (t) => {
    const { ask, port } = await start(t, breakOff);
    await assert.rejects(ask(`/pods/p:${port}/proxy/`), { code: 'ECONNRESET' });
  });

  it('ends over HTTP/2 when the backend breaks off', async (t) => {
    const { server, identity, base, port } = await start(t, breakOff);
    const session = connect(server.url, identity);
    t.after(() => session.destroy());
    const stream = session.request({ ':path': `${base}/pods/p:${port}/proxy/` });
    await assert.rejects(async () => {
      for await (const chunk of stream) assert.equal(String(chunk), '7 bytes');
    });
    // The connection can still be used.
    const version = session.request({ ':path': '/version' });
    version.resume();
    const [headers] = (await once(version, 'response')) as [IncomingHttpHeaders];
    assert.equal(headers[':status'], 200);
  });

  it('ends at the backend when the client goes', async (t) => {
    const backendClosed = Promise.withResolvers<void>();
    const { server, identity, base, port } = await start(t, (_incoming, outgoing) => {
      outgoing.writeHead(200).write('first');
      outgoing.once('close', backendClosed.resolve);
    });
    const outgoing = request(`${server.url}${base}/pods/p:${port}/proxy/`, identity);
    outgoing.end();
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
    response.on('error', () => undefined);
    response.destroy();
    await backendClosed.promise;
  });

  it('of an upgraded connection ends when either side does', async (t) => {
    const { server, identity, base, backend, port } = await start(t);
    const sockets = new WebSocketServer({ server: backend });
    const open = async (): Promise<readonly [WebSocket, WebSocket]> => {
      const connected = once(sockets, 'connection') as Promise<[WebSocket]>;
      const client = new WebSocket(`${server.url.replace('https', 'wss')}${base}/pods/p:${port}/proxy/chat`, identity);
      client.on('error', () => undefined);
      await once(client, 'open');
      return [client, (await connected)[0]];
    };
    for (const ends of [0, 1]) {
      const pair = await open();
      const closed = once(pair[1 - ends] ?? pair[0], 'close');
      pair[ends]?.terminate();
      await closed;
    }
  });

  it('of an upgrade tells why there is none', async (t) => {
    const { server, identity, base, port } = await start(t, (_incoming, outgoing) => outgoing.writeHead(418).end('no'));
    const refused = async (at: number): Promise<string> => {
      const client = new WebSocket(`${server.url.replace('https', 'wss')}${base}/pods/p:${at}/proxy/chat`, identity);
      const [, response] = (await once(client, 'unexpected-response')) as [unknown, IncomingMessage];
      let text = '';
      for await (const chunk of response) text += String(chunk);
      return `${response.statusCode} ${text}`;
    };
    assert.equal(await refused(port), '418 no');
    assert.match(await refused(1), /^503 .*error trying to reach service: dial tcp 127\.0\.0\.1:1: connect: connection refused/);
  });
});

describe('pods without a network', () => {
  it('are never dialled', async (t) => {
    let dialled = 0;
    const elsewhere = createTcpServer(() => {
      dialled += 1;
    }).listen(0, '127.0.0.1');
    await once(elsewhere, 'listening');
    t.after(() => elsewhere.close());
    const { fetch, server, identity } = await startServer(t, { podsAreReachable: false, mayProxyTo: () => true });
    await fetch('/api/v1/namespaces/default/pods', sending('POST', pod('p')));
    const status = { status: { phase: 'Running', podIP: '127.0.0.1', podIPs: [{ ip: '127.0.0.1' }] } };
    await fetch('/api/v1/namespaces/default/pods/p/status', sending('PATCH', status, { 'content-type': 'application/merge-patch+json' }));
    const { port } = elsewhere.address() as AddressInfo;
    const answer = await askServer(`${server.url}/api/v1/namespaces/default/pods/p:${port}/proxy/`, identity);
    assert.deepEqual([answer.status, dialled], [503, 0]);
  });

  it('are asked through their runtime, as are Services', async (t) => {
    const app = createBackend((request, response) => response.end(`${request.method} ${request.url} ${request.headers.host}`));
    const asked: unknown[] = [];
    const portForward = async (ref: ObjectRef, port: number): Promise<Duplex> => {
      asked.push([ref, port]);
      if (port === 81) throw new Error('dial tcp4 127.0.0.1:81: connect: connection refused');
      const [client, server] = duplexPair();
      app.emit('connection', server);
      return client;
    };
    const { fetch, server, identity } = await startServer(t, { podsAreReachable: false, podStreams: { ...noStreams, portForward } });
    await fetch('/api/v1/namespaces/default/pods', sending('POST', pod('p')));
    const status = { status: { phase: 'Running', podIP: '10.244.0.9', podIPs: [{ ip: '10.244.0.9' }] } };
    await fetch('/api/v1/namespaces/default/pods/p/status', sending('PATCH', status, { 'content-type': 'application/merge-patch+json' }));
    const meta = { apiVersion: 'v1', metadata: { name: 's' } };
    await fetch('/api/v1/namespaces/default/services', sending('POST', { ...meta, kind: 'Service', spec: { ports: [{ port: 80 }] } }));
    const addresses = [{ ip: '10.244.0.9', targetRef: { kind: 'Pod', namespace: 'default', name: 'p' } }];
    await fetch(
      '/api/v1/namespaces/default/endpoints',
      sending('POST', { ...meta, kind: 'Endpoints', subsets: [{ addresses, ports: [{ port: 8080 }] }] }),
    );
    const ask = async (path: string, method = 'GET'): Promise<readonly [number, string]> => {
      const { status: code, text } = await askServer(`${server.url}/api/v1/namespaces/default/${path}`, { ...identity, method });
      return [code, text];
    };
    assert.equal((await ask('pods/p:80/proxy'))[0], 301);
    assert.deepEqual(asked, [], 'no connection is made for a redirection');
    assert.deepEqual(await ask('pods/https:p:8443/proxy/x?y=1'), [200, `GET /x?y=1 ${new URL(server.url).host}`]);
    assert.match((await ask('services/s/proxy/', 'POST'))[1], /^POST \//);
    const [code, text] = await ask('pods/p:81/proxy/');
    assert.equal(code, 503);
    assert.match(text, /error trying to reach service: dial tcp 10\.244\.0\.9:81: connect: connection refused/);
    const ref = { namespace: 'default', name: 'p' };
    assert.deepEqual(asked, [
      [ref, 8443],
      [ref, 8080],
      [ref, 81],
    ]);
  });
});

describe('splitProxyPath', () => {
  it('finds the sub-resource, whatever the names are', () => {
    for (const [prefix, below] of [
      ['/api/v1/namespaces/proxy/pods/proxy/proxy', '/proxy/x'],
      ['/api/v1/namespaces/default/pods/proxy-1:80/proxy', ''],
      ['/api/v1/namespaces/default/services/http:proxy:web/proxy', '/'],
      ['/api/v1/nodes/proxy/proxy', '/metrics/cadvisor'],
    ] as const) {
      const path = `${prefix}${below}`;
      assert.deepEqual(splitProxyPath({ path, info: requestInfo('GET', path, undefined) }), [prefix, below]);
    }
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
