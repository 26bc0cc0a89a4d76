/** Taints and tolerations. Source: component-helpers scheduling/corev1/helpers.go, api core/v1/toleration.go. */
import type { Taint, Toleration } from '../api/generated/core/v1.ts';

/**
 * True when the toleration covers the taint. An empty key with Exists covers all taints; an empty effect covers all
 * effects.
 */
export function tolerates(toleration: Toleration, taint: Taint): boolean {
  if (toleration.effect !== undefined && toleration.effect !== taint.effect && !isEmpty(toleration.effect)) return false;
  if (!isEmpty(toleration.key) && toleration.key !== taint.key) return false;
  switch (toleration.operator ?? '') {
    case '':
    case 'Equal':
      return (toleration.value ?? '') === (taint.value ?? '');
    case 'Exists':
      return true;
    case 'Lt':
    case 'Gt':
      return compares(toleration, taint);
    default:
      return false;
  }
}

const isEmpty = (text: string | undefined): boolean => text === undefined || text === '';

/** Numeric operators: the taint's value is less or greater than the toleration's. Source: KEP-5471. */
function compares(toleration: Toleration, taint: Taint): boolean {
  const [mine, its] = [toleration.value ?? '', taint.value ?? ''];
  if (!/^-?\d+$/.test(mine) || !/^-?\d+$/.test(its)) return false;
  return toleration.operator === 'Lt' ? BigInt(its) < BigInt(mine) : BigInt(its) > BigInt(mine);
}

/** The first taint of the given effects that no toleration covers. */
export function untoleratedTaint(
  taints: readonly Taint[],
  tolerations: readonly Toleration[],
  effects: readonly Taint['effect'][],
): Taint | undefined {
  return taints.find((taint) => effects.includes(taint.effect) && !tolerations.some((toleration) => tolerates(toleration, taint)));
}
