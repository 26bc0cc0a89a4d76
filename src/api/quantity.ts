/**
 * Quantities: exact decimal amounts with SI or binary suffixes. Source: apimachinery
 * pkg/api/resource/{quantity,suffix,amount}.go. The smallest unit is one nano; smaller amounts round up (away from
 * zero), as upstream.
 */

export type QuantityFormat = 'DecimalSI' | 'BinarySI' | 'DecimalExponent';

/** An exact amount in nanos and how to print it. */
export interface Quantity {
  readonly nanos: bigint;
  readonly format: QuantityFormat;
}

/** Thrown for a text that is not a quantity; the message is upstream's. */
export class QuantityError extends Error {}

const formatWrong = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
const suffixWrong = "unable to parse quantity's suffix";
const numberWrong = 'unable to parse numeric part of quantity';

const decimalSuffixes = new Map<string, number>([
  ['n', -9],
  ['u', -6],
  ['m', -3],
  ['', 0],
  ['k', 3],
  ['M', 6],
  ['G', 9],
  ['T', 12],
  ['P', 15],
  ['E', 18],
]);
const binarySuffixes = new Map<string, number>([
  ['Ki', 10],
  ['Mi', 20],
  ['Gi', 30],
  ['Ti', 40],
  ['Pi', 50],
  ['Ei', 60],
]);
const decimalNames = new Map<number, string>([...decimalSuffixes].map(([name, exponent]) => [exponent, name]));
const binaryNames = ['', ...binarySuffixes.keys()];

const nano = 1_000_000_000n;
const maxBinary = (2n ** 63n - 1n) * nano;
/** Differs: upstream accepts any 32-bit exponent; no real amount needs more than this. */
const maxExponent = 400;

interface Suffix {
  readonly base: 2 | 10;
  readonly exponent: number;
  readonly format: QuantityFormat;
}

function interpretSuffix(suffix: string): Suffix | undefined {
  const decimal = decimalSuffixes.get(suffix);
  if (decimal !== undefined) return { base: 10, exponent: decimal, format: 'DecimalSI' };
  const binary = binarySuffixes.get(suffix);
  if (binary !== undefined) return { base: 2, exponent: binary, format: 'BinarySI' };
  if (!/^[eE][+-]?[0-9]+$/.test(suffix)) return undefined;
  const exponent = Number(suffix.slice(1));
  return exponent > maxExponent ? undefined : { base: 10, exponent: Math.max(exponent, -maxExponent), format: 'DecimalExponent' };
}

const divideAwayFromZero = (dividend: bigint, divisor: bigint): bigint => {
  const quotient = dividend / divisor;
  if (dividend % divisor === 0n) return quotient;
  return dividend < 0n ? quotient - 1n : quotient + 1n;
};

const scaled = (digits: bigint, exponent: number): bigint =>
  exponent >= 0 ? digits * 10n ** BigInt(exponent) : divideAwayFromZero(digits, 10n ** BigInt(-exponent));

interface Parts {
  readonly negative: boolean;
  /** Digits before the point without leading zeros; '0' when none are left. */
  readonly whole: string;
  readonly fraction: string;
  readonly suffix: Suffix;
}

function split(text: string): Parts {
  const match = /^([+-]?)([0-9]*)(?:\.([0-9]*))?([eEinumkKMGTP]*[-+]?[0-9]*)$/.exec(text);
  if (text === '' || match === null) throw new QuantityError(formatWrong);
  const [, sign = '', digits = '', fraction = '', suffixText = ''] = match;
  if (digits === '' && fraction === '') {
    // There is a sign or suffix but no digits. Upstream's scanner takes this for an absent number.
    throw new QuantityError(text.includes('.') || suffixText !== '' ? numberWrong : formatWrong);
  }
  const suffix = interpretSuffix(suffixText);
  if (suffix === undefined) throw new QuantityError(suffixWrong);
  return { negative: sign === '-', whole: digits.replace(/^0+/, '') || '0', fraction, suffix };
}

function amountOf({ negative, whole, fraction, suffix }: Parts): Quantity {
  const digits = BigInt(whole + fraction);
  let nanos =
    suffix.base === 10
      ? scaled(digits, suffix.exponent - fraction.length + 9)
      : scaled(digits * 2n ** BigInt(suffix.exponent), 9 - fraction.length);
  let format = suffix.format;
  if (format === 'BinarySI') {
    if (nanos > maxBinary) nanos = maxBinary;
    if (nanos > 0n && nanos < nano) format = 'DecimalSI';
  }
  return { nanos: negative ? -nanos : nanos, format };
}

/**
 * Parses a quantity, e.g. `100m`, `1.5Gi`, `3e6`; a number is read as its decimal text. Throws QuantityError with
 * upstream's text.
 */
export function parseQuantity(text: string | number): Quantity {
  return amountOf(split(String(text)));
}

/** The quantity, or undefined when the text is none. */
export function tryParseQuantity(text: string | number | undefined): Quantity | undefined {
  if (text === undefined) return undefined;
  try {
    return parseQuantity(text);
  } catch (error) {
    if (error instanceof QuantityError) return undefined;
    throw error;
  }
}

