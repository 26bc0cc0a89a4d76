/** How controllers that cover all Kinds use the catalog. */
import type { AnyKind } from '../api/kind.ts';
import { event } from '../api/kinds/core/event.ts';
import type { KindCatalog } from '../client/kind-catalog.ts';

/** False for Events: there are many, they own nothing, and they expire by themselves. */
export const isCollectable = (kind: AnyKind): boolean => kind.resourceName !== event.resourceName;

/** The Kind that an owner reference names, by any served version. */
export function kindOf(catalog: KindCatalog, apiVersion: string, kind: string): AnyKind | undefined {
  const [version = '', group = ''] = apiVersion.split('/').reverse();
  return catalog.byKind(group, version, kind) ?? catalog.all.find((candidate) => candidate.group === group && candidate.kind === kind);
}
