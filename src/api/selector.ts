/** Label selectors. Source: apimachinery pkg/labels/selector.go, pkg/apis/meta/v1/helpers.go. */
import { type FieldError, FieldPath, fieldErrors } from './field-error.ts';
import type { LabelSelector } from './generated/meta/v1.ts';
import { isLabelValue, isQualifiedName } from './names.ts';

export type Labels = Readonly<Record<string, string>>;

/** A compiled label selector. */
export interface Selector {
  matches(labels: Labels | undefined): boolean;
  /** True when it selects everything. */
  readonly empty: boolean;
  /** Upstream's string form: `a=b,c!=d,e in (f,g)`. */
  toString(): string;
}

export type LabelOperator = '=' | '==' | '!=' | 'in' | 'notin' | 'exists' | '!' | 'gt' | 'lt';

/** One condition of a selector. */
export interface LabelRequirement {
  readonly key: string;
  readonly operator: LabelOperator;
  readonly values: readonly string[];
}

/** A selector together with its parts. */
export interface RequirementSelector extends Selector {
  readonly requirements: readonly LabelRequirement[];
}

export type ParsedLabelSelector =
  | { readonly ok: true; readonly selector: RequirementSelector }
  | { readonly ok: false; readonly error: string };

const integerPattern = /^[+-]?[0-9]+$/;
/** Go's strconv.ParseInt(text, 10, 64): undefined when it is no integer or out of range. */
export function parseInt64(text: string): bigint | undefined {
  if (!integerPattern.test(text)) return undefined;
  const value = BigInt(text.startsWith('+') ? text.slice(1) : text);
  return value >= -(2n ** 63n) && value < 2n ** 63n ? value : undefined;
}

function requirementMatches({ key, operator, values }: LabelRequirement, labels: Labels): boolean {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case '=':
    case '==':
    case 'in':
      return value !== undefined && values.includes(value);
    case '!=':
    case 'notin':
      return value === undefined || !values.includes(value);
    case 'exists':
      return value !== undefined;
    case '!':
      return value === undefined;
    case 'gt':
    case 'lt': {
      const have = value === undefined ? undefined : parseInt64(value);
      const want = parseInt64(values[0] ?? '');
      if (have === undefined || want === undefined) return false;
      return operator === 'gt' ? have > want : have < want;
    }
  }
}

function renderRequirement({ key, operator, values }: LabelRequirement): string {
  const list = values.toSorted().join(',');
  switch (operator) {
    case 'exists':
      return key;
    case '!':
      return `!${key}`;
    case 'in':
    case 'notin':
      return `${key} ${operator} (${list})`;
    case 'gt':
      return `${key}>${list}`;
    case 'lt':
      return `${key}<${list}`;
    default:
      return `${key}${operator}${list}`;
  }
}

const noLabels: Labels = Object.freeze({});
const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** A selector of all the given requirements, sorted by key; none selects everything. Does not validate. */
export function selectorOf(requirements: readonly LabelRequirement[]): RequirementSelector {
  const sorted = requirements.toSorted((a, b) => compareText(a.key, b.key));
  return Object.freeze({
    requirements: sorted,
    empty: sorted.length === 0,
    matches: (labels: Labels | undefined) => sorted.every((requirement) => requirementMatches(requirement, labels ?? noLabels)),
    toString: () => sorted.map(renderRequirement).join(','),
  });
}

/** Selects every object. */
export const everything: RequirementSelector = selectorOf([]);

/** Selects no object. */
export const nothing: RequirementSelector = Object.freeze({ requirements: [], empty: false, matches: () => false, toString: () => '' });

/** Selects objects that have all these labels; an empty or absent set selects everything. */
export const fromSet = (labels: Labels | undefined): RequirementSelector =>
  selectorOf(Object.entries(labels ?? {}).map(([key, value]) => ({ key, operator: '=', values: [value] })));

const objectOperators: Readonly<Record<string, LabelOperator>> = { In: 'in', NotIn: 'notin', Exists: 'exists', DoesNotExist: '!' };

/**
 * Compiles the `LabelSelector` of a spec: an absent one selects nothing, an empty one everything. Unknown operators
 * select nothing; validation has already refused them.
 */
