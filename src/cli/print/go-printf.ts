/** Go's fmt.Sprint, Sprintln and Sprintf over template values. Source: Go fmt/{print,format}.go. */
import { goQuote, goSyntax, goType, goValue } from '../../api/go-format.ts';
import type { TemplateValue } from './go-template-values.ts';
import { printable } from './go-template-values.ts';

/** Operands side by side, with a space between two when neither is a string. */
export function goSprint(values: readonly TemplateValue[]): string {
  return values
    .map((value, i) => `${i > 0 && typeof value !== 'string' && typeof values[i - 1] !== 'string' ? ' ' : ''}${printable(value)}`)
    .join('');
}

interface Verb {
  readonly flags: string;
  readonly width: number | undefined;
  readonly precision: number | undefined;
  readonly letter: string;
}

const bad = (verb: Verb, value: TemplateValue): string =>
  `%!${verb.letter}(${value === undefined || value === null ? '<nil>' : `${goType(value).replace('int64', Number.isInteger(value) ? 'int' : 'float64')}=${goValue(value)}`})`;

function integer(verb: Verb, value: number, radix: number): string {
  const digits = Math.abs(value)
    .toString(radix)
    .padStart(verb.precision ?? 0, '0');
  const sign = value < 0 ? '-' : verb.flags.includes('+') ? '+' : verb.flags.includes(' ') ? ' ' : '';
  const prefix = verb.flags.includes('#') ? ({ 16: '0x', 8: '0', 2: '0b' }[radix] ?? '') : '';
  return `${sign}${prefix}${digits}`;
}

function float(verb: Verb, value: number): string {
  const sign = value >= 0 && verb.flags.includes('+') ? '+' : '';
  const exponential = (): string => value.toExponential(verb.precision ?? 6).replace(/e([+-])(\d)$/, 'e$10$2');
  if (verb.letter === 'e' || verb.letter === 'E') return sign + (verb.letter === 'E' ? exponential().toUpperCase() : exponential());
  if (verb.letter === 'g' || verb.letter === 'G')
    return sign + (verb.precision === undefined ? goValue(value) : String(Number(value.toPrecision(verb.precision || 1))));
  return sign + value.toFixed(verb.precision ?? 6);
}

const hex = (bytes: Buffer, verb: Verb): string => (verb.letter === 'X' ? bytes.toString('hex').toUpperCase() : bytes.toString('hex'));

function ofString(verb: Verb, value: string): string {
  const cut = verb.precision === undefined ? value : [...value].slice(0, verb.precision).join('');
  if (verb.letter === 'q') return verb.flags.includes('#') && !cut.includes('`') ? `\`${cut}\`` : goQuote(cut);
  return verb.letter === 's' || verb.letter === 'v'
    ? cut
    : verb.letter === 'x' || verb.letter === 'X'
      ? hex(Buffer.from(cut), verb)
      : bad(verb, value);
}

function ofNumber(verb: Verb, value: number): string {
  const radix = { d: 10, x: 16, X: 16, o: 8, b: 2 }[verb.letter];
  if (radix !== undefined)
    return Number.isInteger(value)
      ? verb.letter === 'X'
        ? integer(verb, value, radix).toUpperCase()
        : integer(verb, value, radix)
      : bad(verb, value);
  if ('eEfFgG'.includes(verb.letter)) return Number.isInteger(value) ? bad(verb, value) : float(verb, value);
  if (verb.letter === 'c' && Number.isInteger(value)) return String.fromCodePoint(value);
  if (verb.letter === 'q' && Number.isInteger(value)) return `'${String.fromCodePoint(value)}'`;
  if (verb.letter === 'U') return `U+${value.toString(16).toUpperCase().padStart(4, '0')}`;
  return bad(verb, value);
}

function format(verb: Verb, value: TemplateValue): string {
  if (verb.letter === 'T') return goType(value ?? null);
  if (verb.letter === 'v' && verb.flags.includes('#')) return goSyntax(value ?? null);
  if (typeof value === 'string') return ofString(verb, value);
  if (verb.letter === 'v') return goValue(value ?? null);
  if (typeof value === 'number') return ofNumber(verb, value);
  if (verb.letter === 't' && typeof value === 'boolean') return String(value);
  if (Array.isArray(value)) return `[${value.map((element) => format(verb, element)).join(' ')}]`;
  if (typeof value === 'object' && value !== null) {
    return `map[${Object.keys(value)
      .sort()
      .map(
        (key) =>
          `${format({ ...verb, letter: verb.letter === 'd' ? 's' : verb.letter }, key)}:${format(verb, (value as Readonly<Record<string, TemplateValue>>)[key])}`,
      )
      .join(' ')}]`;
  }
  return bad(verb, value);
}

function pad(verb: Verb, text: string, numeric: boolean): string {
  const missing = (verb.width ?? 0) - [...text].length;
  if (missing <= 0) return text;
  if (verb.flags.includes('-')) return text + ' '.repeat(missing);
  if (!verb.flags.includes('0') || !numeric) return ' '.repeat(missing) + text;
  const sign = /^[+-]/.exec(text)?.[0] ?? '';
  return sign + '0'.repeat(missing) + text.slice(sign.length);
}

const verbPattern = /%([-+# 0]*)(\*|\d+)?(?:\.(\*|\d+)?)?([\s\S]?)/gu;

/** fmt.Sprintf, with Go's notes on missing, extra and unfitting operands. */
export function goSprintf(pattern: string, values: readonly TemplateValue[]): string {
  let next = 0;
  const size = (text: string | undefined): number | undefined =>
    text === undefined ? undefined : text === '*' ? Number(values[next++]) : Number(text);
  const body = pattern.replaceAll(
    verbPattern,
    (all: string, flags: string, width: string | undefined, precision: string | undefined, letter: string) => {
      if (letter === '') return '%!(NOVERB)';
      if (letter === '%') return '%';
      const verb: Verb = { flags, width: size(width), precision: /\.[^*\d]/.test(all) ? 0 : size(precision), letter };
      if (next >= values.length) return `%!${letter}(MISSING)`;
      const value = values[next++];
      return pad(verb, format(verb, value), typeof value === 'number');
    },
  );
  if (next >= values.length) return body;
  const extra = values.slice(next).map((value) => (value === null || value === undefined ? '<nil>' : `${goType(value)}=${goValue(value)}`));
  return `${body}%!(EXTRA ${extra.join(', ')})`;
}
