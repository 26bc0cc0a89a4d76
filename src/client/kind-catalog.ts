/**
 * The Kinds that exist: built-in ones, and those that custom resource definitions add and remove. The registry's
 * KindSet is one.
 */
import type { AnyKind } from '../api/kind.ts';

/** The Kinds that one change has added and removed; a replaced Kind is in both lists. */
export interface KindChange {
  readonly added: readonly AnyKind[];
  readonly removed: readonly AnyKind[];
}

export interface KindCatalog {
  readonly all: readonly AnyKind[];
  /** Finds a Kind by any of its served versions. */
  byKind(group: string, version: string, kind: string): AnyKind | undefined;
  /** Calls back after each change, in the order of subscription. Returns the unsubscribe function. */
  onChange(listener: (change: KindChange) => void): () => void;
}

/**
 * Calls `follow` for every Kind that `wanted` selects, now or when it is added. When the Kind is removed, calls the
 * function that `follow` returned. Returns the function that ends all of it.
 */
export function followKinds(catalog: KindCatalog, wants: (kind: AnyKind) => boolean, follow: (kind: AnyKind) => () => void): () => void {
  const followed = new Map<AnyKind, () => void>();
  const add = (kind: AnyKind): void => {
    if (wants(kind)) followed.set(kind, follow(kind));
  };
  const remove = (kind: AnyKind): void => {
    followed.get(kind)?.();
    followed.delete(kind);
  };
  const unsubscribe = catalog.onChange(({ added, removed }) => {
    for (const kind of removed) remove(kind);
    for (const kind of added) add(kind);
  });
  for (const kind of catalog.all) add(kind);
  return () => {
    unsubscribe();
    for (const kind of [...followed.keys()]) remove(kind);
  };
}