export function fromLabelSelector(selector: LabelSelector | null | undefined): RequirementSelector {
  if (selector === undefined || selector === null) return nothing;
  const requirements: LabelRequirement[] = Object.entries(selector.matchLabels ?? {}).map(([key, value]) => ({
    key,
    operator: '=',
    values: [value],
  }));
  for (const { key, operator, values } of selector.matchExpressions ?? []) {
    const compiled = objectOperators[operator];
    if (compiled === undefined) return nothing;
    requirements.push({ key, operator: compiled, values: values ?? [] });
  }
  return selectorOf(requirements);
}

/** How `kubectl` shows a `LabelSelector`: `<none>` when absent or empty. Source: metav1.FormatLabelSelector. */
export function formatLabelSelector(selector: LabelSelector | null | undefined): string {
  const text = fromLabelSelector(selector).toString();
  return text === '' ? '<none>' : text;
}

/** How `kubectl` shows a set of labels: sorted `a=b,c=d`, `<none>` when empty. Source: labels.FormatLabels. */
export function formatLabels(labels: Labels | undefined): string {
  const text = Object.entries(labels ?? {})
    .toSorted(([a], [b]) => compareText(a, b))
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
  return text === '' ? '<none>' : text;
}

type TokenType = 'end' | 'error' | 'identifier' | '(' | ')' | ',' | '!' | '=' | '==' | '!=' | '>' | '<' | 'in' | 'notin';
interface Token {
  readonly type: TokenType;
  readonly text: string;
}

const symbolPattern = /[=!(),><]/;
const spacePattern = /[ \t\r\n]/;
const symbols = new Set<string>(['(', ')', ',', '!', '=', '==', '!=', '>', '<']);
const isSymbol = (text: string): text is TokenType => symbols.has(text);

/**
 * Reads the longest operator at `start`. A run that is no operator, such as `===`, ends after its longest valid prefix.
 */
function symbolAt(text: string, start: number): Token {
  let best: Token | undefined;
  let buffer = '';
  for (let i = start; i < text.length && symbolPattern.test(text[i] ?? ''); i++) {
    buffer += text[i];
    if (isSymbol(buffer)) best = { type: buffer, text: buffer };
    else if (best !== undefined) break;
  }
  return best ?? { type: 'error', text: `error expected: keyword found '${buffer}'` };
}

function tokenize(text: string): readonly Token[] {
  const tokens: Token[] = [];
  let i = 0;
  while (i < text.length) {
    const char = text[i] ?? '';
    if (spacePattern.test(char)) i++;
    else if (symbolPattern.test(char)) {
      const token = symbolAt(text, i);
      tokens.push(token);
      i += token.text.length;
    } else {
      const word = /^[^=!(),><\s]+/.exec(text.slice(i))?.[0] ?? char;
      tokens.push({ type: word === 'in' || word === 'notin' ? word : 'identifier', text: word });
      i += word.length;
    }
  }
  tokens.push({ type: 'end', text: '' });
  return tokens;
}

class SelectorSyntaxError extends Error {}
const fail = (message: string): never => {
  throw new SelectorSyntaxError(message);
};

/** Upstream's parser, unlike other code, prints the absent path too: `<nil>: Invalid value …`. */
const rendered = (error: FieldError): string => `${error.field}: ${error.message}`;

const keyErrors = (key: string, at: FieldPath): readonly string[] => {
  const complaints = isQualifiedName(key);
  return complaints.length === 0 ? [] : [rendered(fieldErrors.invalid(at, key, complaints.join('; ')))];
};

const valueErrors = (key: string, value: string, at: FieldPath): readonly string[] => {
  const complaints = isLabelValue(value);
  return complaints.length === 0 ? [] : [rendered(fieldErrors.invalid(at.key(key), value, complaints.join('; ')))];
};

/** All that is wrong with a requirement, as upstream's NewRequirement reports it. */
function requirementErrors({ key, operator, values }: LabelRequirement): readonly string[] {
  const at = FieldPath.root.field('values');
  const errors = [...keyErrors(key, FieldPath.root.field('key'))];
  if (operator === 'gt' || operator === 'lt') {
    values.forEach((value, i) => {
      if (parseInt64(value) === undefined) {
        errors.push(rendered(fieldErrors.invalid(at.index(i), value, "for 'Gt', 'Lt' operators, the value must be an integer")));
      }
    });
  }
  values.forEach((value, i) => {
    errors.push(...valueErrors(key, value, at.index(i)));
  });
  return errors;
}

const operators: Partial<Record<TokenType, LabelOperator>> = {
  '=': '=',
  '==': '==',
  '!=': '!=',
  in: 'in',
  notin: 'notin',
  '>': 'gt',
  '<': 'lt',
};
const operatorNames = 'in, notin, =, ==, !=, gt, lt';