/** The canonical string: no fraction, the largest suffix without loss. */
export function formatQuantity({ nanos, format }: Quantity): string {
  if (nanos === 0n) return '0';
  if (format === 'BinarySI' && nanos % nano === 0n && (nanos <= -1024n * nano || nanos >= 1024n * nano)) return formatBinary(nanos / nano);
  let mantissa = nanos;
  let exponent = -9;
  while (mantissa % 10n === 0n) {
    mantissa /= 10n;
    exponent++;
  }
  while (exponent % 3 !== 0) {
    mantissa *= 10n;
    exponent--;
  }
  if (format === 'DecimalExponent') return exponent === 0 ? `${mantissa}` : `${mantissa}e${exponent}`;
  // Differs: beyond exa, upstream drops the suffix and so loses the magnitude.
  while (exponent > 18) {
    mantissa *= 1000n;
    exponent -= 3;
  }
  return `${mantissa}${decimalNames.get(exponent) ?? ''}`;
}

function formatBinary(value: bigint): string {
  let mantissa = value;
  let power = 0;
  while (mantissa % 1024n === 0n && power < binaryNames.length - 1) {
    mantissa /= 1024n;
    power++;
  }
  return `${mantissa}${binaryNames[power] ?? ''}`;
}

/** True when upstream keeps the text as written (its parser's fast path). */
function keepsText({ whole, fraction, suffix }: Parts, nanos: bigint): boolean {
  const digits = whole + fraction;
  if (suffix.format === 'BinarySI') {
    const precision = 15 - whole.length - Math.trunc((suffix.exponent * 3) / 10) - 1;
    return fraction === '' && precision >= 0 && (BigInt(digits) & 7n) !== 0n && nanos !== 0n;
  }
  const scale = suffix.exponent - fraction.length;
  return digits.length <= 18 && scale >= -9 && scale % 3 === 0 && !digits.endsWith('000') && !digits.startsWith('0');
}

/**
 * The text that upstream's API returns for a quantity a client sent: kept when canonical enough (`1.500`), else the
 * canonical form.
 */
export function canonicalQuantity(text: string | number): string {
  const written = String(text);
  if (written === '0') return written;
  const parts = split(written);
  const quantity = amountOf(parts);
  return keepsText(parts, quantity.nanos) ? written : formatQuantity(quantity);
}

const million = 1_000_000n;

/**
 * The canonical text rounded up to whole millis, as upstream does to every resource list. Source:
 * SetDefaults_ResourceList.
 */
export function roundUpToMilli(text: string | number): string {
  const quantity = parseQuantity(text);
  if (quantity.nanos % million === 0n) return canonicalQuantity(text);
  return formatQuantity({ ...quantity, nanos: divideAwayFromZero(quantity.nanos, million) * million });
}

/** Negative, zero or positive as `a` is less than, equal to or more than `b`. */
export const compareQuantity = (a: Quantity, b: Quantity): number => (a.nanos < b.nanos ? -1 : a.nanos > b.nanos ? 1 : 0);

/** The sum, in the format of `a`, or of `b` when `a` is zero. */
export const addQuantity = (a: Quantity, b: Quantity): Quantity => ({
  nanos: a.nanos + b.nanos,
  format: a.nanos === 0n && b.nanos !== 0n ? b.format : a.format,
});

/** The difference, in the format of `a`, or of `b` when `a` is zero. */
export const subtractQuantity = (a: Quantity, b: Quantity): Quantity => ({
  nanos: a.nanos - b.nanos,
  format: a.nanos === 0n ? b.format : a.format,
});

/** The larger one. */
export const maxQuantity = (a: Quantity, b: Quantity): Quantity => (compareQuantity(a, b) >= 0 ? a : b);

export const zeroQuantity: Quantity = Object.freeze({ nanos: 0n, format: 'DecimalSI' });

/** A quantity of whole units, e.g. bytes or pods. */
export const quantityOf = (units: number | bigint, format: QuantityFormat = 'DecimalSI'): Quantity => ({
  nanos: BigInt(units) * nano,
  format,
});

/** A quantity of thousandths, e.g. millicores. */
export const milliQuantity = (millis: number | bigint): Quantity => ({ nanos: BigInt(millis) * million, format: 'DecimalSI' });

/** The amount in units as a floating-point number; may lose precision. */
export const toNumber = (quantity: Quantity): number => Number(quantity.nanos) / 1e9;

/** The amount in whole units, rounded up (away from zero): Go's `Value()`. */
export const toUnits = (quantity: Quantity): number => Number(divideAwayFromZero(quantity.nanos, nano));

/** The amount in thousandths, rounded up (away from zero): Go's `MilliValue()`. */
export const toMilli = (quantity: Quantity): number => Number(divideAwayFromZero(quantity.nanos, million));

/** True for a whole number of units. */
export const isWhole = (quantity: Quantity): boolean => quantity.nanos % nano === 0n;
