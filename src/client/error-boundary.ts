/**
 * Error boundaries: an exception in a listener of one connection ends that connection and nothing else.
 *
 * Node calls listeners from the top of the stack. An exception in a listener has no caller to catch it, and would end
 * the process. So every emitter that belongs to one connection (its sockets, sessions, requests and streams, and the
 * emitters that others register on them) emits within a boundary. Emitters that connections share have no boundary:
 * after an error there the state is unknown, so the error ends the process, and the server's guard starts it again.
 */
import type { EventEmitter } from 'node:events';

/** Ends the connection. `args` are the arguments of the event. */
export type OnEscape = (error: unknown, args: readonly unknown[]) => void;

/**
 * Passes exceptions of an emitter's listeners to `onEscape`. An `error` event without a listener is such an exception,
 * too.
 */
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

/** An event of a connection's socket: a handler of the connection, or of a stream within it, has thrown. */
const failed = Symbol('failed');

/** Makes a socket handle the errors of its connection: they are passed to `report`, and the socket is destroyed. */
export function containConnection(socket: EventEmitter & { destroy(): unknown }, report: (error: unknown) => void): void {
  socket.on(failed, (error: unknown) => {
    report(error);
    socket.destroy();
  });
  contain(socket, (error) => socket.emit(failed, error));
}

/** Lets errors of a stream, and of streams within it, end the connection that the stream belongs to. */
export function containStream(stream: EventEmitter, connection: EventEmitter): void {
  const end = (error: unknown): void => failConnection(connection, error);
  stream.on(failed, end);
  contain(stream, end);
}

/** Ends a connection because of an error in work done for it. Throws the error when the connection has no boundary. */
export function failConnection(connection: EventEmitter, error: unknown): void {
  if (!connection.emit(failed, error)) throw error;
}
