/**
 * Checks values against schemas, with kube-openapi's order and words. An update is only held against what it has
 * changed. Source: kube-openapi pkg/validation/validate; apiextensions-apiserver
 * pkg/apiserver/validation/ratcheting.go.
 */
import { compileRegex, type Regex } from '../cel/regex/regex.ts';
import { deepEqual } from '../deep-equal.ts';
import type { FieldError, FieldPath } from '../field-error.ts';
import { isObject, type JsonArray, type JsonObject, type JsonValue } from '../json.ts';
import type { Correlation } from './correlation.ts';
import { hasFormat, isKnownFormat } from './formats.ts';
import { numberErrors } from './number-errors.ts';
import { isIntOrString, itemsOf, type JsonSchema, propertyOf, valuesOf } from './structural.ts';
import { toFieldError, type ValueError, ValueResult } from './value-result.ts';

/** Checks values; holds the compiled patterns. */
export class ValueChecker {
  readonly #patterns = new Map<string, Regex>();

  /** All that is wrong with a value. `changed`: the value beside the one that it replaces. */
  errors(value: JsonValue, schema: JsonSchema, at: FieldPath, changed?: Correlation): readonly FieldError[] {
    const result = this.#check(value, schema, '', changed);
    return result.valid ? [] : result.errors.map((error) => toFieldError(error, at));
  }

  /** Errors in what has not changed do not count. */
  #check(value: JsonValue, schema: JsonSchema, path: string, changed: Correlation | undefined): ValueResult {
    const result = this.#checkAll(value, schema, path, changed);
    if (result.valid || changed === undefined || !changed.isEqual) return result;
    const forgiven = new ValueResult();
    forgiven.matches = result.matches;
    return forgiven;
  }

  #checkAll(value: JsonValue, schema: JsonSchema, path: string, changed: Correlation | undefined): ValueResult {
    const result = new ValueResult();
    const one = (error: ValueError | undefined): void => {
      if (error !== undefined) result.add(error);
      result.matches += 1;
    };
    if (value === null) {
      one(typeError(value, schema, path));
      one(enumError(value, schema, path));
      return result;
    }
    one(typeError(value, schema, path));
    this.#checkJunctors(result, value, schema, path, changed);
    if (typeof value === 'string') for (const error of this.#stringErrors(value, schema, path)) one(error);
    if (typeof value === 'number') for (const error of numberErrors(value, schema, path)) result.add(error);
    if (Array.isArray(value)) this.#checkList(result, value, schema, path, changed);
    one(enumError(value, schema, path));
    if (isObject(value)) this.#checkMap(result, value, schema, path, changed);
    result.matches += 2;
    return result;
  }

  *#stringErrors(value: string, schema: JsonSchema, path: string): Generator<ValueError> {
    const { maxLength, minLength, pattern = '', format = '' } = schema;
    const length = maxLength === undefined && minLength === undefined ? 0 : lengthOf(value);
    if (maxLength !== undefined && length > maxLength) {
      yield { type: 'too-long', path, value, limit: maxLength, message: `${path} in body should be at most ${maxLength} chars long` };
    } else if (minLength !== undefined && length < minLength) {
      yield { type: 'constraint', path, value, message: `${path} in body should be at least ${minLength} chars long` };
    } else if (pattern !== '' && this.#regexpOf(pattern).find(value) === undefined) {
      yield { type: 'constraint', path, value, message: `${path} in body should match '${pattern}'` };
    }
    if (format !== '' && isKnownFormat(schema) && hasFormat(value, format) === false) {
      yield { type: 'type', path, value, message: `${path} in body must be of type ${format}: ${JSON.stringify(value)}` };
    }
  }

  /** Compiled once; definitions with patterns that do not compile are refused. */
  /** Patterns were checked when the definition was created. */
  #regexpOf(pattern: string): Regex {
    const known = this.#patterns.get(pattern);
    if (known !== undefined) return known;
    const compiled = compileRegex(pattern);
    if ('problem' in compiled) throw new Error(compiled.problem);
    this.#patterns.set(pattern, compiled);
    return compiled;
  }

  #checkList(result: ValueResult, list: JsonArray, schema: JsonSchema, path: string, changed: Correlation | undefined): void {
    const items = itemsOf(schema);
    if (items !== undefined) {
      for (const [i, item] of list.entries()) result.merge(this.#check(item, items, `${path}[${i}]`, changed?.index(i)));
    }
    const { minItems, maxItems, uniqueItems } = schema;
    if (minItems !== undefined && list.length < minItems) {
      result.add({ type: 'constraint', path, value: list.length, message: `${path} in body should have at least ${minItems} items` });
    }
    if (maxItems !== undefined && list.length > maxItems) {
      const message = `${path} in body should have at most ${maxItems} items`;
      result.add({ type: 'too-many-items', path, value: list.length, limit: maxItems, message });
    }
    if (uniqueItems === true && list.some((item, i) => list.slice(0, i).some((other) => deepEqual(other, item)))) {
      result.add({ type: 'constraint', path, message: `${path} in body shouldn't contain duplicates` });
    }
    result.matches += 1;
  }

  #checkMap(result: ValueResult, map: JsonObject, schema: JsonSchema, path: string, changed: Correlation | undefined): void {
    const { minProperties, maxProperties, properties = {}, required = [] } = schema;
    const keys = Object.keys(map);
    if (minProperties !== undefined && keys.length < minProperties) {
      result.add({
        type: 'constraint',
        path,
        value: keys.length,
        message: `${path} in body should have at least ${minProperties} properties`,
      });
    }
    if (maxProperties !== undefined && keys.length > maxProperties) {
      const message = `${path} in body should have at most ${maxProperties} properties`;
      result.add({ type: 'too-many-properties', path, value: keys.length, limit: maxProperties, message });
    }
    const values = valuesOf(schema);
    const inner = (key: string): Correlation | undefined =>
      path === '' && (key === 'kind' || key === 'apiVersion') ? undefined : changed?.key(key);
    for (const key of keys) {
      if (propertyOf(schema, key) !== undefined) continue;
      if (schema.additionalProperties === false) {
        result.add({ type: 'constraint', path, value: key, message: `${path}.${key} in body is a forbidden property` });
      } else if (values !== undefined) result.merge(this.#check(map[key] ?? null, values, `${path}.${key}`, inner(key)));
    }
    for (const [name, property] of Object.entries(properties)) {
      const value = Object.hasOwn(map, name) ? map[name] : undefined;
      if (value !== undefined) result.merge(this.#check(value, property, path === '' ? name : `${path}.${name}`, inner(name)));
    }
    for (const name of required) {
      if (!Object.hasOwn(map, name) || map[name] === undefined) {
        result.add({ type: 'required', path: `${path}.${name}`, message: `${path}.${name} in body is required` });
      }
    }
  }

  #checkJunctors(result: ValueResult, value: JsonValue, schema: JsonSchema, path: string, changed: Correlation | undefined): void {
    const { allOf = [], anyOf = [], oneOf = [], not } = schema;
    const quoted = JSON.stringify(path);
    const complain = (message: string): void => result.add({ type: 'schema', path: '', message });
    const nested = (one: JsonSchema): ValueResult => this.#checkAll(value, one, path, changed);
    if (anyOf.length > 0) {
      const results = anyOf.map(nested);
      const valid = results.find((one) => one.valid);
      if (valid === undefined) complain(`${quoted} must validate at least one schema (anyOf)`);
      result.merge(valid ?? nearest(results));
    }
    if (oneOf.length > 0) {
      const results = oneOf.map(nested);
      const valid = results.filter((one) => one.valid);
      if (valid.length !== 1) {
        const found = valid.length === 0 ? 'Found none valid' : `Found ${valid.length} valid alternatives`;
        complain(`${quoted} must validate one and only one schema (oneOf). ${found}`);
        if (valid.length === 0) result.merge(nearest(results));
      } else if (valid[0] !== undefined) result.merge(valid[0]);
    }
    if (allOf.length > 0) {
      const results = allOf.map(nested);
      for (const one of results) result.merge(one);
      const valid = results.filter((one) => one.valid).length;
      if (valid !== results.length) complain(`${quoted} must validate all the schemas (allOf)${valid === 0 ? '. None validated' : ''}`);
    }
    if (not !== undefined && nested(not).valid) complain(`${quoted} must not validate the schema (not)`);
    result.matches += 2;
  }
}

