/**
 * The difference of two texts as upstream's messages show it. Source: github.com/pmezard/go-difflib (SequenceMatcher,
 * UnifiedDiff with three lines of context), apimachinery pkg/util/diff/diff.go.
 */

type Tag = 'equal' | 'replace' | 'delete' | 'insert';

/** Lines [fromA, toA) of the one text became [fromB, toB) of the other. */
interface Step {
  readonly tag: Tag;
  readonly fromA: number;
  readonly toA: number;
  readonly fromB: number;
  readonly toB: number;
}

interface Block {
  readonly a: number;
  readonly b: number;
  readonly size: number;
}

const context = 3;
/** In longer texts, lines that are more than a hundredth of all are not looked for. */
const popularFrom = 200;

/** Steps of comparing after which there is no difference to show: what a request costs is bounded. */
const maxWork = 2_000_000;

class Matcher {
  readonly #a: readonly string[];
  readonly #b: readonly string[];
  readonly #places = new Map<string, number[]>();
  #work = 0;

  constructor(a: readonly string[], b: readonly string[]) {
    [this.#a, this.#b] = [a, b];
    for (const [index, line] of b.entries()) {
      const known = this.#places.get(line);
      if (known === undefined) this.#places.set(line, [index]);
      else known.push(index);
    }
    if (b.length < popularFrom) return;
    const most = Math.floor(b.length / 100) + 1;
    for (const [line, places] of this.#places) if (places.length > most) this.#places.delete(line);
  }

  /** The blocks that are the same, in order; undefined when that would take too long. */
  blocks(): readonly Block[] | undefined {
    const found: Block[] = [];
    const open: [number, number, number, number][] = [[0, this.#a.length, 0, this.#b.length]];
    for (let range = open.pop(); range !== undefined; range = open.pop()) {
      const [fromA, toA, fromB, toB] = range;
      const { a, b, size } = this.#longest(fromA, toA, fromB, toB);
      if (this.#work > maxWork) return undefined;
      if (size === 0) continue;
      found.push({ a, b, size });
      if (fromA < a && fromB < b) open.push([fromA, a, fromB, b]);
      if (a + size < toA && b + size < toB) open.push([a + size, toA, b + size, toB]);
    }
    return merged(found.toSorted((left, right) => left.a - right.a));
  }

  #longest(fromA: number, toA: number, fromB: number, toB: number): Block {
    let [a, b, size] = [fromA, fromB, 0];
    let lengths = new Map<number, number>();
    for (let i = fromA; i < toA && this.#work <= maxWork; i++) {
      const next = new Map<number, number>();
      this.#work += 1;
      for (const j of this.#places.get(this.#a[i] ?? '') ?? []) {
        if (j >= toB) break;
        this.#work += 1;
        if (j < fromB) continue;
        const length = (lengths.get(j - 1) ?? 0) + 1;
        next.set(j, length);
        if (length > size) [a, b, size] = [i - length + 1, j - length + 1, length];
      }
      lengths = next;
    }
    while (a > fromA && b > fromB && this.#a[a - 1] === this.#b[b - 1]) [a, b, size] = [a - 1, b - 1, size + 1];
    while (a + size < toA && b + size < toB && this.#a[a + size] === this.#b[b + size]) size += 1;
    return { a, b, size };
  }
}

/** Blocks that touch are one. */
function merged(blocks: readonly Block[]): readonly Block[] {
  const result: Block[] = [];
  for (const block of blocks) {
    const last = result.at(-1);
    if (last !== undefined && last.a + last.size === block.a && last.b + last.size === block.b) {
      result[result.length - 1] = { ...last, size: last.size + block.size };
    } else result.push(block);
  }
  return result;
}

function tagOf(inA: number, inB: number): Tag {
  if (inB === 0) return 'delete';
  return inA === 0 ? 'insert' : 'replace';
}

function stepsOf(blocks: readonly Block[], lengthA: number, lengthB: number): readonly Step[] {
  const steps: Step[] = [];
  let [a, b] = [0, 0];
  for (const block of [...blocks, { a: lengthA, b: lengthB, size: 0 }]) {
    if (a < block.a || b < block.b) steps.push({ tag: tagOf(block.a - a, block.b - b), fromA: a, toA: block.a, fromB: b, toB: block.b });
    [a, b] = [block.a + block.size, block.b + block.size];
    if (block.size > 0) steps.push({ tag: 'equal', fromA: block.a, toA: a, fromB: block.b, toB: b });
  }
  return steps;
}

/** The last, or first, lines of what is the same. */
const head = (step: Step): Step => ({
  ...step,
  toA: Math.min(step.toA, step.fromA + context),
  toB: Math.min(step.toB, step.fromB + context),
});
const tail = (step: Step): Step => ({
  ...step,
  fromA: Math.max(step.fromA, step.toA - context),
  fromB: Math.max(step.fromB, step.toB - context),
});

/** Changes with the lines around them; those that lie apart are in groups of their own. */
function groupsOf(steps: readonly Step[]): readonly (readonly Step[])[] {
  const groups: Step[][] = [[]];
  for (const [index, step] of steps.entries()) {
    const group = groups.at(-1);
    const long = step.tag === 'equal' && step.toA - step.fromA > 2 * context;
    if (step.tag !== 'equal') group?.push(step);
    else if (index === 0) group?.push(tail(step));
    else if (index === steps.length - 1) group?.push(head(step));
    else if (long) {
      group?.push(head(step));
      groups.push([tail(step)]);
    } else group?.push(step);
  }
  return groups.filter((group) => group.some(({ tag }) => tag !== 'equal'));
}

function rangeOf(from: number, to: number): string {
  const length = to - from;
  if (length === 1) return String(from + 1);
  return `${length === 0 ? from : from + 1},${length}`;
}

/** The lines of a unified difference, each with its end; '' for equal texts, and where comparing would take long. */
export function unifiedDiff(before: string, after: string): string {
  const [a, b] = [before.split('\n'), after.split('\n')];
  const blocks = new Matcher(a, b).blocks();
  if (blocks === undefined) return '';
  const lines: string[] = [];
  for (const group of groupsOf(stepsOf(blocks, a.length, b.length))) {
    const [first, last] = [group[0], group.at(-1)];
    lines.push(`@@ -${rangeOf(first?.fromA ?? 0, last?.toA ?? 0)} +${rangeOf(first?.fromB ?? 0, last?.toB ?? 0)} @@`);
    for (const { tag, fromA, toA, fromB, toB } of group) {
      if (tag === 'equal') lines.push(...a.slice(fromA, toA).map((line) => ` ${line}`));
      if (tag === 'replace' || tag === 'delete') lines.push(...a.slice(fromA, toA).map((line) => `-${line}`));
      if (tag === 'replace' || tag === 'insert') lines.push(...b.slice(fromB, toB).map((line) => `+${line}`));
    }
  }
  return lines.map((line) => `${line}\n`).join('');
}
