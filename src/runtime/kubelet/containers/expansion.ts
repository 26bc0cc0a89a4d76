/**
 * Expansion of `$(NAME)` in commands, arguments and environment values; `$$` escapes, unknown names stay as they are.
 * Source: third_party/forked/golang/expansion/expand.go.
 */

/** Returns `text` with every `$(NAME)` that `lookup` knows replaced by its value. */
export function expand(text: string, lookup: (name: string) => string | undefined): string {
  let out = '';
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
    const close = next === '(' ? text.indexOf(')', i + 2) : -1;
    if (close === -1) {
      out += '$';
      continue;
    }
    const name = text.slice(i + 2, close);
    out += lookup(name) ?? `$(${name})`;
    i = close;
  }
  return out;
}
