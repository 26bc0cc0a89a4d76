/**
 * Expansion of `$(NAME)` in commands, arguments and environment values; `$$` escapes, unknown names stay as they are.
 * Source: third_party/forked/golang/expansion/expand.go.
 */

/** The longest text that Linux passes to a program as one argument or variable, in bytes (MAX_ARG_STRLEN). */
const maxExpandedLength = 32 * 4096;

/** A text becomes longer by its expansion than a program can be given. */
export class ExpansionTooLong extends Error {
  constructor() {
    super(`argument list too long: references expand to a text of more than ${maxExpandedLength} bytes`);
    this.name = 'ExpansionTooLong';
  }
}

/**
 * Returns `text` with every `$(NAME)` that `lookup` knows replaced by its value. Throws `ExpansionTooLong`: variables
 * that refer to each other could double without end.
 */
export function expand(text: string, lookup: (name: string) => string | undefined): string {
  let out = '';
  let unclosed = false;
  for (let i = 0; i < text.length; i++) {
    const char = text[i];
    if (char !== '$' || i + 1 >= text.length) {
      out += char;
      continue;
    }
    const next = text[i + 1];
    if (next === '$') {
      out += '$';
      i++;
      continue;
    }
    const close = next === '(' && !unclosed ? text.indexOf(')', i + 2) : -1;
    if (close === -1) {
      // What follows is not searched again for each reference.
      unclosed ||= next === '(';
      out += '$';
      continue;
    }
    const name = text.slice(i + 2, close);
    const value = lookup(name);
    out += value ?? `$(${name})`;
    if (value !== undefined && out.length > Math.max(text.length, maxExpandedLength)) throw new ExpansionTooLong();
    i = close;
  }
  return out;
}

/** The most that the texts of one container may grow to by expansion: more than Linux passes to any program. */
const maxTotalLength = 6 * 1024 * 1024;

/** Returns an `expand` whose results may be 6 MiB long, all together. */
export function boundedExpansion(): typeof expand {
  let total = 0;
  return (text, lookup) => {
    const expanded = expand(text, lookup);
    total += Math.max(0, expanded.length - text.length);
    if (total > maxTotalLength) throw new ExpansionTooLong();
    return expanded;
  };
}
