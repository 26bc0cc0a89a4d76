/** Quantities as numbers; each text is parsed once and cached. */
import { toMilli, toUnits, tryParseQuantity } from '../api/quantity.ts';

const maxRemembered = 10_000;

function remembering(convert: (text: string) => number): (text: string | number | undefined) => number {
  const known = new Map<string, number>();
  return (quantity) => {
    if (quantity === undefined) return 0;
    const text = String(quantity);
    const hit = known.get(text);
    if (hit !== undefined) return hit;
    const value = convert(text);
    if (known.size >= maxRemembered) known.clear();
    known.set(text, value);
    return value;
  };
}

const zero = { nanos: 0n, format: 'DecimalSI' } as const;

/** Whole units, rounded up; 0 when absent or malformed. */
export const unitsOf: (quantity: string | number | undefined) => number = remembering((text) => toUnits(tryParseQuantity(text) ?? zero));

/** Thousandths, rounded up; 0 when absent or malformed. */
export const millisOf: (quantity: string | number | undefined) => number = remembering((text) => toMilli(tryParseQuantity(text) ?? zero));
