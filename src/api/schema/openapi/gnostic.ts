/**
 * Writes a Swagger 2.0 document as gnostic's protobuf message (openapi.v2.Document), which kubectl asks for.
 * Source: google/gnostic-models openapiv2/OpenAPIv2.proto.
 */
import protobuf from 'protobufjs/minimal.js';
import { isObject, type JsonObject, type JsonValue } from '../../json.ts';

type Writer = protobuf.Writer;
type Value = JsonValue | undefined;

/** Writes one field of a message when it has a value. */
type WriteField = (writer: Writer, id: number, value: Value) => void;
/** A message: JSON name to field number and writer. */
type Message = Readonly<Record<string, readonly [id: number, write: WriteField]>>;

const isList = (value: Value): value is readonly JsonValue[] => Array.isArray(value);
const tag = (id: number, wire: number): number => ((id << 3) | wire) >>> 0;

const text: WriteField = (writer, id, value) => {
  if (typeof value === 'string' && value !== '') writer.uint32(tag(id, 2)).string(value);
};
const bool: WriteField = (writer, id, value) => {
  if (value === true) writer.uint32(tag(id, 0)).bool(true);
};
const repeated =
  (write: WriteField): WriteField =>
  (writer, id, value) => {
    if (isList(value)) for (const item of value) write(writer, id, item);
  };

function nested(writer: Writer, id: number, body: () => void): void {
  writer.uint32(tag(id, 2)).fork();
  body();
  writer.ldelim();
}

const message =
  (fields: () => Message, vendorId?: number): WriteField =>
  (writer, id, value) => {
    if (isObject(value)) nested(writer, id, () => writeMessage(writer, value, fields(), vendorId));
  };

function writeMessage(writer: Writer, value: JsonObject, fields: Message, vendorId: number | undefined): void {
  for (const [name, [id, write]] of Object.entries(fields)) write(writer, id, value[name]);
  if (vendorId === undefined) return;
  for (const [name, item] of Object.entries(value)) if (name.startsWith('x-')) namedAny(writer, vendorId, name, item);
}

/** gnostic.Any: the value as YAML text (JSON is YAML). */
const any: WriteField = (writer, id, value) => {
  if (value !== undefined) nested(writer, id, () => text(writer, 2, `${JSON.stringify(value)}\n`));
};

function namedAny(writer: Writer, id: number, name: string, value: Value): void {
  nested(writer, id, () => {
    text(writer, 1, name);
    any(writer, 2, value);
  });
}

/** A map as a message of one repeated field of {name, value} pairs. */
const namedValues =
  (pairsId: number, write: WriteField): WriteField =>
  (writer, id, value) => {
    if (isObject(value)) nested(writer, id, () => writePairs(writer, pairsId, value, write));
  };

function writePairs(writer: Writer, pairsId: number, value: JsonObject, write: WriteField): void {
  for (const [name, item] of Object.entries(value)) {
    nested(writer, pairsId, () => {
      text(writer, 1, name);
      write(writer, 2, item);
    });
  }
}

/** Wraps a message into the field of a oneof. */
const within =
  (innerId: number, write: WriteField): WriteField =>
  (writer, id, value) => {
    if (value !== undefined) nested(writer, id, () => write(writer, innerId, value));
  };

const typeItem: WriteField = (writer, id, value) => {
  if (typeof value === 'string') nested(writer, id, () => text(writer, 1, value));
};

const itemsItem: WriteField = (writer, id, value) => {
  if (isObject(value)) nested(writer, id, () => schema(writer, 1, value));
};

const schemaFields = (): Message => ({
  $ref: [1, text],
  format: [2, text],
  title: [3, text],
  description: [4, text],
  default: [5, any],
  required: [19, repeated(text)],
  enum: [20, repeated(any)],
  additionalProperties: [21, within(1, schema)],
  type: [22, typeItem],
  items: [23, itemsItem],
  allOf: [24, repeated(schema)],
  properties: [25, namedValues(1, schema)],
});
const schema: WriteField = message(schemaFields, 31);

const bodyParameter = message(
  () => ({ description: [1, text], name: [2, text], in: [3, text], required: [4, bool], schema: [5, schema] }),
  6,
);
const queryParameter = message(
  () => ({
    required: [1, bool],
    in: [2, text],
    description: [3, text],
    name: [4, text],
    type: [6, text],
    format: [7, text],
    uniqueItems: [20, bool],
  }),
  23,
);
const pathParameter = message(
  () => ({
    required: [1, bool],
    in: [2, text],
    description: [3, text],
    name: [4, text],
    type: [5, text],
    format: [6, text],
    uniqueItems: [19, bool],
  }),
  22,
);

/** ParametersItem.parameter: a body parameter, or a non-body parameter of the given kind. */
const parametersItem: WriteField = (writer, id, value) => {
  if (!isObject(value)) return;
  const nonBody = (): void => {
    if (value.in === 'path') pathParameter(writer, 4, value);
    else queryParameter(writer, 3, value);
  };
  const parameter = (): void => {
    if (value.in === 'body') bodyParameter(writer, 1, value);
    else nested(writer, 2, nonBody);
  };
  nested(writer, id, () => nested(writer, 1, parameter));
};

const response = message(() => ({ description: [1, text], schema: [2, within(1, schema)] }), 5);

const operation = message(
  () => ({
    tags: [1, repeated(text)],
    summary: [2, text],
    description: [3, text],
    operationId: [5, text],
    produces: [6, repeated(text)],
    consumes: [7, repeated(text)],
    parameters: [8, repeated(parametersItem)],
    responses: [9, namedValues(1, within(1, response))],
    schemes: [10, repeated(text)],
    deprecated: [11, bool],
  }),
  13,
);

const pathItem = message(
  () => ({
    get: [2, operation],
    put: [3, operation],
    post: [4, operation],
    delete: [5, operation],
    options: [6, operation],
    head: [7, operation],
    patch: [8, operation],
    parameters: [9, repeated(parametersItem)],
  }),
  10,
);

const securityDefinition = within(
  2,
  message(() => ({ type: [1, text], name: [2, text], in: [3, text], description: [4, text] }), 5),
);
const stringArray: WriteField = (writer, id, value) => nested(writer, id, () => repeated(text)(writer, 1, value));

const documentFields = (): Message => ({
  swagger: [1, text],
  info: [2, message(() => ({ title: [1, text], version: [2, text], description: [3, text] }), 7)],
  schemes: [5, repeated(text)],
  consumes: [6, repeated(text)],
  produces: [7, repeated(text)],
  paths: [8, namedValues(2, pathItem)],
  definitions: [9, namedValues(1, schema)],
  security: [12, repeated(namedValues(1, stringArray))],
  securityDefinitions: [13, namedValues(1, securityDefinition)],
});

/** Encodes a Swagger 2.0 document. */
export function encodeSwagger(document: JsonObject): Uint8Array {
  const writer = protobuf.Writer.create();
  writeMessage(writer, document, documentFields(), 16);
  return writer.finish();
}
