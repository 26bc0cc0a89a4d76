/**
 * Random objects for the comparison: those of the corpus with several members set to values that are often wrong, so
 * that the order of errors shows. The same seed makes the same objects; what is found belongs into the corpus.
 */
import { isObject, type JsonObject, type JsonValue } from '../../../src/api/json.ts';
import type { GoType } from '../../../src/api/schema/facts.ts';
import { deref, type Schema, type SchemaField, type Schemas } from '../../../src/api/schema/schema.ts';
import { type CaseRequest, type Changes, type OracleCase, withChanges } from './corpus.ts';

type Random = () => number;

const texts = [
  '',
  'A_B',
  'a',
  'b',
  'a/b',
  'example.com/a',
  '10.0.0.1',
  '-1',
  'n'.repeat(64),
  'Nonsense',
  '/a',
  '../a',
  '*',
  'TCP',
  'a b',
] as const;
const quantities = ['-1', '0', '1', '1500m', '1Gi', '0.5'] as const;
const deepest = 4;

const pick = <T>(items: readonly T[], random: Random): T => items[Math.floor(random() * items.length)] as T;

/** Numbers in [0, 1) that are the same in every run. */
function repeatable(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

class RandomValues {
  readonly #schemas: Schemas;
  readonly #random: Random;

  constructor(schemas: Schemas, random: Random) {
    this.#schemas = schemas;
    this.#random = random;
  }

  /** The object with `count` members, anywhere below its spec and its kind's own members, set to something. */
  mutated(object: JsonObject, model: string, count: number): JsonObject {
    // A copy of JSON is JSON.
    const copy = structuredClone(object) as Record<string, JsonValue>;
    for (let done = 0; done < count; done += 1) this.#change(copy, this.#schemas.get(model), true);
    return copy;
  }

  #change(at: Record<string, JsonValue>, schema: Schema, root: boolean): void {
    const fields = schema.fields.filter(({ name }) => !root || !['apiVersion', 'kind', 'metadata', 'status'].includes(name));
    if (fields.length === 0) return;
    const present = fields.filter(({ name }) => at[name] !== undefined);
    // Members that are there lead deeper; others are as interesting.
    const field = present.length > 0 && this.#random() < 0.7 ? pick(present, this.#random) : pick(fields, this.#random);
    const type = deref(field.type);
    const value = at[field.name];
    if (this.#random() < 0.85 && this.#descend(type, value)) return;
    if (!root && value !== undefined && this.#random() < 0.15) delete at[field.name];
    else at[field.name] = this.#value(type, field, 0);
  }

  /** Changes something within, when there is anything. */
  #descend(type: GoType, value: JsonValue | undefined): boolean {
    if (type.kind === 'named' && isObject(value)) {
      this.#change(value as Record<string, JsonValue>, this.#schemas.get(type.model), false);
      return true;
    }
    if (type.kind !== 'list' || !Array.isArray(value) || value.length === 0) return false;
    const item: JsonValue = pick(value as readonly JsonValue[], this.#random);
    if (this.#random() < 0.15) {
      (value as JsonValue[]).push(structuredClone(item));
      return true;
    }
    return this.#descend(deref(type.of), item);
  }

  #value(type: GoType, field: SchemaField, depth: number): JsonValue {
    switch (type.kind) {
      case 'pointer':
        return this.#value(type.of, field, depth);
      case 'scalar':
        return this.#scalar(type.name, field);
      case 'special':
        return this.#special(type.name);
      case 'list':
        return Array.from({ length: this.#random() < 0.15 ? 0 : this.#random() < 0.7 ? 1 : 2 }, () =>
          this.#value(type.of, field, depth + 1),
        );
      case 'map':
        // One member: Go goes through maps in random order.
        return { [pick(['a', 'a b', 'example.com/a', 'cpu', 'memory', 'A_B', ''], this.#random)]: this.#value(type.of, field, depth + 1) };
      case 'named':
        return this.#struct(this.#schemas.get(type.model), depth);
    }
  }

  #struct(schema: Schema, depth: number): JsonObject {
    const likely = depth >= deepest ? 0 : Math.min(0.5, 2.5 / Math.max(1, schema.fields.length));
    return Object.fromEntries(
      schema.fields
        .filter(({ optional }) => this.#random() < (optional ? likely : 0.8))
        .map((field) => [field.name, this.#value(field.type, field, depth + 1)]),
    );
  }

  #scalar(name: string, field: SchemaField): JsonValue {
    if (name === 'bool') return this.#random() < 0.5;
    if (name !== 'string') return pick([-1, 0, 1, 2, 80, 70_000, 30_080], this.#random);
    if (field.enum !== undefined && this.#random() < 0.7) return pick(field.enum, this.#random);
    if (/name/i.test(field.name) && this.#random() < 0.4) return pick(['a', 'b', 'one'], this.#random);
    return pick(texts, this.#random);
  }

  #special(name: string): JsonValue {
    switch (name) {
      case 'time':
        return '2020-01-01T00:00:00Z';
      case 'microtime':
        return '2020-01-01T00:00:00.000000Z';
      case 'duration':
        return '5s';
      case 'quantity':
        return pick(quantities, this.#random);
      case 'intOrString':
        return pick([-1, 0, 1, 80, 70_000, '50%', '150%', '-5%', 'http', 'A_B', '0%'], this.#random);
      case 'bytes':
        return 'YQ==';
      default:
        return {};
    }
  }
}

/** A case per kind of the corpus: `count` random objects to create, and as many changes of one that is there. */
export function randomCases(cases: readonly OracleCase[], schemas: Schemas, seed: number, count: number): readonly OracleCase[] {
  return cases.flatMap((oracleCase) => {
    const { name, collection, object, before, valid = {} } = oracleCase;
    if (collection === undefined || object === undefined) return [];
    const [group, version] = groupVersionOf(String(object.apiVersion));
    const schema = schemas.forKind(group, version, String(object.kind));
    if (schema === undefined) return [];
    const random = repeatable(seed * 7919 + [...name].reduce((sum, character) => sum * 31 + character.charCodeAt(0), 7));
    const values = new RandomValues(schemas, random);
    const bases = [{}, ...Object.values(valid)].map((changes: Changes) => withChanges(object, changes)).filter(isObject);
    const path = (suffix: string): string => `${collection}${suffix}?dryRun=All`;
    const stored = String((object.metadata as JsonObject).name);
    const posts: CaseRequest[] = Array.from({ length: count }, (_, index) => {
      const base = { ...pick(bases, random), metadata: { ...(object.metadata as JsonObject), name: `${stored}2` } };
      return {
        name: `random ${index}`,
        method: 'POST',
        path: path(''),
        body: values.mutated(base, schema.model, 1 + Math.floor(random() * 5)),
      };
    });
    const puts: CaseRequest[] = Array.from({ length: count }, (_, index) => {
      const body = values.mutated(object, schema.model, 1 + Math.floor(random() * 3));
      return { name: `random update ${index}`, method: 'PUT', path: path(`/${stored}`), body };
    });
    const create: CaseRequest = { name: 'create', method: 'POST', path: collection, body: object };
    const remove: CaseRequest = { name: 'delete', method: 'DELETE', path: `${collection}/${stored}`, body: { gracePeriodSeconds: 0 } };
    return [{ name, ...(before === undefined ? {} : { before }), requests: [...posts, create, ...puts, remove] }];
  });
}

function groupVersionOf(apiVersion: string): readonly [string, string] {
  const [first = '', second] = apiVersion.split('/');
  return second === undefined ? ['', first] : [first, second];
}
