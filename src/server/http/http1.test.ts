import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { describe, it, type TestContext } from 'node:test';
import { connect, type TLSSocket } from 'node:tls';
import { configMap, sending } from './test-app.ts';
import { ask, closed, type Running, start } from './test-server.ts';

const path = '/api/v1/namespaces/default/configmaps/big';

/** A raw connection and its answers in order: a client that adds no headers and does not wait for answers. */
class RawClient {
  readonly socket: TLSSocket;
  #received = Buffer.alloc(0);
  #ended = false;
  #wake = (): void => undefined;

  constructor(running: Running, t: TestContext, identity = true) {
    const { ca, key, cert } = running.identity;
    this.socket = connect({ host: '127.0.0.1', port: running.server.ports[0], ca, ...(identity ? { key, cert } : {}) });
    this.socket.on('data', (chunk) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      this.#wake();
    });
    this.socket.on('error', () => undefined);
    this.socket.on('close', () => {
      this.#ended = true;
      this.#wake();
    });
    t.after(() => this.socket.destroy());
  }

  send(head: readonly string[], body: Buffer | string = ''): void {
    this.socket.write(`${head.join('\r\n')}\r\n\r\n`);
    this.socket.write(body);
  }

  /** The next answer, its body included. Rejects when the connection ends before it. */
  async answer(): Promise<{ readonly status: number; readonly head: string; readonly body: string }> {
    for (;;) {
      const end = this.#received.indexOf('\r\n\r\n');
      const head = end < 0 ? '' : this.#received.toString('latin1', 0, end);
      const total = end + 4 + Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
      if (end >= 0 && this.#received.length >= total) {
        const body = this.#received.toString('utf8', end + 4, total);
        this.#received = this.#received.subarray(total);
        return { status: Number(head.slice(9, 12)), head, body };
      }
      if (this.#ended) throw new Error('connection ended without an answer');
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  async ended(): Promise<void> {
    if (!this.socket.closed) await closed(this.socket);
  }
}

const patchHead = (...more: readonly string[]): readonly string[] => [
  ...[`PATCH ${path} HTTP/1.1`, 'Host: localhost', 'Content-Type: application/merge-patch+json', ...more],
];
/** A body, and an answer, of several TLS records and more than Node's high-water marks. */
const patchBody = (index: number): string => JSON.stringify({ data: { value: `${index}${'x'.repeat(130_000)}` } });
const chunked = (text: string): string => {
  const parts = text.match(/.{1,50000}/g) ?? [];
  return `${parts.map((part) => `${part.length.toString(16)}\r\n${part}\r\n`).join('')}0\r\n\r\n`;
};

async function withObject(t: TestContext): Promise<Running> {
  const running = await start(t);
  await running.fetch('/api/v1/namespaces/default/configmaps', sending('POST', configMap('big')));
  return running;
}

const valueIn = (body: string): string => (JSON.parse(body) as { data: { value: string } }).data.value.slice(0, 3); // a ConfigMap

describe('one HTTP/1.1 connection', () => {
  it('answers every one of many large requests', async (t) => {
    const client = new RawClient(await withObject(t), t);
    for (let index = 100; index < 300; index += 1) {
      const body = patchBody(index);
      if (index % 2 === 0) client.send(patchHead(`Content-Length: ${body.length}`), body);
      else client.send(patchHead('Transfer-Encoding: chunked'), chunked(body));
      const { status, body: answered } = await client.answer();
      assert.deepEqual([status, valueIn(answered)], [200, String(index)]);
    }
  });

  it('answers requests that do not wait for answers, in order', async (t) => {
    const client = new RawClient(await withObject(t), t);
    const order = Array.from({ length: 60 }, (_, index) => 100 + index);
    for (const index of order) client.send(patchHead(`Content-Length: ${patchBody(index).length}`), patchBody(index));
    for (const index of order) assert.equal(valueIn((await client.answer()).body), String(index));
  });

  it('says 100 Continue when it reads the body, and not before', async (t) => {
    const running = await withObject(t);
    const client = new RawClient(running, t);
    for (let index = 100; index < 120; index += 1) {
      const body = patchBody(index);
      client.send(patchHead(`Content-Length: ${body.length}`, 'Expect: 100-continue'));
      assert.equal((await client.answer()).status, 100);
      client.socket.write(body);
      assert.equal((await client.answer()).status, 200);
    }
    for (const [header, expected] of [
      ['Authorization: Bearer bad', 401],
      ['Content-Length: 4000000', 413],
    ] as const) {
      const refused = new RawClient(running, t, expected !== 401);
      refused.send(patchHead(header, 'Expect: 100-continue', ...(expected === 401 ? ['Content-Length: 1000'] : [])));
      const { status, head } = await refused.answer();
      assert.equal(status, expected);
      assert.match(head, /^connection: close$/im);
      await refused.ended();
    }
  });

  it('goes on after an answer that came before the body was read', async (t) => {
    const client = new RawClient(await withObject(t), t, false);
    for (let index = 100; index < 120; index += 1) {
      const body = patchBody(index);
      const [token, expected] = index % 2 === 0 ? (['bad', 401] as const) : (['admin', 200] as const);
      client.send(patchHead(`Content-Length: ${body.length}`, `Authorization: Bearer ${token}`), body);
      assert.equal((await client.answer()).status, expected);
    }
    client.send(patchHead('Content-Length: 4000000', 'Authorization: Bearer admin'), Buffer.alloc(4_000_000, 0x20));
    assert.equal((await client.answer()).status, 413);
  });

  it('is refused a request with two hosts', async (t) => {
    const client = new RawClient(await start(t), t);
    client.send(['GET /version HTTP/1.1', 'Host: a', 'Host: b']);
    assert.equal((await client.answer()).status, 400);
    await client.ended();
  });
});

describe('the last answer of a connection', () => {
  // Each sends far more than the system buffers, all of it before it reads.
  const excess = Buffer.alloc(6_000_000, 0x78);

  it('reaches a client that is still sending a body', async (t) => {
    const running = await withObject(t);
    for (let round = 0; round < 10; round += 1) {
      const client = new RawClient(running, t);
      client.send(patchHead('Content-Length: 6000000'), excess);
      assert.equal((await client.answer()).status, 413);
    }
  });

  it('reaches a client that is still sending headers', async (t) => {
    const running = await start(t);
    for (let round = 0; round < 10; round += 1) {
      const client = new RawClient(running, t);
      client.send(['GET /version HTTP/1.1', 'Host: a', `X-Long: ${excess.toString('latin1')}`]);
      const { status, head } = await client.answer();
      assert.equal(status, 431);
      assert.match(head, /^connection: close$/im);
      await client.ended();
    }
  });

  it("is Go's text for what is no request", async (t) => {
    const client = new RawClient(await start(t), t);
    client.send(['NONSENSE']);
    const { status, head } = await client.answer();
    assert.deepEqual([status, /^content-type: (.*)$/im.exec(head)?.[1]], [400, 'text/plain; charset=utf-8']);
    await client.ended();
  });
});

describe('headers', () => {
  it('may be as long as Go takes them, and no longer', async (t) => {
    const { server, identity } = await start(t);
    const status = async (bytes: number): Promise<number> =>
      (await ask(`${server.url}/version`, { ...identity, headers: { 'x-long': 'x'.repeat(bytes) } })).status;
    assert.equal(await status(1_000_000), 200);
    assert.equal(await status(1_100_000), 431);
  });

  it('may be long over HTTP/2, too', async (t) => {
    const { server, identity } = await start(t);
    const session = connectHttp2(server.url, { ...identity, maxSendHeaderBlockLength: 1024 * 1024 });
    t.after(() => session.destroy());
    const stream = session.request({ ':path': '/version', 'x-long': 'x'.repeat(60_000), 'x-more': 'y'.repeat(60_000) });
    stream.resume();
    const [headers] = (await once(stream, 'response')) as [{ ':status': number }];
    assert.equal(headers[':status'], 200);
  });
});
