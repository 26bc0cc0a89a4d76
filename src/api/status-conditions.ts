/** Conditions of the common type. Source: apimachinery pkg/api/meta/conditions.go (SetStatusCondition). */
import type { Condition } from './generated/meta/v1.ts';

/** A copy of the conditions with one set. Its transition time stays while its status does; a new one is `now`. */
export function withCondition(
  conditions: readonly Condition[] | undefined,
  next: Omit<Condition, 'lastTransitionTime'>,
  now: string,
): readonly Condition[] {
  const before = (conditions ?? []).find(({ type }) => type === next.type);
  const lastTransitionTime = before !== undefined && before.status === next.status ? before.lastTransitionTime : now;
  const set: Condition = { ...next, lastTransitionTime };
  return before === undefined ? [...(conditions ?? []), set] : (conditions ?? []).map((one) => (one === before ? set : one));
}
