/** For tests: a fake engine on a socket of its own. */
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import type { TestContext } from 'node:test';
import { DockerApi } from './docker-api.ts';

export interface FakeEngine {
  readonly api: DockerApi;
  readonly socketPath: string;
  /** `METHOD /path` of every call so far, without queries. */
  readonly calls: readonly string[];
}

export interface FakeEngineOptions {
  /** Answers ordinary calls: returns an object (status 200) or writes the response itself; undefined means 404. */
  answer(call: string, query: URLSearchParams, response: ServerResponse): object | 'answered' | undefined;
  /** Called with the JSON body of each call that has one. */
  body?(call: string, body: unknown): void;
  /** Called with the connection of a call that takes it over. */
  hijack?(call: string, socket: Socket): void;
}

/** A frame of the engine's multiplexed streams. */
export function streamFrame(stream: 'stdout' | 'stderr', text: string | Buffer): Buffer {
  const payload = Buffer.from(text);
  const head = Buffer.from([stream === 'stdout' ? 1 : 2, 0, 0, 0, 0, 0, 0, 0]);
  head.writeUInt32BE(payload.length, 4);
  return Buffer.concat([head, payload]);
}

/** Starts the fake engine; it ends with the test. */
export async function startFakeEngine(t: TestContext, options: FakeEngineOptions): Promise<FakeEngine> {
  const folder = await mkdtemp(join(tmpdir(), 'minik-engine-'));
  const socketPath = join(folder, 'engine.sock');
  const calls: string[] = [];
  const note = ({ method, url = '' }: IncomingMessage): { call: string; query: URLSearchParams } => {
    const { pathname, searchParams } = new URL(url, 'http://engine');
    const call = `${method} ${pathname}`;
    calls.push(call);
    return { call, query: searchParams };
  };
  const server = createServer((request, response) => {
    const { call, query } = note(request);
    json(request).then(
      (body) => options.body?.(call, body),
      () => undefined, // not JSON
    );
    const answer = options.answer(call, query, response);
    if (answer === 'answered') return;
    response.writeHead(answer === undefined ? 404 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answer ?? { message: `No such container: ${call}` }));
  });
  server.on('upgrade', (request, socket) => {
    const { call } = note(request);
    socket.on('error', () => socket.destroy());
    socket.write('HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n');
    options.hijack?.(call, socket as Socket); // a server on a socket upgrades sockets
  });
  server.listen(socketPath);
  await once(server, 'listening');
  const api = new DockerApi({ socketPath });
  t.after(async () => {
    api.close();
    server.closeAllConnections();
    server.close();
    await rm(folder, { recursive: true });
  });
  return { api, socketPath, calls };
}
