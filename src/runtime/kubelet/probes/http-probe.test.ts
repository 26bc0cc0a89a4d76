import assert from 'node:assert/strict';
import { createServer, type RequestListener } from 'node:http';
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
});
