/**
 * Error boundaries: what a listener of one connection throws ends that connection, and nothing else.
 *
 * Listeners are called by Node, from the top of the stack: an exception in one has no caller, and would end the process. So every emitter that belongs to one
 * connection (its sockets, sessions, requests, streams, and what others register on them) emits within a boundary. What is shared by connections has none: an error
 * there leaves nobody knows what, and ends the process, which its guard starts again.
 */
import type { EventEmitter } from 'node:events';

/** Ends the connection. `args` are the event's. */
export type OnEscape = (error: unknown, args: readonly unknown[]) => void;

/** Has an emitter hand what its listeners throw to `onEscape`; an `error` event that nobody listens to is such a thing, too. */
export function contain(emitter: EventEmitter, onEscape: OnEscape): void {
  const emit = emitter.emit;
  emitter.emit = function (this: EventEmitter, ...args): boolean {
    try {
      return emit.apply(this, args);
    } catch (error) {
      onEscape(error, args);
      return true;
    }
  };
}

/** An event of a connection's socket: a handler of the connection, or of a stream within it, has thrown an error. */
const failed = Symbol('failed');

/** Makes a socket the end of its connection's errors: they are given to `report`, and the socket is destroyed. */
export function containConnection(socket: EventEmitter & { destroy(): unknown }, report: (error: unknown) => void): void {
  socket.on(failed, (error: unknown) => {
    report(error);
    socket.destroy();
  });
  contain(socket, (error) => socket.emit(failed, error));
}

/** Has a stream within a connection, and those within the stream, share its fate. */
export function containStream(stream: EventEmitter, connection: EventEmitter): void {
  const end = (error: unknown): void => failConnection(connection, error);
  stream.on(failed, end);
  contain(stream, end);
}

/** Ends a connection for an error in what is done for it. A connection without a boundary throws it. */
export function failConnection(connection: EventEmitter, error: unknown): void {
  if (!connection.emit(failed, error)) throw error;
}
