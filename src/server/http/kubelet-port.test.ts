import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { connect as connectTls } from 'node:tls';
import type { AppOptions } from './app.ts';
import { certificateAuthenticator } from './auth/authenticate.ts';
import { openKubeletPort, subresourcesFor } from './kubelet-port.ts';
import type { AuthorizationAttributes } from './ports.ts';
import { ask, closed, start as startServer } from './test-server.ts';

const tokens: AppOptions['authenticators'][number] = {
  authenticate: ({ bearerToken }) =>
    bearerToken?.startsWith('token-of-') === true
      ? { name: bearerToken.slice('token-of-'.length), uid: '', groups: [], extra: {} }
      : undefined,
};

/** The port of node `n`, and what was asked of its authorizer. `scraper` may read metrics, `reader` pods. */
async function start(t: TestContext, headersMs?: number) {
  const asked: AuthorizationAttributes[] = [];
  const rights: Readonly<Record<string, string>> = { scraper: 'metrics', reader: 'pods' };
  const { server, pki, identity } = await startServer(t, {
    authenticators: [certificateAuthenticator, tokens],
    authorizer: {
      authorize: (attributes) => {
        asked.push(attributes);
        const { name, groups } = attributes.user;
        return { allowed: groups.includes('system:masters') || rights[name] === attributes.subresource, reason: '' };
      },
    },
    nodeApis: {
      get: async (node, path, query) => {
        if (path === '/broken') throw new Error('the engine does not answer');
        return { status: path === '/nothing' ? 404 : 200, contentType: 'text/plain', body: `${node} ${path} ${query}` };
      },
    },
  });
  let issued = 0;
  let failing = false;
  const fail = (yes: boolean): void => {
    failing = yes;
  };
  const port = await openKubeletPort(server.app, {
    ...{ node: 'n', address: { host: '127.0.0.1', port: 0 }, caCertificate: pki.caCertificate, headersMs },
    serving: () => {
      issued += 1;
      if (failing) throw new Error('no certificate');
      return pki.issueServing('system:node:n', ['system:nodes'], ['n', '127.0.0.1']);
    },
  });
  t.after(() => port.close());
  const { ca } = identity;
  const as = (user: string, path: string, method = 'GET') =>
    ask(`https://127.0.0.1:${port.port}${path}`, { ca, method, headers: { authorization: `Bearer token-of-${user}` } });
  return { port, identity, ca, as, asked, fail, issued: () => issued, url: `https://127.0.0.1:${port.port}` };
}

describe("a kubelet's port", () => {
  it('lets in nobody without credentials, or with bad ones', async (t) => {
    const { url, ca } = await start(t);
    for (const headers of [{}, { authorization: 'Bearer bad' }]) {
      const { status, text } = await ask(`${url}/metrics`, { ca, headers });
      assert.deepEqual([status, text], [401, 'Unauthorized']);
    }
  });

  it('answers as nodes/proxy does, over HTTP/1.1 and HTTP/2, with a certificate for the node', async (t) => {
    const { url, identity } = await start(t);
    const { status, text } = await ask(`${url}/stats/summary?only_cpu_and_memory=true`, identity);
    assert.deepEqual([status, text], [200, 'n /stats/summary only_cpu_and_memory=true']);
    const session = connectHttp2(url, { ...identity, servername: 'n' });
    t.after(() => session.destroy());
    const stream = session.request({ ':path': '/pods' });
    let body = '';
    for await (const chunk of stream) body += String(chunk);
    assert.equal(body, 'n /pods ');
  });

  it('asks for the permission that belongs to a path, by the name of the node', async (t) => {
    const { as, asked } = await start(t);
    assert.equal((await as('scraper', '/metrics/cadvisor')).status, 200);
    const questions = asked.map(({ verb, resource, subresource, name }) => [verb, resource, subresource, name]);
    assert.deepEqual(questions, [['get', 'nodes', 'metrics', 'n']]);
    assert.equal((await as('reader', '/pods')).status, 200);
    assert.equal((await as('scraper', '/configz')).status, 403);
  });

  it("refuses in upstream's words", async (t) => {
    const { as } = await start(t);
    const refused = await as('scraper', '/pods');
    assert.equal(refused.text, 'Forbidden (user=scraper, verb=get, resource=nodes, subresource(s)=[pods proxy])\n');
    assert.match((await as('scraper', '/metrics/%2e%2e/pods')).text, /^Forbidden /);
    assert.equal((await as('scraper', '/exec/default/p/main', 'POST')).status, 403);
  });

  it('tells what fails, and serves on', async (t) => {
    const { url, identity } = await start(t);
    const failed = await ask(`${url}/broken`, identity);
    assert.deepEqual([failed.status, failed.text.includes('the engine does not answer')], [500, true]);
    assert.equal((await ask(`${url}/nothing`, identity)).status, 404);
    assert.equal((await ask(`${url}/exec/default/p/main`, { ...identity, method: 'POST' })).status, 405);
  });

  it('makes a certificate only once somebody connects', async (t) => {
    const { issued, url, identity } = await start(t);
    assert.equal(issued(), 0);
    for (let i = 0; i < 2; i++) await ask(`${url}/healthz`, identity);
    assert.equal(issued(), 1);
  });

  it('ends a connection that it cannot serve, and nothing else', async (t) => {
    const { port, url, identity, fail } = await start(t);
    fail(true);
    await once(connect(port.port, '127.0.0.1'), 'close');
    fail(false);
    assert.equal((await ask(`${url}/healthz`, identity)).status, 200);
  });

  it('ends a connection whose client does not finish its headers', async (t) => {
    const { port, ca } = await start(t, 100);
    const slow = connectTls({ port: port.port, host: '127.0.0.1', ca, ALPNProtocols: ['http/1.1'] });
    await once(slow, 'secureConnect');
    slow.write('GET /healthz HTTP/1.1\r\nHost: n\r\n');
    slow.resume();
    await closed(slow);
  });

  it('ends its connections when it closes, also those that have said nothing yet', async (t) => {
    const { port } = await start(t);
    const silent = connect(port.port, '127.0.0.1');
    await once(silent, 'connect');
    const ended = closed(silent);
    await port.close();
    await ended;
  });
});

it('subresourcesFor: what upstream asks for a path', () => {
  const rows: readonly (readonly [string, readonly string[]])[] = [
    ['/metrics', ['metrics']],
    ['/metrics/resource', ['metrics']],
    ['/metricsx', ['proxy']],
    ['/stats/summary', ['stats']],
    ['/logs/', ['log']],
    ['/pods', ['pods', 'proxy']],
    ['/runningpods/', ['pods', 'proxy']],
    ['/healthz/ping', ['healthz', 'proxy']],
    ['/configz', ['configz', 'proxy']],
    ['/flagz', ['configz']],
    ['/containerLogs/a/b/c', ['proxy']],
    ['//metrics', ['proxy']],
  ];
  for (const [path, subresources] of rows) assert.deepEqual(subresourcesFor(path), subresources, path);
});
