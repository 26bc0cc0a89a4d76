/** Encodes each object once, as the JSON bytes that gets, lists and watch events send. */
import type { KubeObject } from '../../api/object.ts';
import { sameJson } from '../../api/same-json.ts';
import type { Entry } from './store.ts';

/** Freezes a value deeply. Stops at values that are already frozen, so that shared parts cost nothing. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const nested of Object.values(value)) deepFreeze(nested);
  return value;
}

const headOf = (apiVersion: string, kind: string): string =>
  `{"apiVersion":${JSON.stringify(apiVersion)},"kind":${JSON.stringify(kind)},"metadata":{"resourceVersion":"`;

/**
 * Allocates separate memory for objects that stay. As slices of Node's shared pool, which cost a tenth, a few of them
 * would keep the whole pool in memory.
 */
function bytesOf(text: string, stays: boolean): Buffer {
  if (!stays) return Buffer.from(text);
  const bytes = Buffer.allocUnsafeSlow(Buffer.byteLength(text));
  bytes.write(text);
  return bytes;
}

export interface EncodeOptions {
  /** Whether the object is frozen deeply. */
  readonly freeze: boolean;
  /** Whether the entry is kept in memory once it is on disk and everybody has been told of it. */
  readonly stays: boolean;
}

/**
 * Builds the entry of an object at a revision. The resource version comes first, so that all bytes after it can be
 * compared.
 */
export function encodeEntry(key: string, object: KubeObject, revision: number, { freeze, stays }: EncodeOptions): Entry {
  const { apiVersion, kind, metadata, ...rest } = object;
  const { resourceVersion: _, ...meta } = metadata;
  const metaText = JSON.stringify(meta);
  const restText = JSON.stringify(rest);
  const text = `${headOf(apiVersion, kind)}${revision}"${metaText === '{}' ? '' : ','}${metaText.slice(1)}${restText === '{}' ? '' : ','}${restText.slice(1)}`;
  const stored: KubeObject = { ...object, metadata: { ...metadata, resourceVersion: String(revision) } };
  return { key, object: freeze ? deepFreeze(stored) : stored, bytes: bytesOf(text, stays), revision };
}

/** Rebuilds an entry from the bytes on disk. */
export function decodeEntry(key: string, bytes: Buffer, revision: number, freeze: boolean): Entry {
  // encodeEntry wrote the bytes from an object of this type.
  const object = JSON.parse(bytes.toString('utf8')) as KubeObject;
  return { key, object: freeze ? deepFreeze(object) : object, bytes, revision };
}

/**
 * The same as `decodeEntry`, for an object that may never be read because only its bytes are sent: it is parsed on
 * first access.
 */
export function lazyEntry(key: string, bytes: Buffer, revision: number, freeze: boolean): Entry {
  let decoded: KubeObject | undefined;
  return {
    key,
    bytes,
    revision,
    get object() {
      decoded ??= decodeEntry(key, bytes, revision, freeze).object;
      return decoded;
    },
  };
}

const tailOf = (entry: Entry): Buffer => {
  const head = Buffer.byteLength(headOf(entry.object.apiVersion, entry.object.kind));
  return entry.bytes.subarray(head + String(entry.revision).length);
};

/** True when two entries differ only in their revision. */
export function sameContent(a: Entry, b: Entry): boolean {
  if (a.object.apiVersion !== b.object.apiVersion || a.object.kind !== b.object.kind) return false;
  const left = tailOf(a);
  const right = tailOf(b);
  if (left.length !== right.length) return false;
  if (left.equals(right)) return true;
  // The bytes have the same length but differ: perhaps only the order of map keys differs.
  const { resourceVersion: _a, ...aMeta } = a.object.metadata;
  const { resourceVersion: _b, ...bMeta } = b.object.metadata;
  return sameJson({ ...a.object, metadata: aMeta }, { ...b.object, metadata: bMeta });
}
