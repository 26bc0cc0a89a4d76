/** Protobuf forms of the types that write their own JSON. Source: apimachinery generated.proto of each package. */
import protobuf from 'protobufjs/minimal.js';
import { goDuration, goDurationText } from '../../go-duration.ts';
import type { JsonValue } from '../../json.ts';
import type { SpecialName } from '../facts.ts';

type Reader = protobuf.Reader;
type Writer = protobuf.Writer;

/** Writes the content of a message (or, for bytes, is not used). */
export type WriteBody = (writer: Writer, value: JsonValue) => void;
/** Reads the content of a message up to `end`. */
export type ReadBody = (reader: Reader, end: number) => JsonValue;

const utf8 = new TextEncoder();
const fromUtf8 = new TextDecoder();

/** A 64-bit integer as a number; beyond 2^53 it is rounded. */
export function readInt64(reader: Reader): number {
  const value = reader.int64();
  return typeof value === 'number' ? value : protobuf.util.LongBits.from(value).toNumber(false);
}

/** Calls `field` for each field up to `end`; it must consume the field or return false. */
export function readFields(reader: Reader, end: number, field: (id: number, wire: number) => boolean): void {
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (!field(tag >>> 3, tag & 7)) reader.skipType(tag & 7);
  }
}

function writeTime(writer: Writer, value: JsonValue): void {
  if (typeof value !== 'string') return;
  const ms = Date.parse(value);
  const fraction = /\.(\d{1,9})/.exec(value)?.[1] ?? '';
  writer.uint32(8).int64(Math.floor(ms / 1000));
  writer.uint32(16).int32(Number(fraction.padEnd(9, '0').slice(0, 6)) * 1000);
}

function readTime(reader: Reader, end: number, micro: boolean): JsonValue {
  let seconds = 0;
  let nanos = 0;
  readFields(reader, end, (id) => {
    if (id === 1) seconds = readInt64(reader);
    else if (id === 2) nanos = reader.int32();
    return id === 1 || id === 2;
  });
  if (seconds === 0 && nanos === 0) return null;
  const text = new Date(seconds * 1000).toISOString().slice(0, 19);
  return micro ? `${text}.${String(Math.floor(nanos / 1000)).padStart(6, '0')}Z` : `${text}Z`;
}

/** Nanoseconds. */
function writeDuration(writer: Writer, value: JsonValue): void {
  const parsed = goDuration(String(value));
  if ('ms' in parsed) writer.uint32(8).int64(Math.round(parsed.ms * 1e6));
}

function readDuration(reader: Reader, end: number): JsonValue {
  let nanos = 0;
  readFields(reader, end, (id) => {
    if (id === 1) nanos = readInt64(reader);
    return id === 1;
  });
  return goDurationText(nanos / 1e6);
}

function writeIntOrString(writer: Writer, value: JsonValue): void {
  if (typeof value === 'number') writer.uint32(8).int64(0).uint32(16).int32(value).uint32(26).string('');
  else writer.uint32(8).int64(1).uint32(16).int32(0).uint32(26).string(String(value));
}

function readIntOrString(reader: Reader, end: number): JsonValue {
  let isText = false;
  let number = 0;
  let text = '';
  readFields(reader, end, (id) => {
    if (id === 1) isText = readInt64(reader) === 1;
    else if (id === 2) number = reader.int32();
    else if (id === 3) text = reader.string();
    return id <= 3;
  });
  return isText ? text : number;
}

const writeRaw: WriteBody = (writer, value) => {
  writer.uint32(10).bytes(utf8.encode(JSON.stringify(value)));
};

/** Raw JSON bytes; `nested` reads bytes that are a protobuf envelope. */
function readRaw(reader: Reader, end: number, nested: ((bytes: Uint8Array) => JsonValue) | undefined): JsonValue {
  let raw: Uint8Array = new Uint8Array();
  readFields(reader, end, (id) => {
    if (id === 1) raw = reader.bytes();
    return id === 1;
  });
  if (raw.length === 0) return null;
  if (nested !== undefined && raw[0] === 0x6b && raw[3] === 0) return nested(raw);
  // The bytes come from a client; whatever JSON they hold is decoded by schema afterwards.
  return JSON.parse(fromUtf8.decode(raw)) as JsonValue;
}

export interface SpecialCodec {
  readonly write: WriteBody;
  readonly read: ReadBody;
}

/** The codec of a special type; bytes are a scalar of protobuf and have none. */
export function specialCodec(name: Exclude<SpecialName, 'bytes'>, nested: (bytes: Uint8Array) => JsonValue): SpecialCodec {
  switch (name) {
    case 'time':
      return {
        write: (writer, value) => {
          if (typeof value === 'string')
            writer
              .uint32(8)
              .int64(Math.floor(Date.parse(value) / 1000))
              .uint32(16)
              .int32(0);
        },
        read: (reader, end) => readTime(reader, end, false),
      };
    case 'microtime':
      return { write: writeTime, read: (reader, end) => readTime(reader, end, true) };
    case 'quantity':
      return {
        write: (writer, value) => {
          writer.uint32(10).string(String(value));
        },
        read: (reader, end) => {
          let text = '';
          readFields(reader, end, (id) => {
            if (id === 1) text = reader.string();
            return id === 1;
          });
          return text === '' ? '0' : text;
        },
      };
    case 'intOrString':
      return { write: writeIntOrString, read: readIntOrString };
    case 'rawExtension':
      return { write: writeRaw, read: (reader, end) => readRaw(reader, end, nested) };
    case 'json':
    case 'fieldsV1':
      return { write: writeRaw, read: (reader, end) => readRaw(reader, end, undefined) };
    case 'duration':
      return { write: writeDuration, read: readDuration };
  }
}
