/** Closes a TCP connection with a reset, at once. */
import type { Socket } from 'node:net';

/**
 * Drops data that waits to be sent. A socket that is already being shut down is only closed: libuv refuses to reset it
 * (EINVAL), and Node then forgets to close it, which leaks the descriptor and keeps the worker thread from ending (seen
 * with Node 24.21, TCPWrap::Reset).
 */
export function resetSocket(socket: Socket): void {
  const shuttingDown = socket.writableEnded && !socket.writableFinished;
  if (shuttingDown || socket.connecting || socket.destroyed) socket.destroy();
  else socket.resetAndDestroy();
}
