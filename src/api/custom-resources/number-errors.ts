/** Checks of numbers against their schema. Source: kube-openapi pkg/validation/validate/{validator,values}.go. */
import type { JsonSchema } from './structural.ts';
import type { ValueError } from './value-result.ts';

/** A number as Go's %v writes it: a float64, or an int64 when `asInteger`. */
export function goNumber(value: number, asInteger = false): string {
  if (asInteger && Number.isFinite(value)) return BigInt(Math.trunc(value)).toString();
  if (value === 0) return '0';
  const exponent = Math.floor(Math.log10(Math.abs(value)));
  if (exponent >= -5 && exponent < 21) return String(value);
  return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2');
}

const ranges: Readonly<Record<string, readonly [low: number, high: number]>> = {
  int32: [-(2 ** 31), 2 ** 31 - 1],
  int64: [-(2 ** 63), 2 ** 63],
};

/** The complaint about a number outside of what its type can hold. */
function rangeError(value: number, { type = '', format = '' }: JsonSchema, what: string, path: string): ValueError | undefined {
  if (type === 'number') {
    if (format !== 'float' || Math.abs(value) <= 3.4028234663852886e38) return undefined;
    return { type: 'schema', path: '', message: `${what} value must be of type number with format float in ${path}` };
  }
  if (type !== 'integer') return undefined;
  const known = format === 'int32' || format === 'int64' ? format : '';
  const [low, high] = ranges[known === 'int32' ? 'int32' : 'int64'] ?? [0, 0];
  if (Number.isInteger(value) && value >= low && value <= high) return undefined;
  const named = known === '' ? '(default format)' : `with format ${known}`;
  return { type: 'schema', path: '', message: `${what} value must be of type integer ${named} in ${path}` };
}

/** All complaints about a number. */
export function* numberErrors(value: number, schema: JsonSchema, path: string): Generator<ValueError> {
  const checked = rangeError(value, schema, 'Checked', path);
  if (checked !== undefined) yield checked;
  const { multipleOf, maximum, minimum, exclusiveMaximum, exclusiveMinimum } = schema;
  const whole = Number.isInteger(value);
  const complain = (words: string): ValueError => ({ type: 'constraint', path, value, message: `${path} in body should be ${words}` });
  if (multipleOf !== undefined) {
    const range = rangeError(multipleOf, schema, 'MultipleOf', path);
    if (range !== undefined) yield range;
    const native = whole && range === undefined;
    const factor = native ? Math.trunc(multipleOf) : multipleOf;
    if (factor <= 0) {
      yield {
        type: 'constraint',
        path,
        value: factor,
        message: `factor MultipleOf declared for ${path} must be positive: ${goNumber(factor, native)}`,
      };
    } else if (!isMultiple(value, factor)) yield complain(`a multiple of ${goNumber(factor, native)}`);
  }
  if (maximum !== undefined) {
    const range = rangeError(maximum, schema, 'Maximum boundary', path);
    if (range !== undefined) yield range;
    const native = whole && range === undefined;
    const max = native ? Math.trunc(maximum) : maximum;
    if (exclusiveMaximum === true ? value >= max : value > max)
      yield complain(`less than ${exclusiveMaximum === true ? '' : 'or equal to '}${goNumber(max, native)}`);
  }
  if (minimum !== undefined) {
    const range = rangeError(minimum, schema, 'Minimum boundary', path);
    if (range !== undefined) yield range;
    const native = whole && range === undefined;
    const min = native ? Math.trunc(minimum) : minimum;
    if (exclusiveMinimum === true ? value <= min : value < min)
      yield complain(`greater than ${exclusiveMinimum === true ? '' : 'or equal to '}${goNumber(min, native)}`);
  }
}

function isMultiple(value: number, factor: number): boolean {
  const quotient = factor < 1 ? (1 / factor) * value : value / factor;
  if (Number.isInteger(quotient)) return true;
  const rounded = Math.round(quotient);
  return Math.abs(quotient - rounded) < 1e-9 * Math.max(1, Math.abs(quotient));
}
