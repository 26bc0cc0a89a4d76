/**
 * The connection between a `minik run` and its cluster's server, by which each learns at once that the other is gone,
 * however that came. The run listens at an abstract socket, which leaves no file and ends with its process; nothing is
 * ever sent.
 */
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import type { RunMark } from './mark.ts';

/** Only Linux has abstract sockets. Elsewhere what a dead run leaves is removed by the next command alone. */
const supported = process.platform === 'linux';

const nameOf = ({ profile, pid, processStart }: RunMark): string => `\0minik/${profile}/${pid}/${processStart}`;

/** The run's end. */
export interface OwnerChannel {
  /**
   * Tells the server that the cluster is no longer wanted; resolves when the server has ended, at the latest after
   * `limitMs`. At once when no server is connected; one that connects later is told, too.
   */
  dismiss(limitMs: number): Promise<void>;
  close(): void;
}

export async function openOwnerChannel(mark: RunMark): Promise<OwnerChannel> {
  if (!supported) return { dismiss: async () => undefined, close: () => undefined };
  const open = new Set<Socket>();
  let dismissed = false;
  // Half open: what the server closes last is its process.
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    open.add(socket);
    socket.on('error', () => undefined); // 'close' follows
    socket.on('close', () => open.delete(socket));
    socket.resume();
    socket.unref();
    if (dismissed) socket.end();
  });
  server.listen(nameOf(mark));
  await once(server, 'listening');
  server.unref();
  return {
    dismiss: async (limitMs) => {
      dismissed = true;
      const ended = [...open].map((socket) => {
        socket.ref();
        socket.end();
        return new Promise<void>((resolve) => socket.once('close', () => resolve()));
      });
      const limit = Promise.withResolvers<void>();
      const timer = setTimeout(limit.resolve, limitMs);
      await Promise.race([Promise.all(ended), limit.promise]).finally(() => clearTimeout(timer));
    },
    close: () => {
      server.close();
      for (const socket of open) socket.destroy();
    },
  };
}

/**
 * The server's end: calls back once when the run is gone, or has dismissed its cluster. Resolves with whether there is
 * a run at all. Where the channel is not supported, it says that there is, and never calls back.
 */
export async function watchOwner(mark: RunMark, onGone: () => void): Promise<boolean> {
  if (!supported) return true;
  const socket = connect({ path: nameOf(mark), allowHalfOpen: true });
  try {
    await once(socket, 'connect');
  } catch {
    return false; // nobody listens: the run is dead
  }
  let told = false;
  const gone = (): void => {
    if (!told) onGone();
    told = true;
  };
  socket.on('error', gone);
  socket.on('end', gone);
  socket.on('close', gone);
  socket.resume();
  return true;
}
