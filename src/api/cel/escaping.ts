/** Names of fields as CEL can write them: `a-b` is `a__dash__b`. Source: apiserver pkg/cel/escaping.go. */

const reserved = new Set(
  'true false null in as break const continue else for function if import let loop package namespace return var void while'.split(' '),
);

const escapes: { readonly [text: string]: string } = { __: '__underscores__', '.': '__dot__', '-': '__dash__', '/': '__slash__' };
const meanings: { readonly [name: string]: string } = { underscores: '__', dot: '.', dash: '-', slash: '/' };

/** Undefined for a name that cannot be written at all. */
export function escapeName(name: string): string | undefined {
  if (!/^[A-Za-z_./-][A-Za-z0-9_./-]*$/.test(name)) return undefined;
  if (reserved.has(name)) return `__${name}__`;
  return /[./-]|__/.test(name) ? name.replace(/__|[./-]/g, (text) => escapes[text] ?? text) : name;
}

/** Undefined for what is no escaped name. */
export function unescapeName(escaped: string): string | undefined {
  if (!escaped.includes('__')) return escaped;
  let isValid = true;
  const name = escaped.replace(/__[^_]+__/g, (text) => {
    const content = text.slice(2, -2);
    const meaning = meanings[content];
    if (meaning !== undefined) return meaning;
    if (!reserved.has(content) || text.length !== escaped.length) isValid = false;
    return content;
  });
  return isValid ? name : undefined;
}
