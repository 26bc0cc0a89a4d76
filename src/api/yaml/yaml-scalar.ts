/** The value of a YAML 1.1 scalar, as the Go library reads it. Source: go.yaml.in/yaml/v2 resolve.go. */
import { YamlError } from './yaml-error.ts';

export interface ScalarNode {
  readonly text: string;
  /** The full tag; empty when there is none. */
  readonly tag: string;
  /** Neither quoted nor a block, or marked with the tag `!`. */
  readonly plain: boolean;
}

export type Scalar = string | number | boolean | null;

const prefix = 'tag:yaml.org,2002:';

const words: ReadonlyMap<string, readonly [type: string, value: Scalar]> = new Map(
  (
    [
      ['bool', true, 'y Y yes Yes YES true True TRUE on On ON'],
      ['bool', false, 'n N no No NO false False FALSE off Off OFF'],
      ['float', Number.NaN, '.nan .NaN .NAN'],
      ['float', Number.POSITIVE_INFINITY, '.inf .Inf .INF +.inf +.Inf +.INF'],
      ['float', Number.NEGATIVE_INFINITY, '-.inf -.Inf -.INF'],
      ['null', null, '~ null Null NULL'],
    ] as const
  ).flatMap(([type, value, names]) => names.split(' ').map((name) => [name, [type, value]] as const)),
);

const integer = /^([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|(0|[1-9][0-9]*))$/;
const float = /^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$/;
const timestamp = /^\d{4}-\d{1,2}-\d{1,2}(?:[Tt]\d{1,2}:\d{1,2}:\d{1,2}(?:\.\d+)?(?:Z|[-+]\d\d:\d\d)| \d{1,2}:\d{1,2}:\d{1,2}(?:\.\d+)?)?$/;
const largestUnsigned = 2n ** 64n - 1n;
const smallestSigned = -(2n ** 63n);

/** An integer of 64 bits; undefined for anything else. */
function integerOf(text: string): number | undefined {
  const [, sign = '', hex, binary, octal, decimal] = integer.exec(text) ?? [];
  const digits = hex ?? binary ?? octal ?? decimal;
  if (digits === undefined) return undefined;
  const base = hex !== undefined ? '0x' : binary !== undefined ? '0b' : octal !== undefined ? '0o' : '';
  // Longer than any number that fits; the limit keeps the conversion cheap.
  if (digits.length > 64) return undefined;
  const value = BigInt(base + digits) * (sign === '-' ? -1n : 1n);
  return value < smallestSigned || value > largestUnsigned || (sign === '+' && value >= 2n ** 63n) ? undefined : Number(value);
}

/** Type and value of a scalar without a tag, by its text. */
function byLooks(text: string, timestamps: boolean): readonly [type: string, value: Scalar] {
  if (text === '') return ['null', null];
  const word = words.get(text);
  if (word !== undefined) return word;
  if (!/^[-+.0-9]/.test(text)) return ['str', text];
  if (timestamps && timestamp.test(text)) return ['timestamp', text];
  const bare = text.startsWith('.') ? text : text.replaceAll('_', '');
  const whole = integerOf(bare);
  if (whole !== undefined) return ['int', whole];
  if (float.test(bare) && Number.isFinite(Number(bare))) return ['float', Number(bare)];
  return ['str', text];
}

/** Decodes base64 as Go does: only whole groups of four are accepted, line breaks are ignored. */
function decoded(text: string): string {
  const bare = text.replace(/[\r\n]/g, '');
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(bare)) {
    throw new YamlError('!!binary value contains invalid base64 data');
  }
  return Buffer.from(bare, 'base64').toString('utf8');
}

/** The value of a scalar. Throws YamlError when it does not fit its tag. */
export function resolveScalar({ text, tag, plain }: ScalarNode): Scalar {
  const wanted = tag === '' || tag === '!' ? '' : tag.startsWith(prefix) ? tag.slice(prefix.length) : tag;
  if (wanted === '' && !plain) return text;
  if (wanted === 'binary') return decoded(text);
  if (wanted === 'str' || !['', 'bool', 'int', 'float', 'null', 'timestamp'].includes(wanted)) return text;
  const [type, value] = byLooks(text, wanted === '' || wanted === 'timestamp');
  if (wanted === '' || type === wanted || (wanted === 'float' && type === 'int')) return value;
  throw new YamlError(`cannot decode !!${type} \`${text}\` as a !!${wanted}`);
}
