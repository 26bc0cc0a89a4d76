/**
 * Brings a set that was written under another schema into line with the type as it is now: where something has become
 * atomic, whoever owned a part of it owns the whole. Source: structured-merge-diff typed/reconcile_schema.go.
 */
import { below, elementsOf, type FieldSet, isEmptySet, type Path, recursiveDifference, setOf, union } from './field-set.ts';
import { deducedType, type MapType, type MergeType } from './merge-type.ts';
import { fieldNameOf } from './path-element.ts';

/** Returns the set itself when there is nothing to mend. */
export function reconcile(type: MergeType, set: FieldSet): FieldSet {
  const nowAtomic: Path[] = [];
  walk(type, set, [], nowAtomic);
  if (nowAtomic.length === 0) return set;
  const roots = setOf(...nowAtomic);
  return union(recursiveDifference(set, roots), roots);
}

const isDeduced = ({ fields, element }: MapType): boolean => {
  const other = element();
  return fields.length === 0 && other !== undefined && (other === deducedType || other.scalar === 'untyped');
};

/** `owned`: what is owned below this path. Empty for a member with nothing below, and at the root. */
function walk(type: MergeType, owned: FieldSet, path: Path, nowAtomic: Path[]): void {
  const { map, list } = type;
  const whole = path.length > 0 && isEmptySet(owned);
  if (map !== undefined) {
    if (isDeduced(map)) return;
    if (map.atomic && !whole) nowAtomic.push(path);
    if (!map.atomic) {
      descend(owned, path, nowAtomic, (element) => {
        const name = fieldNameOf(element);
        return name === undefined ? map.element() : (map.field(name)?.type() ?? map.element());
      });
    }
  } else if (type.scalar === undefined && list !== undefined) {
    if (list.atomic && !whole) nowAtomic.push(path);
    if (!list.atomic) descend(owned, path, nowAtomic, () => list.element());
  }
}

function descend(owned: FieldSet, path: Path, nowAtomic: Path[], typeOf: (element: string) => MergeType | undefined): void {
  for (const element of elementsOf(owned)) {
    const type = typeOf(element);
    if (type !== undefined) walk(type, below(owned, element), [...path, element], nowAtomic);
  }
}
