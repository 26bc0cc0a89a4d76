/** States that no verb treats a stream whose connection broke as a success. */
import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { after, before, describe, it, type TestContext } from 'node:test';
import { type WebSocket, WebSocketServer } from 'ws';
import { fakeTerminal } from '../testing/fake-terminal.ts';
import { runKubectl } from './run-kubectl.ts';

const metadata = { name: 'web', namespace: 'default', resourceVersion: '1' };
const pod = {
  kind: 'Pod',
  apiVersion: 'v1',
  metadata,
  spec: { containers: [{ name: 'web' }] },
  status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] },
};
const list = { kind: 'PodList', apiVersion: 'v1', metadata: { resourceVersion: '1' }, items: [pod] };
const resource = {
  resource: 'pods',
  responseKind: { kind: 'Pod' },
  scope: 'Namespaced',
  singularResource: 'pod',
  verbs: ['get', 'list', 'watch'],
};
const discovery = {
  kind: 'APIGroupDiscoveryList',
  items: [{ metadata: {}, versions: [{ version: 'v1', resources: [resource] }] }],
};

type Cut = (socket: WebSocket) => void;

const cuts: Readonly<Record<string, Cut>> = {
  'without a word': (socket) => socket.terminate(),
  'with a close frame, but no status': (socket) => socket.close(1000),
  'as a server that ends': (socket) => socket.close(1001),
};

/** Writes `text` into the response that has begun, then destroys the connection. */
function cutAnswer(response: ServerResponse, text: string): void {
  response.writeHead(200, { 'Content-Type': 'application/json', 'Transfer-Encoding': 'chunked' });
  response.write(text, () => response.socket?.destroy());
}

/** `limited`: watches stay open. */
function answer({ url = '' }: IncomingMessage, response: ServerResponse, limited: boolean): void {
  const send = (body: object): void => void response.end(JSON.stringify(body));
  if (url.includes('/log')) cutAnswer(response, 'the first line\n');
  else if (url.includes('watch=true') && limited) response.writeHead(200).write(`${JSON.stringify({ type: 'ADDED', object: pod })}\n`);
  else if (url.includes('watch=true')) cutAnswer(response, `${JSON.stringify({ type: 'ADDED', object: pod })}\n`);
  else if (url === '/api') send(discovery);
  else if (url === '/apis') send({ kind: 'APIGroupDiscoveryList', items: [] });
  else if (url.includes('/pods/web')) send(pod);
  else send(list);
}

describe('a stream that is cut', () => {
  let server: Server;
  let url = '';
  let cut: Cut = () => undefined;
  let limited = false;
  const sockets = new WebSocketServer({ noServer: true });

  before(async () => {
    server = createServer((request, response) => answer(request, response, limited));
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      sockets.handleUpgrade(request, socket, head, (accepted) => {
        accepted.on('message', () => cut(accepted));
        // Some output comes first, as from a running command.
        if (!request.url?.includes('portforward')) accepted.send(Buffer.from([1]), () => cut(accepted));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  const kubectl = async (t: TestContext, ...args: string[]): Promise<{ readonly code: number; readonly err: string }> => {
    const terminal = fakeTerminal(t);
    const code = await runKubectl(['--server', url, ...args], terminal);
    return { code, err: terminal.printed.err };
  };

  for (const [how, end] of Object.entries(cuts)) {
    it(`fails exec, attach and cp: ${how}`, async (t) => {
      cut = end;
      for (const args of [
        ['exec', 'web', '--', 'true'],
        ['attach', 'web'],
        ['cp', 'web:/etc/hosts', '/dev/null'],
        ['cp', import.meta.filename, 'web:/tmp/a'],
      ]) {
        const { code, err } = await kubectl(t, ...args);
        assert.notEqual(code, 0, args.join(' '));
        assert.match(err, /^error: error reading from error stream: websocket: close 100[016]/m, args.join(' '));
      }
    });
  }

  it('fails logs, with and without following', async (t) => {
    for (const more of [[], ['-f']]) {
      const { code, err } = await kubectl(t, 'logs', 'web', ...more);
      assert.notEqual(code, 0);
      assert.match(err, /unexpected EOF$/m);
    }
  });

  it('fails watches', async (t) => {
    for (const args of [
      ['get', 'pods', '-w', '-o', 'name'],
      ['wait', 'pod/web', '--for=condition=Missing'],
    ]) {
      const { code, err } = await kubectl(t, ...args);
      assert.equal(code, 1, args.join(' '));
      assert.match(err, /^error: unexpected EOF$/m, args.join(' '));
    }
  });

  it('is not a watch that the user limited', async (t) => {
    limited = true;
    t.after(() => {
      limited = false;
    });
    // The limit is one of each request, and the first ones must not reach it.
    const { code, err } = await kubectl(t, 'get', 'pods', '-w', '-o', 'name', '--request-timeout=2s');
    assert.deepEqual([code, err], [0, '']);
  });

  it('fails a raw read', async (t) => {
    const { code, err } = await kubectl(t, 'get', '--raw', '/api/v1/namespaces/default/pods/web/log');
    assert.equal(code, 1);
    assert.match(err, /unexpected EOF$/m);
  });
});
