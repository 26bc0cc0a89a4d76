/** Makes the nodes of a tree: gives each its number and remembers where in the text it is from. */
import { accumulatorName, type Expr, type MapEntry, type StructField } from './ast.ts';
import type { CelIssue } from './source.ts';
import type { Value } from './value.ts';

export class ExprFactory {
  /** The place of each node in the text. */
  readonly offsets = new Map<number, number>();
  readonly issues: CelIssue[];
  #nextId = 1;

  constructor(issues: CelIssue[]) {
    this.issues = issues;
  }

  id(offset: number): number {
    const id = this.#nextId++;
    this.offsets.set(id, offset);
    return id;
  }

  offsetOf(id: number): number {
    return this.offsets.get(id) ?? -1;
  }

  literal(offset: number, value: Value): Expr {
    return { kind: 'literal', id: this.id(offset), value };
  }

  ident(offset: number, name: string): Expr {
    return { kind: 'ident', id: this.id(offset), name };
  }

  accu(offset: number): Expr {
    return this.ident(offset, accumulatorName);
  }

  select(offset: number, operand: Expr, field: string, testOnly = false): Expr {
    return { kind: 'select', id: this.id(offset), operand, field, testOnly };
  }

  call(offset: number, fn: string, ...args: readonly Expr[]): Expr {
    return { kind: 'call', id: this.id(offset), fn, target: undefined, args };
  }

  memberCall(offset: number, fn: string, target: Expr, ...args: readonly Expr[]): Expr {
    return { kind: 'call', id: this.id(offset), fn, target, args };
  }

  list(offset: number, elements: readonly Expr[], optional: ReadonlySet<number> = new Set()): Expr {
    return { kind: 'list', id: this.id(offset), elements, optional };
  }

  map(offset: number, entries: readonly MapEntry[]): Expr {
    return { kind: 'map', id: this.id(offset), entries };
  }

  struct(offset: number, typeName: string, fields: readonly StructField[]): Expr {
    return { kind: 'struct', id: this.id(offset), typeName, fields };
  }

  /** Reports an issue and returns a stand-in, so that parsing goes on. */
  failed(offset: number, message: string): Expr {
    this.issues.push({ offset, message });
    return this.literal(offset, null);
  }

  /** The same expression with numbers of its own. */
  copy(expr: Expr): Expr {
    const id = this.id(this.offsetOf(expr.id));
    switch (expr.kind) {
      case 'literal':
      case 'ident':
        return { ...expr, id };
      case 'select':
        return { ...expr, id, operand: this.copy(expr.operand) };
      case 'call': {
        const args = expr.args.map((arg) => this.copy(arg));
        return { ...expr, id, args, target: expr.target === undefined ? undefined : this.copy(expr.target) };
      }
      case 'list':
        return { ...expr, id, elements: expr.elements.map((element) => this.copy(element)) };
      case 'map':
        return { ...expr, id, entries: expr.entries.map((entry) => this.#copyEntry(entry)) };
      case 'struct':
        return { ...expr, id, fields: expr.fields.map((field) => this.#copyField(field)) };
      case 'comprehension': {
        const { range, accuInit, condition, step, result } = expr;
        const inner = [range, accuInit, condition, step, result] as const;
        const [r, i, c, s, e] = inner.map((each) => this.copy(each)) as [Expr, Expr, Expr, Expr, Expr];
        return { ...expr, id, range: r, accuInit: i, condition: c, step: s, result: e };
      }
    }
  }

  #copyEntry(entry: MapEntry): MapEntry {
    const id = this.id(this.offsetOf(entry.id));
    return { ...entry, id, key: this.copy(entry.key), value: this.copy(entry.value) };
  }

  #copyField(field: StructField): StructField {
    return { ...field, id: this.id(this.offsetOf(field.id)), value: this.copy(field.value) };
  }
}
