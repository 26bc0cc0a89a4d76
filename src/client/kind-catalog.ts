/** The Kinds that exist: built-in ones, and those that come and go with definitions of custom resources. The registry's KindSet is one. */
import type { AnyKind } from '../api/kind.ts';

/** What came and went at once; a Kind that was changed did both. */
export interface KindChange {
  readonly added: readonly AnyKind[];
  readonly removed: readonly AnyKind[];
}

export interface KindCatalog {
  readonly all: readonly AnyKind[];
  /** Under any of its served versions. */
  byKind(group: string, version: string, kind: string): AnyKind | undefined;
  /** Calls back after each change, in the order of subscription. Returns the function that unsubscribes. */
  onChange(listener: (change: KindChange) => void): () => void;
}

/**
 * Follows every Kind that is wanted, from when it exists until it does not: `follow` is called for each, and what it returned when the Kind is gone.
 * Returns the function that ends all of it.
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
