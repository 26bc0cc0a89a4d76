/** How sub-resources appear in discovery. */
import type { AnyKind } from '../../../api/kind.ts';
import type { GroupVersionKind } from '../../../api/object.ts';
import { subresourceType } from '../../../api/subresource.ts';

export interface SubresourceInfo extends GroupVersionKind {
  readonly name: string;
  readonly verbs: readonly string[];
}

/** The sub-resources of a Kind as one served version shows them, sorted by name. */
export const subresourcesOf = (kind: AnyKind, group: string, version: string): readonly SubresourceInfo[] =>
  Object.entries(kind.subresources)
    .map(([name, { verbs }]) => ({ name, ...subresourceType(kind, name, { group, version }), verbs }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