/** Recursive descent over the tokens. `in` and `notin` are ordinary words wherever an operator cannot occur. */
class Parser {
  readonly #tokens: readonly Token[];
  #position = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  #peek(asOperator = false): Token {
    const token = this.#tokens[Math.min(this.#position, this.#tokens.length - 1)] ?? { type: 'end', text: '' };
    return !asOperator && (token.type === 'in' || token.type === 'notin') ? { type: 'identifier', text: token.text } : token;
  }

  #next(asOperator = false): Token {
    const token = this.#peek(asOperator);
    this.#position++;
    return token;
  }

  parse(): readonly LabelRequirement[] {
    const requirements: LabelRequirement[] = [];
    for (;;) {
      const { type, text } = this.#peek();
      if (type === 'end') return requirements;
      if (type !== 'identifier' && type !== '!') fail(`found '${text}', expected: !, identifier, or 'end of string'`);
      requirements.push(this.#requirementOrFail());
      const separator = this.#next();
      if (separator.type === 'end') return requirements;
      if (separator.type !== ',') fail(`found '${separator.text}', expected: ',' or 'end of string'`);
      const following = this.#peek();
      if (following.type !== 'identifier' && following.type !== '!') fail(`found '${following.text}', expected: identifier after ','`);
    }
  }

  #requirementOrFail(): LabelRequirement {
    try {
      return this.#requirement();
    } catch (error) {
      if (error instanceof SelectorSyntaxError) return fail(`unable to parse requirement: ${error.message}`);
      throw error;
    }
  }

  #requirement(): LabelRequirement {
    const negated = this.#peek().type === '!';
    if (negated) this.#next();
    const key = this.#next();
    if (key.type !== 'identifier') fail(`found '${key.text}', expected: identifier`);
    for (const message of keyErrors(key.text, FieldPath.root)) fail(message);
    const following = this.#peek().type;
    if (negated) return this.#checked({ key: key.text, operator: '!', values: [] });
    if (following === 'end' || following === ',') return this.#checked({ key: key.text, operator: 'exists', values: [] });
    const token = this.#next(true);
    const operator = operators[token.type];
    if (operator === undefined) return fail(`found '${token.text}', expected: ${operatorNames}`);
    const values = operator === 'in' || operator === 'notin' ? this.#values() : this.#exactValue();
    return this.#checked({ key: key.text, operator, values: [...new Set(values)].toSorted() });
  }

  #checked(requirement: LabelRequirement): LabelRequirement {
    const errors = requirementErrors(requirement);
    if (errors.length > 0) fail(errors.length === 1 ? (errors[0] ?? '') : `[${errors.join(', ')}]`);
    return requirement;
  }

  #values(): readonly string[] {
    const open = this.#next();
    if (open.type !== '(') fail(`found '${open.text}' expected: '('`);
    const first = this.#peek();
    if (first.type === ')') {
      this.#next();
      return [''];
    }
    if (first.type !== 'identifier' && first.type !== ',') fail(`found '${first.text}', expected: ',', ')' or identifier`);
    const values = this.#list();
    if (this.#next().type !== ')') fail(`found '${first.text}', expected: ')'`);
    return values;
  }

  #list(): readonly string[] {
    const values: string[] = [];
    for (;;) {
      const token = this.#next();
      const following = this.#peek();
      if (token.type === 'identifier') {
        values.push(token.text);
        if (following.type === ')') return values;
        if (following.type !== ',') fail(`found '${following.text}', expected: ',' or ')'`);
      } else if (token.type === ',') {
        if (values.length === 0) values.push('');
        if (following.type === ')') return [...values, ''];
        if (following.type === ',') values.push('');
      } else fail(`found '${token.text}', expected: ',', or identifier`);
    }
  }

  #exactValue(): readonly string[] {
    const token = this.#peek();
    if (token.type === 'end' || token.type === ',') return [''];
    this.#next();
    return token.type === 'identifier' ? [token.text] : fail(`found '${token.text}', expected: identifier`);
  }
}

/** Parses a label selector's text, e.g. `app=web,tier in (a,b),!legacy`; errors read as upstream's. */
export function parseLabelSelector(text: string): ParsedLabelSelector {
  try {
    return { ok: true, selector: selectorOf(new Parser(tokenize(text)).parse()) };
  } catch (error) {
    if (error instanceof SelectorSyntaxError) return { ok: false, error: error.message };
    throw error;
  }
}
