import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { httpProbe } from './http-probe.ts';
import type { ProbeOutcome } from './probe-outcome.ts';

async function serve(t: TestContext, listener: RequestListener): Promise<number> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port; // it listens on TCP
}

const get = (port: number, path: string, timeoutMs = 30_000): Promise<ProbeOutcome> =>
  httpProbe({ port, path, scheme: 'HTTP' }, { port, podIp: '127.0.0.1', timeoutMs });

describe('an HTTP probe', () => {
  it('takes 2xx for a success and says what else came', async (t) => {
    const port = await serve(t, ({ url }, response) => {
      response.statusCode = Number(url?.slice(1));
      response.end('text');
    });
    assert.deepEqual(await get(port, '/200'), { success: true });
    assert.deepEqual(await get(port, '204'), { success: true });
    assert.deepEqual(await get(port, '/404'), { success: false, output: 'HTTP probe failed with statuscode: 404' });
    assert.deepEqual(await get(port, '/304'), { success: true, warning: 'Probe terminated redirects, Response body: ' });
  });

  it('follows redirects on the same host, and no others', async (t) => {
    const port = await serve(t, ({ url }, response) => {
      const to = new Map([
        ['/local', '/bad'],
        ['/away', 'http://away.example/'],
        ['/loop', '/loop'],
      ]).get(url ?? '');
      response.writeHead(to === undefined ? 500 : 302, to === undefined ? {} : { location: to });
      response.end(to === undefined ? '' : 'moved');
    });
    assert.deepEqual(await get(port, '/local'), { success: false, output: 'HTTP probe failed with statuscode: 500' });
    assert.deepEqual(await get(port, '/away'), { success: true, warning: 'Probe terminated redirects, Response body: moved' });
    assert.deepEqual(await get(port, '/loop'), {
      success: false,
      output: `Get "http://127.0.0.1:${port}/loop": stopped after 10 redirects`,
    });
  });

  it('gives up after its timeout', async (t) => {
    const port = await serve(t, () => undefined);
    assert.deepEqual(await get(port, '/slow', 20), {
      success: false,
      output: `Get "http://127.0.0.1:${port}/slow": context deadline exceeded (Client.Timeout exceeded while awaiting headers)`,
    });
  });

  it('sends path and headers as the spec has them', async (t) => {
    const seen: IncomingMessage[] = [];
    const port = await serve(t, (request, response) => {
      seen.push(request);
      response.end();
    });
    const ask = async (path: string, httpHeaders: readonly [string, string][] = []): Promise<IncomingMessage> => {
      const headers = httpHeaders.map(([name, value]) => ({ name, value }));
      await httpProbe({ port, path, scheme: 'HTTP', httpHeaders: headers }, { port, podIp: '127.0.0.1', timeoutMs: 30_000 });
      const last = seen.at(-1);
      assert.ok(last);
      return last;
    };
    const targets = ['', 'a', '/x/../y\\z//w#f', '/a?b=c&d=%20', '/%zz', '/ä b', '/(a)!', '//host/b', '/%2Fx', 'http://other/c?d'];
    const sent: (string | undefined)[] = [];
    for (const path of targets) sent.push((await ask(path)).url);
    assert.deepEqual(sent, ['/', '/a', '/x/../y%5Cz//w', '/a?b=c&d=%20', '/%25zz', '/%C3%A4%20b', '/(a)!', '/b', '/%2Fx', '/c?d']);
    const own = { host: `127.0.0.1:${port}`, 'user-agent': 'kube-probe/1.36', accept: '*/*', connection: 'close' };
    assert.deepEqual((await ask('/')).headers, own);
    const twice = await ask('/', [
      ['x-two', '1'],
      ['X-Two', '2'],
    ]);
    assert.deepEqual(twice.headersDistinct['x-two'], ['1', '2']);
    const { accept: _, 'user-agent': __, ...bare } = own;
    const empty: readonly [string, string][] = [
      ['Accept', ''],
      ['user-agent', ''],
    ];
    assert.deepEqual((await ask('/', empty)).headers, bare);
    assert.equal((await ask('/', [['host', 'web.example']])).headers.host, 'web.example');
    assert.deepEqual((await ask('/', [['Content-Length', '7']])).headers, own);
  });

  it('says that an HTTPS port speaks plain HTTP in the words of Go', async (t) => {
    const port = await serve(t, (_, response) => response.end());
    assert.deepEqual(await httpProbe({ port, path: '/', scheme: 'HTTPS' }, { port, podIp: '127.0.0.1', timeoutMs: 30_000 }), {
      success: false,
      output: `Get "https://127.0.0.1:${port}/": http: server gave HTTP response to HTTPS client`,
    });
  });
});
