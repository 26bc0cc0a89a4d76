/** Ends an answer that cannot be finished so that no client takes it for whole: the connection over HTTP/1.1, the stream's reset over HTTP/2. */
import { constants, Http2ServerResponse } from 'node:http2';
import type { NodeBindings } from './exchange.ts';

export function cutOff(outgoing: NodeBindings['outgoing']): void {
  // `destroy` alone would end the stream as if all had been said.
  if (outgoing instanceof Http2ServerResponse) outgoing.stream.close(constants.NGHTTP2_INTERNAL_ERROR);
  else outgoing.destroy();
}
