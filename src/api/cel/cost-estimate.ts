/** What an expression may cost at most, before it is run. Source: cel-go checker/cost.go. */
import type { CallExpr, ComprehensionExpr, Expr, SelectExpr } from './ast.ts';
import { accumulatorName } from './ast.ts';
import { type CallEstimate, type CostNode, libraryCallCost, type SizeEstimator, standardCallCost, unionSize } from './call-cost.ts';
import type { CheckedExpr } from './checker.ts';
import {
  type CostRange,
  fixed,
  listCost,
  mapCost,
  plus,
  selectCost,
  structCost,
  sumOf,
  times,
  unbounded,
  union,
  unknownSize,
  zero,
} from './cost.ts';
import { type CelType, celTypes, unwrapOptional } from './types.ts';
import { characterCount } from './value.ts';

interface EntrySize {
  readonly container: 'list' | 'map';
  readonly key: CostRange;
  readonly value: CostRange;
}

interface LocalVar {
  readonly path: readonly string[];
  readonly size: CostRange | undefined;
  readonly entry: EntrySize | undefined;
}

const scalars = new Set(['bool', 'double', 'duration', 'int', 'timestamp', 'uint']);
const isScalar = (type: CelType): boolean => scalars.has(unwrapOptional(type).type.kind);

/** The size of what is written out. */
function writtenSize(expr: Expr): CostRange | undefined {
  switch (expr.kind) {
    case 'literal':
      if (typeof expr.value === 'string') return fixed(characterCount(expr.value));
      return fixed(expr.value instanceof Uint8Array ? expr.value.length : 1);
    case 'list':
      return fixed(expr.elements.length);
    case 'map':
      return fixed(expr.entries.length);
    default:
      return undefined;
  }
}

const nothing: CostRange = { min: unbounded, max: 0 };

/** The union of the sizes of all elements. */
const sizesTogether = (sizes: readonly CostRange[]): CostRange => (sizes.length === 0 ? zero : sizes.reduce(union, nothing));

class Coster {
  readonly #checked: CheckedExpr;
  readonly #estimateSize: SizeEstimator;
  readonly #paths = new Map<number, readonly string[]>();
  readonly #sizes = new Map<number, CostRange>();
  readonly #entrySizes = new Map<number, EntrySize>();
  readonly #locals = new Map<string, LocalVar[]>();

  constructor(checked: CheckedExpr, estimateSize: SizeEstimator) {
    this.#checked = checked;
    this.#estimateSize = estimateSize;
  }

  cost(expr: Expr): CostRange {
    switch (expr.kind) {
      case 'literal':
        return zero;
      case 'ident':
        this.#paths.set(expr.id, this.#local(expr.name)?.path ?? [expr.name]);
        return fixed(selectCost);
      case 'select':
        return this.#select(expr);
      case 'call':
        return this.#call(expr);
      case 'list': {
        const costs = expr.elements.map((element) => this.cost(element));
        const value = sizesTogether(expr.elements.map((element) => this.#sizeOrUnknown(element)));
        this.#entrySizes.set(expr.id, { container: 'list', key: fixed(1), value });
        return plus(sumOf(costs), fixed(listCost));
      }
      case 'map': {
        const costs = expr.entries.map(({ key, value }) => plus(this.cost(key), this.cost(value)));
        const key = sizesTogether(expr.entries.map((entry) => this.#sizeOrUnknown(entry.key)));
        const value = sizesTogether(expr.entries.map((entry) => this.#sizeOrUnknown(entry.value)));
        this.#entrySizes.set(expr.id, { container: 'map', key, value });
        return plus(sumOf(costs), fixed(mapCost));
      }
      case 'struct':
        return plus(sumOf(expr.fields.map(({ value }) => this.cost(value))), fixed(structCost));
      case 'comprehension':
        return isBind(expr) ? this.#bind(expr) : this.#comprehension(expr);
    }
  }

  #typeOf({ id }: Expr): CelType {
    return this.#checked.types.get(id) ?? celTypes.dyn;
  }

  #local(name: string): LocalVar | undefined {
    return this.#locals.get(name)?.at(-1);
  }

  #push(name: string, local: LocalVar): void {
    this.#locals.set(name, [...(this.#locals.get(name) ?? []), local]);
  }

  #pop(name: string): void {
    this.#locals.set(name, this.#locals.get(name)?.slice(0, -1) ?? []);
  }

  #path(expr: Expr): readonly string[] {
    const local = expr.kind === 'ident' ? this.#local(expr.name) : undefined;
    return local?.path ?? this.#paths.get(expr.id) ?? [];
  }

  #size(expr: Expr): CostRange | undefined {
    const known = this.#sizes.get(expr.id) ?? writtenSize(expr);
    if (known !== undefined) return known;
    const estimated = this.#estimateSize({ expr, path: this.#path(expr), type: this.#typeOf(expr), size: undefined });
    if (estimated !== undefined) {
      this.#sizes.set(expr.id, estimated);
      return estimated;
    }
    if (isScalar(this.#typeOf(expr))) return fixed(1);
    return expr.kind === 'ident' ? this.#local(expr.name)?.size : undefined;
  }

  #sizeOrUnknown(expr: Expr): CostRange {
    return this.#size(expr) ?? unknownSize;
  }

  #entrySize(expr: Expr): EntrySize | undefined {
    return this.#entrySizes.get(expr.id) ?? (expr.kind === 'ident' ? this.#local(expr.name)?.entry : undefined);
  }

