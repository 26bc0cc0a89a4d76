/** Everything that is served, as OpenAPI describes it: one entry per resource and version, derived from the Kinds. */
import { type AnyKind, type Scope, servedKinds } from '../../kind.ts';
import type { GroupVersionKind } from '../../object.ts';
import type { ObjectFormat } from '../../object-format.ts';
import { subresourcesIn } from '../../subresource.ts';
import type { GroupVersion } from './known-versions.ts';

/** A resource that is computed rather than stored, such as a TokenReview. */
export interface ComputedResource {
  readonly kind: AnyKind;
  readonly verbs: readonly ('create' | 'get' | 'list')[];
}

/** One resource in one version. */
export interface ServedResource extends GroupVersionKind {
  readonly plural: string;
  /** The kind of its lists. */
  readonly listKind: string;
  readonly scope: Scope;
  /** Model name. */
  readonly schema: string;
  /** The model name of its lists. */
  readonly listSchema: string;
  /** Set for a Kind that is defined at run time, whose model is not in the schema data. */
  readonly format: ObjectFormat | undefined;
  /** The verbs of a computed resource; undefined for stored ones, which have all. */
  readonly verbs: ComputedResource['verbs'] | undefined;
  readonly deleteCollection: boolean;
  /** Whether a delete answers with the object. Upstream does not declare this for kinds with a custom delete. */
  readonly answersDeleted: boolean;
  readonly subresources: AnyKind['subresources'];
}

/** `api/v1` or `apis/apps/v1`. */
export const groupVersionPath = (group: string, version: string): string => (group === '' ? `api/${version}` : `apis/${group}/${version}`);

function versionsOf(declared: AnyKind): ServedResource[] {
  return servedKinds(declared).flatMap(versionsOfOne);
}

function versionsOfOne(kind: AnyKind): ServedResource[] {
  const { group, version, codec, plural, scope } = kind;
  const resource = {
    kind: kind.kind,
    listKind: kind.names.list,
    plural,
    scope,
    verbs: undefined,
    deleteCollection: kind.delete?.collection !== false,
    answersDeleted: kind.delete?.answersObject === true && kind.delete.mayRemove === undefined,
  };
  const versioned = (of: { readonly group: string; readonly version: string }) => ({ ...of, subresources: subresourcesIn(kind, of) });
  const others = codec.alsoServed ?? [];
  return [
    { ...versioned({ group, version }), ...modelsOf(codec.schema), ...resource },
    ...others.map((served) => ({
      ...versioned({ group: served.group ?? group, version: served.version }),
      ...modelsOf(served.schema),
      ...resource,
    })),
  ];
}

const modelsOf = (schema: string | ObjectFormat): Pick<ServedResource, 'schema' | 'listSchema' | 'format'> => {
  if (typeof schema === 'string') return { schema, listSchema: `${schema}List`, format: undefined };
  return { schema: schema.model, listSchema: schema.listModel ?? `${schema.model}List`, format: schema };
};

/** Every served resource, sorted by path. */
export function servedResources(kinds: readonly AnyKind[], computed: readonly ComputedResource[]): ServedResource[] {
  const others = computed.flatMap(({ kind, verbs }) => versionsOf(kind).map((resource) => ({ ...resource, verbs })));
  return [...kinds.flatMap(versionsOf), ...others].sort((a, b) => {
    const [left, right] = [sortKey(a), sortKey(b)];
    return left < right ? -1 : left > right ? 1 : 0;
  });
}

/** The groups of what is not defined at run time. */
export const builtInGroups = (resources: readonly ServedResource[]): readonly string[] =>
  resources.filter(({ format }) => format === undefined).map(({ group }) => group);

const sortKey = ({ group, version, plural }: ServedResource): string => `${groupVersionPath(group, version)}/${plural}`;

/** The schemas of Kinds that are defined at run time; the schema data does not contain them. */
export type OwnDefinition =
  | { readonly type: 'object'; readonly format: ObjectFormat }
  | {
      readonly type: 'list';
      readonly format: ObjectFormat;
      readonly kind: string;
      readonly listKind: string;
      readonly plural: string;
      readonly items: string;
    };

/** The definitions, keyed by model name. */
export function ownDefinitions(resources: readonly ServedResource[]): ReadonlyMap<string, OwnDefinition> {
  const own = new Map<string, OwnDefinition>();
  for (const { format, kind, listKind, listSchema, plural, schema } of resources) {
    if (format === undefined) continue;
    own.set(schema, { type: 'object', format });
    own.set(listSchema, { type: 'list', format, kind, listKind, plural, items: schema });
  }
  return own;
}

const metaPackage = 'io.k8s.apimachinery.pkg.apis.meta.v1';
/** The models that every version of every group has. */
export const everywhere: ReadonlySet<string> = new Set([`${metaPackage}.DeleteOptions`, `${metaPackage}.WatchEvent`]);

/**
 * Returns a function that finds the kinds under which a model is served; `versions` are those that have every model of
 * `everywhere`.
 */
export function kindsByModel(
  resources: readonly ServedResource[],
  own: (model: string) => GroupVersionKind | undefined,
  versions: readonly GroupVersion[],
): (model: string) => readonly GroupVersionKind[] {
  const byModel = new Map<string, GroupVersionKind[]>();
  for (const { group, version, kind, listKind, schema, listSchema } of resources) {
    for (const [model, name] of [
      [schema, kind],
      [listSchema, listKind],
    ] as const) {
      byModel.set(model, [...(byModel.get(model) ?? []), { group, kind: name, version }]);
    }
  }
  return (model) => {
    if (everywhere.has(model)) {
      const kind = model.slice(model.lastIndexOf('.') + 1);
      return versions.map(({ group, version }) => ({ group, kind, version }));
    }
    const known = byModel.get(model);
    if (known !== undefined) return known;
    const single = own(model);
    return single === undefined ? [] : [single];
  };
}
