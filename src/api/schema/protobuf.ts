/**
 * Protobuf of the built-in kinds (`application/vnd.kubernetes.protobuf`): messages in the `k8s\0` envelope, and frames
 * of watch streams. Decoded objects still go through the Decoder. Source: apimachinery
 * pkg/runtime/serializer/protobuf/protobuf.go, pkg/util/framer/framer.go.
 */

import protobuf from 'protobufjs/minimal.js';
import { errorText } from '../error-text.ts';
import type { JsonObject } from '../json.ts';
import { Messages } from './protobuf/message.ts';
import { readFields } from './protobuf/special.ts';
import type { Schema, Schemas } from './schema.ts';

/** `k8s` and a zero byte. */
const magic = [0x6b, 0x38, 0x73, 0x00] as const;

/** Thrown for bytes that are not a message of a kind; the server answers 400 with the message. */
export class ProtobufError extends Error {
  override readonly name = 'ProtobufError';
}

interface TypeName {
  readonly apiVersion: string;
  readonly kind: string;
}

interface Unknown extends TypeName {
  readonly raw: Uint8Array;
}

function splitApiVersion(apiVersion: string): { readonly group: string; readonly version: string } {
  const slash = apiVersion.indexOf('/');
  return { group: apiVersion.slice(0, Math.max(slash, 0)), version: apiVersion.slice(slash + 1) };
}

/** Reads runtime.Unknown. */
function readEnvelope(bytes: Uint8Array): Unknown {
  if (bytes.length < magic.length || !magic.every((byte, i) => bytes[i] === byte)) {
    throw new ProtobufError(`provided data does not appear to be a protobuf message, expected prefix [${magic.join(' ')}]`);
  }
  const reader = protobuf.Reader.create(bytes.subarray(magic.length));
  let apiVersion = '';
  let kind = '';
  let raw: Uint8Array = new Uint8Array();
  readFields(reader, reader.len, (id) => {
    if (id === 1) {
      readFields(reader, reader.uint32() + reader.pos, (field) => {
        if (field === 1) apiVersion = reader.string();
        else if (field === 2) kind = reader.string();
        return field <= 2;
      });
    } else if (id === 2) raw = reader.bytes();
    return id <= 2;
  });
  return { apiVersion, kind, raw };
}

export class Protobuf {
  readonly #schemas: Schemas;
  readonly #messages: Messages;

  constructor(schemas: Schemas) {
    this.#schemas = schemas;
    this.#messages = new Messages(schemas, (bytes) => this.decode(bytes, { apiVersion: '', kind: '' }));
  }

  /** Whether a kind has a protobuf form; Tables and custom resources have none. */
  supports(apiVersion: string, kind: string): boolean {
    return this.#schema(apiVersion, kind) !== undefined;
  }

  /** An object in its envelope. Throws ProtobufError for kinds without a protobuf form. */
  encode(object: JsonObject): Uint8Array {
    // Discovery of the core group names no version of its own; its envelope names none either.
    const { apiVersion = '', kind } = object;
    const schema =
      typeof apiVersion === 'string' && typeof kind === 'string' ? this.#schema(apiVersion === '' ? 'v1' : apiVersion, kind) : undefined;
    if (schema === undefined) throw new ProtobufError(`no protobuf form for ${String(kind)} in ${String(apiVersion)}`);
    const writer = protobuf.Writer.create();
    for (const byte of magic) writer.uint32(byte);
    writer.uint32(10).fork().uint32(10).string(String(apiVersion)).uint32(18).string(String(kind)).ldelim();
    writer.uint32(18).fork();
    this.#messages.write(schema.model, writer, object);
    writer.ldelim().uint32(26).string('').uint32(34).string('');
    return writer.finish();
  }

  /** The object in an envelope; `fallback` names its type when the envelope does not. Throws ProtobufError. */
  decode(bytes: Uint8Array, fallback: TypeName): JsonObject {
    try {
      const { raw, ...named } = readEnvelope(bytes);
      const apiVersion = named.apiVersion === '' ? fallback.apiVersion : named.apiVersion;
      const kind = named.kind === '' ? fallback.kind : named.kind;
      const schema = this.#schema(apiVersion, kind);
      if (schema === undefined) throw new ProtobufError(`no kind "${kind}" is registered for version "${apiVersion}"`);
      const reader = protobuf.Reader.create(raw);
      return { kind, apiVersion, ...this.#messages.read(schema.model, reader, reader.len) };
    } catch (error) {
      if (error instanceof ProtobufError) throw error;
      throw new ProtobufError(`proto: ${errorText(error)}`);
    }
  }

  #schema(apiVersion: string, kind: string): Schema | undefined {
    const { group, version } = splitApiVersion(apiVersion);
    const schema = this.#schemas.forKind(group, version, kind);
    const numbered = schema?.facts.members.some(({ number }) => number !== undefined) ?? false;
    return numbered ? schema : undefined;
  }
}

/** A watch event as one frame: its length in four bytes, then the bare WatchEvent holding the encoded object. */
export function encodeWatchFrame(type: string, object: Uint8Array): Uint8Array {
  const body = protobuf.Writer.create().uint32(10).string(type).uint32(18).fork().uint32(10).bytes(object).ldelim().finish();
  const frame = new Uint8Array(body.length + 4);
  new DataView(frame.buffer).setUint32(0, body.length);
  frame.set(body, 4);
  return frame;
}

/** The first whole frame of a buffer and its length in bytes; undefined while no frame is complete. */
export function decodeWatchFrame(
  buffer: Uint8Array,
): { readonly type: string; readonly object: Uint8Array; readonly length: number } | undefined {
  if (buffer.length < 4) return undefined;
  const size = new DataView(buffer.buffer, buffer.byteOffset).getUint32(0);
  if (buffer.length < size + 4) return undefined;
  const reader = protobuf.Reader.create(buffer.subarray(4, size + 4));
  let type = '';
  let object: Uint8Array = new Uint8Array();
  readFields(reader, reader.len, (id) => {
    if (id === 1) type = reader.string();
    else if (id === 2) {
      readFields(reader, reader.uint32() + reader.pos, (field) => {
        if (field === 1) object = reader.bytes();
        return field === 1;
      });
    }
    return id <= 2;
  });
  return { type, object, length: size + 4 };
}
