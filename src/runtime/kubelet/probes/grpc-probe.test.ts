import assert from 'node:assert/strict';
import { createServer, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { grpcProbe } from './grpc-probe.ts';

async function serve(t: TestContext, answer: (stream: ServerHttp2Stream, request: Buffer) => void): Promise<number> {
  const server = createServer();
  server.on('stream', (stream) => {
    const chunks: Buffer[] = [];
    stream.on('error', () => undefined); // a client that gives up resets the stream
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => answer(stream, Buffer.concat(chunks)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  return (server.address() as AddressInfo).port; // it listens on TCP
}

function reply(stream: ServerHttp2Stream, body: readonly number[], trailers: Readonly<Record<string, string>>): void {
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers(trailers));
  stream.end(Buffer.from(body));
}

const health = (status: number): readonly number[] => [0, 0, 0, 0, 2, 0x08, status];
const probe = (port: number, service = '', timeoutMs = 30_000) => grpcProbe({ host: '127.0.0.1', port, service, timeoutMs });

describe('a gRPC probe', () => {
  it('asks for a service by name and takes SERVING only', async (t) => {
    const port = await serve(t, (stream, request) =>
      reply(stream, health(request.toString('utf8', 7) === 'good' ? 1 : 2), { 'grpc-status': '0' }),
    );
    assert.deepEqual(await probe(port, 'good'), { success: true });
    assert.deepEqual(await probe(port), { success: false, output: 'service unhealthy (responded with "NOT_SERVING")' });
  });

  it('names services of any length', async (t) => {
    const name = 'a.'.repeat(100);
    const port = await serve(t, (stream, request) => {
      const sent = request.subarray(8).toString('utf8') === name && request.readUInt32BE(1) === name.length + 3;
      reply(stream, health(sent ? 1 : 2), { 'grpc-status': '0' });
    });
    assert.deepEqual(await probe(port, name), { success: true });
  });

  it('says what went wrong with the call', async (t) => {
    const port = await serve(t, (stream, request) => {
      const unknown = request.length > 5;
      reply(stream, [], { 'grpc-status': unknown ? '5' : '12', 'grpc-message': unknown ? 'unknown%20service' : 'no' });
    });
    assert.deepEqual(await probe(port), {
      success: false,
      output: 'error: this server does not implement the grpc health protocol (grpc.health.v1.Health): no',
    });
    assert.deepEqual(await probe(port, 'x'), {
      success: false,
      output: 'error: health rpc probe failed: rpc error: code = NotFound desc = unknown service',
    });
  });

  it('fails when nobody listens', async () => {
    assert.deepEqual(await probe(1, '', 5000), {
      success: false,
      output: 'timeout: failed to connect service "127.0.0.1:1" within 5s: context deadline exceeded',
    });
  });
});
