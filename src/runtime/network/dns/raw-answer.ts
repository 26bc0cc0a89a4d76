/** Finds the TTL fields of an encoded DNS message without decoding its records. Source: RFC 1035 4.1. */

/** The byte offsets of the TTLs from the start, and the smallest TTL in seconds. */
export interface Ttls {
  readonly offsets: readonly number[];
  readonly minSeconds: number;
}

const typeOpt = 41;

function skipName(message: Buffer, start: number): number | undefined {
  let at = start;
  while (at < message.length) {
    const length = message[at] ?? 0;
    if (length === 0) return at + 1;
    if (length >= 0xc0) return at + 2;
    at += length + 1;
  }
  return undefined;
}

/** Finds the TTLs of all records but OPT; undefined when the message is malformed. */
export function findTtls(message: Buffer): Ttls | undefined {
  if (message.length < 12) return undefined;
  let at: number | undefined = 12;
  for (let question = message.readUInt16BE(4); question > 0; question--) {
    at = skipName(message, at);
    if (at === undefined) return undefined;
    at += 4;
  }
  const offsets: number[] = [];
  let minSeconds = Number.POSITIVE_INFINITY;
  for (let record = message.readUInt16BE(6) + message.readUInt16BE(8) + message.readUInt16BE(10); record > 0; record--) {
    at = skipName(message, at);
    if (at === undefined || at + 10 > message.length) return undefined;
    if (message.readUInt16BE(at) !== typeOpt) {
      offsets.push(at + 4);
      minSeconds = Math.min(minSeconds, message.readUInt32BE(at + 4));
    }
    at += 10 + message.readUInt16BE(at + 8);
  }
  return at <= message.length ? { offsets, minSeconds } : undefined;
}

/** A copy with every TTL lowered by `elapsedSeconds` (not below 0) and another id. */
export function aged(message: Buffer, ttls: Ttls, elapsedSeconds: number, id: number): Buffer {
  const copy = Buffer.from(message);
  copy.writeUInt16BE(id, 0);
  for (const offset of ttls.offsets) copy.writeUInt32BE(Math.max(0, copy.readUInt32BE(offset) - elapsedSeconds), offset);
  return copy;
}
