/**
 * Mistakes in what is written out, which only show after the types are known. Source: cel-go cel/validator.go,
 * ext/formatting.go (stringFormatValidator).
 */
import { type CallExpr, type Expr, type ListExpr, type MapExpr, walk } from './ast.ts';
import type { CheckedExpr } from './checker.ts';
import { toDuration, toTimestamp } from './conversions.ts';
import { FormatError, parseFormat } from './library/format-text.ts';
import { compileRegex } from './regex/regex.ts';
import type { CelIssue } from './source.ts';
import { type CelType, celTypes, formatType, sameType, unwrapOptional } from './types.ts';
import { CelError } from './value.ts';

type Report = (id: number, message: string) => void;

/** Whether an argument that is written out is one that its function takes. */
function checkArgument({ fn, args }: CallExpr, report: Report): void {
  const [arg] = args;
  if (arg?.kind !== 'literal') return;
  const { value } = arg;
  const isBad =
    (fn === 'duration' && toDuration(value) instanceof CelError) ||
    (fn === 'timestamp' && toTimestamp(value) instanceof CelError) ||
    (fn === 'matches' && typeof value === 'string' && 'problem' in compileRegex(value));
  if (isBad) report(arg.id, `invalid ${fn} argument`);
}

const typeOf = (checked: CheckedExpr, { id }: Expr): CelType => checked.types.get(id) ?? celTypes.dyn;

function mismatch(expected: CelType, actual: CelType): string {
  return `expected type '${formatType(expected)}' but found '${formatType(actual)}'`;
}

function checkElements(checked: CheckedExpr, { elements, optional }: ListExpr, report: Report): void {
  let first: CelType | undefined;
  for (const [at, element] of elements.entries()) {
    const own = typeOf(checked, element);
    const type = optional.has(at) ? unwrapOptional(own).type : own;
    first ??= type;
    if (sameType(first, type, true)) continue;
    report(element.id, mismatch(first, type));
    return;
  }
}

function checkEntries(checked: CheckedExpr, { entries }: MapExpr, report: Report): void {
  let first: { readonly key: CelType; readonly value: CelType } | undefined;
  for (const entry of entries) {
    const key = typeOf(checked, entry.key);
    const own = typeOf(checked, entry.value);
    const value = entry.optional ? unwrapOptional(own).type : own;
    first ??= { key, value };
    if (!sameType(first.key, key, true)) report(entry.key.id, mismatch(first.key, key));
    if (!sameType(first.value, value, true)) report(entry.value.id, mismatch(first.value, value));
  }
}

const clauseKinds: { readonly [verb: string]: { readonly kinds: readonly string[]; readonly complaint: string } } = {
  d: { kinds: ['int', 'uint'], complaint: 'decimal clause can only be used on integers' },
  f: { kinds: ['double', 'string'], complaint: 'fixed-point clause can only be used on doubles' },
  e: { kinds: ['double', 'string'], complaint: 'scientific clause can only be used on doubles' },
  b: { kinds: ['int', 'uint', 'bool'], complaint: 'only integers and bools can be formatted as binary' },
  x: { kinds: ['int', 'uint', 'string', 'bytes'], complaint: 'only integers, byte buffers, and strings can be formatted as hex' },
  o: { kinds: ['int', 'uint'], complaint: 'octal clause can only be used on integers' },
};

const textKinds = new Set('list map int uint double bool string timestamp bytes duration type null'.split(' '));
const textComplaint =
  'string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps';

/** The first expression in one that cannot be shown as text. */
function notText(checked: CheckedExpr, expr: Expr): Expr | undefined {
  const { kind } = typeOf(checked, expr);
  if (kind !== 'dyn' && !textKinds.has(kind)) return expr;
  const inside = expr.kind === 'list' ? expr.elements : expr.kind === 'map' ? expr.entries.flatMap(({ key, value }) => [key, value]) : [];
  for (const each of inside) {
    const bad = notText(checked, each);
    if (bad !== undefined) return bad;
  }
  return undefined;
}

/** A format and its arguments, when both are written out. */
function checkFormat(checked: CheckedExpr, { id, fn, target, args: [list] }: CallExpr, report: Report): void {
  const format = target?.kind === 'literal' ? target.value : undefined;
  if (fn !== 'format' || typeof format !== 'string' || list?.kind !== 'list') return;
  try {
    const clauses = parseFormat(format, list.elements.length).filter((part) => typeof part !== 'string');
    for (const [at, { verb }] of clauses.entries()) {
      const arg = list.elements[at];
      if (arg === undefined) continue;
      const rule = clauseKinds[verb.toLowerCase()];
      const { kind } = typeOf(checked, arg);
      const bad = rule === undefined ? notText(checked, arg) : kind === 'dyn' || rule.kinds.includes(kind) ? undefined : arg;
      if (bad === undefined) continue;
      report(bad.id, `error during formatting: ${rule?.complaint ?? textComplaint}, was given ${typeOf(checked, bad).name}`);
      return;
    }
    if (list.elements.length > clauses.length) {
      report(id, `too many arguments supplied to string.format (expected ${clauses.length}, got ${list.elements.length})`);
    }
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    report(id, error.message);
  }
}

export function literalIssues(checked: CheckedExpr): readonly CelIssue[] {
  const issues: CelIssue[] = [];
  const report: Report = (id, message) => issues.push({ offset: checked.offsets.get(id) ?? -1, message });
  walk(checked.expr, (expr, parents) => {
    // The arguments of a format may be of any types.
    const isExempt = parents.some((parent) => parent.kind === 'call' && parent.fn === 'format');
    if (expr.kind === 'list' && !isExempt) checkElements(checked, expr, report);
    else if (expr.kind === 'map' && !isExempt) checkEntries(checked, expr, report);
    else if (expr.kind === 'call') {
      checkArgument(expr, report);
      checkFormat(checked, expr, report);
    }
  });
  return issues;
}
