/** The explanation of a schema as text. Source: kubectl pkg/explain/v2 (plaintext). */
import { wordWrap } from '../../../print/word-wrap.ts';

/** The fields of an OpenAPI 3.0 schema that explanations use. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly additionalProperties?: Schema | boolean;
  readonly allOf?: readonly Schema[];
  readonly enum?: readonly unknown[];
  readonly externalDocs?: { readonly description?: string; readonly url?: string };
  readonly 'x-kubernetes-group-version-kind'?: readonly GroupVersionKind[];
}

export interface GroupVersionKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

export type Schemas = Readonly<Record<string, Schema>>;

const refPrefix = '#/components/schemas/';

const indent = (text: string, amount: number): string =>
  text
    .split('\n')
    .map((line) => ' '.repeat(amount) + line)
    .join('\n');

/** The schema of a map's values. */
const valuesOf = ({ additionalProperties }: Schema): Schema | undefined =>
  typeof additionalProperties === 'object' ? additionalProperties : undefined;

const shortEnumLimit = 4;

export class Explainer {
  readonly #schemas: Schemas;
  readonly #recursive: boolean;

  constructor(schemas: Schemas, recursive: boolean) {
    this.#schemas = schemas;
    this.#recursive = recursive;
  }

  /** The explanation of the field at a path; '' when there is no such field. */
  explain(schema: Schema, path: readonly string[], seen: ReadonlySet<string> = new Set()): string {
    const resolved = this.#resolve(schema);
    const [field, ...rest] = path;
    if (field === undefined) return this.#whole(resolved);
    const ref = schema.$ref ?? '';
    if (ref !== '' && seen.has(ref)) return '';
    const next = new Set([...seen, ref]);
    const property = resolved.properties?.[field];
    if (property !== undefined) return this.#title(field, property, rest.length === 0) + this.explain(property, rest);
    const inner = resolved.items ?? valuesOf(resolved);
    if (inner !== undefined) return this.explain(inner, path, next);
    for (const part of resolved.allOf ?? []) {
      const text = this.explain(part, path, next);
      if (text !== '') return text;
    }
    return '';
  }

  #resolve(schema: Schema): Schema {
    const { $ref } = schema;
    return $ref?.startsWith(refPrefix) ? (this.#schemas[$ref.slice(refPrefix.length)] ?? schema) : schema;
  }

  #title(field: string, schema: Schema, last: boolean): string {
    if (!last) return '';
    const values = schema.enum ?? [];
    const list = values.length === 0 ? '' : `ENUM:${values.map((value) => `\n    ${value === '' ? '""' : String(value)}`).join('')}`;
    return `FIELD: ${field} <${this.#type(schema)}>\n${list}\n\n`;
  }

  #whole(schema: Schema): string {
    const description = this.#description(schema);
    const fields = this.#fields(schema, 1, new Set());
    return [
      'DESCRIPTION:\n',
      `${indent(wordWrap(description === '' ? '<empty>' : description, 76), 4)}\n`,
      externalDocs(schema, 0),
      fields === '' ? '' : `FIELDS:\n${fields}`,
    ].join('');
  }

  #description(schema: Schema): string {
    const resolved = this.#resolve(schema);
    const values = valuesOf(resolved);
    return [
      (resolved.description ?? '') === '' ? '' : `${resolved.description ?? ''}\n`,
      ...(resolved.allOf ?? []).map((part) => this.#description(part)),
      resolved.items === undefined ? '' : this.#description(resolved.items),
      values === undefined ? '' : this.#description(values),
    ].join('');
  }

  #fields(schema: Schema, level: number, seen: ReadonlySet<string>): string {
    const ref = schema.$ref ?? '';
    if (ref !== '' && seen.has(ref)) return '';
    const next = new Set([...seen, ref]);
    const resolved = this.#resolve(schema);
    const names = Object.keys(resolved.properties ?? {}).sort();
    const own = names.map((name) => {
      const property = resolved.properties?.[name] ?? {};
      return this.#field(name, property, resolved, level) + (this.#recursive ? this.#fields(property, level + 1, next) : '');
    });
    const inner = [...(resolved.allOf ?? []), resolved.items, valuesOf(resolved)].filter((part) => part !== undefined);
    return own.join('') + inner.map((part) => this.#fields(part, level, next)).join('');
  }

  #field(name: string, property: Schema, parent: Schema, level: number): string {
    const amount = level * 2;
    const required = parent.required?.includes(name) === true ? ' -required-' : '';
    const line = `${indent(name, amount)}\t<${this.#type(property)}>${required}${shortEnum(property, amount)}\n`;
    if (this.#recursive) return line;
    const description = (property.description ?? '') === '' ? '<no description>' : (property.description ?? '');
    return `${line}${indent(wordWrap(description, 78 - amount), amount + 2)}\n${externalDocs(property, amount + 2)}\n`;
  }

  /** `string`, `[]Container`, `map[string]string`. */
  #type(schema: Schema): string {
    const values = valuesOf(schema);
    if (schema.items !== undefined) return `[]${this.#type(schema.items)}`;
    if (values !== undefined) return `map[string]${this.#type(values)}`;
    const [part, ...more] = schema.allOf ?? [];
    if (part !== undefined && more.length === 0 && schema.properties === undefined) return this.#type(part);
    if (schema.$ref === undefined) return schema.type === undefined || schema.type === 'object' ? 'Object' : schema.type;
    const { type } = this.#schemas[schema.$ref.slice(refPrefix.length)] ?? {};
    if (type !== undefined && type !== 'object') return type;
    return schema.$ref.split('/').at(-1)?.split('.').at(-1) ?? 'Object';
  }
}

function shortEnum(schema: Schema, amount: number): string {
  const values = schema.enum ?? [];
  if (values.length === 0) return '';
  const shown = values.slice(0, shortEnumLimit).map((value) => (value === '' ? '""' : String(value)));
  return `\n${' '.repeat(amount)}enum: ${shown.join(', ')}${values.length > shortEnumLimit ? ', ....' : ''}`;
}

function externalDocs({ externalDocs: docs }: Schema, amount: number): string {
  if (docs === undefined) return '';
  const { description = '', url = '' } = docs;
  const text =
    description === '' ? '' : `${indent(wordWrap(description, 76 - Math.max(0, amount - 2)), amount + (amount === 0 ? 4 : 2))}\n`;
  const link = url === '' ? '' : `${indent(`URL: ${url}`, amount + (amount === 0 ? 4 : 2))}\n`;
  return `\n${indent('EXTERNAL DOCS:', amount)}\n${text}${link}`;
}
