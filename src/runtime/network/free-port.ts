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

/** The first free port from `first` on. Rejects when none of the first `attempts` ports (default 1000) is free. */
export async function firstFreePort(host: string, first: number, attempts = 1000): Promise<number> {
  for (let port = first; port < first + attempts && port <= 65_535; port++) if (await canListen(host, port)) return port;
  throw new Error(`no port from ${first} on is free on ${host}`);
}
