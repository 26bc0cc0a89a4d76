/**
 * The unions inside JSONSchemaProps: a schema, or an array, a bool or strings. Source: apiextensions v1
 * generated.proto.
 */
import type protobuf from 'protobufjs/minimal.js';
import { isObject, type JsonValue } from '../../json.ts';
import { readFields, type SpecialCodec } from './special.ts';

interface SchemaValue {
  readonly write: (writer: protobuf.Writer, value: JsonValue) => void;
  readonly read: (reader: protobuf.Reader) => JsonValue;
}

/** The codec of a union by its Go name; undefined for plain JSON. */
export function schemaUnionCodec(goName: string, schema: SchemaValue): SpecialCodec | undefined {
  switch (goName) {
    case 'v1.JSONSchemaPropsOrBool':
      return orBool(schema);
    case 'v1.JSONSchemaPropsOrArray':
      return orList(
        schema,
        (writer, item) => schema.write(writer, item),
        (reader) => schema.read(reader),
      );
    case 'v1.JSONSchemaPropsOrStringArray':
      return orList(
        schema,
        (writer, item) => {
          writer.string(String(item));
        },
        (reader) => reader.string(),
      );
    default:
      return undefined;
  }
}

function orBool(schema: SchemaValue): SpecialCodec {
  return {
    write: (writer, value) => {
      writer.uint32(8).bool(value !== false);
      if (isObject(value)) schema.write(writer.uint32(18), value);
    },
    read: (reader, end) => {
      let result: JsonValue = false;
      readFields(reader, end, (id) => {
        if (id === 1) result = reader.bool();
        else if (id === 2) result = schema.read(reader);
        return id <= 2;
      });
      return result;
    },
  };
}

function orList(schema: SchemaValue, write: SchemaValue['write'], read: SchemaValue['read']): SpecialCodec {
  return {
    write: (writer, value) => {
      if (isObject(value)) schema.write(writer.uint32(10), value);
      else if (Array.isArray(value)) for (const item of value) write(writer.uint32(18), item);
    },
    read: (reader, end) => {
      const items: JsonValue[] = [];
      let single: JsonValue | undefined;
      readFields(reader, end, (id) => {
        if (id === 1) single = schema.read(reader);
        else if (id === 2) items.push(read(reader));
        return id <= 2;
      });
      return single ?? items;
    },
  };
}
