/** Quantities, versions and JSON Patch keys. Source: apiserver pkg/cel/library/{quantity,semverlib,jsonpatch}.go. */
import {
  addQuantity,
  compareQuantity,
  formatQuantity,
  parseQuantity,
  type Quantity,
  QuantityError,
  quantityOf,
  subtractQuantity,
  toNumber,
} from '../../quantity.ts';
import { type CelFunction, dispatching, overload } from '../function.ts';
import { type CelType, structType } from '../types.ts';
import { CelError, noSuchOverload, OpaqueValue, type Result, type Value } from '../value.ts';
import { type Amount, addAmounts, amountOfText, wholeOf } from './quantity-amount.ts';

export class QuantityValue extends OpaqueValue {
  readonly type: CelType = structType('kubernetes.Quantity');
  readonly quantity: Quantity;
  /** As upstream holds it; undefined: as a decimal. */
  readonly amount: Amount | undefined;

  constructor(quantity: Quantity, amount: Amount | undefined) {
    super();
    this.quantity = quantity;
    this.amount = amount;
  }

  equals(other: Value): boolean | CelError {
    return other instanceof QuantityValue ? compareQuantity(this.quantity, other.quantity) === 0 : noSuchOverload;
  }

  override toJson(): string {
    return formatQuantity(this.quantity);
  }

  /** The whole number that it is; undefined when upstream does not take it for one. */
  whole(): bigint | undefined {
    return this.amount === undefined ? undefined : wholeOf(this.amount);
  }
}

function parsed(text: string): QuantityValue | CelError {
  try {
    return new QuantityValue(parseQuantity(text), amountOfText(text));
  } catch (error) {
    if (error instanceof QuantityError) return new CelError(error.message);
    throw error;
  }
}

const onText =
  (run: (text: string, flag: Value) => Result) =>
  (text: Value = null, flag: Value = false): Result =>
    typeof text === 'string' ? run(text, flag) : noSuchOverload;

const onQuantity =
  (run: (quantity: QuantityValue) => Result) =>
  (quantity: Value = null): Result =>
    quantity instanceof QuantityValue ? run(quantity) : noSuchOverload;

const compared =
  (accept: (order: number) => Result) =>
  (a: Value = null, b: Value = null): Result => {
    if (a instanceof QuantityValue && b instanceof QuantityValue) return accept(compareQuantity(a.quantity, b.quantity));
    return noSuchOverload;
  };

const combined =
  (combine: (a: Quantity, b: Quantity) => Quantity, sign: 1n | -1n) =>
  (a: Value = null, b: Value = null): Result => {
    const other = typeof b === 'bigint' ? new QuantityValue(quantityOf(b, 'DecimalExponent'), { value: b, scale: 0 }) : b;
    if (!(a instanceof QuantityValue) || !(other instanceof QuantityValue)) return noSuchOverload;
    const { amount } = other;
    const both =
      a.amount === undefined || amount === undefined ? undefined : addAmounts(a.amount, { ...amount, value: sign * amount.value });
    return new QuantityValue(combine(a.quantity, other.quantity), both);
  };

const sign = ({ quantity: { nanos } }: QuantityValue): Result => (nanos > 0n ? 1n : nanos < 0n ? -1n : 0n);

export interface Version {
  readonly numbers: readonly [bigint, bigint, bigint];
  readonly pre: readonly (string | bigint)[];
  readonly build: readonly string[];
}

const order = <T>(a: T, b: T): number => (a < b ? -1 : a > b ? 1 : 0);

function comparePre(a: string | bigint | undefined, b: string | bigint | undefined): number {
  if (a === undefined || b === undefined) return a === b ? 0 : a === undefined ? -1 : 1;
  // Numbers come before words.
  if (typeof a !== typeof b) return typeof a === 'bigint' ? -1 : 1;
  return order(a, b);
}

function compareVersions(a: Version, b: Version): number {
  for (const [at, number] of a.numbers.entries()) {
    const compared = order(number, b.numbers[at] ?? 0n);
    if (compared !== 0) return compared;
  }
  if (a.pre.length === 0 || b.pre.length === 0) return order(b.pre.length, a.pre.length) && (a.pre.length === 0 ? 1 : -1);
  for (let at = 0; at < Math.max(a.pre.length, b.pre.length); at++) {
    const compared = comparePre(a.pre[at], b.pre[at]);
    if (compared !== 0) return compared;
  }
  return 0;
}

