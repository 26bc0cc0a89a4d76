import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { Agent, request } from 'node:https';
import { type AddressInfo, connect, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { WebSocket } from 'ws';
import type { Clock } from '../../client/clock.ts';
import { loadPki } from '../pki/pki.ts';
import type { AppOptions } from './app.ts';
import { createServer } from './create-server.ts';
import type { PodStreams, TerminalSize } from './streaming/pod-streams.ts';
import { configMap, noStreams, pod, sending, testApp } from './test-app.ts';
import { ask, type Running, start } from './test-server.ts';

const base = '/api/v1/namespaces/default/configmaps';

describe('createServer', () => {
  it('sends a large list whole, with its length, over HTTP/1.1 and HTTP/2', async (t) => {
    const { server, identity, fetch } = await start(t);
    const names = Array.from({ length: 40 }, (_, index) => `large-${String(index).padStart(2, '0')}`);
    for (const name of names) await fetch(base, sending('POST', configMap(name, { value: 'x'.repeat(30_000) })));
    const namesIn = (text: string): readonly string[] => {
      const { items } = JSON.parse(text) as { items: readonly { metadata: { name: string } }[] }; // a ConfigMapList
      return items.map(({ metadata }) => metadata.name);
    };
    const first = await ask(`${server.url}${base}`, identity);
    assert.equal(first.response.headers['content-length'], String(Buffer.byteLength(first.text)));
    assert.deepEqual(namesIn(first.text), names);
    const session = connectHttp2(server.url, identity);
    t.after(() => session.destroy());
    const second = session.request({ ':path': base });
    const chunks: Buffer[] = [];
    for await (const chunk of second) chunks.push(chunk as Buffer); // HTTP/2 streams without encoding yield buffers
    assert.equal(Buffer.concat(chunks).toString('utf8'), first.text);
  });

  it('takes the user from the client certificate, over HTTP/2', async (t) => {
    const users: string[] = [];
    const authorizer: AppOptions['authorizer'] = {
      authorize: ({ user }) => {
        users.push(user.name);
        return { allowed: true, reason: '' };
      },
    };
    const { server, identity } = await start(t, { authorizer });
    const session = connectHttp2(server.url, identity);
    t.after(() => session.destroy());
    const get = session.request({ ':path': '/version' });
    get.resume();
    await once(get, 'end');
    assert.deepEqual(users, ['kubernetes-admin']);
  });

  it('takes the user from the client certificate, over HTTP/1.1', async (t) => {
    const { server, identity } = await start(t);
    const { text } = await ask(
      `${server.url}/apis/authentication.k8s.io/v1/selfsubjectreviews`,
      { ...identity, method: 'POST', headers: { 'content-type': 'application/json' } },
      '{}',
    );
    const { userInfo } = (JSON.parse(text) as { status: { userInfo: { username: string; groups: string[] } } }).status;
    assert.deepEqual([userInfo.username, userInfo.groups], ['kubernetes-admin', ['system:masters', 'system:authenticated']]);
  });

  it('answers 401 to a certificate of another authority', async (t) => {
    const { server, identity } = await start(t);
    const directory = await mkdtemp(join(tmpdir(), 'minik-http-'));
    t.after(() => rm(directory, { recursive: true }));
    const other = await loadPki({ directory, serviceIp: '10.96.0.1', extraNames: [] });
    const { status } = await ask(`${server.url}/version`, { ca: identity.ca, key: other.admin.key, cert: other.admin.certificate });
    assert.equal(status, 401);
  });

  it('serves requests and watches over HTTP/2', async (t) => {
    const { server, identity, fetch } = await start(t);
    const session = connectHttp2(server.url, identity);
    t.after(() => session.destroy());
    const get = session.request({ ':path': `${base}?watch=1` });
    const [headers] = (await once(get, 'response')) as [Record<string, unknown>];
    assert.equal(headers[':status'], 200);
    await fetch(base, sending('POST', configMap('a')));
    const [chunk] = (await once(get, 'data')) as [Buffer];
    assert.equal((JSON.parse(chunk.toString('utf8')) as { type: string }).type, 'ADDED');
    get.close();
  });

  it('ends watches cleanly when their time is over and when it closes', async (t) => {
    const timers: (() => void)[] = [];
    const clock: Clock = {
      now: () => Date.now(),
      setTimer: (_delayMs, callback) => {
        timers.push(callback);
        return () => undefined;
      },
    };
    const { server, identity, fetch } = await start(t, { clock });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    t.after(() => agent.destroy());
    const outgoing = request(`${server.url}${base}?watch=1&timeoutSeconds=1`, { ...identity, agent });
    outgoing.end();
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
    for (const name of ['a', 'b']) await fetch(base, sending('POST', configMap(name)));
    for (const timer of timers) timer();
    let text = '';
    for await (const chunk of response) text += String(chunk);
    assert.equal(text.split('\n').filter((line) => line.includes('"type":"ADDED"')).length, 2);
    // The connection can be reused: here for a watch that the shutdown ends.
    const again = request(`${server.url}${base}?watch=1`, { ...identity, agent });
    again.end();
    const [second] = (await once(again, 'response')) as [IncomingMessage];
    second.resume();
    const ended = once(second, 'end');
    await server.close();
    await ended;
    assert.equal(second.complete, true);
  });

  it('closes a watch at the registry when the client goes', async (t) => {
    const { server, identity } = await start(t);
    const outgoing = request(`${server.url}${base}?watch=1`, identity);
    outgoing.end();
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
    response.on('error', () => undefined);
    assert.equal(server.app.server.watches.size, 1);
    response.destroy();
    const { watches } = server.app.server;
    while (watches.size > 0) await delay(1);
  });

  it('says which address is taken', async (t) => {
    const { server, pki } = await start(t);
    const { options } = testApp();
    const addresses = [{ host: '127.0.0.1', port: server.ports[0] ?? 0 }] as const;
    await assert.rejects(createServer({ ...options, pki, addresses }), { code: 'EADDRINUSE' });
  });

  it('listens on more addresses later, and closes them with the others', async (t) => {
    const { server, identity } = await start(t);
    await server.listen({ host: '127.0.0.2', port: 0 });
    const later = `https://127.0.0.2:${server.ports[1]}/readyz`;
    const outgoing = request(later, { ...identity, servername: 'localhost' });
    outgoing.end();
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
    assert.equal(response.resume().statusCode, 200);
    await server.close();
    const refused = request(later, identity);
    refused.end();
    await assert.rejects(once(refused, 'response'), { code: 'ECONNREFUSED' });
  });
});

interface Message {
  readonly channel: number;
  readonly text: string;
}

/** A WebSocket to a stream of pod `p`; its messages by channel. */
function openStream(running: Running, path: string, protocols: readonly string[]) {
  const { identity, server } = running;
  const socket = new WebSocket(`${server.url.replace('https', 'wss')}/api/v1/namespaces/default/pods/p/${path}`, [...protocols], identity);
  const messages: Message[] = [];
  socket.on('message', (data: Buffer, isBinary: boolean) => {
    const channel = isBinary ? (data[0] ?? 0) : Number(data.toString('utf8', 0, 1));
    const text = isBinary ? data.toString('latin1', 1) : Buffer.from(data.toString('utf8', 1), 'base64').toString('utf8');
    messages.push({ channel, text });
  });
  const all = (channel: number): string =>
    messages
      .filter((message) => message.channel === channel)
      .map(({ text }) => text)
      .join('');
  return { socket, messages, all, closed: once(socket, 'close') };
}

describe('streams over WebSocket', () => {
  it('runs a command on a terminal, with its sizes and without a second output', async (t) => {
    const sizes: TerminalSize[] = [];
    const podStreams: PodStreams = {
      ...noStreams,
      exec: async (_ref, _container, { stdout, stderr, resize, tty }) => {
        assert.deepEqual([tty, stderr], [true, undefined]);
        for await (const size of resize ?? []) {
          sizes.push(size);
          if (sizes.length === 2) break;
        }
        stdout?.write('done');
        return 7;
      },
    };
    const running = await start(t, { podStreams });
    await running.fetch('/api/v1/namespaces/default/pods', sending('POST', pod('p')));
    const { socket, all, closed } = openStream(running, 'exec?command=sh&tty=1&stdin=1&stdout=1&stderr=1', [
      'v5.channel.k8s.io',
      'v4.channel.k8s.io',
    ]);
    await once(socket, 'open');
    assert.equal(socket.protocol, 'v5.channel.k8s.io');
    for (const size of ['{"Width":80,"Height":24}', '{"Width":120,"Height":40}\n'])
      socket.send(Buffer.concat([Buffer.from([4]), Buffer.from(size)]));
    await closed;
    assert.deepEqual(sizes, [
      { width: 80, height: 24 },
      { width: 120, height: 40 },
    ]);
    assert.equal(all(1), 'done');
    const status = JSON.parse(all(3)) as { reason: string; details: { causes: { reason: string; message: string }[] } };
    assert.deepEqual([status.reason, status.details.causes], ['NonZeroExitCode', [{ reason: 'ExitCode', message: '7' }]]);
  });

  it('speaks base64 to browsers', async (t) => {
    const podStreams: PodStreams = {
      ...noStreams,
      exec: async (_ref, _container, { stdin, stdout }) => {
        const [chunk] = (await once(stdin ?? process.stdin, 'data')) as [Buffer];
        stdout?.write(`got ${chunk.toString('utf8')}`);
        return 0;
      },
    };
    const running = await start(t, { podStreams });
    await running.fetch('/api/v1/namespaces/default/pods', sending('POST', pod('p')));
    const { socket, all, closed } = openStream(running, 'exec?command=sh&stdin=1&stdout=1', ['v4.base64.channel.k8s.io']);
    await once(socket, 'open');
    socket.send(`0${Buffer.from('hällo').toString('base64')}`);
    await closed;
    assert.equal(all(1), 'got hällo');
    assert.deepEqual(JSON.parse(all(3)), { metadata: {}, status: 'Success' });
  });

  it('forwards ports by channel pairs', async (t) => {
    const echo = createTcpServer((socket) => socket.pipe(socket)).listen(0, '127.0.0.1');
    await once(echo, 'listening');
    t.after(() => echo.close());
    const podStreams: PodStreams = { ...noStreams, portForward: async () => connect((echo.address() as AddressInfo).port, '127.0.0.1') };
    const running = await start(t, { podStreams });
    await running.fetch('/api/v1/namespaces/default/pods', sending('POST', pod('p')));
    const { socket, messages } = openStream(running, 'portforward?ports=80', ['v4.channel.k8s.io']);
    await once(socket, 'open');
    socket.send(Buffer.from('\0ping'));
    while (!messages.some(({ text }) => text === 'ping')) await once(socket, 'message');
    assert.deepEqual(messages.slice(0, 2), [
      { channel: 0, text: 'P\0' },
      { channel: 1, text: 'P\0' },
    ]);
    socket.terminate();
  });

  it('forwards ports until the pod closes, its last words included', async (t) => {
    const farewell = 'x'.repeat(300_000);
    const server = createTcpServer({ allowHalfOpen: true }, (socket) => socket.end(farewell)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => server.close());
    const dial = async () => connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', allowHalfOpen: true });
    const running = await start(t, { podStreams: { ...noStreams, portForward: dial } });
    await running.fetch('/api/v1/namespaces/default/pods', sending('POST', pod('p')));
    for (const protocols of [['v4.channel.k8s.io'], []]) {
      const { all, closed } = openStream(running, 'portforward?ports=80', protocols);
      assert.equal((await closed)[0], 1000);
      assert.equal(all(0), `P\0${farewell}`);
    }
  });

  it('watches with the one sub-protocol that a client offers', async (t) => {
    const { identity, server } = await start(t);
    const url = `${server.url.replace('https', 'wss')}${base}?watch=1`;
    const socket = new WebSocket(url, ['any.k8s.io'], identity);
    await once(socket, 'open');
    assert.equal(socket.protocol, 'any.k8s.io');
    socket.terminate();
    const refused = new WebSocket(url, ['a.k8s.io', 'b.k8s.io'], identity);
    const [, response] = (await once(refused, 'unexpected-response')) as [unknown, IncomingMessage];
    assert.equal(response.statusCode, 400);
  });

  it('watches', async (t) => {
    const running = await start(t);
    const { identity, server, fetch } = running;
    const socket = new WebSocket(`${server.url.replace('https', 'wss')}${base}?watch=1`, identity);
    await once(socket, 'open');
    await fetch(base, sending('POST', configMap('a')));
    const [data] = (await once(socket, 'message')) as [Buffer];
    assert.equal((JSON.parse(data.toString('utf8')) as { type: string }).type, 'ADDED');
    const closed = once(socket, 'close');
    await server.close();
    assert.equal((await closed)[0], 1000);
  });
});

describe('an Upgrade header on an ordinary request', () => {
  it('is ignored', async (t) => {
    const { server, identity } = await start(t);
    const headers = { Connection: 'Upgrade', Upgrade: 'websocket', 'Content-Type': 'application/json' };
    const made = await ask(`${server.url}${base}`, { ...identity, method: 'POST', headers }, JSON.stringify(configMap('a')));
    assert.equal(made.status, 201);
    for (const protocol of ['h2c', 'websocket', 'SPDY/3.1']) {
      const read = await ask(`${server.url}${base}/a`, { ...identity, headers: { ...headers, Upgrade: protocol } });
      assert.deepEqual([read.status, (JSON.parse(read.text) as { kind: string }).kind], [200, 'ConfigMap']);
    }
    const listed = await ask(`${server.url}${base}?limit=1`, { ...identity, headers });
    assert.equal(listed.status, 200);
    const version = await ask(`${server.url}/version`, { ...identity, headers });
    assert.equal(version.status, 200);
  });
});

describe('refused upgrades', () => {
  const upgrade = async (
    running: Running,
    path: string,
    headers: Record<string, string>,
  ): Promise<{ status: number; text: string; headers: IncomingMessage['headers'] }> => {
    const { status, text, response } = await ask(`${running.server.url}${path}`, {
      ...running.identity,
      method: 'POST',
      headers: { Connection: 'Upgrade', Upgrade: 'SPDY/3.1', ...headers },
    });
    return { status, text, headers: response.headers };
  };

  it('answer as upstream', async (t) => {
    const running = await start(t);
    for (const made of [pod('p'), pod('two', ['a', 'b']), pod('unscheduled', ['a'], '')]) {
      await running.fetch('/api/v1/namespaces/default/pods', sending('POST', made));
    }
    const message = async (path: string, headers: Record<string, string> = {}): Promise<string> => {
      const { status, text } = await upgrade(running, `/api/v1/namespaces/default/pods/${path}`, headers);
      return `${status} ${String((JSON.parse(text) as { message: string }).message)}`;
    };
    assert.equal(await message('none/exec?command=sh&stdout=1'), '404 pods "none" not found');
    assert.equal(await message('two/exec?command=sh&stdout=1'), '400 a container name must be specified for pod two, choose one of: [a b]');
    assert.equal(await message('two/attach?container=c&stdout=1'), '400 container c is not valid for pod two');
    assert.equal(await message('unscheduled/exec?command=sh&stdout=1'), '400 pod unscheduled does not have a host assigned');
    assert.equal(await message('p/exec?command=sh'), '400 you must specify at least 1 of stdin, stdout, stderr');
    const protocol = { 'X-Stream-Protocol-Version': 'v9.channel.k8s.io' };
    const refused = await upgrade(running, '/api/v1/namespaces/default/pods/p/exec?command=sh&stdout=1', protocol);
    assert.equal(refused.status, 403);
    assert.equal(
      refused.text,
      'unable to upgrade: unable to negotiate protocol: client supports [v9.channel.k8s.io], server accepts [v4.channel.k8s.io v3.channel.k8s.io v2.channel.k8s.io channel.k8s.io]\n',
    );
    const plain = await running.fetch('/api/v1/namespaces/default/pods/p/exec?command=sh&stdout=1');
    assert.equal(((await plain.json()) as { message: string }).message, 'Upgrade request required');
  });

  it('need permission', async (t) => {
    const running = await start(t, { authorizer: { authorize: () => ({ allowed: false, reason: '' }) } });
    const { status, text } = await upgrade(running, '/api/v1/namespaces/default/pods/p/exec?command=sh&stdout=1', {});
    assert.equal(status, 403);
    assert.match(text, /cannot create resource \\"pods\/exec\\"/);
  });
});
