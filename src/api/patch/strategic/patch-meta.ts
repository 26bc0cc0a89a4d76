/**
 * What a strategic merge patch needs to know about a type. Source: apimachinery pkg/util/strategicpatch/meta.go,
 * third_party/forked/golang/json.
 */
import type { GoType } from '../../schema/facts.ts';
import { deref, type Schema, type Schemas } from '../../schema/schema.ts';
import { patchErrors } from '../patch-error.ts';

/** How one field merges. */
export interface FieldMeta {
  readonly strategy: '' | 'merge' | 'replace';
  readonly retainKeys: boolean;
  readonly mergeKey: string;
  /** The type of the field, or of its elements for a list. */
  readonly inner: TypeMeta;
}

/** A type inside the document: a struct of the schemas, or a type without fields of its own. */
export class TypeMeta {
  readonly #schemas: Schemas;
  readonly #type: GoType;

  constructor(schemas: Schemas, type: GoType) {
    this.#schemas = schemas;
    this.#type = type;
  }

  static of(schemas: Schemas, schema: Schema): TypeMeta {
    return new TypeMeta(schemas, { kind: 'named', model: schema.model });
  }

  get name(): string {
    const type = deref(this.#type);
    return type.kind === 'named' ? this.#schemas.get(type.model).name : type.kind;
  }

  /** How the object in a field merges. Throws PatchError when the type has no such field. */
  forObject(key: string): FieldMeta {
    const { strategies, mergeKey, type } = this.#field(key);
    return { ...strategies, mergeKey, inner: new TypeMeta(this.#schemas, type) };
  }

  /** How the list in a field merges. Throws PatchError when the type has no such field or it is no list. */
  forList(key: string): FieldMeta {
    const { strategies, mergeKey, type } = this.#field(key);
    const list = deref(type);
    if (list.kind !== 'list')
      throw patchErrors.other(`expected slice or array type, but got: ${list.kind === 'named' ? 'struct' : list.kind}`);
    if (deref(list.of).kind === 'list') throw patchErrors.other('unexpected slice of slice');
    return { ...strategies, mergeKey, inner: new TypeMeta(this.#schemas, list.of) };
  }

  #field(key: string): {
    readonly strategies: Pick<FieldMeta, 'strategy' | 'retainKeys'>;
    readonly mergeKey: string;
    readonly type: GoType;
  } {
    const type = deref(this.#type);
    if (type.kind !== 'named') {
      const kind = type.kind === 'list' ? 'slice' : type.kind === 'special' ? 'struct' : type.kind === 'scalar' ? type.name : type.kind;
      throw patchErrors.other(`merging an object in json but data type is not struct, instead is: ${kind}`);
    }
    const schema = this.#schemas.get(type.model);
    const field = schema.byName.get(key);
    if (field === undefined) {
      throw patchErrors.other(`unable to find api field in struct ${schema.name} for the json field ${JSON.stringify(key)}`);
    }
    const retainKeys = field.patchStrategies.includes('retainKeys');
    const strategy = field.patchStrategies.find((item) => item === 'merge' || item === 'replace') ?? '';
    return { strategies: { strategy, retainKeys }, mergeKey: field.patchMergeKey ?? '', type: field.type };
  }
}
