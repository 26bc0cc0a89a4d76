/** Binary messages of Kubernetes' channel protocols: the first byte is a channel, the rest its payload. */
import type { OnPiece } from './web-socket-connection.ts';

/** `isNew`: the payload begins a message, and may be empty; a message's further pieces follow with `isNew` false. */
export type OnPayload = (channel: number, payload: Buffer, isNew: boolean) => void;

/** A reader of messages, for `WebSocketConnection.read`. */
export function channelMessages(onPayload: OnPayload): OnPiece {
  let open: number | undefined;
  return (piece, { isLast }) => {
    const isNew = open === undefined;
    const channel = open ?? piece[0];
    open = isLast ? undefined : channel;
    if (channel !== undefined) onPayload(channel, isNew ? piece.subarray(1) : piece, isNew);
  };
}
