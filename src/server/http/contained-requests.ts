/**
 * Requests and responses that close their connection (over HTTP/2, their stream) when one of their listeners throws
 * (client/error-boundary.ts). They are classes because wrapping each of the many requests would cost more.
 */
import { IncomingMessage, ServerResponse } from 'node:http';
import { constants, Http2ServerRequest, Http2ServerResponse, type ServerHttp2Stream } from 'node:http2';

export const isDestroyable = (part: unknown): part is { destroy(): unknown } =>
  typeof part === 'object' && part !== null && 'destroy' in part && typeof part.destroy === 'function';

/**
 * Resets one stream of an HTTP/2 connection, as Go's server does when a handler panics. Other streams of the connection
 * continue.
 */
export const resetStream = (stream: ServerHttp2Stream): void => stream.close(constants.NGHTTP2_INTERNAL_ERROR);

/** The classes as server options; errors are passed to `report`. */
export function containedRequests(report: (error: unknown) => void) {
  const end = (error: unknown, socket: { destroy(): unknown } | null): true => {
    report(error);
    socket?.destroy();
    return true;
  };
  const endStream = (error: unknown, stream: ServerHttp2Stream): true => {
    report(error);
    resetStream(stream);
    return true;
  };
  return {
    Http1IncomingMessage: class extends IncomingMessage {
      override emit(event: string | symbol, ...args: unknown[]): boolean {
        try {
          return super.emit(event, ...args);
        } catch (error) {
          return end(error, this.socket);
        }
      }
    },
    Http1ServerResponse: class extends ServerResponse {
      override emit(event: string | symbol, ...args: unknown[]): boolean {
        try {
          return super.emit(event, ...args);
        } catch (error) {
          return end(error, this.socket);
        }
      }
    },
    Http2ServerRequest: class extends Http2ServerRequest {
      override emit(event: string | symbol, ...args: unknown[]): boolean {
        try {
          return super.emit(event, ...args);
        } catch (error) {
          return endStream(error, this.stream);
        }
      }
    },
    Http2ServerResponse: class extends Http2ServerResponse {
      override emit(event: string | symbol, ...args: unknown[]): boolean {
        try {
          return super.emit(event, ...args);
        } catch (error) {
          return endStream(error, this.stream);
        }
      }
    },
  };
}
