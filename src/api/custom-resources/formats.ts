/**
 * Formats of strings that schemas may name. Source: apiextensions-apiserver pkg/apiserver/validation/formats.go;
 * kube-openapi pkg/validation/strfmt.
 */
import { FieldPath } from '../field-error.ts';
import { goDuration } from '../go-duration.ts';
import { isIp, legacyCidrErrors } from '../ip.ts';
import { byteLength } from '../validation/common.ts';
import type { JsonSchema } from './structural.ts';

type Check = (text: string) => boolean;

const matches =
  (pattern: RegExp): Check =>
  (text) =>
    pattern.test(text);

const shortName = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const hostname =
  /^([a-zA-Z0-9\p{S}\p{L}]((-?[a-zA-Z0-9\p{S}\p{L}]{0,62})?)|([a-zA-Z0-9\p{S}\p{L}](([a-zA-Z0-9-\p{S}\p{L}]{0,61}[a-zA-Z0-9\p{S}\p{L}])?)(\.)){1,}([a-zA-Z\p{L}]){2,63})$/u;

function isDate(text: string): boolean {
  const found = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  if (found === null) return false;
  const [year, month, day] = [Number(found[1]), Number(found[2]), Number(found[3])];
  const date = new Date(Date.UTC(year, month - 1, day));
  if (year < 100) date.setUTCFullYear(year);
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}

function isDateTime(text: string): boolean {
  const parts = text.toLowerCase().split('t');
  const [date = '', time = ''] = parts;
  if (text.length < 4 || parts.length < 2 || !isDate(date)) return false;
  const found = /^([0-9]{2}):([0-9]{2}):([0-9]{2})(.[0-9]+)?(z|([+-][0-9]{2}:[0-9]{2}))$/.exec(time);
  return found !== null && Number(found[1]) <= 23 && Number(found[2]) <= 59 && Number(found[3]) <= 59;
}

const durationUnits = [
  'ns',
  'nano',
  'us',
  'µs',
  'micro',
  'ms',
  'milli',
  's',
  'sec',
  'm',
  'min',
  'h',
  'hr',
  'hour',
  'd',
  'day',
  'w',
  'wk',
  'week',
];
const longUnits = ['nano', 'micro', 'milli', 'sec', 'min', 'hour', 'day', 'week'];

function isDuration(text: string): boolean {
  if ('ms' in goDuration(text)) return true;
  return [...text.matchAll(/\d+\s*([A-Za-zµ]+)/g)].some(([, unit = '']) => {
    const lower = unit.toLowerCase();
    return durationUnits.includes(lower) || longUnits.some((long) => lower.startsWith(long));
  });
}

function isbn(length: 10 | 13): Check {
  return (text) => {
    const digits = text.replace(/[\s-]+/g, '');
    if (length === 10) {
      if (!/^(?:[0-9]{9}X|[0-9]{10})$/.test(digits)) return false;
      const sum = [...digits].reduce((total, digit, i) => total + (digit === 'X' ? 10 : Number(digit)) * (i + 1), 0);
      return sum % 11 === 0;
    }
    if (!/^[0-9]{13}$/.test(digits)) return false;
    const sum = [...digits].slice(0, 12).reduce((total, digit, i) => total + Number(digit) * (i % 2 === 0 ? 1 : 3), 0);
    return Number(digits[12]) === (10 - (sum % 10)) % 10;
  };
}

function isCreditCard(text: string): boolean {
  const digits = text.replace(/[^0-9]+/g, '');
  const shape =
    /^(?:4[0-9]{12}(?:[0-9]{3})?|5[1-5][0-9]{14}|(222[1-9]|22[3-9][0-9]|2[3-6][0-9]{2}|27[01][0-9]|2720)[0-9]{12}|6(?:011|5[0-9][0-9])[0-9]{12}|3[47][0-9]{13}|3(?:0[0-5]|[68][0-9])[0-9]{11}|(?:2131|1800|35\d{3})\d{11}|6[27][0-9]{14})$/;
  if (!shape.test(digits)) return false;
  const sum = [...digits].reverse().reduce((total, digit, i) => {
    const value = Number(digit) * (i % 2 === 1 ? 2 : 1);
    return total + (value > 9 ? value - 9 : value);
  }, 0);
  return sum % 10 === 0;
}