export class VersionValue extends OpaqueValue {
  readonly type: CelType = structType('kubernetes.Semver');
  readonly version: Version;

  constructor(version: Version) {
    super();
    this.version = version;
  }

  equals(other: Value): boolean | CelError {
    return other instanceof VersionValue ? compareVersions(this.version, other.version) === 0 : noSuchOverload;
  }
}

class VersionError extends Error {}

const maxUint = 2n ** 64n - 1n;
const quoted = (text: string): string => JSON.stringify(text);

function versionNumber(text: string, name: string): bigint {
  if (/\D/.test(text)) throw new VersionError(`Invalid character(s) found in ${name} number ${quoted(text)}`);
  if (text.length > 1 && text.startsWith('0')) {
    const capital = `${name[0]?.toUpperCase() ?? ''}${name.slice(1)}`;
    throw new VersionError(`${capital} number must not contain leading zeroes ${quoted(text)}`);
  }
  if (text === '') throw new VersionError('strconv.ParseUint: parsing "": invalid syntax');
  const value = BigInt(text);
  if (value > maxUint) throw new VersionError(`strconv.ParseUint: parsing ${quoted(text)}: value out of range`);
  return value;
}

function preRelease(text: string): string | bigint {
  if (text === '') throw new VersionError('Prerelease is empty');
  if (/^\d+$/.test(text)) {
    if (text.length > 1 && text.startsWith('0'))
      throw new VersionError(`Numeric PreRelease version must not contain leading zeroes ${quoted(text)}`);
    return BigInt(text);
  }
  if (/[^A-Za-z0-9-]/.test(text)) throw new VersionError(`Invalid character(s) found in prerelease ${quoted(text)}`);
  return text;
}

function buildPart(text: string): string {
  if (text === '') throw new VersionError('Build meta data is empty');
  if (/[^A-Za-z0-9-]/.test(text)) throw new VersionError(`Invalid character(s) found in build meta data ${quoted(text)}`);
  return text;
}

/** Splits at the first `count - 1` dots. */
function splitDots(text: string, count: number): readonly string[] {
  const parts = text.split('.');
  return parts.length <= count ? parts : [...parts.slice(0, count - 1), parts.slice(count - 1).join('.')];
}

/** Source: github.com/blang/semver v4 (Parse). @throws VersionError */
function parseVersion(text: string): Version {
  if (text === '') throw new VersionError('Version string empty');
  const [major, minor, rest] = splitDots(text, 3);
  if (major === undefined || minor === undefined || rest === undefined) throw new VersionError('No Major.Minor.Patch elements found');
  const [head = '', ...builds] = rest.split('+');
  const build = rest.includes('+') ? builds.join('+').split('.') : [];
  const dash = head.indexOf('-');
  const patch = dash < 0 ? head : head.slice(0, dash);
  const numbers = [versionNumber(major, 'major'), versionNumber(minor, 'minor'), versionNumber(patch, 'patch')] as const;
  return {
    numbers,
    pre:
      dash < 0
        ? []
        : head
            .slice(dash + 1)
            .split('.')
            .map(preRelease),
    build: build.map(buildPart),
  };
}

/** A version without `v`, short forms filled up, leading zeros dropped. Source: semverlib.go (normalizeAndParse). */
function parseTolerant(text: string): Version {
  const parts = splitDots(text.replace(/^v/, ''), 3).map((part) => {
    if (part.length <= 1) return part;
    const trimmed = part.replace(/^0+/, '');
    return /^\d/.test(trimmed) ? trimmed : `0${trimmed}`;
  });
  if (parts.length < 3) {
    if (/[+-]/.test(parts.at(-1) ?? '')) throw new VersionError('short version cannot contain PreRelease/Build meta data');
    while (parts.length < 3) parts.push('0');
  }
  return parseVersion(parts.join('.'));
}

function version(text: string, tolerant: Value): VersionValue | CelError {
  try {
    return new VersionValue(tolerant === true ? parseTolerant(text) : parseVersion(text));
  } catch (error) {
    if (error instanceof VersionError) return new CelError(error.message);
    throw error;
  }
}

