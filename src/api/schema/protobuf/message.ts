/**
 * Compiles schemas to writers and readers of protobuf messages. Wire format by protobufjs; field numbers from the
 * facts.
 */
import type protobuf from 'protobufjs/minimal.js';
import { isObject, type JsonObject, type JsonValue } from '../../json.ts';
import type { EmbedFacts, FieldFacts, GoType } from '../facts.ts';
import type { Schemas } from '../schema.ts';
import { schemaUnionCodec } from './schema-unions.ts';
import { type ReadBody, readFields, readInt64, type SpecialCodec, specialCodec, type WriteBody } from './special.ts';

type Reader = protobuf.Reader;
type Writer = protobuf.Writer;
/** The object being read. An embedded message fills the same object. */
type Target = Record<string, JsonValue>;

/** Writes a value as one field, tag included. */
type WriteField = (writer: Writer, value: JsonValue) => void;
/** Reads one occurrence of a field into the object. */
type ReadField = (reader: Reader, wire: number, target: Target) => void;

interface FieldCodec {
  readonly id: number;
  readonly write: (writer: Writer, object: JsonObject) => void;
  readonly read: ReadField;
}

/** How a single value (not a list or map) is written and read. */
interface ValueCodec {
  readonly wire: 0 | 1 | 2;
  readonly write: WriteBody;
  readonly read: (reader: Reader) => JsonValue;
  /** The value of a map entry that leaves its value out. */
  readonly zero: JsonValue;
}

interface MessageCodec {
  readonly write: (writer: Writer, object: JsonObject) => void;
  readonly readInto: (reader: Reader, end: number, target: Target) => void;
}

const tagOf = (id: number, wire: number): number => ((id << 3) | wire) >>> 0;

function setField(target: Target, key: string, value: JsonValue): void {
  if (key === '__proto__') Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
  else target[key] = value;
}

const text: ValueCodec = {
  wire: 2,
  write: (writer, value) => {
    writer.string(String(value));
  },
  read: (reader) => reader.string(),
  zero: '',
};
const scalars: Readonly<Record<string, ValueCodec>> = {
  string: text,
  bool: {
    wire: 0,
    write: (writer, value) => {
      writer.bool(value === true);
    },
    read: (reader) => reader.bool(),
    zero: false,
  },
  int32: {
    wire: 0,
    write: (writer, value) => {
      writer.int32(Number(value));
    },
    read: (reader) => reader.int32(),
    zero: 0,
  },
  int64: {
    wire: 0,
    write: (writer, value) => {
      writer.int64(Number(value));
    },
    read: readInt64,
    zero: 0,
  },
  float64: {
    wire: 1,
    write: (writer, value) => {
      writer.double(Number(value));
    },
    read: (reader) => reader.double(),
    zero: 0,
  },
};
const bytes: ValueCodec = {
  wire: 2,
  write: (writer, value) => {
    writer.bytes(Buffer.from(String(value), 'base64'));
  },
  read: (reader) => Buffer.from(reader.bytes()).toString('base64'),
  zero: '',
};

/** Wraps the content of a message into a length-delimited value. */
const delimited = (write: WriteBody, read: ReadBody, zero: JsonValue): ValueCodec => ({
  wire: 2,
  write: (writer, value) => {
    writer.fork();
    write(writer, value);
    writer.ldelim();
  },
  read: (reader) => read(reader, reader.uint32() + reader.pos),
  zero,
});

/** Slices that are wrapped in a message of their own. Source: `+protobuf.nullable=true` types. */
const wrappedLists = /\.(ExtraValue|Verbs)$/;

/** Holds the compiled messages. */
export class Messages {
  readonly #schemas: Schemas;
  readonly #codecs = new Map<string, MessageCodec>();
  readonly #nested: (bytes: Uint8Array) => JsonValue;

  /** `nested` decodes a raw extension that holds a protobuf envelope. */
  constructor(schemas: Schemas, nested: (bytes: Uint8Array) => JsonValue) {
    this.#schemas = schemas;
    this.#nested = nested;
  }

  /** Writes the content of a message. */
  write(model: string, writer: Writer, object: JsonObject): void {
    this.#message(model).write(writer, object);
  }

  /** Reads the content of a message. Throws RangeError or Error on malformed bytes. */
  read(model: string, reader: Reader, end: number): JsonObject {
    const target: Target = {};
    this.#message(model).readInto(reader, end, target);
    return target;
  }