/** Source: Go net/url.ParseRequestURI. */
function isRequestUri(text: string): boolean {
  if (text === '' || /[\0-\x20\x7f]/.test(text)) return false;
  if (text === '*' || text.startsWith('/')) return true;
  return /^[a-zA-Z][a-zA-Z0-9+.-]*:./.test(text) && (!text.includes('://') || URL.canParse(text));
}

/** Source: Go net/mail.ParseAddress. */
const isEmail: Check = (text) =>
  /^(?:[^<>]*<)?\s*(?:[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*|"(?:[^"\\]|\\.)*")@(?:[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*|\[[^\]]*\])\s*>?$/.test(
    text.trim(),
  ) && text.includes('<') === text.includes('>');

const hex = '[0-9a-fA-F]{2}';
const isMac: Check = (text) =>
  [`^${hex}(:${hex}){5}$`, `^${hex}(:${hex}){7}$`, `^${hex}(:${hex}){19}$`].some((pattern) =>
    new RegExp(pattern).test(text.replaceAll('-', ':')),
  ) ||
  /^([0-9a-fA-F]{4}\.){2}[0-9a-fA-F]{4}$/.test(text) ||
  /^([0-9a-fA-F]{4}\.){3}[0-9a-fA-F]{4}$/.test(text);

/** Format names without their dashes. */
const checks: Readonly<Record<string, Check>> = {
  bsonobjectid: matches(/^[0-9a-fA-F]{24}$/),
  uri: isRequestUri,
  email: isEmail,
  hostname: (text) => hostname.test(text) && byteLength(text) <= 255 && text.split('.').every((part) => byteLength(part) <= 63),
  ipv4: (text) => isIp(text) && text.includes('.'),
  ipv6: (text) => isIp(text) && text.includes(':'),
  cidr: (text) => legacyCidrErrors(text, FieldPath.root).length === 0,
  mac: isMac,
  uuid: matches(/^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i),
  uuid3: matches(/^[0-9a-f]{8}-?[0-9a-f]{4}-?3[0-9a-f]{3}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i),
  uuid4: matches(/^[0-9a-f]{8}-?[0-9a-f]{4}-?4[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}$/i),
  uuid5: matches(/^[0-9a-f]{8}-?[0-9a-f]{4}-?5[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}$/i),
  isbn: (text) => isbn(10)(text) || isbn(13)(text),
  isbn10: isbn(10),
  isbn13: isbn(13),
  creditcard: isCreditCard,
  ssn: matches(/^\d{3}[- ]?\d{2}[- ]?\d{4}$/),
  hexcolor: matches(/^#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$/),
  rgbcolor: matches(
    /^rgb\(\s*(0|[1-9]\d?|1\d\d?|2[0-4]\d|25[0-5])\s*,\s*(0|[1-9]\d?|1\d\d?|2[0-4]\d|25[0-5])\s*,\s*(0|[1-9]\d?|1\d\d?|2[0-4]\d|25[0-5])\s*\)$/,
  ),
  byte: matches(/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})$/),
  password: () => true,
  date: isDate,
  duration: isDuration,
  datetime: isDateTime,
  k8sshortname: (text) => text.length <= 63 && new RegExp(`^${shortName}$`).test(text),
  k8slongname: (text) => text.length <= 253 && new RegExp(`^${shortName}(\\.${shortName})*$`).test(text),
};

const normalized = (format: string): string => format.replaceAll('-', '');

/** Whether the format of a schema means anything for its type; unknown ones are ignored, with a warning. */
export function isKnownFormat({ type = '', format = '' }: JsonSchema): boolean {
  if (type === '' || type === 'string') return Object.hasOwn(checks, normalized(format));
  if (type === 'integer') return format === 'int32' || format === 'int64';
  return type === 'number' && (format === 'float' || format === 'double');
}

/** Whether a text has a format; undefined when the format is none of texts. */
export function hasFormat(text: string, format: string): boolean | undefined {
  const name = normalized(format);
  return Object.hasOwn(checks, name) ? checks[name]?.(text) : undefined;
}
