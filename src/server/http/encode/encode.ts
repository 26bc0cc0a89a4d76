/**
 * Encodes entries and lists in every representation. JSON is assembled from the bytes in the store, so no object is
 * serialized twice.
 */
import type { JsonObject } from '../../../api/json.ts';
import { hasProtobuf } from '../../../api/schema/model-formats.ts';
import { statusErrors } from '../../../api/status-error.ts';
import { internalPackage } from '../../registry/codec.ts';
import type { ListAnswer, Target } from '../../registry/registry.ts';
import { servedApiVersion, servedSchema } from '../../registry/served-version.ts';
import type { Entry } from '../../store/store.ts';
import type { Representation } from '../negotiation.ts';
import type { ProtobufCodec } from '../ports.ts';
import { ListBody } from './list-body.ts';
import { partialJson, partialObject } from './partial-metadata.ts';
import type { ServedEntries } from './served-entries.ts';
import { type IncludeObject, type ListMeta, tableJson } from './table.ts';
import type { TableColumns } from './table-columns.ts';

export interface EncodeContext {
  readonly codec: ProtobufCodec;
  readonly columns: TableColumns;
  readonly served: ServedEntries;
  /** Milliseconds since the epoch, for rendering ages. */
  readonly now: number;
  readonly includeObject: IncludeObject;
}

/** The body of an answer. */
export type Body = Uint8Array | string | ListBody;

type What = Pick<Target, 'kind' | 'served'>;

/** Encodes an object that is not a stored entry (Status, Scale, discovery). */
export async function encodeObject(object: JsonObject, representation: Representation, codec: ProtobufCodec): Promise<Uint8Array | string> {
  if (representation.mediaType === 'application/vnd.kubernetes.protobuf') return codec.encode(object);
  if (representation.mediaType === 'application/yaml') return yamlOf(object);
  return representation.pretty ? `${JSON.stringify(object, null, 2)}\n` : `${JSON.stringify(object)}\n`;
}

/**
 * A document whose only representation is JSON. Source: apiserver pkg/endpoints/handlers/responsewriters/writers.go,
 * WriteRawJSON.
 */
export const rawJson = (object: JsonObject): string => JSON.stringify(object, null, 2);

/** An object as YAML. */
export async function yamlOf(object: JsonObject): Promise<string> {
  const { stringify } = await import('yaml');
  // Go's library quotes strings that YAML 1.1 would read as another type, such as times.
  return stringify(object, { version: '1.1', indentSeq: false, lineWidth: 0, aliasDuplicateObjects: false, sortMapEntries: true });
}

/** Converts text that is already JSON to the requested representation. */
async function fromJson(json: string, representation: Representation): Promise<string> {
  if (representation.mediaType === 'application/yaml') return yamlOf(JSON.parse(json) as JsonObject);
  return representation.pretty ? `${JSON.stringify(JSON.parse(json), null, 2)}\n` : `${json}\n`;
}

const plain = (r: Representation): boolean => r.mediaType === 'application/json' && !r.pretty;

/**
 * Encodes one entry. The plain JSON of a stored version is returned synchronously and without a copy: it is the bytes
 * in the store.
 */
export function encodeEntry(
  target: What,
  entry: Entry,
  representation: Representation,
  context: EncodeContext,
): Uint8Array | Promise<Uint8Array | string> {
  const waiting = context.served.prepare(target, [entry]);
  if (waiting !== undefined) return waiting.then(() => encodePrepared(target, entry, representation, context));
  return encodePrepared(target, entry, representation, context);
}

function encodePrepared(
  target: What,
  entry: Entry,
  representation: Representation,
  context: EncodeContext,
): Uint8Array | Promise<Uint8Array | string> {
  if (representation.transform === undefined && plain(representation)) return context.served.bytes(target, entry);
  return encodeEntrySlowly(target, entry, representation, context);
}

async function encodeEntrySlowly(
  target: What,
  entry: Entry,
  representation: Representation,
  context: EncodeContext,
): Promise<Uint8Array | string> {
  const { transform, transformVersion: version } = representation;
  if (transform === undefined) return encodeObject(context.served.object(target, entry), representation, context.codec);
  if (transform === 'Table') {
    const meta = { resourceVersion: entry.object.metadata.resourceVersion };
    const { columns, served, now, includeObject } = context;
    return fromJson(tableJson(target, [entry], meta, { columns, served, version, includeObject, now, headers: true }), representation);
  }
  if (transform !== 'PartialObjectMetadata') {
    throw statusErrors.notAcceptable(`you requested ${transform}, but the requested object is not a list (${goName(target)})`);
  }
  if (representation.mediaType === 'application/vnd.kubernetes.protobuf') return context.codec.encode(partialObject(entry, version));
  return fromJson(partialJson(entry, version), representation);
}