const typesOf = (schema: JsonSchema): readonly string[] =>
  isIntOrString(schema) ? ['integer', 'string'] : schema.type === undefined || schema.type === '' ? [] : [schema.type];

/** The type of a value in schemas' words; whole numbers are integers. */
function typeOf(value: JsonValue): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
}

function typeError(value: JsonValue, schema: JsonSchema, path: string): ValueError | undefined {
  const wanted = typesOf(schema);
  const found = typeOf(value);
  const wrong = (type: string): ValueError => ({
    type: 'type',
    path,
    value: found,
    message: `${path} in body must be of type ${type}: ${JSON.stringify(found)}`,
  });
  if (value === null) return wanted.length > 0 && schema.nullable !== true ? wrong(wanted.join(',')) : undefined;
  const format = isKnownFormat(schema) ? (schema.format ?? '') : '';
  if (wanted.length === 0 && format === '') return undefined;
  const fits = wanted.includes(found) || (found === 'integer' && wanted.includes('number'));
  const isText = found === 'string' || found === 'array';
  // A format decides for texts and lists whether the type is checked.
  if (format !== '' && isText && !wanted.includes('number') && !wanted.includes('integer')) return undefined;
  return fits ? undefined : wrong(format !== '' && !isText ? format : wanted.join(','));
}

function enumError(value: JsonValue, { enum: allowed = [] }: JsonSchema, path: string): ValueError | undefined {
  if (allowed.length === 0 || (value !== null && allowed.some((one) => deepEqual(one, value)))) return undefined;
  return { type: 'enum', path, value, allowed, message: `${path} in body should be one of ${JSON.stringify(allowed)}` };
}

const lengthOf = (text: string): number => {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
};

/** The alternative with the most checks, the first of equals. */
function nearest(results: readonly ValueResult[]): ValueResult {
  const [first = new ValueResult(), ...rest] = results;
  return rest.reduce((best, one) => (one.matches > best.matches ? one : best), first);
}
