/**
 * How upstream holds a quantity: as a 64-bit number with a power of ten, or else as a decimal of any size. Expressions
 * can tell: only the former have an integer. Source: apimachinery pkg/api/resource/{quantity,amount,math}.go.
 */

/** `value` × 10^`scale`. */
export interface Amount {
  readonly value: bigint;
  readonly scale: number;
}

const minInt = -(2n ** 63n);
const maxInt = 2n ** 63n - 1n;
const fits = (value: bigint): boolean => value >= minInt && value <= maxInt;

const decimalExponents: Readonly<Record<string, number>> = { n: -9, u: -6, m: -3, '': 0, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };
const binaryExponents: Readonly<Record<string, number>> = { Ki: 10, Mi: 20, Gi: 30, Ti: 40, Pi: 50, Ei: 60 };

/** How many decimal digits a 64-bit number surely holds. */
const decimalDigits = 18;
const smallestScale = -9;

/** The amount of a valid quantity; undefined when it is held as a decimal. */
export function amountOfText(text: string): Amount | undefined {
  const [, sign = '', digits = '', fraction = '', suffix = ''] = /^([+-]?)(\d*)\.?(\d*)(.*)$/.exec(text) ?? [];
  const whole = digits.replace(/^0+/, '') || '0';
  const binary = binaryExponents[suffix];
  let amount: Amount;
  if (binary === undefined) {
    const exponent = decimalExponents[suffix] ?? Number(suffix.slice(1));
    const scale = exponent - fraction.length;
    if (whole.length + fraction.length > decimalDigits || scale < smallestScale) return undefined;
    amount = { value: BigInt(whole + fraction), scale };
  } else {
    if (fraction !== '' || 15 - whole.length - Math.trunc((binary * 3) / 10) - 1 < 0) return undefined;
    amount = { value: BigInt(whole) * 2n ** BigInt(binary), scale: 0 };
  }
  return fits(amount.value) ? { ...amount, value: sign === '-' ? -amount.value : amount.value } : undefined;
}

/** The sum; undefined when it is held as a decimal. */
export function addAmounts(a: Amount, b: Amount): Amount | undefined {
  if (b.value === 0n) return a;
  if (a.value === 0n) return b;
  const scale = Math.min(a.scale, b.scale);
  const values = [a, b].map((one) => one.value * 10n ** BigInt(one.scale - scale));
  const value = values.reduce((sum, each) => sum + each, 0n);
  return [...values, value].every(fits) ? { value, scale } : undefined;
}

/** The whole number that an amount is; undefined when upstream cannot tell, or it is too large. */
export function wholeOf({ value, scale }: Amount): bigint | undefined {
  if (scale < 0) return undefined;
  const whole = value * 10n ** BigInt(scale);
  return fits(whole) ? whole : undefined;
}
