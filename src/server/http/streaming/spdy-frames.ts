/** SPDY/3.1 frames as kubectl and Go's spdystream speak them. Source: the SPDY protocol draft 3.1. */
import { constants, inflateRawSync } from 'node:zlib';
import { joinAdjacent } from '../../../client/large-reads/join-adjacent.ts';

const words =
  'options head post put delete trace accept accept-charset accept-encoding accept-language accept-ranges age allow authorization cache-control connection content-base content-encoding content-language content-length content-location content-md5 content-range content-type date etag expect expires from host if-match if-modified-since if-none-match if-range if-unmodified-since last-modified location max-forwards pragma proxy-authenticate proxy-authorization range referer retry-after server te trailer transfer-encoding upgrade user-agent vary via warning www-authenticate method get status 200_OK version HTTP/1.1 url public set-cookie keep-alive origin';
const tail =
  '100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505203 Non-Authoritative Information204 No Content301 Moved Permanently400 Bad Request401 Unauthorized403 Forbidden404 Not Found500 Internal Server Error501 Not Implemented503 Service UnavailableJan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec 00:00:00 Mon, Tue, Wed, Thu, Fri, Sat, Sun, GMTchunked,text/html,image/png,image/jpg,image/gif,application/xml,application/xhtml+xml,text/plain,text/javascript,publicprivatemax-age=gzip,deflate,sdchcharset=utf-8charset=iso-8859-1,utf-,*,enq=0.';

const uint32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
};

/** The protocol's dictionary for header compression: length-prefixed header names, then common values. */
export const dictionary: Buffer = Buffer.concat([
  ...words.split(' ').flatMap((word) => {
    const text = Buffer.from(word.replace('_', ' '));
    return [uint32(text.length), text];
  }),
  Buffer.from(tail),
]);

export const frameTypes = {
  synStream: 1,
  synReply: 2,
  rstStream: 3,
  settings: 4,
  ping: 6,
  goAway: 7,
  headers: 8,
  windowUpdate: 9,
} as const;

export interface ControlFrame {
  readonly control: true;
  readonly type: number;
  readonly flags: number;
  readonly payload: Buffer;
}

export interface DataFrame {
  readonly control: false;
  readonly streamId: number;
  readonly fin: boolean;
  readonly payload: Buffer;
}

export type Frame = ControlFrame | DataFrame;

export const flagFin = 1;
const version = 3;
const headBytes = 8;
/** Larger than any frame that clients send. A header that claims more is not SPDY. */
const maxFrameBytes = 8 * 1024 * 1024;

interface OpenData {
  readonly streamId: number;
  readonly fin: boolean;
  leftBytes: number;
}

/**
 * Cuts a byte stream into frames. Data is handed on as it comes, without a copy: a frame of it
 * may be several, of which only the last has its `fin`, and frames that come together may be one.
 */
export class FrameParser {
  /** The beginning of a frame whose rest has not come. */
  #held: Buffer = Buffer.alloc(0);
  /** The data frame that is being read. */
  #data: OpenData | undefined;

  /** Takes bytes; returns the frames they complete. Throws when they are no SPDY/3. */
  push(chunk: Buffer): readonly Frame[] {
    const frames: Frame[] = [];
    let bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    while (bytes.length > 0) {
      const read = this.#data === undefined ? this.#begin(bytes, frames) : this.#continue(this.#data, bytes, frames);
      if (read === 0) break;
      bytes = bytes.subarray(read);
    }
    this.#held = bytes;
    return frames;
  }

