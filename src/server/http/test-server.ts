/** For tests: the server on its sockets. */
import { type EventEmitter, once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { type RequestOptions, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { loadPki, type Pki } from '../pki/pki.ts';
import type { AppOptions } from './app.ts';
import { type ApiServer, createServer } from './create-server.ts';
import { testApp } from './test-app.ts';

export interface Running {
  readonly server: ApiServer;
  readonly pki: Pki;
  /** Sends a request without the socket, to make objects. */
  fetch(path: string, init?: RequestInit): Promise<Response>;
  readonly identity: { readonly ca: string; readonly key: string; readonly cert: string };
}

/** Starts a server on its own port over a test app; it is closed when the test ends. */
export async function start(t: TestContext, more: Partial<AppOptions> = {}): Promise<Running> {
  const directory = await mkdtemp(join(tmpdir(), 'minik-http-'));
  const pki = await loadPki({ directory, serviceIp: '10.96.0.1', extraNames: [] });
  const { options, fetch } = testApp(more);
  const server = await createServer({ ...options, pki, addresses: [{ host: '127.0.0.1', port: 0 }], drainMs: 500 });
  t.after(async () => {
    await server.close();
    await rm(directory, { recursive: true });
  });
  return { server, pki, fetch, identity: { ca: pki.caCertificate, key: pki.admin.key, cert: pki.admin.certificate } };
}

/** Resolves when it is closed, whether or not with an error; once() would reject. */
export const closed = (emitter: EventEmitter): Promise<void> =>
  new Promise((resolve) => emitter.on('error', () => undefined).once('close', () => resolve()));

/** Sends one request over HTTP/1.1 and reads the whole response. */
export async function ask(
  url: string,
  options: RequestOptions,
  body?: string,
): Promise<{ status: number; text: string; response: IncomingMessage }> {
  const outgoing = request(url, options);
  outgoing.end(body);
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
  let text = '';
  for await (const chunk of response) text += String(chunk);
  return { status: response.statusCode ?? 0, text, response };
}
