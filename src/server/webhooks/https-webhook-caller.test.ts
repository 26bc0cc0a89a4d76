/** What is sent to webhooks over real sockets, and how failures are worded. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { makeCertificate, newKey } from '../pki/certificate.ts';
import { createWebhookCaller } from './https-webhook-caller.ts';
import type { WebhookCall } from './webhook-caller.ts';

const dates = { notBefore: new Date(Date.now() - 3_600_000), notAfter: new Date(Date.now() + 3_600_000) };

function identity() {
  const ca = newKey();
  const authority = { key: ca, certificate: certificateOf('ca', ca) };
  const key = newKey();
  const request = {
    ...dates,
    commonName: 'hook',
    organizations: [],
    usage: 'server',
    dnsNames: ['hook.default.svc'],
    ipAddresses: ['127.0.0.1'],
  } as const;
  return { ca: authority.certificate, key, cert: makeCertificate(request, key, authority) };
}

const certificateOf = (commonName: string, key: string): string =>
  makeCertificate({ ...dates, commonName, organizations: [], usage: 'ca', dnsNames: [], ipAddresses: [] }, key, undefined);

/** A webhook on a port of this machine, with a caller whose timers the test fires. */
async function webhook(t: TestContext, answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const { ca, key, cert } = identity();
  const connections = new Set<unknown>();
  const server = createServer({ key, cert }, answer);
  server.on('secureConnection', (socket) => connections.add(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const timers: (() => void)[] = [];
  const caller = createWebhookCaller({
    addressOf: () => ({ host: '127.0.0.1', port }),
    setTimer: (_delayMs, callback) => {
      timers.push(callback);
      return () => undefined;
    },
  });
  const send = (client: WebhookCall['client'], signal = new AbortController().signal) =>
    caller.call({ client, body: { a: 1 }, timeoutMs: 9_500, signal });
  const service = { namespace: 'default', name: 'hook', path: '/check', port: 443 };
  const bundle = (pem: string): string => Buffer.from(pem).toString('base64');
  return { send, service, port, connections, timers, server, caBundle: bundle(ca), ownBundle: bundle(cert) };
}

const says = (text: string) => (error: Error) => {
  assert.equal(error.message, text);
  return true;
};

const echo = (request: IncomingMessage, response: ServerResponse): void => {
  request.setEncoding('utf8');
  let body = '';
  request.on('data', (chunk: string) => (body += chunk));
  const { method = '', url = '', headers } = request;
  request.on('end', () => response.end(JSON.stringify({ method, url, host: headers.host, type: headers['content-type'], body })));
};

describe('a webhook', () => {
  it('is called as a Service, by the name that its certificate has, over kept connections', async (t) => {
    const { send, service, caBundle, connections } = await webhook(t, echo);
    const expected = { method: 'POST', url: '/check?timeout=10s', host: 'hook.default.svc:443', type: 'application/json', body: '{"a":1}' };
    for (let i = 0; i < 3; i++) assert.deepEqual(await send({ service, caBundle }), expected);
    assert.equal(connections.size, 1);
  });

  it('is called at a URL', async (t) => {
    const { send, port, caBundle } = await webhook(t, echo);
    const { url, host } = await send({ url: `https://127.0.0.1:${port}/a/b`, caBundle });
    assert.deepEqual([url, host], ['/a/b?timeout=10s', `127.0.0.1:${port}`]);
  });

  it('is called at a clean path', async (t) => {
    const { send, port, caBundle, service } = await webhook(t, echo);
    const paths = { '//a': '/a', '/a/../b/': '/b', '/a//./c': '/a/c', '/': '/' };
    for (const [path, clean] of Object.entries(paths)) {
      assert.equal((await send({ url: `https://127.0.0.1:${port}${path}`, caBundle })).url, `${clean}?timeout=10s`);
      assert.equal((await send({ service: { ...service, path }, caBundle })).url, `${clean}?timeout=10s`);
    }
  });

  it('must have a certificate that the bundle vouches for, with its name', async (t) => {
    const { send, service, caBundle, port } = await webhook(t, echo);
    const url = `https://localhost:${port}/`;
    const other = Buffer.from(identity().ca).toString('base64');
    const unknown = 'tls: failed to verify certificate: x509: certificate signed by unknown authority';
    await assert.rejects(send({ service, caBundle: other }), says(`Post "https://hook.default.svc:443/check?timeout=10s": ${unknown}`));
    const wrong = 'tls: failed to verify certificate: x509: certificate is valid for hook.default.svc, 127.0.0.1, not localhost';
    await assert.rejects(send({ url, caBundle }), says(`Post "${url}?timeout=10s": ${wrong}`));
  });

  it('may be vouched for by its own certificate, though another has issued that', async (t) => {
    const { send, service, ownBundle } = await webhook(t, echo);
    assert.equal((await send({ service, caBundle: ownBundle })).method, 'POST');
  });

  it('has limited time, which ends with the request too', async (t) => {
    const { send, service, caBundle, timers, server } = await webhook(t, () => undefined);
    const url = 'Post "https://hook.default.svc:443/check?timeout=10s"';
    const late = send({ service, caBundle });
    await once(server, 'request');
    timers[0]?.();
    await assert.rejects(late, says(`${url}: context deadline exceeded`));
    const gone = new AbortController();
    const cut = send({ service, caBundle }, gone.signal);
    await once(server, 'request');
    gone.abort();
    await assert.rejects(cut, says(`${url}: context canceled`));
  });

  it('that nobody serves is told of as Go does', async (t) => {
    const { send, service, caBundle, port, server } = await webhook(t, echo);
    server.close();
    await once(server, 'close');
    const refused = `dial tcp 127.0.0.1:${port}: connect: connection refused`;
    await assert.rejects(send({ service, caBundle }), says(`Post "https://hook.default.svc:443/check?timeout=10s": ${refused}`));
  });

  it('may not answer with an error or with what is no JSON', async (t) => {
    const { send, service, caBundle } = await webhook(t, (request, response) => {
      request.resume();
      response.writeHead(500).end('broken');
    });
    await assert.rejects(send({ service, caBundle }), says('an error on the server ("broken") has prevented the request from succeeding'));
    const plain = await webhook(t, (request, response) => {
      request.resume();
      response.end('hello');
    });
    const text = `couldn't get version/kind; json parse error: invalid character 'h' looking for beginning of value`;
    await assert.rejects(plain.send({ service: plain.service, caBundle: plain.caBundle }), says(text));
  });

  it('is called once more when a kept connection turns out to be closed', async (t) => {
    const { send, service, caBundle, connections, server } = await webhook(t, echo);
    await send({ service, caBundle });
    server.once('request', (request: IncomingMessage) => request.socket.destroy());
    server.removeListener('request', echo);
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      if (!request.socket.destroyed) echo(request, response);
    });
    assert.equal((await send({ service, caBundle })).method, 'POST');
    assert.equal(connections.size, 2);
  });
});
