/**
 * Versions of APIs that Kubernetes no longer serves: manifests of old books and tutorials work. They are stored as
 * current versions, and answered with a warning. Source of names and dates: k8s.io/api,
 * zz_generated.prerelease-lifecycle.go.
 */
import { isObject, type JsonObject } from '../json.ts';
import type { AnyKind, ServedVersion } from '../kind.ts';

export interface OldVersionNames {
  /** The group; default: that of the Kind. */
  readonly group?: string;
  readonly version: string;
  readonly kind: string;
  /** The package of the types: `extensions`, `rbac`; in full when it is not one of k8s.io/api. */
  readonly package: string;
  /** The releases in which it was deprecated and in which it was removed: `1.8`, `1.16`. */
  readonly deprecated: string;
  readonly removed: string;
  /** What takes its place: `apps/v1`. Default: upstream's warning names nothing. */
  readonly replacement?: string;
}

type Difference = Partial<Omit<ServedVersion, 'group' | 'version' | 'schema' | 'old' | 'deprecation'>>;

const same = (object: JsonObject): JsonObject => object;

/** Declares an old version. Default: objects have the same shape in both. */
export function oldVersion(names: OldVersionNames & { readonly ofGroup: string }, difference: Difference = {}): ServedVersion {
  const { group = names.ofGroup, version, kind, deprecated, removed, replacement } = names;
  return {
    ...(names.group === undefined ? {} : { group: names.group }),
    version,
    schema: `${names.package.includes('.') ? names.package : `io.k8s.api.${names.package}`}.${version}.${kind}`,
    old: true,
    deprecation: `${group}/${version} ${kind} is deprecated in v${deprecated}+, unavailable in v${removed}+${replacement === undefined ? '' : `; use ${replacement} ${kind}`}`,
    toStored: same,
    fromStored: same,
    ...difference,
  };
}

/** Whether one of the Kinds is served in an old version. */
export const hasOldVersions = (kinds: readonly AnyKind[]): boolean =>
  kinds.some(({ codec }) => codec.alsoServed?.some(({ old }) => old === true) === true);

/** The Kinds without their old versions, and those of the bodies of their sub-resources. */
export const withoutOldVersions = (kinds: readonly AnyKind[]): readonly AnyKind[] => kinds.map(withoutOld);

function withoutOld(kind: AnyKind): AnyKind {
  const { codec, subresources } = kind;
  const served = hasOldVersions([kind]);
  const taken = Object.values(subresources).some((declared) => declared.does === 'create' && declared.oldVersions !== undefined);
  if (!served && !taken) return kind;
  return {
    ...kind,
    codec: { ...codec, ...(served ? { alsoServed: codec.alsoServed?.filter(({ old }) => old !== true) ?? [] } : {}) },
    subresources: Object.fromEntries(
      Object.entries(subresources).map(([name, declared]) => [
        name,
        declared.does === 'create' ? { ...declared, oldVersions: [] } : declared,
      ]),
    ),
  };
}

/** The object with a changed spec. */
export const withSpec = (object: JsonObject, change: (spec: JsonObject) => JsonObject): JsonObject =>
  isObject(object.spec) ? { ...object, spec: change(object.spec) } : object;
