import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { connect } from 'node:tls';
import { MalformedTarget, urlOf } from './node-requests.ts';
import { configMap, sending } from './test-app.ts';
import { ask, start } from './test-server.ts';

describe('the target of a request', () => {
  const pathOf = (target: string): string => urlOf(target).replace('https://localhost', '');

  it('is taken as it is when nothing in it needs escaping', () => {
    for (const target of ['/', '/api/v1/pods?watch=1&labelSelector=a%3Db', '//api//v1', '/a;b=c/(d)/~e', '/a?b=%zz'])
      assert.equal(pathOf(target), target);
  });

  it('is escaped, and its dots are followed', () => {
    const cases = {
      '/a b': '/a%20b',
      '/é': '/%C3%A9',
      '/x/../api/./v1': '/api/v1',
      '/x/..': '/',
      '//a/b c': '//a/b%20c',
      '//a/../b': '//b',
      '/a\\..\\b?c\\d': '/a%5C..%5Cb?c%5Cd',
    };
    for (const [target, path] of Object.entries(cases)) assert.equal(pathOf(target), path);
  });

  it('counts by its path when it is absolute', () => {
    assert.equal(pathOf('https://example.com:6443/api?x'), '/api?x');
    assert.equal(pathOf('HTTP://example.com'), '/');
    assert.equal(pathOf('https://example.com?x=1'), '/?x=1');
  });

  it('is refused when it is no path', () => {
    for (const target of ['/a/%zz', '/%', '*', 'example.com:443', 'api/v1', 'ftp://example.com/'])
      assert.throws(() => urlOf(target), MalformedTarget);
  });
});

/** The whole answer to raw HTTP/1.1. */
async function exchanged(t: TestContext, request: string): Promise<string> {
  const { server, identity } = await start(t);
  const socket = connect({ port: Number(new URL(server.url).port), host: '127.0.0.1', ...identity });
  socket.write(request);
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk);
  return Buffer.concat(chunks).toString('latin1');
}

describe('the API on sockets', () => {
  it("answers a target that is no path with Go's text", async (t) => {
    const answer = await exchanged(t, 'OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n');
    assert.match(answer, /^HTTP\/1\.1 400 Bad Request\r\n[\s\S]*Connection: close\r\n[\s\S]*\r\n\r\n400 Bad Request$/);
  });

  it('declares the length of an answer without a body', async (t) => {
    const answer = await exchanged(t, 'GET /openapi/v3/none HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    assert.match(answer, /\r\nContent-Length: \d+\r\n/);
    assert.doesNotMatch(answer, /chunked/);
  });

  it('answers HEAD with the headers of GET and no body', async (t) => {
    const { server, identity } = await start(t);
    const get = await ask(`${server.url}/healthz`, { ...identity, agent: false });
    const head = await ask(`${server.url}/healthz`, { ...identity, agent: false, method: 'HEAD' });
    assert.equal(head.status, 200);
    assert.equal(head.text, '');
    assert.equal(head.response.headers['content-length'], String(Buffer.byteLength(get.text)));
  });

  it('sends each warning as a header of its own', async (t) => {
    const { server, identity, fetch } = await start(t);
    await fetch('/api/v1/namespaces/default/configmaps', sending('POST', configMap('a')));
    const body = JSON.stringify({ ...configMap('b'), one: 1, two: 2 });
    const path = '/api/v1/namespaces/default/configmaps?fieldValidation=Warn';
    const { response } = await ask(`${server.url}${path}`, { ...identity, agent: false, method: 'POST' }, body);
    assert.equal(response.rawHeaders.filter((text) => text.toLowerCase() === 'warning').length, 2);
  });
});
