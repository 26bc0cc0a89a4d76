/**
 * Reads variables from a file of a volume, in the strict subset of shell syntax that upstream accepts: `NAME='value'`,
 * values over several lines, comments. Source: KEP-3721; pkg/kubelet/util/env (ParseEnv).
 */

const invalid = (line: number, why: string): Error => new Error(`invalid environment variable format at line ${line}: ${why}`);

interface Value {
  readonly text: string;
  /** Index of the value's last line. */
  readonly end: number;
}

/** The quoted value that begins on line `first`. */
function quoted(lines: readonly string[], first: number, opening: string): Value {
  const parts: string[] = [];
  let rest = opening;
  for (let i = first; ; i++) {
    const close = rest.indexOf("'");
    if (close >= 0) {
      const after = rest.slice(close + 1).replace(/^[ \t]+/, '');
      if (after !== '' && !after.startsWith('#')) throw invalid(i + 1, 'unexpected content after closing quote');
      return { text: [...parts, rest.slice(0, close)].join('\n'), end: i };
    }
    parts.push(rest);
    const next = lines[i + 1];
    if (next === undefined) throw new Error(`invalid environment variable format starting at line ${first + 1}: unclosed single quote`);
    rest = next;
  }
}

/**
 * The value of `key`; '' when the file does not set it. Throws when the file is malformed anywhere before the key is
 * found.
 */
export function envFileValue(content: string, key: string): string {
  const lines = content.split('\n').map((line) => line.replace(/\r$/, ''));
  if (lines.at(-1) === '') lines.pop();
  for (let i = 0; i < lines.length; i++) {
    const line = (lines[i] ?? '').replace(/^[ \t]+/, '');
    if (line === '' || line.startsWith('#')) continue;
    const equals = line.indexOf('=');
    if (equals < 0) throw invalid(i + 1, "missing '='");
    const name = line.slice(0, equals);
    if (name.trim() === '') throw invalid(i + 1, 'empty variable name');
    if (/[ \t]$/.test(name)) throw invalid(i + 1, "whitespace before '=' is not allowed");
    const value = line.slice(equals + 1);
    if (/^[ \t]/.test(value)) {
      if (name === key) return '';
      continue;
    }
    if (!value.startsWith("'")) throw invalid(i + 1, 'value must be enclosed in single quotes');
    const { text, end } = quoted(lines, i, value.slice(1));
    if (name === key) return text;
    i = end;
  }
  return '';
}