  #setEntrySize({ id }: Expr, size: EntrySize | undefined): void {
    if (size !== undefined) this.#entrySizes.set(id, size);
  }

  #setSize({ id }: Expr, size: CostRange | undefined): void {
    if (size !== undefined) this.#sizes.set(id, size);
  }

  #node(expr: Expr): CostNode {
    const path = this.#path(expr);
    return { expr, path: path[0] === accumulatorName ? [] : path, type: this.#typeOf(expr), size: this.#size(expr) };
  }

  #select(expr: SelectExpr): CostRange {
    const operand = this.cost(expr.operand);
    // A test for presence costs nothing of its own, as in the first version.
    if (expr.testOnly) return operand;
    const { kind } = this.#typeOf(expr.operand);
    this.#paths.set(expr.id, [...this.#path(expr.operand), expr.field]);
    return kind === 'map' || kind === 'struct' || kind === 'param' ? plus(operand, fixed(selectCost)) : operand;
  }

  #call(expr: CallExpr): CostRange {
    const [first] = expr.args;
    if (expr.fn === 'dyn' && first !== undefined) {
      const cost = plus(this.cost(first), fixed(1));
      this.#setSize(expr, this.#size(first));
      this.#setEntrySize(expr, this.#entrySize(first));
      return cost;
    }
    const argCosts = expr.args.map((arg) => this.cost(arg));
    const args = expr.args.map((arg) => this.#node(arg));
    const overloads = this.#checked.overloads.get(expr.id) ?? [];
    if (overloads.length === 0) return zero;
    const targetCost = expr.target === undefined ? zero : this.cost(expr.target);
    const target = expr.target === undefined ? undefined : this.#node(expr.target);
    let cost: CostRange = nothing;
    let size: CostRange | undefined;
    for (const { id } of overloads) {
      const estimate = this.#functionCost(expr, id, target, args, argCosts);
      cost = union(cost, estimate.cost);
      size = unionSize(size, estimate.size);
      if (id === 'index_list' || id === 'index_map') {
        if (first === undefined) continue;
        size = this.#entrySize(first)?.value;
        this.#paths.set(expr.id, [...this.#path(first), id === 'index_list' ? '@items' : '@values']);
      }
      size ??= this.#size(expr);
    }
    this.#setSize(expr, size);
    return plus(targetCost, cost);
  }

  #functionCost(
    expr: CallExpr,
    overload: string,
    target: CostNode | undefined,
    args: readonly CostNode[],
    argCosts: readonly CostRange[],
  ): CallEstimate {
    const call = { fn: expr.fn, overload, target, args, estimateSize: this.#estimateSize };
    const own = libraryCallCost(call);
    const withArgs = ({ cost, ...rest }: CallEstimate): CallEstimate => ({ ...rest, cost: plus(cost, sumOf(argCosts)) });
    if (own !== undefined) return withArgs(own);
    const [a = zero, b = zero, c = zero] = argCosts;
    const [, second, third] = expr.args;
    if (overload === 'logical_and' || overload === 'logical_or') return { cost: { min: a.min, max: plus(a, b).max } };
    if (overload === 'conditional' && second !== undefined && third !== undefined) {
      this.#setEntrySize(expr, unionEntry(this.#entrySize(second), this.#entrySize(third)));
      return { cost: plus(a, union(b, c)), size: union(this.#sizeOrUnknown(second), this.#sizeOrUnknown(third)) };
    }
    if (overload === 'add_list' || overload === 'add_string' || overload === 'add_bytes') {
      const [left, right] = expr.args;
      if (left !== undefined && right !== undefined) this.#setEntrySize(expr, unionEntry(this.#entrySize(left), this.#entrySize(right)));
    }
    return withArgs(standardCallCost(call));
  }

  #bind(expr: ComprehensionExpr): CostRange {
    const before = plus(this.cost(expr.range), this.cost(expr.accuInit));
    this.#pushInit(expr);
    const cost = plus(before, this.cost(expr.result));
    this.#pop(expr.accuVar);
    this.#setSize(expr, this.#size(expr.result));
    this.#setEntrySize(expr, this.#entrySize(expr.result));
    return cost;
  }

  #pushInit({ accuVar, accuInit }: ComprehensionExpr): void {
    this.#push(accuVar, { path: this.#path(accuInit), size: this.#size(accuInit), entry: this.#entrySize(accuInit) });
  }

  #pushIteration({ range, iterVar, iterVar2 }: ComprehensionExpr): void {
    const entry = this.#entrySize(range);
    const isList = (entry?.container ?? this.#typeOf(range).kind) === 'list';
    const path = this.#path(range);
    const value: LocalVar = { path: [...path, isList ? '@items' : '@values'], size: entry?.value, entry: undefined };
    const key: LocalVar = { path: [...path, isList ? '@indices' : '@keys'], size: entry?.key, entry: undefined };
    if (iterVar2 === undefined) this.#push(iterVar, isList ? value : key);
    else {
      this.#push(iterVar, key);
      this.#push(iterVar2, value);
    }
  }

  #comprehension(expr: ComprehensionExpr): CostRange {
    const before = plus(this.cost(expr.range), this.cost(expr.accuInit));
    this.#pushInit(expr);
    this.#pushIteration(expr);
    const loop = this.cost(expr.condition);
    const step = this.cost(expr.step);
    this.#pop(expr.iterVar);
    if (expr.iterVar2 !== undefined) this.#pop(expr.iterVar2);
    const result = this.cost(expr.result);
    this.#pop(expr.accuVar);
    const count = this.#sizeOrUnknown(expr.range);
    const { kind } = expr.accuInit;
    if (kind === 'literal') this.#setSize(expr, this.#size(expr.accuInit));
    else if (kind === 'list' || kind === 'map') {
      this.#setSize(expr, count);
      this.#setEntrySize(expr, this.#entrySize(expr.step));
    }
    return sumOf([before, result, times(count, plus(step, loop))]);
  }
}

function unionEntry(a: EntrySize | undefined, b: EntrySize | undefined): EntrySize | undefined {
  if (a === undefined || b === undefined) return undefined;
  return { container: a.container, key: union(a.key, b.key), value: union(a.value, b.value) };
}

/** Whether a fold only binds a variable. */
export function isBind({ range, condition, accuVar }: ComprehensionExpr): boolean {
  const isEmpty = range.kind === 'list' && range.elements.length === 0;
  return isEmpty && condition.kind === 'literal' && condition.value === false && accuVar !== accumulatorName;
}

/** The range of costs of a checked expression. `estimateSize` knows how large values of variables may be. */
export const estimateCost = (checked: CheckedExpr, estimateSize: SizeEstimator = () => undefined): CostRange =>
  new Coster(checked, estimateSize).cost(checked.expr);
