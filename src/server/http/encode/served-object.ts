/** Stored entries as the served version that a request asked for. Conversion happens once per entry and version. */
import type { JsonObject } from '../../../api/json.ts';
import type { AnyKind, ServedVersion } from '../../../api/kind.ts';
import type { Target } from '../../registry/registry.ts';
import type { Entry } from '../../store/store.ts';

const asJson = (object: Entry['object']): JsonObject =>
  // A stored object is JSON by construction: it was decoded from JSON and is encoded as JSON.
  object as unknown as JsonObject;

/** The conversion that a target needs; undefined when it is served as stored. */
export function conversionOf(target: Pick<Target, 'kind' | 'served'>): ServedVersion | undefined {
  const { kind, served } = target;
  if (served === undefined || (served.group === kind.group && served.version === kind.version)) return undefined;
  return kind.codec.alsoServed?.find((also) => also.version === served.version && (also.group ?? kind.group) === served.group);
}

/** `apps/v1` of what a target serves. */
export function servedApiVersion(target: Pick<Target, 'kind' | 'served'>): string {
  const { kind, served } = target;
  if (served === undefined) return kind.apiVersion;
  return served.group === '' ? served.version : `${served.group}/${served.version}`;
}

/** The object as served. */
export function servedObject(target: Pick<Target, 'kind' | 'served'>, entry: Entry): JsonObject {
  const conversion = conversionOf(target);
  const stored = asJson(entry.object);
  if (conversion === undefined) return stored;
  return { ...conversion.fromStored(stored), apiVersion: servedApiVersion(target), kind: stored.kind };
}

/** Its JSON: the stored bytes when no conversion is needed. */
export function servedBytes(target: Pick<Target, 'kind' | 'served'>, entry: Entry): Buffer {
  return conversionOf(target) === undefined ? entry.bytes : Buffer.from(JSON.stringify(servedObject(target, entry)));
}

/** The name of a Kind's list type. */
export const listKind = ({ names }: AnyKind): string => names.list;
