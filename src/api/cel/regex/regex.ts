/**
 * Regular expressions with the semantics and the guarantee of RE2: the time of a search grows with the length of the
 * text times that of the expression, whatever both are. All ways to match are followed at once, one character at a
 * time. Source: https://swtch.com/~rsc/regexp/regexp2.html; Go's regexp (leftmost-first).
 */
import { parseRegex } from './parse.ts';
import { type Assertion, RegexError, type RegexNode } from './syntax.ts';

type Step =
  | { readonly op: 'match' }
  | { readonly op: 'set'; readonly test: (code: number) => boolean; readonly next: number }
  | { readonly op: 'assert'; readonly assertion: Assertion; readonly next: number }
  /** `first` is preferred. */
  | { readonly op: 'split'; readonly first: number; readonly second: number };

export interface Found {
  /** In UTF-16 units. */
  readonly start: number;
  readonly end: number;
}

export interface Regex {
  /** The leftmost match that begins at `from` or later. */
  find(text: string, from?: number): Found | undefined;
}

/** More steps than this are an expression that Go refuses as too large. */
const maxSteps = 50_000;

function tester({ ranges, negated, unicode }: Extract<RegexNode, { kind: 'set' }>): (code: number) => boolean {
  const inSet = (code: number): boolean =>
    ranges.some(({ from, to }) => code >= from && code <= to) || unicode.some((pattern) => pattern.test(String.fromCodePoint(code)));
  const ascii = Array.from({ length: 128 }, (_, code) => inSet(code) !== negated);
  return (code) => ascii[code] ?? inSet(code) !== negated;
}

class Compiler {
  readonly steps: Step[] = [];

  add(step: Step): number {
    if (this.steps.length >= maxSteps) throw new RegexError('expression too large', '');
    return this.steps.push(step) - 1;
  }

  /** Adds the steps of a node before those at `next`; returns the first of them. */
  node(node: RegexNode, next: number): number {
    switch (node.kind) {
      case 'empty':
        return next;
      case 'set':
        return this.add({ op: 'set', test: tester(node), next });
      case 'assert':
        return this.add({ op: 'assert', assertion: node.assertion, next });
      case 'sequence':
        return node.parts.reduceRight((after, part) => this.node(part, after), next);
      case 'choice':
        return (
          node.parts.reduceRight(
            (rest: number | undefined, part) => {
              const own = this.node(part, next);
              return rest === undefined ? own : this.add({ op: 'split', first: own, second: rest });
            },
            undefined as number | undefined,
          ) ?? next
        );
      case 'repeat':
        return this.#repeat(node, next);
    }
  }

  #split(greedy: boolean, into: number, past: number): Step {
    return greedy ? { op: 'split', first: into, second: past } : { op: 'split', first: past, second: into };
  }

  #repeat({ node, min, max, greedy }: Extract<RegexNode, { kind: 'repeat' }>, next: number): number {
    let entry = next;
    if (max === Number.POSITIVE_INFINITY) {
      const loop = this.add({ op: 'match' });
      const body = this.node(node, loop);
      this.steps[loop] = this.#split(greedy, body, next);
      entry = loop;
    } else {
      for (let count = min; count < max; count++) entry = this.add(this.#split(greedy, this.node(node, entry), next));
    }
    for (let count = 0; count < min; count++) entry = this.node(node, entry);
    return entry;
  }
}

const isWord = (code: number): boolean =>
  (code >= 48 && code <= 57) || (code >= 65 && code <= 90) || code === 95 || (code >= 97 && code <= 122);

/** Whether an assertion holds between two characters, -1 being none. */
function holds(assertion: Assertion, before: number, after: number): boolean {
  switch (assertion) {
    case 'begin':
      return before < 0;
    case 'end':
      return after < 0;
    case 'lineBegin':
      return before < 0 || before === 10;
    case 'lineEnd':
      return after < 0 || after === 10;
    case 'wordBoundary':
      return isWord(before) !== isWord(after);
    case 'noWordBoundary':
      return isWord(before) === isWord(after);
  }
}

