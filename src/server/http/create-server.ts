/**
 * The API server on its sockets: HTTPS with HTTP/1.1 and HTTP/2 on one port. Client certificates are requested but not
 * required. `close` ends watches and streams cleanly and drains connections within a time limit.
 */
import type { Pki } from '../pki/pki.ts';
import { type App, type AppOptions, createApp } from './app.ts';
import { Connections, type ListenAddress, listen, type SecureServer, type Site, secureServer } from './secure-server.ts';
import { mayUpgrade } from './streaming/may-upgrade.ts';
import { handleUpgrade } from './streaming/upgrade.ts';

export interface ServerOptions extends AppOptions {
  readonly pki: Pick<Pki, 'caCertificate' | 'serving'>;
  /** The first address is the main one, which `url` names. */
  readonly addresses: readonly [ListenAddress, ...ListenAddress[]];
  /** How long `close` waits for requests in progress, in milliseconds. Default 2000. */
  readonly drainMs?: number;
  /** Called for every request that arrives, except upgrades. */
  readonly onRequest?: () => void;
}

export interface ApiServer {
  /** `https://127.0.0.1:6443`: the URL of the first address. */
  readonly url: string;
  /** The listening ports, in the order of the addresses. */
  readonly ports: readonly number[];
  readonly app: App;
  /** Listens on one more address, too. Rejects when it cannot. */
  listen(address: ListenAddress): Promise<void>;
  close(): Promise<void>;
}

const defaultDrainMs = 2000;

/** Starts the API server. Rejects when it cannot listen on an address; it then listens on none. */
export async function createServer(options: ServerOptions): Promise<ApiServer> {
  const app = createApp(options);
  const connections = new Connections();
  const stopping = new AbortController();
  const servers: SecureServer[] = [];
  const ports: number[] = [];
  const { pki, logger, onRequest } = options;
  const site: Site = {
    ...{ caCertificate: pki.caCertificate, serving: pki.serving, logger, onRequest, handle: app.handle },
    onHandshakeFailed: () => app.server.access.handshakeFailed(),
    upgrades: {
      may: (incoming) => mayUpgrade(incoming, app.server),
      upgrade: (incoming, socket, head) => handleUpgrade(app, incoming, socket, head, stopping.signal),
    },
  };
  const listenAt = async (address: ListenAddress): Promise<void> => {
    const server = secureServer(site, connections);
    ports.push(await listen(server, address));
    servers.push(server);
  };
  try {
    for (const address of options.addresses) await listenAt(address);
  } catch (error) {
    for (const server of servers) server.close();
    throw error;
  }
  const [{ host }] = options.addresses;
  const authority = `${host.includes(':') ? `[${host}]` : host}:${ports[0] ?? 0}`;
  app.server.discovery.serverAddress = authority;
  return {
    url: `https://${authority}`,
    ports,
    app,
    listen: listenAt,
    close: () => closeAll(servers, app, connections, stopping, options.drainMs ?? defaultDrainMs),
  };
}

async function closeAll(
  servers: readonly SecureServer[],
  app: App,
  connections: Connections,
  stopping: AbortController,
  drainMs: number,
): Promise<void> {
  const closed = servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve())));
  connections.draining = true;
  app.server.watches.shutDown();
  stopping.abort();
  for (const session of connections.sessions) session.close();
  await connections.drained(drainMs);
  for (const session of connections.sessions) session.destroy();
  for (const socket of connections.sockets) socket.destroy();
  await Promise.all(closed);
}
