/**
 * Descriptions of models and fields, for OpenAPI and `kubectl explain`. Loaded separately from the structure, because
 * few requests need them.
 */
import { descriptionData } from '../generated/description-data.ts';
import { type Inflate, inflateText } from './load.ts';
import { deref, type Schema, type SchemaField, type Schemas } from './schema.ts';

export class Descriptions {
  readonly #texts: ReadonlyMap<string, readonly string[]>;

  /** Takes, per model, its description followed by those of its members in declared order. */
  constructor(texts: Readonly<Record<string, readonly string[]>>) {
    this.#texts = new Map(Object.entries(texts));
  }

  /** The description of a struct; '' when none is known. */
  ofSchema(schema: Schema): string {
    return this.ofModel(schema.model);
  }

  ofModel(model: string): string {
    return this.#texts.get(model)?.[0] ?? '';
  }

  /** The description of a field; a field that only refers to a struct borrows the struct's. */
  ofField(field: SchemaField): string {
    const own = this.#texts.get(field.declaredIn)?.[field.position + 1] ?? '';
    if (own !== '') return own;
    const known = standard[field.name];
    if (known !== undefined) return known;
    const type = deref(field.type);
    return type.kind === 'named' ? this.ofModel(type.model) : '';
  }
}

/**
 * Opens the descriptions at each call to look fields up. The caller keeps the texts that it needs, so that the whole
 * table is not kept in memory.
 */
export const describeFields =
  (schemas: Schemas, open: () => Descriptions) =>
  (fields: readonly (readonly [model: string, field: string])[]): readonly string[] => {
    const descriptions = open();
    return fields.map(([model, name]) => {
      const field = schemas.find(model)?.byName.get(name);
      return field === undefined ? '' : descriptions.ofField(field);
    });
  };

const conventions = 'https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md';

/** Upstream's descriptions of fields that only hold a reference. */
const standard: Readonly<Record<string, string>> = {
  metadata: `Standard object's metadata. More info: ${conventions}#metadata`,
  spec: `Specification of the desired behavior. More info: ${conventions}#spec-and-status`,
  status: `Most recently observed status. Populated by the system. Read-only. More info: ${conventions}#spec-and-status`,
};

/** Opens the descriptions; takes about 5 ms. */
export const loadDescriptions = (inflate: Inflate): Descriptions =>
  // The generator wrote this text; see scripts/schema/descriptions.ts.
  new Descriptions(JSON.parse(inflateText(descriptionData, inflate)) as Record<string, readonly string[]>);
