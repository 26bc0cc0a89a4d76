/** The Kinds that stand for others in sub-resources. They have no collections of their own. */
import type { AnyKind } from '../kind.ts';
import { oldScaleKinds } from '../legacy/scale.ts';
import type { GroupVersionKind } from '../object.ts';
import { scaleKind } from './autoscaling/scale.ts';

const standInKinds: readonly AnyKind[] = [scaleKind, ...oldScaleKinds];

/** The Kind of a type that stands for others. Throws an Error (a bug of the declaration) when there is none. */
export function standInKind({ group, version, kind }: GroupVersionKind): AnyKind {
  const found = standInKinds.find((each) => each.group === group && each.version === version && each.kind === kind);
  if (found === undefined) throw new Error(`no Kind stands for others as ${kind} of ${group}/${version}`);
  return found;
}
