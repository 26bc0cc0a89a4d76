/**
 * The functions of Go templates, and kubectl's two (`exists`, `base64decode`).
 * Source: Go text/template/funcs.go; cli-runtime pkg/printers/template.go.
 */
import { goType, goValue } from '../../api/go-format.ts';
import { goSprint, goSprintf } from './go-printf.ts';
import { isMapping, type TemplateValue, truth } from './go-template-values.ts';

/** A call that failed; the message is Go's. */
export class FunctionError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'FunctionError';
  }
}

const fail = (message: string): never => {
  throw new FunctionError(message);
};

type Implementation = (...args: readonly TemplateValue[]) => TemplateValue;

export interface TemplateFunction {
  readonly min: number;
  /** Infinity when variadic. */
  readonly max: number;
  readonly call: Implementation;
}

const kindOf = (value: TemplateValue): string => {
  if (value === null || value === undefined) return 'invalid';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'float';
  return typeof value === 'object' ? 'other' : typeof value;
};

function equalOne(left: TemplateValue, right: TemplateValue): boolean {
  const [a, b] = [kindOf(left), kindOf(right)];
  if (a !== b) return a === 'invalid' || b === 'invalid' ? false : fail('incompatible types for comparison');
  if (a === 'other') return fail(`non-comparable type ${goValue(left)}: ${goType(left ?? null)}`);
  return a === 'invalid' || left === right;
}

function equal(left: TemplateValue, ...rest: readonly TemplateValue[]): boolean {
  if (rest.length === 0) fail('missing argument for comparison');
  return rest.some((right) => equalOne(left, right));
}

function less(left: TemplateValue, right: TemplateValue): boolean {
  const basic = (value: TemplateValue): string =>
    ['other', 'invalid'].includes(kindOf(value)) ? fail('invalid type for comparison') : kindOf(value);
  const [a, b] = [basic(left), basic(right)];
  if (a !== b) return fail('incompatible types for comparison');
  if (a === 'boolean') return fail('invalid type for comparison');
  if (typeof left === 'string') return Buffer.from(left).compare(Buffer.from(String(right))) < 0;
  return Number(left) < Number(right);
}

function length(value: TemplateValue): number {
  if (value === undefined || value === null) return fail('len of nil pointer');
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (Array.isArray(value)) return value.length;
  return isMapping(value) ? Object.keys(value).length : fail(`len of type ${goType(value)}`);
}

function position(index: TemplateValue, size: number): number {
  if (index === undefined || index === null) return fail('cannot index slice/array with nil');
  if (typeof index !== 'number' || !Number.isInteger(index)) return fail(`cannot index slice/array with type ${goType(index)}`);
  return index < 0 || index >= size ? fail(`index out of range: ${index}`) : index;
}

function step(value: TemplateValue, key: TemplateValue): TemplateValue {
  if (value === undefined || value === null) return fail('index of nil pointer');
  if (typeof value === 'string') return Buffer.from(value)[position(key, Buffer.byteLength(value))];
  if (Array.isArray(value)) return value[position(key, value.length)];
  if (!isMapping(value)) return fail(`can't index item of type ${goType(value)}`);
  if (typeof key !== 'string')
    return fail(
      key === undefined || key === null ? 'value is nil; should be of type string' : `value has type ${goType(key)}; should be string`,
    );
  return Object.hasOwn(value, key) ? value[key] : undefined;
}

function index(item: TemplateValue, ...keys: readonly TemplateValue[]): TemplateValue {
  if (item === undefined) return fail('index of untyped nil');
  return keys.reduce(step, item);
}

function slice(item: TemplateValue, ...bounds: readonly TemplateValue[]): TemplateValue {
  if (item === undefined || item === null) return fail('slice of untyped nil');
  if (typeof item !== 'string' && !Array.isArray(item)) return fail(`can't slice item of type ${goType(item)}`);
  const size = typeof item === 'string' ? Buffer.byteLength(item) : item.length;
  const [from = 0, to = size] = bounds.map((bound) => (bound === size ? size : position(bound, size)));
  if (from > to) return fail(`invalid slice index: ${from} > ${to}`);
  return typeof item === 'string' ? Buffer.from(item).subarray(from, to).toString() : item.slice(from, to);
}

