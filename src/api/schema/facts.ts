/**
 * Reads the compact table of API facts (scripts/schema/facts.json, compressed into the generated schema data) into
 * models. A row is `name[?|~|^] type number attribute=value…`: `?` optional and omitempty, `~` optional but always
 * written, `^` omitempty only; an enum's spaces are written %20; `&Type number` is an embedded struct;
 * `@struct=atomic` and `@union=discriminator:field,field` mark the whole type. Rows are parsed per model, on first use.
 */

/** A Go type, resolved: `named` types are structs of this table; every alias is already expanded. */
export type GoType =
  | { readonly kind: 'scalar'; readonly name: ScalarName; readonly goName: string }
  | { readonly kind: 'named'; readonly model: string }
  | { readonly kind: 'special'; readonly name: SpecialName; readonly goName: string }
  | { readonly kind: 'pointer'; readonly of: GoType }
  | { readonly kind: 'list'; readonly of: GoType; readonly goName: string }
  | { readonly kind: 'map'; readonly of: GoType; readonly goName: string };

export type ScalarName = 'string' | 'bool' | 'int32' | 'int64' | 'float64';
export type SpecialName = 'time' | 'microtime' | 'duration' | 'quantity' | 'intOrString' | 'bytes' | 'json' | 'rawExtension' | 'fieldsV1';

export interface FieldFacts {
  readonly name: string;
  readonly type: GoType;
  /** Go's `+optional` marker or `omitempty`. */
  readonly optional: boolean;
  readonly omitEmpty: boolean;
  readonly omitZero: boolean;
  /** A list or map without omitempty that may be empty in a valid object: null when it is. */
  readonly nullable: boolean;
  readonly number: number | undefined;
  /** JSON text. */
  readonly default: string | undefined;
  readonly enum: readonly string[] | undefined;
  /** Remaining markers: list, keys, map, struct, patch, mergeKey, gate. */
  readonly markers: Readonly<Record<string, string>>;
}

/** A type of which one field at most is set; another may say which. */
export interface UnionFacts {
  readonly discriminator: string | undefined;
  readonly fields: readonly string[];
}

export interface EmbedFacts {
  readonly embed: string;
  readonly number: number | undefined;
}

export interface ModelFacts {
  /** For example `io.k8s.api.core.v1.Pod`. */
  readonly model: string;
  readonly pkg: string;
  readonly name: string;
  readonly structType: string | undefined;
  readonly union: UnionFacts | undefined;
  readonly members: ReadonlyArray<FieldFacts | EmbedFacts>;
}

/** The whole table; models are parsed when asked for. */
export interface Facts {
  readonly source: string;
  /** Package path to API group, for packages that define one. */
  readonly groups: ReadonlyMap<string, string>;
  /** Every model name, in package order. */
  names(): readonly string[];
  model(name: string): ModelFacts | undefined;
}

interface RawPackage {
  readonly group?: string;
  readonly aliases?: Readonly<Record<string, string>>;
  readonly types: Readonly<Record<string, readonly string[]>>;
}

interface RawFacts {
  readonly source: string;
  readonly packages: Readonly<Record<string, RawPackage>>;
}

const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1';
const apiextensions = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1';

/** Structs that write their own JSON. */
const specials: Readonly<Record<string, SpecialName>> = {
  [`${meta}.Time`]: 'time',
  [`${meta}.MicroTime`]: 'microtime',
  [`${meta}.Duration`]: 'duration',
  [`${meta}.FieldsV1`]: 'fieldsV1',
  [`${apiextensions}.JSON`]: 'json',
  [`${apiextensions}.JSONSchemaPropsOrArray`]: 'json',
  [`${apiextensions}.JSONSchemaPropsOrBool`]: 'json',
  [`${apiextensions}.JSONSchemaPropsOrStringArray`]: 'json',
  'io.k8s.apimachinery.pkg.runtime.RawExtension': 'rawExtension',
  'resource.Quantity': 'quantity',
  'intstr.IntOrString': 'intOrString',
};

/**
 * Lists that are marked as required and may be empty all the same, as validation lets them. All others of their kind
 * have items in every valid object.
 */
const requiredYetEmpty: ReadonlySet<string> = new Set([
  'LimitRangeSpec.limits',
  'CSINodeSpec.drivers',
  'EndpointSlice.endpoints',
  'PodFailurePolicy.rules',
]);

export const isSpecialModel = (model: string): boolean => Object.hasOwn(specials, model);

function unionOf(text: string | undefined): UnionFacts | undefined {
  if (text === undefined) return undefined;
  const [discriminator = '', fields = ''] = text.split(':');
  return { discriminator: discriminator === '' ? undefined : discriminator, fields: fields.split(',') };
}

class Reader implements Facts {
  readonly source: string;
  readonly groups: ReadonlyMap<string, string>;
  readonly #raw: RawFacts;
  readonly #byShortName = new Map<string, string>();
  readonly #models = new Map<string, ModelFacts>();

  constructor(raw: RawFacts) {
    this.#raw = raw;
    this.source = raw.source;
    const groups = new Map<string, string>();
    for (const [pkg, { group }] of Object.entries(raw.packages)) {
      this.#byShortName.set(pkg.split('.').slice(-2).join('.'), pkg);
      if (group !== undefined) groups.set(pkg, group);
    }
    this.#byShortName.set('runtime', 'io.k8s.apimachinery.pkg.runtime');
    this.groups = groups;
  }

