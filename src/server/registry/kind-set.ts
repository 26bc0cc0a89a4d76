/** The served Kinds, indexed for routes and clients; grows and shrinks with custom resources. */
import type { AnyKind } from '../../api/kind.ts';
import type { KindSet } from './registry.ts';

export interface MutableKindSet extends KindSet {
  /** Adds a Kind, or replaces the one of the same resource name. */
  add(kind: AnyKind): void;
  remove(resourceName: string): void;
  /** Called after each change. Returns the unsubscribe function. */
  onChange(listener: () => void): () => void;
}

/** Every group and version under which a Kind is served, the stored one first. */
export function servedVersions(kind: AnyKind): readonly { readonly group: string; readonly version: string }[] {
  const others = kind.codec.alsoServed?.map(({ group, version }) => ({ group: group ?? kind.group, version })) ?? [];
  return [{ group: kind.group, version: kind.version }, ...others];
}

/** Makes a set of Kinds; look-ups also find a Kind under its other served versions. */
export function createKindSet(initial: readonly AnyKind[]): MutableKindSet {
  const kinds = new Map(initial.map((kind) => [kind.resourceName, kind]));
  const listeners = new Set<() => void>();
  let all: readonly AnyKind[] = [];
  let resources = new Map<string, AnyKind>();
  let names = new Map<string, AnyKind>();
  const index = (): void => {
    all = [...kinds.values()];
    const versions = all.flatMap((kind) => servedVersions(kind).map((served) => ({ kind, prefix: `${served.group}/${served.version}/` })));
    resources = new Map(versions.map(({ kind, prefix }) => [prefix + kind.plural, kind]));
    names = new Map(versions.map(({ kind, prefix }) => [prefix + kind.kind, kind]));
    for (const listener of listeners) listener();
  };
  index();
  return {
    get all() {
      return all;
    },
    byResource: (group, version, plural) => resources.get(`${group}/${version}/${plural}`),
    byKind: (group, version, kind) => names.get(`${group}/${version}/${kind}`),
    byResourceName: (resourceName) => kinds.get(resourceName),
    add(kind) {
      kinds.set(kind.resourceName, kind);
      index();
    },
    remove(resourceName) {
      if (kinds.delete(resourceName)) index();
    },
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
