/** The Kinds that are served, as controllers over all Kinds need them; the registry's KindSet is one. */
import type { AnyKind } from '../api/kind.ts';
import { event } from '../api/kinds/core/event.ts';

export interface KindCatalog {
  /** Grows at run time with custom resources. */
  readonly all: readonly AnyKind[];
  byKind(group: string, version: string, kind: string): AnyKind | undefined;
  /** Calls back after Kinds were added or removed; absent: it never changes. Returns the function that unsubscribes. */
  onChange?(listener: () => void): () => void;
}

/** Events are many, own nothing and expire by themselves. */
export const isCollectable = (kind: AnyKind): boolean => kind.resourceName !== event.resourceName;

/** The Kind that an owner reference names; any served version will do. */
export function kindOf(catalog: KindCatalog, apiVersion: string, kind: string): AnyKind | undefined {
  const [version = '', group = ''] = apiVersion.split('/').reverse();
  return catalog.byKind(group, version, kind) ?? catalog.all.find((candidate) => candidate.group === group && candidate.kind === kind);
}
