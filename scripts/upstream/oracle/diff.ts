/**
 * Finds where two JSON values differ. Lists whose items have names are compared by name, so that one additional item is
 * one difference.
 */
import { isDeepStrictEqual } from 'node:util';
import { isObject, type JsonObject, type JsonValue } from '../../../src/api/json.ts';

export interface Difference {
  /** e.g. `spec.ports[http].port`; '' is the whole value. */
  readonly at: string;
  /** undefined: absent. */
  readonly real: JsonValue | undefined;
  readonly minik: JsonValue | undefined;
}

const nameMembers = ['name', 'type', 'resource', 'version', 'groupVersion'] as const;

/** The name of an API object, with its namespace when it has one. */
function objectName({ metadata }: JsonObject): JsonValue | undefined {
  if (!isObject(metadata) || typeof metadata.name !== 'string') return undefined;
  return typeof metadata.namespace === 'string' ? `${metadata.namespace}/${metadata.name}` : metadata.name;
}

/** The items by name, when each has a unique one. Strings are their own names. */
function byName(list: readonly JsonValue[]): Readonly<Record<string, JsonValue>> | undefined {
  if (list.length > 0 && list.every((item) => typeof item === 'string') && new Set(list).size === list.length)
    return Object.fromEntries(list.map((item) => [`[${item}]`, item]));
  for (const nameOf of [...nameMembers.map((member) => (item: JsonObject) => item[member]), objectName]) {
    const names = list.map((item) => (isObject(item) ? nameOf(item) : undefined));
    if (names.every((name) => typeof name === 'string') && new Set(names).size === names.length)
      return Object.fromEntries(list.map((item, index) => [`[${String(names[index])}]`, item]));
  }
  return undefined;
}

/** All differences, in the order of the real server's members. */
export function differences(real: JsonValue | undefined, minik: JsonValue | undefined, at = ''): Difference[] {
  if (isDeepStrictEqual(real, minik)) return [];
  if (isObject(real) && isObject(minik)) return memberDifferences(real, minik, (member) => (at === '' ? member : `${at}.${member}`));
  if (Array.isArray(real) && Array.isArray(minik)) return listDifferences(real, minik, at);
  return [{ at, real, minik }];
}

function memberDifferences(real: JsonObject, minik: JsonObject, path: (member: string) => string): Difference[] {
  const members = new Set([...Object.keys(real), ...Object.keys(minik)]);
  return [...members].flatMap((member) => differences(real[member], minik[member], path(member)));
}

function listDifferences(real: readonly JsonValue[], minik: readonly JsonValue[], at: string): Difference[] {
  const [named, other] = [byName(real), byName(minik)];
  if (named !== undefined && other !== undefined && real.length > 0 && minik.length > 0) {
    const found = memberDifferences(named, other, (name) => `${at}${name}`);
    const common = (of: object, than: object) => Object.keys(of).filter((name) => name in than);
    const [order, otherOrder] = [common(named, other), common(other, named)];
    if (!isDeepStrictEqual(order, otherOrder)) found.push({ at: `${at}[order]`, real: order, minik: otherOrder });
    return found;
  }
  const length = Math.max(real.length, minik.length);
  return Array.from({ length }).flatMap((_, index) => differences(real[index], minik[index], `${at}[${index}]`));
}