/** The steps that a search stands at, in order of preference, each with where its match began. */
class Threads {
  readonly #steps: readonly Step[];
  readonly #seen: Uint32Array;
  #generation = 0;
  readonly states: number[] = [];
  readonly starts: number[] = [];

  constructor(steps: readonly Step[]) {
    this.#steps = steps;
    this.#seen = new Uint32Array(steps.length);
  }

  clear(): void {
    this.#generation++;
    this.states.length = 0;
    this.starts.length = 0;
  }

  /** Adds a step and all that it leads to without a character. */
  add(state: number, start: number, before: number, after: number): void {
    const open = [state];
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      if (this.#seen[at] === this.#generation) continue;
      this.#seen[at] = this.#generation;
      const step = this.#steps[at];
      if (step?.op === 'split') open.push(step.second, step.first);
      else if (step?.op === 'assert') {
        if (holds(step.assertion, before, after)) open.push(step.next);
      } else {
        this.states.push(at);
        this.starts.push(start);
      }
    }
  }
}

class CompiledRegex implements Regex {
  readonly #steps: readonly Step[];
  readonly #first: number;

  constructor(steps: readonly Step[], first: number) {
    this.#steps = steps;
    this.#first = first;
  }

  find(text: string, from = 0): Found | undefined {
    let current = new Threads(this.#steps);
    let next = new Threads(this.#steps);
    current.clear();
    let best: Found | undefined;
    let before = from === 0 ? -1 : (text.codePointAt(from - 1) ?? -1);
    for (let at = from; ; ) {
      const code = text.codePointAt(at) ?? -1;
      if (best === undefined) current.add(this.#first, at, before, code);
      if (current.states.length === 0) return best;
      const end = code < 0 ? at : at + (code > 0xffff ? 2 : 1);
      const after = code < 0 ? -1 : (text.codePointAt(end) ?? -1);
      next.clear();
      best = this.#advance(current, next, { code, at, after }) ?? best;
      if (code < 0) return best;
      [current, next] = [next, current];
      before = code;
      at = end;
    }
  }

  /** Moves all threads by one character; returns the match that was found on the way. */
  #advance(current: Threads, next: Threads, { code, at, after }: { code: number; at: number; after: number }): Found | undefined {
    for (const [index, state] of current.states.entries()) {
      const step = this.#steps[state];
      const start = current.starts[index] ?? at;
      // Threads behind a match are less preferred than it.
      if (step?.op === 'match') return { start, end: at };
      if (step?.op === 'set' && code >= 0 && step.test(code)) next.add(step.next, start, code, after);
    }
    return undefined;
  }
}

/** An expression ready to search with, or what Go says against it. */
export function compileRegex(text: string): Regex | { readonly problem: string } {
  try {
    const compiler = new Compiler();
    const match = compiler.add({ op: 'match' });
    const first = compiler.node(parseRegex(text), match);
    return new CompiledRegex(compiler.steps, first);
  } catch (error) {
    if (error instanceof RegexError) return { problem: error.message };
    throw error;
  }
}

/** Up to `limit` matches one after the other; all when it is negative. Source: Go's regexp (FindAllString). */
export function findAll(regex: Regex, text: string, limit: number): readonly string[] {
  const found: string[] = [];
  let previousEnd = -1;
  for (let at = 0; at <= text.length && (limit < 0 || found.length < limit); ) {
    const match = regex.find(text, at);
    if (match === undefined) break;
    // An empty match right after another one does not count.
    if (match.end > match.start || match.start !== previousEnd) found.push(text.slice(match.start, match.end));
    previousEnd = match.end;
    const width = (text.codePointAt(match.end) ?? 0) > 0xffff ? 2 : 1;
    at = match.end > match.start || match.end > at ? match.end : match.end + width;
    if (match.end === match.start) at = Math.max(at, match.end + width);
  }
  return found;
}
