/**
 * Ends a response that cannot be completed, in a way that no client takes for complete: closes the connection over
 * HTTP/1.1, resets the stream over HTTP/2.
 */
import { constants, Http2ServerResponse } from 'node:http2';
import type { NodeBindings } from './exchange.ts';

export function cutOff(outgoing: NodeBindings['outgoing']): void {
  // `destroy` alone would end the stream as if the response were complete.
  if (outgoing instanceof Http2ServerResponse) outgoing.stream.close(constants.NGHTTP2_INTERNAL_ERROR);
  else outgoing.destroy();
}
