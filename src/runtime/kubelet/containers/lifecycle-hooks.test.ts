import assert from 'node:assert/strict';
import { createServer, type IncomingMessage } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { Duplex } from 'node:stream';
import { describe, it, type TestContext } from 'node:test';
import type { Container, LifecycleHandler } from '../../../api/generated/core/v1.ts';
import { makeCertificate, newKey } from '../../../server/pki/certificate.ts';
import type { Streams } from '../../container/container-runtime.ts';
import { HookRunner } from './lifecycle-hooks.ts';

async function listen(t: TestContext, server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  return (server.address() as AddressInfo).port; // it listens on TCP
}

const container = { name: 'main', ports: [{ name: 'web', containerPort: 1 }] } as unknown as Container; // only what is read
const run = (
  handler: LifecycleHandler,
  warn: (reason: string, message: string) => void = () => undefined,
  streams: Streams = {} as Streams, // only what is asked
): Promise<void> =>
  new HookRunner({ streams, clock: { now: () => 0, setTimer: () => () => undefined }, warn }).run(
    handler,
    { containerId: 'c', container, podIp: '127.0.0.1' },
    new AbortController().signal,
  );

describe('an httpGet hook', () => {
  it('asks with its headers and takes any answer', async (t) => {
    const seen: IncomingMessage[] = [];
    const server = createServer((request, response) => {
      seen.push(request);
      response.writeHead(503).end();
    });
    const port = await listen(t, server);
    await run({ httpGet: { port, scheme: 'HTTP', path: 'hook?a=b', httpHeaders: [{ name: 'X-Mine', value: 'yes' }] } });
    assert.deepEqual(
      [seen[0]?.url, seen[0]?.headers['x-mine'], seen[0]?.headers['user-agent']],
      ['/hook?a=b', 'yes', 'kube-lifecycle/1.36'],
    );
  });

  it('asks a pod whose address is on no network through the engine', async () => {
    const asked: unknown[] = [];
    const connect = async (containerId: string, port: number): Promise<Duplex> => {
      asked.push([containerId, port]);
      return new Duplex({
        read: () => undefined,
        write(chunk, _encoding, done) {
          asked.push(String(chunk).split('\r\n')[0]);
          this.push('HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n');
          this.push(null);
          done();
        },
      });
    };
    const hook: LifecycleHandler = { httpGet: { host: 'example.com', port: 'web', scheme: 'HTTP', path: 'hook' } };
    await run(hook, undefined, { connect } as Streams);
    assert.deepEqual(asked, [['c', 1], 'GET /hook HTTP/1.1']);
  });

  it('does not mind a certificate that nobody knows', async (t) => {
    let asked = 0;
    const key = newKey();
    const now = new Date();
    const cert = makeCertificate(
      {
        commonName: 'pod',
        organizations: [],
        usage: 'server',
        dnsNames: [],
        ipAddresses: [],
        notBefore: now,
        notAfter: new Date(now.getTime() + 3_600_000),
      },
      key,
      undefined,
    );
    const port = await listen(
      t,
      createSecureServer({ key, cert }, (_, response) => {
        asked += 1;
        response.end();
      }),
    );
    await run({ httpGet: { port, path: '/', scheme: 'HTTPS' } });
    assert.equal(asked, 1);
  });

  it('falls back to plain HTTP, without the authorization', async (t) => {
    const seen: (string | undefined)[] = [];
    const server = createServer((request, response) => {
      seen.push(request.headers.authorization);
      response.end();
    });
    const port = await listen(t, server);
    const said: string[] = [];
    const httpHeaders = [{ name: 'Authorization', value: 'secret' }];
    await run({ httpGet: { port, path: '/', scheme: 'HTTPS', httpHeaders } }, (...words) => said.push(words.join(' ')));
    assert.deepEqual(seen, [undefined]);
    assert.deepEqual(said, [
      `LifecycleHTTPFallback request to HTTPS lifecycle hook 127.0.0.1:${port} got HTTP response, retry with HTTP succeeded`,
    ]);
  });

  it('fails when nobody answers, and without a handler', async () => {
    await assert.rejects(run({ httpGet: { port: 1, path: '/', scheme: 'HTTP' } }), /ECONNREFUSED/);
    await assert.rejects(run({ tcpSocket: { port: 1 } }), { message: 'Cannot run handler: invalid handler' });
  });
});
