/**
 * YAML as kubectl prints it: keys sorted, lists not indented, strings quoted where YAML 1.1 would read something else.
 * Source: sigs.k8s.io/yaml; go-yaml v2 emitter.
 */
import { Document, isScalar, visit } from 'yaml';
import type { JsonValue } from '../../api/json.ts';

/** The same value with the keys of every object in Go's (byte) order. */
export function sortKeys(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter((entry): entry is [string, JsonValue] => entry[1] !== undefined);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).map(([key, inner]) => [key, sortKeys(inner)]));
}

/** Plain strings that go-yaml quotes with double quotes because YAML 1.1 resolves them to something else. */
const ambiguous =
  /^(?:|~|null|Null|NULL|[yYnN]|[yY]es|YES|[nN]o|NO|[tT]rue|TRUE|[fF]alse|FALSE|[oO]n|ON|[oO]ff|OFF|[-+]?(?:0b[01_]+|0o?[0-7_]+|0x[\da-fA-F_]+|[\d_]+(?:\.[\d_]*)?(?:[eE][-+]?\d+)?|\.[\d_]+(?:[eE][-+]?\d+)?)|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)|\d{4}-\d{1,2}-\d{1,2}(?:(?:[Tt]|[ \t]+)\d{1,2}:\d{2}:\d{2}(?:\.\d*)?(?:[ \t]*(?:Z|[-+]\d{1,2}(?::?\d{2})?))?)?|[-+]?\d[\d_]*(?::[0-5]?\d)+(?:\.[\d_]*)?|<<|=)$/;

/** Strings that cannot stand plain and contain nothing that needs an escape: single quotes. */
const needsQuotes = /^[\s\-?:,[\]{}#&*!|>'"%@`]|: |:$| #|\s$|^---|^\.\.\./;
const unprintable = (text: string): boolean =>
  [...text].some((char) => {
    const code = char.codePointAt(0) ?? 0;
    return (
      (code < 0x20 && code !== 0x0a && code !== 0x09) || code === 0x7f || (code >= 0x80 && code < 0xa0 && code !== 0x85) || code === 0xfeff
    );
  });
const leadingDash = /^[-?:](?=\S)/;

function style(text: string): 'PLAIN' | 'QUOTE_SINGLE' | 'QUOTE_DOUBLE' | 'BLOCK_LITERAL' {
  if (unprintable(text)) return 'QUOTE_DOUBLE';
  if (ambiguous.test(text)) return 'QUOTE_DOUBLE';
  if (text.includes('\n')) return /^\s|[ \t]\n|\t/.test(text) && /^[ \t\n]/.test(text) ? 'QUOTE_DOUBLE' : 'BLOCK_LITERAL';
  if (leadingDash.test(text) && !/: |:$| #|\s$|^---/.test(text)) return 'PLAIN';
  return needsQuotes.test(text) ? 'QUOTE_SINGLE' : 'PLAIN';
}

/** One document, ending in a newline. */
export function toYaml(value: JsonValue): string {
  const document = new Document(sortKeys(value), { schema: 'core', aliasDuplicateObjects: false });
  visit(document, {
    Scalar: (_key, node) => {
      if (isScalar(node) && typeof node.value === 'string') node.type = style(node.value);
    },
  });
  return document.toString({ indentSeq: false, lineWidth: 0, nullStr: 'null', minContentWidth: 0 });
}