  #message(model: string): MessageCodec {
    const known = this.#codecs.get(model);
    if (known !== undefined) return known;
    let compiled: MessageCodec | undefined;
    const lazy = (): MessageCodec => {
      compiled ??= this.#compile(model);
      return compiled;
    };
    const codec: MessageCodec = {
      write: (writer, object) => lazy().write(writer, object),
      readInto: (reader, end, target) => lazy().readInto(reader, end, target),
    };
    this.#codecs.set(model, codec);
    return codec;
  }

  #compile(model: string): MessageCodec {
    const fields = this.#schemas
      .get(model)
      .facts.members.map((member) => this.#member(member))
      .filter((field) => field !== undefined)
      .sort((a, b) => a.id - b.id);
    const byId = new Map(fields.map((field) => [field.id, field]));
    return {
      write: (writer, object) => {
        for (const field of fields) field.write(writer, object);
      },
      readInto: (reader, end, target) =>
        readFields(reader, end, (id, wire) => {
          const field = byId.get(id);
          field?.read(reader, wire, target);
          return field !== undefined;
        }),
    };
  }

  #member(member: FieldFacts | EmbedFacts): FieldCodec | undefined {
    if (member.number === undefined) return undefined;
    if ('embed' in member) return this.#embedded(member.embed, member.number);
    const { name, number: id, type } = member;
    const { write, read } = this.#field(name, id, type);
    return {
      id,
      write: (writer, object) => {
        const value = object[name];
        if (value !== undefined && value !== null) write(writer, value);
      },
      read,
    };
  }

  /** An embedded struct is a message of its own whose fields lie in the same JSON object. */
  #embedded(model: string, id: number): FieldCodec {
    const codec = this.#message(model);
    return {
      id,
      write: (writer, object) => {
        writer.uint32(tagOf(id, 2)).fork();
        codec.write(writer, object);
        writer.ldelim();
      },
      read: (reader, _wire, target) => codec.readInto(reader, reader.uint32() + reader.pos, target),
    };
  }

  #field(name: string, id: number, pointed: GoType): { readonly write: WriteField; readonly read: ReadField } {
    const type = pointed.kind === 'pointer' ? pointed.of : pointed;
    if (type.kind === 'list' && !wrappedLists.test(type.goName)) return this.#list(name, id, this.#value(type.of));
    if (type.kind === 'map') return this.#map(name, id, this.#value(type.of));
    const value = this.#value(type);
    return {
      write: (writer, item) => {
        writer.uint32(tagOf(id, value.wire));
        value.write(writer, item);
      },
      read: (reader, _wire, target) => {
        target[name] = value.read(reader);
      },
    };
  }

  #list(name: string, id: number, value: ValueCodec): { readonly write: WriteField; readonly read: ReadField } {
    return {
      write: (writer, items) => {
        if (!Array.isArray(items)) return;
        for (const item of items) {
          writer.uint32(tagOf(id, value.wire));
          value.write(writer, item);
        }
      },
      read: (reader, wire, target) => {
        const existing = target[name];
        // Only this reader has put the list there.
        const list = Array.isArray(existing) ? (existing as JsonValue[]) : [];
        target[name] = list;
        if (wire !== 2 || value.wire === 2) list.push(value.read(reader));
        else for (const end = reader.uint32() + reader.pos; reader.pos < end; ) list.push(value.read(reader));
      },
    };
  }

  #map(name: string, id: number, value: ValueCodec): { readonly write: WriteField; readonly read: ReadField } {
    return {
      write: (writer, entries) => {
        if (!isObject(entries)) return;
        for (const key of Object.keys(entries)) {
          writer.uint32(tagOf(id, 2)).fork().uint32(10).string(key).uint32(tagOf(2, value.wire));
          value.write(writer, entries[key] ?? value.zero);
          writer.ldelim();
        }
      },
      read: (reader, _wire, target) => {
        const existing = target[name];
        const entries: Target = isObject(existing) ? (existing as Target) : {};
        target[name] = entries;
        let key = '';
        let item = value.zero;
        readFields(reader, reader.uint32() + reader.pos, (field) => {
          if (field === 1) key = reader.string();
          else if (field === 2) item = value.read(reader);
          return field === 1 || field === 2;
        });
        setField(entries, key, item);
      },
    };
  }

  #value(type: GoType): ValueCodec {
    switch (type.kind) {
      case 'pointer':
        return this.#value(type.of);
      case 'scalar':
        return scalars[type.name] ?? text;
      case 'named':
        return this.#structValue(type.model);
      case 'special':
        return type.name === 'bytes' ? bytes : this.#specialValue(type);
      case 'list':
        return this.#wrappedList(type.of);
      case 'map':
        throw new Error(`no protobuf form for a map inside ${type.goName}`);
    }
  }

  #structValue(model: string): ValueCodec {
    const codec = this.#message(model);
    const write: WriteBody = (writer, value) => {
      if (isObject(value)) codec.write(writer, value);
    };
    return delimited(
      write,
      (reader, end) => {
        const target: Target = {};
        codec.readInto(reader, end, target);
        return target;
      },
      {},
    );
  }

  #specialValue(type: Extract<GoType, { kind: 'special' }>): ValueCodec {
    const union = type.name === 'json' ? schemaUnionCodec(type.goName, this.#structValue(`${apiextensions}.JSONSchemaProps`)) : undefined;
    const codec: SpecialCodec = union ?? specialCodec(type.name === 'bytes' ? 'json' : type.name, this.#nested);
    return delimited(codec.write, codec.read, null);
  }

  /** `message ExtraValue { repeated string items = 1; }`. */
  #wrappedList(of: GoType): ValueCodec {
    const { write, read } = this.#list('items', 1, this.#value(of));
    const readBody: ReadBody = (reader, end) => {
      const target: Target = { items: [] };
      readFields(reader, end, (id, wire) => {
        if (id === 1) read(reader, wire, target);
        return id === 1;
      });
      return target.items ?? [];
    };
    return delimited(write, readBody, []);
  }
}

const apiextensions = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1';
