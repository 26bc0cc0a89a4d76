/** The served Kinds, indexed for routes and clients. The set changes at run time with custom resources. */
import { type AnyKind, servedKinds } from '../../api/kind.ts';
import type { KindSet } from './registry.ts';

/** The Kinds that were added and removed by one change; a replaced Kind is in both lists. */
export interface KindChange {
  readonly added: readonly AnyKind[];
  readonly removed: readonly AnyKind[];
}

export interface MutableKindSet extends KindSet {
  /** Adds a Kind, or replaces the one of the same resource name. */
  add(kind: AnyKind): void;
  /** Adds or replaces many Kinds in one change. */
  addAll(kinds: readonly AnyKind[]): void;
  remove(resourceName: string): void;
  /** Called after each change. Returns the unsubscribe function. */
  onChange(listener: (change: KindChange) => void): () => void;
}

/** Every group and version under which a Kind is served, the stored one first. */
export function servedVersions(kind: AnyKind): readonly { readonly group: string; readonly version: string }[] {
  const others = kind.codec.alsoServed?.map(({ group, version }) => ({ group: group ?? kind.group, version })) ?? [];
  return [{ group: kind.group, version: kind.version }, ...others];
}

/** Makes a set of Kinds. Look-ups also find a Kind under its other served versions. */
export function createKindSet(initial: readonly AnyKind[]): MutableKindSet {
  const kinds = new Map(initial.map((kind) => [kind.resourceName, kind]));
  const listeners = new Set<(change: KindChange) => void>();
  let all: readonly AnyKind[] = [];
  let resources = new Map<string, AnyKind>();
  let names = new Map<string, AnyKind>();
  const index = (): void => {
    all = [...kinds.values()];
    const versions = all
      .flatMap(servedKinds)
      .flatMap((kind) => servedVersions(kind).map((served) => ({ kind, prefix: `${served.group}/${served.version}/` })));
    resources = new Map(versions.map(({ kind, prefix }) => [prefix + kind.plural, kind]));
    names = new Map(versions.map(({ kind, prefix }) => [prefix + kind.kind, kind]));
  };
  const changed = (change: KindChange): void => {
    index();
    for (const listener of listeners) listener(change);
  };
  const addAll = (added: readonly AnyKind[]): void => {
    if (added.length === 0) return;
    const removed = added.map(({ resourceName }) => kinds.get(resourceName)).filter((kind) => kind !== undefined);
    for (const kind of added) kinds.set(kind.resourceName, kind);
    changed({ added, removed });
  };
  index();
  return {
    get all() {
      return all;
    },
    byResource: (group, version, plural) => resources.get(`${group}/${version}/${plural}`),
    byKind: (group, version, kind) => names.get(`${group}/${version}/${kind}`),
    byResourceName: (resourceName) => kinds.get(resourceName),
    add: (kind) => addAll([kind]),
    addAll,
    remove(resourceName) {
      const removed = kinds.get(resourceName);
      if (removed === undefined) return;
      kinds.delete(resourceName);
      changed({ added: [], removed: [removed] });
    },
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
