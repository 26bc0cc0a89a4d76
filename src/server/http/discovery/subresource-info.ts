/** How sub-resources appear in discovery. */
import type { AnyKind } from '../../../api/kind.ts';
import type { GroupVersionKind } from '../../../api/object.ts';

export interface SubresourceInfo extends GroupVersionKind {
  readonly name: string;
  readonly verbs: readonly string[];
}

/** The type of a sub-resource's bodies, or of its options, as one served version shows it; logs are of their object's own type. */
export function subresourceType(kind: AnyKind, name: string, group: string, version: string): GroupVersionKind {
  const declared = kind.subresources[name];
  switch (declared?.does) {
    case 'stand-in':
    case 'create':
      return declared.body;
    case 'connect':
      return declared.options;
    default:
      return { group, version, kind: kind.kind };
  }
}

/** The sub-resources of a Kind as one served version shows them, sorted by name. */
export const subresourcesOf = (kind: AnyKind, group: string, version: string): readonly SubresourceInfo[] =>
  Object.entries(kind.subresources)
    .map(([name, { verbs }]) => ({ name, ...subresourceType(kind, name, group, version), verbs }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
