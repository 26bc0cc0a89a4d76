/** Arithmetic of resource lists. Source: apiserver pkg/quota/v1/resources.go. */
import type { ResourceAmounts } from '../pod/resources.ts';
import { addQuantity, compareQuantity, formatQuantity, type Quantity, subtractQuantity, zeroQuantity } from '../quantity.ts';

export const addAmounts = (a: ResourceAmounts, b: ResourceAmounts): ResourceAmounts => {
  const result = new Map(a);
  for (const [name, amount] of b) {
    const own = result.get(name);
    result.set(name, own === undefined ? amount : addQuantity(own, amount));
  }
  return result;
};

/** `a - b` by name; what would be less than zero is zero. */
export function subtractAmounts(a: ResourceAmounts, b: ResourceAmounts): ResourceAmounts {
  const result = new Map<string, Quantity>();
  for (const name of new Set([...a.keys(), ...b.keys()])) {
    const difference = subtractQuantity(a.get(name) ?? zeroQuantity, b.get(name) ?? zeroQuantity);
    result.set(name, difference.nanos > 0n ? difference : zeroQuantity);
  }
  return result;
}

/** Only the amounts whose names are in a set. */
export const masked = (amounts: ResourceAmounts, names: { has(name: string): boolean }): ResourceAmounts =>
  new Map([...amounts].filter(([name]) => names.has(name)));

export const withoutZeros = (amounts: ResourceAmounts): ResourceAmounts => new Map([...amounts].filter(([, { nanos }]) => nanos !== 0n));

/** The names whose amounts are less than zero. */
export const negativeNames = (amounts: ResourceAmounts): readonly string[] =>
  [...amounts].filter(([, { nanos }]) => nanos < 0n).map(([name]) => name);

/** The names of which there is more than the limit. */
export const exceededNames = (amounts: ResourceAmounts, limits: ResourceAmounts): readonly string[] =>
  [...amounts]
    .filter(([name, amount]) => {
      const limit = limits.get(name);
      return limit !== undefined && compareQuantity(amount, limit) > 0;
    })
    .map(([name]) => name);

export const equalAmounts = (a: ResourceAmounts, b: ResourceAmounts): boolean =>
  a.size === b.size && [...a].every(([name, amount]) => b.get(name)?.nanos === amount.nanos);

/** As objects have them. */
export const resourceList = (amounts: ResourceAmounts): Readonly<Record<string, string>> =>
  Object.fromEntries([...amounts].map(([name, amount]) => [name, formatQuantity(amount)]));
