/** `kubectl proxy`, in front of an API server that notes what it is asked. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer, get, request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { fakeTerminal } from '../../../testing/fake-terminal.ts';
import { runKubectl } from '../../run-kubectl.ts';

interface Asked {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
}

/** Answers with what it was asked; switches to an echo when asked to. */
async function apiServer(t: TestContext) {
  const server = createServer(({ method = '', url = '', headers }, response) => {
    response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify({ method, url, headers }));
  });
  server.on('upgrade', (_request, socket) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n');
    socket.pipe(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Starts a proxy; resolves with where it serves, once it says so. */
async function proxied(t: TestContext, ...flags: readonly string[]) {
  const server = await apiServer(t);
  const terminal = fakeTerminal(t);
  const { promise, resolve } = Promise.withResolvers<string>();
  const out = (text: string): void => resolve(/^Starting to serve on (.*)\n$/.exec(text)?.[1] ?? text);
  const running = runKubectl(['proxy', '--server', `${server}/base`, '--token=mine', ...flags], { ...terminal, out });
  t.after(async () => {
    process.emit('SIGINT', 'SIGINT');
    assert.equal(await running, 0);
  });
  const at = await Promise.race([promise, running.then((code) => `ended with ${code}: ${terminal.printed.err}`)]);
  return { at, terminal };
}

type Target = { readonly socketPath: string } | { readonly host: string; readonly port: number };

const tcp = (at: string): Target => ({ host: at.split(':')[0] ?? '', port: Number(at.split(':')[1]) });

async function ask(target: Target, path: string, headers: Record<string, string> = {}) {
  const request = get({ ...target, path, headers: { host: 'localhost', ...headers }, agent: false });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  const text = (await response.setEncoding('utf8').toArray()).join('');
  return { status: response.statusCode, text };
}

const asked = async (...args: Parameters<typeof ask>): Promise<Asked> => JSON.parse((await ask(...args)).text);

describe('kubectl proxy', () => {
  it('picks a port of its own, says which, and asks with the credentials of the kubeconfig', async (t) => {
    const { at } = await proxied(t, '--port=0');
    assert.match(at, /^127\.0\.0\.1:[1-9]\d*$/);
    const { url, headers } = await asked(tcp(at), '/api/v1/pods?limit=1', { authorization: 'Bearer theirs', 'user-agent': 'browser' });
    assert.deepEqual([url, headers.authorization, headers['user-agent']], ['/api/v1/pods?limit=1', 'Bearer mine', 'browser']);
  });

  it('serves on a socket in a file, for its owner alone, in the place of one that is left', async (t) => {
    const socket = join(fakeTerminal(t).home, 'proxy.sock');
    const left = createServer().listen(socket);
    await once(left, 'listening');
    t.after(() => left.close());
    const { at } = await proxied(t, `--unix-socket=${socket}`);
    assert.equal(at, socket);
    assert.equal((await stat(socket)).mode & 0o777, 0o700);
    assert.equal((await asked({ socketPath: socket }, '/version')).url, '/version');
  });

  it('serves on a socket or a port, not both, and takes the place of no other file', async (t) => {
    const terminal = fakeTerminal(t);
    const socket = join(terminal.home, 'file');
    writeFileSync(socket, 'mine');
    const flags = ['proxy', '--server=http://127.0.0.1:1', `--unix-socket=${socket}`];
    assert.equal(await runKubectl([...flags, '--port=0'], terminal), 1);
    assert.equal(await runKubectl(flags, terminal), 1);
    assert.equal(
      terminal.printed.err,
      `error: cannot set --unix-socket and --port at the same time\nerror: listen unix ${socket}: bind: address already in use\n`,
    );
  });

  it('says which port is taken', async (t) => {
    const { at } = await proxied(t, '--port=0');
    const terminal = fakeTerminal(t);
    assert.equal(await runKubectl(['proxy', '--server=http://127.0.0.1:1', `--port=${at.split(':')[1]}`], terminal), 1);
    assert.equal(terminal.printed.err, `error: listen tcp ${at}: bind: address already in use\n`);
  });

  it('refuses strange hosts, and commands in pods', async (t) => {
    const { at } = await proxied(t, '--port=0', '--api-prefix=/k8s');
    const refused = { status: 403, text: 'Forbidden\n' };
    assert.deepEqual(await ask(tcp(at), '/k8s/version', { host: 'evil.example' }), refused);
    assert.deepEqual(await ask(tcp(at), '/k8s/api/v1/namespaces/a/pods/p/exec?command=x'), refused);
    assert.deepEqual(await ask(tcp(at), '/k8s/api/v1/namespaces/a/pods/p/%65xec?command=x'), refused);
    assert.equal((await ask(tcp(at), '/k8s/api/v1/namespaces/a/pods/p/log', { host: '127.0.0.1:8001' })).status, 200);
  });

  it('serves the API below another path, beside files; paths of the API are a part of it', async (t) => {
    const folder = fakeTerminal(t).home;
    writeFileSync(join(folder, 'page.html'), '<p>');
    const { at } = await proxied(t, '--port=0', '--api-prefix=/custom', `--www=${folder}`);
    assert.equal((await asked(tcp(at), '/custom/api/v1')).url, '/api/v1');
    assert.deepEqual(await ask(tcp(at), '/static/page.html'), { status: 200, text: '<p>' });
    assert.deepEqual(await ask(tcp(at), '/static/../../none'), { status: 404, text: '404 page not found\n' });
    assert.equal((await ask(tcp(at), '/api/v1')).status, 404);
  });

  it('keeps a prefix that begins as the API does', async (t) => {
    const { at } = await proxied(t, '--port=0', '--api-prefix=/api/');
    assert.equal((await asked(tcp(at), '/api/v1/pods')).url, '/api/v1/pods');
    assert.equal((await ask(tcp(at), '/version')).status, 404);
  });

  it("leaves out the server's own path, unless told otherwise", async (t) => {
    const { at } = await proxied(t, '--port=0', '--append-server-path');
    assert.equal((await asked(tcp(at), '/api/v1')).url, '/base/api/v1');
  });

  it('passes streams on', async (t) => {
    const { at } = await proxied(t, '--port=0');
    const headers = { host: 'localhost', connection: 'Upgrade', upgrade: 'echo' };
    const request = httpRequest({ ...tcp(at), path: '/api/v1/namespaces/a/pods/p/portforward', headers });
    request.end();
    const [response, socket] = await once(request, 'upgrade');
    assert.equal(response.statusCode, 101);
    socket.end('hello');
    assert.equal((await socket.setEncoding('utf8').toArray()).join(''), 'hello');
  });

  it('refuses streams as it does requests', async (t) => {
    const { at } = await proxied(t, '--port=0');
    const headers = { connection: 'Upgrade', upgrade: 'echo' };
    assert.equal((await ask(tcp(at), '/api/v1/namespaces/a/pods/p/exec', headers)).status, 403);
  });
});
