/** Merges tolerations. Source: pkg/util/tolerations/tolerations.go. */
import { deepEqual } from '../deep-equal.ts';
import type { Toleration } from '../generated/core/v1.ts';

/** Both lists in order, without those that another one covers. Of equal ones, the first stays. */
export function mergedTolerations(first: readonly Toleration[], second: readonly Toleration[]): readonly Toleration[] {
  const all = [...first, ...second];
  const merged: Toleration[] = [];
  for (const [index, toleration] of all.entries()) {
    const covered =
      merged.some((kept) => covers(kept, toleration)) ||
      all.slice(index + 1).some((later) => !deepEqual(later, toleration) && covers(later, toleration));
    if (!covered) merged.push(toleration);
  }
  return merged;
}

/** Whether `wide` tolerates all that `narrow` does. */
function covers(wide: Toleration, narrow: Toleration): boolean {
  if (deepEqual(wide, narrow)) return true;
  const { key = '', operator = 'Equal', effect = '', tolerationSeconds } = wide;
  if ((narrow.key ?? '') !== key && (key !== '' || operator !== 'Exists')) return false;
  if ((narrow.effect ?? '') !== effect && effect !== '') return false;
  if (
    effect === 'NoExecute' &&
    tolerationSeconds !== undefined &&
    (narrow.tolerationSeconds ?? Number.POSITIVE_INFINITY) > tolerationSeconds
  ) {
    return false;
  }
  return operator === 'Exists' || (operator === 'Equal' && narrow.operator === 'Equal' && (narrow.value ?? '') === (wide.value ?? ''));
}
