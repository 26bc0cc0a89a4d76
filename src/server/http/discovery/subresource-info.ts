/** How sub-resources appear in discovery. */
import { type AnyKind, isCustom } from '../../../api/kind.ts';
import type { GroupVersionKind } from '../../../api/object.ts';
import { subresourcesIn, subresourceType } from '../../../api/subresource.ts';

export interface SubresourceInfo extends GroupVersionKind {
  readonly name: string;
  readonly verbs: readonly string[];
}

/**
 * The sub-resources of a Kind as one served version shows them, sorted by name. Those of custom resources are in the
 * order of their declaration. Source: apiextensions-apiserver pkg/apiserver/customresource_discovery_controller.go.
 */
export function subresourcesOf(kind: AnyKind, group: string, version: string): readonly SubresourceInfo[] {
  const all = Object.entries(subresourcesIn(kind, { group, version })).map(([name, { verbs }]) => ({
    name,
    ...subresourceType(kind, name, { group, version }),
    verbs,
  }));
  return isCustom(kind) ? all : all.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}