const onVersion =
  (run: (version: Version) => Result) =>
  (value: Value = null): Result =>
    value instanceof VersionValue ? run(value.version) : noSuchOverload;

const versionsCompared =
  (accept: (order: number) => Result) =>
  (a: Value = null, b: Value = null): Result =>
    a instanceof VersionValue && b instanceof VersionValue ? accept(compareVersions(a.version, b.version)) : noSuchOverload;

export const quantityFunctions = (): readonly CelFunction[] => [
  dispatching('quantity', onText(parsed), [['string_to_quantity', '(string) -> Quantity']]),
  dispatching(
    'isQuantity',
    onText((text) => parsed(text) instanceof QuantityValue),
    [['is_quantity_string', '(string) -> bool']],
  ),
  dispatching('sign', onQuantity(sign), [['quantity_sign', '(Quantity) -> int']]),
  dispatching(
    'asApproximateFloat',
    onQuantity(({ quantity }) => toNumber(quantity)),
    [['quantity_get_float', 'Quantity.() -> double']],
  ),
  dispatching(
    'asInteger',
    onQuantity((quantity) => quantity.whole() ?? new CelError('cannot convert value to integer')),
    [['quantity_get_int', 'Quantity.() -> int']],
  ),
  dispatching(
    'isInteger',
    onQuantity((quantity) => quantity.whole() !== undefined),
    [['quantity_is_integer', 'Quantity.() -> bool']],
  ),
  dispatching('add', combined(addQuantity, 1n), [
    ['quantity_add', 'Quantity.(Quantity) -> Quantity'],
    ['quantity_add_int', 'Quantity.(int) -> Quantity'],
  ]),
  dispatching('sub', combined(subtractQuantity, -1n), [
    ['quantity_sub', 'Quantity.(Quantity) -> Quantity'],
    ['quantity_sub_int', 'Quantity.(int) -> Quantity'],
  ]),
  {
    name: 'isGreaterThan',
    overloads: [
      overload(
        'quantity_is_greater_than',
        'Quantity.(Quantity) -> bool',
        compared((order) => order > 0),
      ),
      overload(
        'semver_is_greater_than',
        'Semver.(Semver) -> bool',
        versionsCompared((order) => order > 0),
      ),
    ],
  },
  {
    name: 'isLessThan',
    overloads: [
      overload(
        'quantity_is_less_than',
        'Quantity.(Quantity) -> bool',
        compared((order) => order < 0),
      ),
      overload(
        'semver_is_less_than',
        'Semver.(Semver) -> bool',
        versionsCompared((order) => order < 0),
      ),
    ],
  },
  {
    name: 'compareTo',
    overloads: [
      overload(
        'quantity_compare_to',
        'Quantity.(Quantity) -> int',
        compared((order) => BigInt(order)),
      ),
      overload(
        'semver_compare_to',
        'Semver.(Semver) -> int',
        versionsCompared((order) => BigInt(order)),
      ),
    ],
  },
];

export const versionFunctions = (): readonly CelFunction[] => [
  dispatching('semver', onText(version), [
    ['string_to_semver', '(string) -> Semver'],
    ['string_bool_to_semver', '(string, bool) -> Semver'],
  ]),
  dispatching(
    'isSemver',
    onText((text, tolerant) => version(text, tolerant) instanceof VersionValue),
    [
      ['is_semver_string', '(string) -> bool'],
      ['is_semver_string_bool', '(string, bool) -> bool'],
    ],
  ),
  dispatching(
    'major',
    onVersion(({ numbers }) => numbers[0]),
    [['semver_major', 'Semver.() -> int']],
  ),
  dispatching(
    'minor',
    onVersion(({ numbers }) => numbers[1]),
    [['semver_minor', 'Semver.() -> int']],
  ),
  dispatching(
    'patch',
    onVersion(({ numbers }) => numbers[2]),
    [['semver_patch', 'Semver.() -> int']],
  ),
];

const escapeKey = (key: string): string => key.replace(/[~/]/g, (character) => (character === '~' ? '~0' : '~1'));

/** Only in the expressions of mutating policies. */
export const jsonPatchFunctions = (): readonly CelFunction[] => [
  dispatching('jsonpatch.escapeKey', onText(escapeKey), [['string_jsonpatch_escapeKey_string', '(string) -> string']]),
];
