/** Views: the part that is kept of answers that are too large, or in random order, to be compared completely. */
import { createHash } from 'node:crypto';
import { isObject, type JsonObject, type JsonValue } from '../../../src/api/json.ts';

export type View = (body: JsonValue) => JsonValue;

const objectOf = (value: JsonValue | undefined): JsonObject => (isObject(value) ? value : {});
const listOf = (value: JsonValue | undefined): readonly JsonValue[] => (Array.isArray(value) ? value : []);

/** A digest that is equal for equal values, whatever the order of their members. */
function digest(value: JsonValue): string {
  const sorted = (inner: JsonValue): JsonValue => {
    if (Array.isArray(inner)) return inner.map(sorted);
    if (!isObject(inner)) return inner;
    return Object.fromEntries(
      Object.keys(inner)
        .toSorted()
        .map((key) => [key, sorted(inner[key] ?? null)]),
    );
  };
  return createHash('sha256')
    .update(JSON.stringify(sorted(value)))
    .digest('base64url')
    .slice(0, 8);
}

const without = (value: JsonValue, member: string): JsonValue => {
  if (Array.isArray(value)) return value.map((item: JsonValue) => without(item, member));
  if (!isObject(value)) return value;
  const kept = Object.entries(value).filter(([key, inner]) => key !== member || typeof inner !== 'string');
  return Object.fromEntries(kept.map(([key, inner]) => [key, without(inner ?? null, member)]));
};

const mapped = (members: JsonValue | undefined, of: (value: JsonValue) => JsonValue): JsonObject =>
  Object.fromEntries(Object.entries(objectOf(members)).map(([key, value]) => [key, of(value ?? null)]));

/** Events in short form: type and object. */
const watch: View = (body) =>
  listOf(body).map((event) => {
    const { type = '', object } = objectOf(event);
    const { kind = '', metadata } = objectOf(object);
    const { generation, labels } = objectOf(metadata);
    return [type, kind, generation ?? 0, Object.keys(objectOf(labels)).toSorted().join(' ')];
  });

/** One line per resource. */
const resources: View = (body) => {
  const { resources: list, ...rest } = objectOf(body);
  return { ...rest, resources: Object.fromEntries(listOf(list).map((item) => [String(objectOf(item).name), line(objectOf(item))])) };
};

const line = ({ name: _, ...members }: JsonObject): string =>
  Object.entries(members)
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .toSorted()
    .join(' ');

/** Aggregated discovery: one line per resource of each group and version. */
const aggregated: View = (body) => {
  const { items, ...rest } = objectOf(body);
  const groups = listOf(items).map((group) => {
    const { metadata, versions } = objectOf(group);
    const served = listOf(versions).map((version) => {
      const { version: name, resources: list, ...more } = objectOf(version);
      const kinds = Object.fromEntries(listOf(list).map((item) => [String(objectOf(item).resource), lineOf(objectOf(item))]));
      return [String(name), { ...more, resources: kinds }];
    });
    return { name: String(objectOf(metadata).name ?? ''), versions: served.map(([name]) => name ?? ''), ...Object.fromEntries(served) };
  });
  return { ...rest, items: groups as JsonValue };
};

const lineOf = ({ resource: _, ...members }: JsonObject): string => line(members);

/** The names of the members of `paths`, without their values. */
const paths: View = (body) => {
  // The index of OpenAPI's documents is served as plain text.
  const found = objectOf(typeof body === 'string' && body.startsWith('{') ? (JSON.parse(body) as JsonValue) : body).paths;
  return Array.isArray(found) ? found.map(String) : Object.keys(objectOf(found)).toSorted();
};

/**
 * OpenAPI of either version without descriptions: a digest for each operation (including its parameters, wherever they
 * are declared) and each model.
 */
const openapi: View = (body) => {
  const document = objectOf(without(body, 'description'));
  const { paths: found, definitions, components, parameters: shared, ...rest } = document;
  const resolved = (parameter: JsonValue): JsonObject => {
    const reference = objectOf(parameter).$ref;
    return objectOf(typeof reference === 'string' ? objectOf(shared)[reference.slice('#/parameters/'.length)] : parameter);
  };
  const operations = (path: JsonValue): JsonValue => {
    const { parameters: common, ...methods } = objectOf(path);
    return mapped(methods, (operation) => {
      const { parameters: own, ...more } = objectOf(operation);
      return digest({ ...more, parameters: [...listOf(common), ...listOf(own)].map(resolved).toSorted(order) });
    });
  };
  return { ...rest, paths: mapped(found, operations), models: mapped(definitions ?? objectOf(components).schemas, digest) };
};

function order(a: JsonObject, b: JsonObject): number {
  const name = (parameter: JsonObject) => `${String(parameter.name)} ${String(parameter.in)}`;
  return name(a) < name(b) ? -1 : 1;
}

/** Lines in random order, such as health checks. */
const lines: View = (body) => String(body).split('\n').toSorted();

/** Upstream takes rules from a map, so their order is random. */
const rules: View = (body) => {
  const { status, ...rest } = objectOf(body);
  const sorted = (list: JsonValue | undefined) => listOf(list).toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  const { resourceRules, nonResourceRules, ...more } = objectOf(status);
  return { ...rest, status: { ...more, resourceRules: sorted(resourceRules), nonResourceRules: sorted(nonResourceRules) } };
};

/** Nothing: the answer is waited for, and not compared. */
const nothing: View = () => null;

export const views: Readonly<Record<string, View>> = { nothing, watch, resources, aggregated, paths, openapi, lines, rules };
