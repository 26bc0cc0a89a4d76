import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { StatusError } from '../api/status-error.ts';
import { type HttpCall, HttpTransport } from './http-transport.ts';

interface Answer {
  readonly code: number;
  readonly text: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The error with which a call rejects when the server gives this answer. */
async function failure(t: TestContext, answer: Answer, method: HttpCall['method'] = 'GET'): Promise<StatusError> {
  const server = createServer((_request, response) => {
    response.writeHead(answer.code, answer.headers ?? { 'content-type': 'text/plain; charset=utf-8' }).end(answer.text);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // it listens on TCP
  const transport = new HttpTransport({ server: `http://127.0.0.1:${port}` });
  t.after(() => {
    transport.close();
    server.close();
  });
  const error = await transport.json({ method, path: '/x' }).then(
    () => undefined,
    (e: unknown) => e,
  );
  assert.ok(error instanceof StatusError);
  return error;
}

describe('answers that are no Status', () => {
  it('say of a plain 404 that the resource was not found', async (t) => {
    const error = await failure(t, { code: 404, text: '404 page not found\n' });
    assert.equal(error.reason, 'NotFound');
    assert.equal(error.message, 'the server could not find the requested resource');
    assert.deepEqual(error.status.details?.causes, [{ reason: 'UnexpectedServerResponse', message: '404 page not found' }]);
  });

  it('keep the text of a refusal, which says who may not do what', async (t) => {
    assert.equal((await failure(t, { code: 403, text: 'User "a" cannot\n' })).message, 'User "a" cannot');
  });

  it('call a conflict of a POST an existing object', async (t) => {
    assert.equal((await failure(t, { code: 409, text: '' }, 'POST')).reason, 'AlreadyExists');
    assert.equal((await failure(t, { code: 409, text: '' }, 'DELETE')).reason, 'Conflict');
  });

  it('quote the text of a broken server, and nothing that is no text', async (t) => {
    assert.equal(
      (await failure(t, { code: 502, text: 'bad "gateway"\n' })).message,
      'an error on the server ("bad \\"gateway\\"") has prevented the request from succeeding',
    );
    const binary = await failure(t, { code: 500, text: '{}', headers: { 'content-type': 'application/json' } });
    assert.equal(binary.message, 'an error on the server ("unknown") has prevented the request from succeeding');
  });

  it('carry on the time after which to try again', async (t) => {
    const error = await failure(t, { code: 429, text: '', headers: { 'retry-after': '7' } });
    assert.equal(error.status.details?.retryAfterSeconds, 7);
    assert.equal(error.message, 'the server has received too many requests and has asked us to try again later');
  });
});