function base64decode(value: TemplateValue): string {
  if (typeof value !== 'string') return fail(`wrong type for value; expected string; got ${goType(value ?? null)}`);
  const compact = value.replaceAll(/[\r\n]/g, '');
  const illegal = /[^A-Za-z0-9+/]/.exec(compact.replace(/={0,2}$/, ''));
  if (illegal !== null || compact.length % 4 !== 0)
    return fail(`base64 decode failed: illegal base64 data at input byte ${illegal?.index ?? compact.length - (compact.length % 4)}`);
  return Buffer.from(compact, 'base64').toString();
}

function exists(item: TemplateValue, ...keys: readonly TemplateValue[]): boolean {
  try {
    return index(item, ...keys) !== undefined;
  } catch (error) {
    if (error instanceof FunctionError) return false;
    throw error;
  }
}

const html = (text: string): string =>
  text.replaceAll(
    /[&'<>"\0]/g,
    (char) => ({ '&': '&amp;', "'": '&#39;', '<': '&lt;', '>': '&gt;', '"': '&#34;', '\0': '\uFFFD' })[char] ?? char,
  );

const js = (text: string): string =>
  text.replaceAll(/[\\'"<>&=\p{Cc}]/gu, (char) =>
    /[\\'"]/.test(char)
      ? `\\${char}`
      : char === '\n'
        ? '\\n'
        : char === '\r'
          ? '\\r'
          : char === '\t'
            ? '\\t'
            : `\\u${(char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`,
  );

const urlquery = (text: string): string =>
  encodeURIComponent(text)
    .replaceAll('%20', '+')
    .replaceAll(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);

/** By name. `and` and `or` are called through the executor, which stops at the first deciding operand. */
export const templateFunctions: Readonly<Record<string, TemplateFunction>> = {
  and: { min: 1, max: Number.POSITIVE_INFINITY, call: (...args) => args.find((arg) => !truth(arg)) ?? args.at(-1) },
  or: { min: 1, max: Number.POSITIVE_INFINITY, call: (...args) => args.find(truth) ?? args.at(-1) },
  not: { min: 1, max: 1, call: (value) => !truth(value) },
  len: { min: 1, max: 1, call: length },
  index: { min: 1, max: Number.POSITIVE_INFINITY, call: index },
  slice: { min: 1, max: 4, call: slice },
  html: { min: 0, max: Number.POSITIVE_INFINITY, call: (...args) => html(goSprint(args)) },
  js: { min: 0, max: Number.POSITIVE_INFINITY, call: (...args) => js(goSprint(args)) },
  urlquery: { min: 0, max: Number.POSITIVE_INFINITY, call: (...args) => urlquery(goSprint(args)) },
  print: { min: 0, max: Number.POSITIVE_INFINITY, call: (...args) => goSprint(args) },
  println: { min: 0, max: Number.POSITIVE_INFINITY, call: (...args) => `${args.map((arg) => goValue(arg)).join(' ')}\n` },
  printf: {
    min: 1,
    max: Number.POSITIVE_INFINITY,
    call: (pattern, ...args) =>
      typeof pattern === 'string'
        ? goSprintf(pattern, args)
        : fail(`wrong type for value; expected string; got ${goType(pattern ?? null)}`),
  },
  eq: { min: 1, max: Number.POSITIVE_INFINITY, call: equal },
  ne: { min: 2, max: 2, call: (a, b) => !equalOne(a, b) },
  lt: { min: 2, max: 2, call: less },
  le: { min: 2, max: 2, call: (a, b) => less(a, b) || equalOne(a, b) },
  gt: { min: 2, max: 2, call: (a, b) => !(less(a, b) || equalOne(a, b)) },
  ge: { min: 2, max: 2, call: (a, b) => !less(a, b) },
  exists: { min: 1, max: Number.POSITIVE_INFINITY, call: exists },
  base64decode: { min: 1, max: 1, call: base64decode },
};
