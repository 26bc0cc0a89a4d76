/**
 * Finds the imports of a TypeScript source by a scanner that understands comments, strings, templates and regular
 * expressions.
 */

export interface ImportedModule {
  readonly specifier: string;
  /** 1-based. */
  readonly line: number;
}

interface Token {
  readonly kind: 'word' | 'string' | 'mark';
  readonly text: string;
  readonly line: number;
}

const regexMayFollow = new Set(['return', 'typeof', 'case', 'in', 'of', 'delete', 'void', 'throw', 'new', 'else', 'do', 'await', 'yield']);

/** Whether a "/" after this token starts a regular expression, rather than being a division. */
function startsRegex(previous: Token | undefined): boolean {
  if (previous === undefined) return true;
  if (previous.kind === 'mark') return !')]}'.includes(previous.text);
  return previous.kind === 'word' && regexMayFollow.has(previous.text);
}

const patterns = {
  space: /\s+/y,
  comment: /\/\/[^\n]*|\/\*[\s\S]*?\*\//y,
  string: /'(?:[^'\\\n]|\\[\s\S])*'|"(?:[^"\\\n]|\\[\s\S])*"/y,
  regex: /\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/y,
  word: /[\p{L}\p{N}_$#]+/uy,
  templatePart: /(?:[^`\\$]|\\[\s\S]|\$(?!\{))*(`|\$\{)/y,
};

/** The words, non-empty strings and marks of a source, in order. */
function tokensOf(source: string): Token[] {
  let at = 0;
  let line = 1;
  let previous: Token | undefined;
  const tokens: Token[] = [];
  const openBraces: ('template' | 'block')[] = [];
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const match = pattern.exec(source);
    if (match !== null) {
      at += match[0].length;
      line += match[0].split('\n').length - 1;
    }
    return match;
  };
  const push = (kind: Token['kind'], text: string, startedLine: number) => {
    previous = { kind, text, line: startedLine };
    tokens.push(previous);
  };
  const takeMark = () => {
    const mark = source[at++] ?? '';
    if (mark === '{') openBraces.push('block');
    const resumesTemplate = mark === '}' && openBraces.pop() === 'template';
    if (mark !== '`' && !resumesTemplate) return push('mark', mark, line);
    if (take(patterns.templatePart)?.[1] === '${') openBraces.push('template');
    push('string', '', line);
  };
  while (at < source.length) {
    if (take(patterns.space) !== null || take(patterns.comment) !== null) continue;
    const started = line;
    const text = take(patterns.string)?.[0];
    const word = text === undefined ? take(patterns.word)?.[0] : undefined;
    if (text !== undefined) push('string', text.slice(1, -1), started);
    else if (word !== undefined) push('word', word, started);
    else if (source[at] === '/' && startsRegex(previous) && take(patterns.regex) !== null) push('string', '', started);
    else takeMark();
  }
  return tokens;
}

/**
 * Every module that `source` names: static and dynamic imports, re-exports, `import('…')` types, `require('…')` and
 * `new URL('…', import.meta.url)`. Type-only imports count.
 */
export function scanImports(source: string): ImportedModule[] {
  const tokens = tokensOf(source);
  const found: ImportedModule[] = [];
  tokens.forEach((token, index) => {
    if (token.kind !== 'string' || token.text === '') return;
    const before = (count: number) => tokens[index - count]?.text;
    const isWord = (count: number) => tokens[index - count]?.kind === 'word';
    const named = isWord(1) && (before(1) === 'from' || (before(1) === 'import' && before(2) !== '.'));
    const called = before(1) === '(' && isWord(2) && (before(2) === 'import' || before(2) === 'require') && before(3) !== '.';
    const worker = before(1) === '(' && before(2) === 'URL' && before(3) === 'new' && token.text.startsWith('.');
    if (named || called || worker) found.push({ specifier: token.text, line: token.line });
  });
  return found;
}
