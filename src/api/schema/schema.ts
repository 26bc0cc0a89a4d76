/**
 * Schemas of the built-in API types: the name and type of each field, how it merges and how it is written. Looked up by
 * Go-model name (`io.k8s.api.core.v1.Pod`) or by group, version and kind. Built on first use of each model; immutable
 * once built.
 */
import type { Facts, FieldFacts, GoType, ModelFacts, UnionFacts } from './facts.ts';

/** One JSON field of a struct, or of a struct that is embedded in it. */
export interface SchemaField {
  readonly name: string;
  readonly type: GoType;
  readonly optional: boolean;
  readonly omitEmpty: boolean;
  readonly omitZero: boolean;
  /** A list or map without omitempty that may be empty in a valid object: null when it is. */
  readonly nullable: boolean;
  /** Default as JSON text, from the `+default` marker. */
  readonly default: string | undefined;
  readonly enum: readonly string[] | undefined;
  readonly listType: 'atomic' | 'set' | 'map' | undefined;
  readonly listMapKeys: readonly string[];
  readonly mapType: 'atomic' | 'granular' | undefined;
  readonly structType: 'atomic' | 'granular' | undefined;
  /** `merge`, `replace`, `retainKeys`; empty without the tag. */
  readonly patchStrategies: readonly string[];
  readonly patchMergeKey: string | undefined;
  readonly featureGate: string | undefined;
  /** The struct that declares the field (differs from the schema for embedded ones), and its position there. */
  readonly declaredIn: string;
  readonly position: number;
}

/** One struct type. */
export interface Schema {
  /** `io.k8s.api.core.v1.Pod`. */
  readonly model: string;
  /** `v1.Pod`: as Go's reflection prints it. */
  readonly goName: string;
  /** `Pod`. */
  readonly name: string;
  /** API group of the package; undefined for packages without one. '' is core. */
  readonly group: string | undefined;
  readonly version: string;
  /** True when the struct embeds TypeMeta, that is, can be sent on its own. */
  readonly isKind: boolean;
  readonly structType: string | undefined;
  readonly union: UnionFacts | undefined;
  /** In the order in which Go writes them. */
  readonly fields: readonly SchemaField[];
  readonly byName: ReadonlyMap<string, SchemaField>;
  /** The struct as declared, with embedded structs and protobuf numbers. */
  readonly facts: ModelFacts;
}

const metaPackage = 'io.k8s.apimachinery.pkg.apis.meta.v1';

/** Kinds of the meta package that every group or the core group serves. */
const metaKinds: ReadonlySet<string> = new Set(['Status', 'APIVersions', 'APIGroup', 'APIGroupList', 'APIResourceList', 'List']);
const metaKindsOfEveryGroup: ReadonlySet<string> = new Set([
  'DeleteOptions',
  'ListOptions',
  'GetOptions',
  'CreateOptions',
  'UpdateOptions',
  'PatchOptions',
  'WatchEvent',
]);

const oneOf = <T extends string>(value: string | undefined, ...allowed: readonly T[]): T | undefined =>
  allowed.find((item) => item === value);

const fieldOf = (facts: FieldFacts, declaredIn: string, position: number): SchemaField => ({
  name: facts.name,
  type: facts.type,
  optional: facts.optional,
  omitEmpty: facts.omitEmpty,
  omitZero: facts.omitZero,
  nullable: facts.nullable,
  default: facts.default,
  enum: facts.enum,
  listType: oneOf(facts.markers.list, 'atomic', 'set', 'map'),
  listMapKeys: facts.markers.keys?.split(',') ?? [],
  mapType: oneOf(facts.markers.map, 'atomic', 'granular'),
  structType: oneOf(facts.markers.struct, 'atomic', 'granular'),
  patchStrategies: facts.markers.patch?.split(',') ?? [],
  patchMergeKey: facts.markers.mergeKey,
  featureGate: facts.markers.gate,
  declaredIn,
  position,
});

/** All schemas of the facts table. */
export class Schemas {
  readonly #facts: Facts;
  readonly #built = new Map<string, Schema>();
  #byGroupVersion: ReadonlyMap<string, string> | undefined;

  constructor(facts: Facts) {
    this.#facts = facts;
  }

  /** Every model name. */
  names(): readonly string[] {
    return this.#facts.names();
  }

  /** The schema of a model, undefined when there is none. */
  find(model: string): Schema | undefined {
    const built = this.#built.get(model);
    if (built !== undefined) return built;
    const facts = this.#facts.model(model);
    if (facts === undefined) return undefined;
    const schema = this.#build(facts);
    this.#built.set(model, schema);
    return schema;
  }

  /** The schema of a model that must exist. Throws an Error (a bug of the caller) when it does not. */
  get(model: string): Schema {
    const schema = this.find(model);
    if (schema === undefined) throw new Error(`no schema for the model ${model}`);
    return schema;
  }

  /** The schema of a kind (also of lists, options and Status); undefined when unknown. */
  forKind(group: string, version: string, kind: string): Schema | undefined {
    if (metaKindsOfEveryGroup.has(kind)) return this.find(`${metaPackage}.${kind}`);
    const pkg = this.#packages().get(`${group}/${version}`);
    const schema = pkg === undefined ? undefined : this.find(`${pkg}.${kind}`);
    if (schema?.isKind) return schema;
    if ((group === '' || group === 'meta.k8s.io') && (metaKinds.has(kind) || group !== '')) return this.find(`${metaPackage}.${kind}`);
    return undefined;
  }

  #packages(): ReadonlyMap<string, string> {
    this.#byGroupVersion ??= new Map(
      [...this.#facts.groups].map(([pkg, group]) => [`${group}/${pkg.slice(pkg.lastIndexOf('.') + 1)}`, pkg]),
    );
    return this.#byGroupVersion;
  }

  #build(facts: ModelFacts): Schema {
    const fields = this.#flatten(facts);
    return {
      model: facts.model,
      goName: facts.model.split('.').slice(-2).join('.'),
      name: facts.name,
      group: this.#facts.groups.get(facts.pkg),
      version: facts.pkg.slice(facts.pkg.lastIndexOf('.') + 1),
      isKind: facts.members.some((member) => 'embed' in member && member.embed.endsWith('.TypeMeta')),
      structType: facts.structType,
      union: facts.union,
      fields,
      byName: new Map(fields.map((field) => [field.name, field])),
      facts,
    };
  }

  #flatten(facts: ModelFacts): SchemaField[] {
    return facts.members.flatMap((member, position) => {
      if (!('embed' in member)) return [fieldOf(member, facts.model, position)];
      const embedded = this.#facts.model(member.embed);
      return embedded === undefined ? [] : this.#flatten(embedded);
    });
  }
}

/** The type behind pointers. */
export function deref(type: GoType): Exclude<GoType, { kind: 'pointer' }> {
  return type.kind === 'pointer' ? deref(type.of) : type;
}
