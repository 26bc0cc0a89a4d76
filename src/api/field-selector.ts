/** Field selectors, e.g. `status.phase!=Running,spec.nodeName=minik`. Source: apimachinery pkg/fields/selector.go. */

export interface FieldRequirement {
  readonly field: string;
  readonly operator: '=' | '!=';
  readonly value: string;
}

/** A parsed field selector. */
export interface FieldSelector {
  readonly requirements: readonly FieldRequirement[];
  /** True when it selects everything. */
  readonly empty: boolean;
  /** `fieldValue` returns the value of a field that the selector names, or '' when the field is absent. */
  matches(fieldValue: (field: string) => string): boolean;
  /** Upstream's string form, values escaped. */
  toString(): string;
}

export type ParsedFieldSelector = { readonly ok: true; readonly selector: FieldSelector } | { readonly ok: false; readonly error: string };

/** Escapes a literal for use as a value in a field selector's text. */
export const escapeFieldValue = (value: string): string => value.replace(/[\\,=]/g, (char) => `\\${char}`);

/** A selector of given requirements; none selects everything. */
export function fieldSelectorOf(requirements: readonly FieldRequirement[]): FieldSelector {
  return Object.freeze({
    requirements,
    empty: requirements.length === 0,
    matches: (fieldValue: (field: string) => string) =>
      requirements.every(({ field, operator, value }) => (fieldValue(field) === value) === (operator === '=')),
    toString: () => requirements.map(({ field, operator, value }) => `${field}${operator}${escapeFieldValue(value)}`).join(','),
  });
}

function splitTerms(text: string): readonly string[] {
  const terms: string[] = [];
  let start = 0;
  let escaped = false;
  for (let i = 0; i < text.length; i++) {
    if (escaped) escaped = false;
    else if (text[i] === '\\') escaped = true;
    else if (text[i] === ',') {
      terms.push(text.slice(start, i));
      start = i + 1;
    }
  }
  terms.push(text.slice(start));
  return terms;
}

/** The literal value, or what is wrong with its escapes. */
function unescapeValue(text: string): { readonly value: string } | { readonly error: string } {
  let value = '';
  const chars = [...text];
  for (let i = 0; i < chars.length; i++) {
    const char = chars[i] ?? '';
    if (char === '\\') {
      i++;
      const next = chars[i] ?? '';
      if (next !== '\\' && next !== ',' && next !== '=') return { error: `invalid field selector: invalid escape sequence: \\${next}` };
      value += next;
    } else if (char === ',' || char === '=') {
      return { error: `invalid field selector: unescaped character in value: ${char.codePointAt(0)}` };
    } else value += char;
  }
  return { value };
}

/** Parses a field selector's text; errors read as upstream's. */
export function parseFieldSelector(text: string): ParsedFieldSelector {
  const requirements: FieldRequirement[] = [];
  for (const term of splitTerms(text).toSorted()) {
    if (term === '') continue;
    const operator = /!=|==|=/.exec(term);
    if (operator === null) return { ok: false, error: `invalid selector: '${text}'; can't understand '${term}'` };
    const unescaped = unescapeValue(term.slice(operator.index + operator[0].length));
    if ('error' in unescaped) return { ok: false, error: unescaped.error };
    const field = term.slice(0, operator.index);
    if (field === '' && unescaped.value === '') continue;
    requirements.push({ field, operator: operator[0] === '!=' ? '!=' : '=', value: unescaped.value });
  }
  return { ok: true, selector: fieldSelectorOf(requirements) };
}