  /**
   * Reads the head of a data frame, or a whole control frame; returns how many bytes that took, 0 when they are not all
   * there.
   */
  #begin(bytes: Buffer, frames: Frame[]): number {
    if (bytes.length < headBytes) return 0;
    const first = bytes.readUInt32BE(0);
    const flags = bytes[4] ?? 0;
    const length = bytes.readUInt32BE(4) & 0xffffff;
    if (length > maxFrameBytes) throw new Error('SPDY frame too large');
    if ((first & 0x80000000) === 0) {
      const [streamId, fin] = [first & 0x7fffffff, (flags & flagFin) !== 0];
      if (length === 0) frames.push({ control: false, streamId, fin, payload: Buffer.alloc(0) });
      else this.#data = { streamId, fin, leftBytes: length };
      return headBytes;
    }
    if (((first >>> 16) & 0x7fff) !== version) throw new Error(`SPDY version ${(first >>> 16) & 0x7fff} is not supported`);
    if (bytes.length < headBytes + length) return 0;
    frames.push({ control: true, type: first & 0xffff, flags, payload: bytes.subarray(headBytes, headBytes + length) });
    return headBytes + length;
  }

  #continue(data: OpenData, bytes: Buffer, frames: Frame[]): number {
    const payload = bytes.subarray(0, data.leftBytes);
    data.leftBytes -= payload.length;
    const isLast = data.leftBytes === 0;
    const { streamId } = data;
    const before = frames.at(-1);
    const joined =
      before?.control === false && before.streamId === streamId && !before.fin ? joinAdjacent(before.payload, payload) : undefined;
    if (joined !== undefined) frames.pop();
    frames.push({ control: false, streamId, fin: data.fin && isLast, payload: joined ?? payload });
    if (isLast) this.#data = undefined;
    return payload.length;
  }
}

export function controlFrame(type: number, flags: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32BE((0x80000000 | (version << 16) | type) >>> 0, 0);
  head.writeUInt32BE(((flags << 24) | payload.length) >>> 0, 4);
  return Buffer.concat([head, payload]);
}

/** The eight bytes before a data frame's payload. */
export function dataHeader(streamId: number, fin: boolean, length: number): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(streamId, 0);
  head.writeUInt32BE((((fin ? flagFin : 0) << 24) | length) >>> 0, 4);
  return head;
}

const windowBytes = 32 * 1024;
/** Length of zlib's stream header and the dictionary's checksum. */
const zlibPreambleBytes = 6;

/** Reads header blocks. All blocks of a connection form one zlib stream, which is flushed after each block. */
export class HeaderReader {
  #history: Buffer = dictionary;
  #first = true;

  read(block: Buffer): ReadonlyMap<string, string> {
    const raw = this.#first ? block.subarray(zlibPreambleBytes) : block;
    this.#first = false;
    const text = inflateRawSync(raw, { dictionary: this.#history, finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: 1024 * 1024 });
    this.#history = Buffer.concat([this.#history, text]).subarray(-windowBytes);
    return readPairs(text);
  }
}

function readPairs(text: Buffer): ReadonlyMap<string, string> {
  const headers = new Map<string, string>();
  let at = 4;
  const next = (): string => {
    const length = text.readUInt32BE(at);
    const value = text.toString('utf8', at + 4, at + 4 + length);
    at += 4 + length;
    return value;
  };
  for (let left = text.readUInt32BE(0); left > 0; left -= 1) {
    const name = next().toLowerCase();
    headers.set(name, next().split('\0', 1)[0] ?? '');
  }
  return headers;
}

const adler32 = (bytes: Buffer): number => {
  let [a, b] = [1, 0];
  for (const byte of bytes) {
    a = (a + byte) % 65521;
    b = (b + a) % 65521;
  }
  return ((b << 16) | a) >>> 0;
};

/** Writes empty header blocks, which is all that a server of Kubernetes streams sends: stored, not compressed. */
export class HeaderWriter {
  #first = true;

  /** Ends with an empty stored block, because Go's reader returns nothing until it has read one. */
  empty(): Buffer {
    const preamble = this.#first ? [Buffer.from([0x78, 0xbb]), uint32(adler32(dictionary))] : [];
    this.#first = false;
    const stored = Buffer.from([0x00, 0x04, 0x00, 0xfb, 0xff, 0x00, 0x00, 0x00, 0x00]);
    return Buffer.concat([...preamble, stored, Buffer.from([0x00, 0x00, 0x00, 0xff, 0xff])]);
  }
}

export { uint32 };