  names(): readonly string[] {
    return Object.entries(this.#raw.packages).flatMap(([pkg, { types }]) => Object.keys(types).map((name) => `${pkg}.${name}`));
  }

  model(model: string): ModelFacts | undefined {
    const known = this.#models.get(model);
    if (known !== undefined) return known;
    const dot = model.lastIndexOf('.');
    const pkg = model.slice(0, dot);
    const name = model.slice(dot + 1);
    const types = this.#raw.packages[pkg]?.types;
    const rows = types !== undefined && Object.hasOwn(types, name) ? types[name] : undefined;
    if (rows === undefined) return undefined;
    const mark = (name: string): string | undefined => rows.find((row) => row.startsWith(`@${name}=`))?.slice(name.length + 2);
    const members = rows.filter((row) => !row.startsWith('@')).map((row) => this.#member(pkg, name, row));
    const facts: ModelFacts = { model, pkg, name, structType: mark('struct'), union: unionOf(mark('union')), members };
    this.#models.set(model, facts);
    return facts;
  }

  #member(pkg: string, local: string, row: string): FieldFacts | EmbedFacts {
    const [head = '', ...rest] = row.split(' ');
    if (head.startsWith('&')) {
      const type = this.#type(pkg, head.slice(1), undefined);
      if (type.kind !== 'named') throw new Error(`${pkg} embeds ${head}, which is no struct`);
      return { embed: type.model, number: rest[0] === undefined ? undefined : Number(rest[0]) };
    }
    const mark = '?~^'.includes(head.slice(-1)) ? head.slice(-1) : '';
    const markers = new Map<string, string>();
    let number: number | undefined;
    for (const word of rest.slice(1)) {
      if (/^\d+$/.test(word)) number = Number(word);
      else markers.set(word.split('=', 1)[0] ?? '', word.slice(word.indexOf('=') + 1));
    }
    const enumText = markers.get('enum');
    const defaultText = markers.get('default');
    const omitZero = markers.has('omitzero');
    const name = mark === '' ? head : head.slice(0, -1);
    const fieldType = this.#type(pkg, rest[0] ?? '', undefined);
    const isCollection = fieldType.kind === 'list' || fieldType.kind === 'map';
    for (const taken of ['enum', 'default', 'omitzero']) markers.delete(taken);
    return {
      name,
      type: fieldType,
      optional: mark === '?' || mark === '~',
      omitEmpty: mark === '?' || mark === '^',
      omitZero,
      nullable: isCollection && (mark === '~' || (mark === '' && requiredYetEmpty.has(`${local}.${name}`))),
      number,
      default: defaultText,
      enum: enumText?.replaceAll('%20', ' ').split('|'),
      markers: Object.fromEntries(markers),
    };
  }

  /** The package and model (or alias) that a name used inside `pkg` means. */
  #locate(pkg: string, name: string): { readonly pkg: string; readonly local: string; readonly model: string } {
    const dot = name.lastIndexOf('.');
    if (dot < 0) return { pkg, local: name, model: `${pkg}.${name}` };
    const home = this.#byShortName.get(name.slice(0, dot)) ?? name.slice(0, dot);
    return { pkg: home, local: name.slice(dot + 1), model: `${home}.${name.slice(dot + 1)}` };
  }

  #type(pkg: string, text: string, alias: string | undefined): GoType {
    if (text.startsWith('*')) return { kind: 'pointer', of: this.#type(pkg, text.slice(1), undefined) };
    if (text === '[]byte') return { kind: 'special', name: 'bytes', goName: '[]uint8' };
    if (text.startsWith('[]')) {
      const of = this.#type(pkg, text.slice(2), undefined);
      return { kind: 'list', of, goName: alias ?? `[]${goNameOf(of)}` };
    }
    if (text.startsWith('map[')) {
      const close = text.indexOf(']');
      const key = this.#type(pkg, text.slice(4, close), undefined);
      const of = this.#type(pkg, text.slice(close + 1), undefined);
      return { kind: 'map', of, goName: alias ?? `map[${goNameOf(key)}]${goNameOf(of)}` };
    }
    if (text === 'any') return { kind: 'special', name: 'json', goName: 'interface {}' };
    if (text === 'string' || text === 'bool' || text === 'int32' || text === 'int64' || text === 'float64') {
      return { kind: 'scalar', name: text, goName: alias ?? text };
    }
    if (text === 'int') return { kind: 'scalar', name: 'int64', goName: 'int' };
    return this.#named(pkg, text);
  }

  #named(pkg: string, text: string): GoType {
    const place = this.#locate(pkg, text);
    const goName = `${place.pkg.split('.').at(-1)}.${place.local}`;
    const special = specials[place.model];
    if (special !== undefined) return { kind: 'special', name: special, goName };
    const home = this.#raw.packages[place.pkg];
    if (home?.types[place.local] !== undefined) return { kind: 'named', model: place.model };
    const alias = home?.aliases?.[place.local];
    if (alias !== undefined) return this.#type(place.pkg, alias, goName);
    return { kind: 'scalar', name: 'string', goName };
  }
}

/** The type's name as Go's reflection prints it, e.g. `[]v1.Container`. */
function goNameOf(type: GoType): string {
  if (type.kind === 'pointer') return `*${goNameOf(type.of)}`;
  if (type.kind === 'named') return type.model.split('.').slice(-2).join('.');
  return type.goName;
}

/** Opens the table from its JSON text. */
export function openFacts(text: string): Facts {
  // The text is the project's own committed file; the generator's test reads every row of it.
  return new Reader(JSON.parse(text) as RawFacts);
}
