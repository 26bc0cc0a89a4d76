/** The constraints of a LimitRange. Source: plugin/pkg/admission/limitranger/admission.go. */
import type { LimitRangeItem } from '../../api/generated/core/v1.ts';
import { compareQuantity, type Quantity, toMilli, toUnits, tryParseQuantity, zeroQuantity } from '../../api/quantity.ts';

/** An amount with the text that messages show. */
export interface Amount {
  readonly quantity: Quantity;
  readonly text: string;
}

export type Amounts = ReadonlyMap<string, Amount>;

/** What a container, a pod or a claim asks for. */
export interface Demand {
  readonly requests: Amounts;
  /** Absent: it cannot have limits. */
  readonly limits?: Amounts;
}

export const amountsOf = (list: Readonly<Record<string, string>> | undefined): Amounts =>
  new Map(Object.entries(list ?? {}).map(([name, text]) => [name, { text, quantity: tryParseQuantity(text) ?? zeroQuantity }]));

const isLess = (a: Amount, b: Amount): boolean => compareQuantity(a.quantity, b.quantity) < 0;

/** Everything that an item of a LimitRange forbids of a demand, in upstream's words. */
export function violatedConstraints(item: LimitRangeItem, demand: Demand): readonly string[] {
  return [
    ...each(item.min, (name, bound) => belowMin(`minimum ${name} usage per ${item.type} is ${bound.text}`, name, bound, demand)),
    ...each(item.max, (name, bound) => aboveMax(`maximum ${name} usage per ${item.type} is ${bound.text}`, name, bound, demand)),
    ...each(item.maxLimitRequestRatio, (name, bound) =>
      aboveRatio(`${name} max limit to request ratio per ${item.type} is ${bound.text}`, name, bound, demand),
    ),
  ];
}

function each(
  list: Readonly<Record<string, string>> | undefined,
  check: (name: string, bound: Amount) => string | undefined,
): readonly string[] {
  return [...amountsOf(list)].flatMap(([name, bound]) => check(name, bound) ?? []);
}

function belowMin(rule: string, name: string, bound: Amount, { requests, limits }: Demand): string | undefined {
  const request = requests.get(name);
  const limit = limits?.get(name);
  if (request === undefined) return `${rule}.  No request is specified`;
  if (isLess(request, bound)) return `${rule}, but request is ${request.text}`;
  return limit !== undefined && isLess(limit, bound) ? `${rule}, but limit is ${limit.text}` : undefined;
}

function aboveMax(rule: string, name: string, bound: Amount, { requests, limits }: Demand): string | undefined {
  const request = requests.get(name);
  if (limits === undefined) {
    if (request === undefined) return `${rule}.  No request is specified`;
    return isLess(bound, request) ? `${rule}, but request is ${request.text}` : undefined;
  }
  const limit = limits.get(name);
  if (limit === undefined) return `${rule}.  No limit is specified`;
  if (isLess(bound, limit)) return `${rule}, but limit is ${limit.text}`;
  return request !== undefined && isLess(bound, request) ? `${rule}, but request is ${request.text}` : undefined;
}

/** Go's largest amount that can be told in thousandths. Source: apimachinery pkg/api/resource/quantity.go. */
const maxMilliValue = Number((2n ** 63n - 1n) / 1000n);

function aboveRatio(rule: string, name: string, bound: Amount, { requests, limits }: Demand): string | undefined {
  const request = requests.get(name)?.quantity ?? zeroQuantity;
  const limit = limits?.get(name)?.quantity ?? zeroQuantity;
  if (request.nanos === 0n) return `${rule}, but no request is specified or request is 0`;
  if (limit.nanos === 0n) return `${rule}, but no limit is specified or limit is 0`;
  const inMillis = [request, limit, bound.quantity].every((quantity) => toUnits(quantity) <= maxMilliValue);
  const ratio = inMillis ? toMilli(limit) / toMilli(request) : toUnits(limit) / toUnits(request);
  const exceeded = toUnits(bound.quantity) <= maxMilliValue ? ratio * 1000 > toMilli(bound.quantity) : ratio > toUnits(bound.quantity);
  return exceeded ? `${rule}, but provided ratio is ${ratio.toFixed(6)}` : undefined;
}