/** A type as upstream's errors name it: the internal one of a built-in Kind. */
const goName = (target: What, list = false): string => {
  if (itemsNameTheirType(target)) return `*unstructured.Unstructured${list ? 'List' : ''}`;
  const { kind } = target;
  return `*${internalPackage(kind)}.${list ? kind.names.list : kind.kind}`;
};

/**
 * The metadata of a list; members that upstream leaves out are absent. `whole`: an unstructured list, whose token is
 * present even when empty. Source: apimachinery pkg/apis/meta/v1/unstructured/unstructured_list.go (SetContinue).
 */
export const listMeta = (answer: ListAnswer, whole = false): ListMeta => ({
  ...(answer.resourceVersion === '' ? {} : { resourceVersion: answer.resourceVersion }),
  ...(answer.continue === '' && !whole ? {} : { continue: answer.continue }),
  ...(answer.remainingItemCount === undefined || answer.remainingItemCount === 0 ? {} : { remainingItemCount: answer.remainingItemCount }),
});

interface ListJson {
  readonly kind: string;
  readonly apiVersion: string;
  readonly meta: ListMeta;
  readonly items: readonly Buffer[];
  /** See `ListBody`. */
  readonly dropped?: number;
}

/** `{"kind":…,"apiVersion":…,"metadata":…,"items":[…]}` from encoded items. */
function joinList({ kind, apiVersion, meta, items, dropped = 0 }: ListJson): ListBody {
  const head = Buffer.from(`{"kind":"${kind}","apiVersion":"${apiVersion}","metadata":${JSON.stringify(meta)},"items":[`);
  return new ListBody({ head, items, tail: Buffer.from(']}\n'), dropped });
}

/**
 * Whether the items of a Kind's lists carry `kind` and `apiVersion`. For built-in Kinds they do not: Go's encoder sets
 * them on the list only. Source: apimachinery pkg/runtime/serializer/versioning/versioning.go (doEncode). Custom
 * resources are unstructured and keep them.
 */
const itemsNameTheirType = (target: What): boolean => !hasProtobuf(servedSchema(target));

const withoutType = ({ apiVersion: _version, kind: _kind, ...rest }: JsonObject): JsonObject => rest;

/** Encodes a list. */
export function encodeList(
  target: What,
  answer: ListAnswer,
  representation: Representation,
  context: EncodeContext,
): ListBody | Promise<Body> {
  const waiting = context.served.prepare(target, answer.entries);
  if (waiting !== undefined) return waiting.then(() => encodePreparedList(target, answer, representation, context));
  return encodePreparedList(target, answer, representation, context);
}

function encodePreparedList(
  target: What,
  answer: ListAnswer,
  representation: Representation,
  context: EncodeContext,
): ListBody | Promise<Body> {
  if (representation.transform === undefined && plain(representation)) {
    const items = answer.entries.map((entry) => context.served.bytes(target, entry));
    const dropped = itemsNameTheirType(target) ? 0 : context.served.typeLength(target);
    return joinList({
      kind: target.kind.names.list,
      apiVersion: servedApiVersion(target),
      meta: listMeta(answer, itemsNameTheirType(target)),
      items,
      dropped,
    });
  }
  return encodeListSlowly(target, answer, representation, context);
}

async function encodeListSlowly(target: What, answer: ListAnswer, representation: Representation, context: EncodeContext): Promise<Body> {
  const { transform, transformVersion: version, mediaType } = representation;
  const meta = listMeta(answer);
  if (transform === 'Table') {
    const { columns, served, now, includeObject } = context;
    return fromJson(
      tableJson(target, answer.entries, meta, { columns, served, version, includeObject, now, headers: true }),
      representation,
    );
  }
  if (transform === 'PartialObjectMetadata') {
    throw statusErrors.notAcceptable(`you requested PartialObjectMetadata, but the requested object is a list (${goName(target, true)})`);
  }
  if (transform === 'PartialObjectMetadataList') {
    const names = { kind: 'PartialObjectMetadataList', apiVersion: `meta.k8s.io/${version}` };
    if (mediaType === 'application/vnd.kubernetes.protobuf') {
      const items = answer.entries.map((entry) => partialObject(entry, version));
      return context.codec.encode({ ...names, metadata: { ...meta }, items });
    }
    const items = answer.entries.map((entry) => Buffer.from(partialJson(entry, version)));
    const json = joinList({ ...names, meta, items });
    return plain(representation) ? json : fromJson(json.whole().toString('utf8'), representation);
  }
  const objects = answer.entries.map((entry) => context.served.object(target, entry));
  const whole = itemsNameTheirType(target);
  const items = whole ? objects : objects.map(withoutType);
  return encodeObject(
    { kind: target.kind.names.list, apiVersion: servedApiVersion(target), metadata: { ...listMeta(answer, whole) }, items },
    representation,
    context.codec,
  );
}
