/** How controllers over all Kinds look at the catalog. */
import type { AnyKind } from '../api/kind.ts';
import { event } from '../api/kinds/core/event.ts';
import type { KindCatalog } from '../client/kind-catalog.ts';

/** Events are many, own nothing and expire by themselves. */
export const isCollectable = (kind: AnyKind): boolean => kind.resourceName !== event.resourceName;

/** The Kind that an owner reference names; any served version will do. */
export function kindOf(catalog: KindCatalog, apiVersion: string, kind: string): AnyKind | undefined {
  const [version = '', group = ''] = apiVersion.split('/').reverse();
  return catalog.byKind(group, version, kind) ?? catalog.all.find((candidate) => candidate.group === group && candidate.kind === kind);
}
