/** Finds a TCP port of the host on which nothing listens. */
import { createServer } from 'node:net';

/** Whether this process can listen there. */
export function canListen(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

export interface PortSearch {
  /** Ports that are not tried. */
  readonly taken?: ReadonlySet<number>;
  /** How many ports are tried; default 1000. */
  readonly attempts?: number;
}

/** The first free port from `first` on. Rejects when there is none among those tried. */
export async function firstFreePort(host: string, first: number, { taken = new Set(), attempts = 1000 }: PortSearch = {}): Promise<number> {
  for (let port = first; port < first + attempts && port <= 65_535; port++)
    if (!taken.has(port) && (await canListen(host, port))) return port;
  throw new Error(`no port from ${first} on is free on ${host}`);
}
