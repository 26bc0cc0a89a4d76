/**
 * Makes a checked expression into a function that evaluates it, counting what it costs. Source: cel-go
 * interpreter/{planner,interpretable,attributes}.go.
 */
import type { CallExpr, ComprehensionExpr, Expr, ListExpr, MapExpr, SelectExpr, StructExpr } from './ast.ts';
import type { CheckedExpr } from './checker.ts';
import { listCost, mapCost, selectCost, structCost } from './cost.ts';
import type { Environment } from './environment.ts';
import { callFirstFitting, type Overload } from './function.ts';
import { compileRegex, findAll } from './regex/regex.ts';
import { runCost } from './run-cost.ts';
import {
  ArrayList,
  CelError,
  CelUint,
  EntryMap,
  keyText,
  ListValue,
  MapValue,
  none,
  noSuchOverload,
  OptionalValue,
  type Result,
  typeOfValue,
  type Value,
} from './value.ts';
import { valueText } from './value-text.ts';

/** Where the values of variables come from; undefined when there is none of that name. */
export type Activation = (name: string) => Result | undefined;

/** Thrown when an expression costs more than it may. */
export class CostExceeded extends Error {
  constructor() {
    super('operation cancelled: actual cost limit exceeded');
  }
}

/** Thrown for what only shows when the expression is made ready to run. */
export class InstantiationError extends Error {}

/** The state of one evaluation. */
export class Frame {
  readonly variables: Activation;
  /** The values of the variables of folds. */
  readonly locals: Result[] = [];
  readonly #limit: number;
  cost = 0;

  constructor(variables: Activation, limit: number) {
    this.variables = variables;
    this.#limit = limit;
  }

  /** @throws CostExceeded */
  spend(cost: number): void {
    this.cost += cost;
    if (this.cost > this.#limit) throw new CostExceeded();
  }
}

export type Evaluate = (frame: Frame) => Result;

/**
 * The functions that look at the types of their arguments themselves, and say no more than that there is no overload.
 */
const ownGuard = new Set(
  '_==_ _!=_ !_ _+_ _-_ _*_ _/_ _%_ -_ _<_ _<=_ _>_ _>=_ @in size type dyn matches contains startsWith endsWith sort flatten'.split(' '),
);

const isAttribute = (expr: Expr): boolean =>
  expr.kind === 'ident' ||
  (expr.kind === 'select' && !expr.testOnly) ||
  (expr.kind === 'call' && (expr.fn === '_[_]' || expr.fn === '_[?_]' || expr.fn === '_?._'));

/** The position in a list that an index means. */
function listIndex(index: Value): number | CelError {
  if (typeof index === 'bigint') return Number(index);
  if (index instanceof CelUint) return Number(index.value);
  if (typeof index === 'number' && Number.isInteger(index)) return index;
  return new CelError(`unsupported index type '${typeOfValue(index).name}' in list`);
}

/** The part of a value at a key or index; undefined when it has none. */
function part(value: Value, key: Value): Result | undefined {
  if (value instanceof MapValue) return value.find(key);
  if (!(value instanceof ListValue)) return undefined;
  const at = listIndex(key);
  if (at instanceof CelError) return at;
  return at >= 0 && at < value.size ? value.get(at) : undefined;
}

/** The part as an optional value. */
function optionalPart(value: Value, key: Value): Result {
  if (value instanceof OptionalValue) return value.value === undefined ? none : optionalPart(value.value, key);
  const found = part(value, key);
  if (found === undefined) return none;
  return found instanceof CelError ? found : new OptionalValue(found);
}

function requiredPart(value: Value, key: Value): Result {
  if (value instanceof OptionalValue) return optionalPart(value, key);
  const found = part(value, key);
  if (found !== undefined) return found;
  return new CelError(value instanceof ListValue ? `index out of bounds: ${valueText(key)}` : `no such key: ${valueText(key)}`);
}

const isPresent = (value: Value, key: string): Result => {
  if (value instanceof OptionalValue) return value.value !== undefined && isPresent(value.value, key);
  if (!(value instanceof MapValue)) return false;
  const found = value.find(key);
  return found instanceof CelError ? found : found !== undefined;
};

class Planner {
  readonly #checked: CheckedExpr;
  readonly #environment: Environment;
  /** The places of the variables of folds, innermost last. */
  readonly #locals: string[] = [];

  constructor(checked: CheckedExpr, environment: Environment) {
    this.#checked = checked;
    this.#environment = environment;
  }

  plan(expr: Expr): Evaluate {
    switch (expr.kind) {
      case 'literal': {
        const { value } = expr;
        return () => value;
      }
      case 'ident':
        return this.#ident(expr.id, expr.name);
      case 'select':
        return this.#select(expr);
      case 'call':
        return this.#call(expr);
      case 'list':
        return this.#list(expr);
      case 'map':
        return this.#map(expr);
      case 'struct':
        return this.#struct(expr);
      case 'comprehension':
        return this.#fold(expr);
    }
  }

  #ident(id: number, name: string): Evaluate {
    const slot = this.#locals.lastIndexOf(name);
    if (slot >= 0) {
      return (frame) => {
        frame.spend(selectCost);
        return frame.locals[slot] ?? null;
      };
    }
    const constant = this.#checked.constants.get(id);
    if (constant !== undefined) {
      return (frame) => {
        frame.spend(selectCost);
        return constant;
      };
    }
    return (frame) => {
      frame.spend(selectCost);
      return frame.variables(name) ?? new CelError(`no such attribute(s): ${name}`);
    };
  }

  #select({ operand, field, testOnly }: SelectExpr): Evaluate {
    const evaluate = this.plan(operand);
    const cost = (isAttribute(operand) ? 1 : 2) * selectCost;
    if (testOnly) {
      return (frame) => {
        const value = evaluate(frame);
        return value instanceof CelError ? value : isPresent(value, field);
      };
    }
    return (frame) => {
      const value = evaluate(frame);
      if (value instanceof CelError) return value;
      frame.spend(cost);
      return requiredPart(value, field);
    };
  }

  #call(expr: CallExpr): Evaluate {
    const args = expr.target === undefined ? expr.args : [expr.target, ...expr.args];
    switch (expr.fn) {
      case '_&&_':
        return this.#logical(expr.args, false);
      case '_||_':
        return this.#logical(expr.args, true);
      case '_?_:_':
        return this.#conditional(expr.args);
      case '@not_strictly_false':
        return this.#notStrictlyFalse(expr.args);
      case '_[_]':
      case '_[?_]':
      case '_?._':
        return this.#index(expr);
      case 'or':
      case 'orValue':
        if (this.#overloads(expr)[0]?.run === undefined) return this.#orElse(expr.fn, args);
    }
    return this.#function(expr, args);
  }

  #overloads({ id }: Expr): readonly Overload[] {
    return this.#checked.overloads.get(id) ?? [];
  }

  /** && and ||: `decisive` is the value that decides alone; failures count only when no other operand decides. */
  #logical(args: readonly Expr[], decisive: boolean): Evaluate {
    const terms = args.map((arg) => this.plan(arg));
    return (frame) => {
      let failed: CelError | undefined;
      for (const term of terms) {
        const value = term(frame);
        if (value === decisive) return decisive;
        if (value instanceof CelError) failed ??= value;
        else if (typeof value !== 'boolean') failed ??= noSuchOverload;
      }
      return failed ?? !decisive;
    };
  }

  #planned(args: readonly Expr[], at: number): Evaluate {
    const arg = args[at];
    if (arg === undefined) throw new Error('a call without its arguments was checked');
    return this.plan(arg);
  }

  #conditional(args: readonly Expr[]): Evaluate {
    const [condition, then, otherwise] = [this.#planned(args, 0), this.#planned(args, 1), this.#planned(args, 2)];
    return (frame) => {
      const value = condition(frame);
      if (value === true) return then(frame);
      if (value === false) return otherwise(frame);
      return value instanceof CelError ? value : noSuchOverload;
    };
  }

  #notStrictlyFalse(args: readonly Expr[]): Evaluate {
    const evaluate = this.#planned(args, 0);
    return (frame) => {
      const value = evaluate(frame);
      frame.spend(1);
      return value !== false;
    };
  }

  #index({ fn, args }: CallExpr): Evaluate {
    const [value, key] = [this.#planned(args, 0), this.#planned(args, 1)];
    const [operand] = args;
    const cost = (operand !== undefined && isAttribute(operand) ? 1 : 2) * selectCost;
    const pick = fn === '_[_]' ? requiredPart : optionalPart;
    return (frame) => {
      const container = value(frame);
      if (container instanceof CelError) return container;
      const at = key(frame);
      if (at instanceof CelError) return at;
      frame.spend(cost);
      return pick(container, at);
    };
  }

  #orElse(fn: string, args: readonly Expr[]): Evaluate {
    const [first, second] = [this.#planned(args, 0), this.#planned(args, 1)];
    return (frame) => {
      const value = first(frame);
      if (!(value instanceof OptionalValue)) return value;
      if (value.value === undefined) return second(frame);
      return fn === 'or' ? value : value.value;
    };
  }

  #function(expr: CallExpr, args: readonly Expr[]): Evaluate {
    const operands = args.map((arg) => this.plan(arg));
    const overloads = this.#overloads(expr);
    const run = this.#run(expr, args, overloads);
    const single = overloads.length === 1 ? overloads[0]?.id : undefined;
    const overload = single ?? (expr.fn === '_==_' || expr.fn === '_!=_' ? 'equals' : '');
    const costOf = runCost(expr.fn);
    const isFree = this.#isMembershipOfConstants(expr, args);
    return (frame) => {
      const values: Value[] = [];
      for (const operand of operands) {
        const value = operand(frame);
        if (value instanceof CelError) return value;
        values.push(value);
      }
      const result = run(values);
      if (!isFree) frame.spend(costOf({ overload, args: values, result: result instanceof CelError ? null : result }));
      return result;
    };
  }

  #isMembershipOfConstants({ fn }: CallExpr, [, container]: readonly Expr[]): boolean {
    return fn === '@in' && container?.kind === 'list' && container.elements.every(({ kind }) => kind === 'literal');
  }

  #run(expr: CallExpr, args: readonly Expr[], overloads: readonly Overload[]): (values: readonly Value[]) => Result {
    const regex = this.#constantRegex(expr, args);
    if (regex !== undefined) return regex;
    const [first] = overloads;
    if (first?.run !== undefined && ownGuard.has(expr.fn)) {
      const { run } = first;
      return (values) => run(...values);
    }
    return (values) => callFirstFitting(expr.fn, overloads, values);
  }

  /** A search whose expression is written out, compiled once. */
  #constantRegex({ fn }: CallExpr, [, pattern]: readonly Expr[]): ((values: readonly Value[]) => Result) | undefined {
    const isSearch = fn === 'matches' || fn === 'find' || fn === 'findAll';
    if (!isSearch || pattern?.kind !== 'literal' || typeof pattern.value !== 'string') return undefined;
    const regex = compileRegex(pattern.value);
    if ('problem' in regex) throw new InstantiationError(regex.problem);
    return ([text = null, , limit = -1n]) => {
      if (typeof text !== 'string' || typeof limit !== 'bigint') return noSuchOverload;
      if (fn === 'findAll') return new ArrayList(findAll(regex, text, Number(limit)));
      const found = regex.find(text);
      if (fn === 'matches') return found !== undefined;
      return found === undefined ? '' : text.slice(found.start, found.end);
    };
  }

  #list({ elements, optional }: ListExpr): Evaluate {
    const plans = elements.map((element) => this.plan(element));
    const constants = elements.flatMap((element) => (element.kind === 'literal' ? [element.value] : []));
    if (elements.length > 0 && optional.size === 0 && constants.length === elements.length) {
      const list = new ArrayList(constants);
      return () => list;
    }
    return (frame) => {
      const items: Value[] = [];
      for (const [at, plan] of plans.entries()) {
        const value = plan(frame);
        if (value instanceof CelError) return value;
        if (!optional.has(at)) items.push(value);
        else if (!(value instanceof OptionalValue)) {
          return new CelError(`cannot initialize optional list element from non-optional value ${valueText(value)}`);
        } else if (value.value !== undefined) items.push(value.value);
      }
      frame.spend(listCost);
      return new ArrayList(items);
    };
  }

  #map({ entries }: MapExpr): Evaluate {
    const plans = entries.map(({ key, value, optional }) => ({ key: this.plan(key), value: this.plan(value), optional }));
    return (frame) => {
      const result = new Map<string, readonly [Value, Value]>();
      for (const plan of plans) {
        const key = plan.key(frame);
        if (key instanceof CelError) return key;
        const value = plan.value(frame);
        if (value instanceof CelError) return value;
        const own = plan.optional ? optionalEntry(key, value) : value;
        if (own instanceof CelError) return own;
        const text = keyText(key);
        if (text === undefined) return new CelError(`unsupported key type: ${typeOfValue(key).name}`);
        if (own !== undefined && result.has(text)) return new CelError(`Failed with repeated key`);
        if (own !== undefined) result.set(text, [key, own]);
      }
      frame.spend(mapCost);
      return new EntryMap(result);
    };
  }

  #struct({ typeName, fields }: StructExpr): Evaluate {
    const plans = fields.map(({ name, value, optional }) => ({ name, value: this.plan(value), optional }));
    const { types } = this.#environment;
    return (frame) => {
      const values = new Map<string, Value>();
      for (const { name, value: plan, optional } of plans) {
        const value = plan(frame);
        if (value instanceof CelError) return value;
        const own = optional ? optionalEntry(name, value) : value;
        if (own instanceof CelError) return own;
        if (own !== undefined) values.set(name, own);
      }
      frame.spend(structCost);
      return types.create?.(typeName, values) ?? new CelError(`unknown type: ${typeName}`);
    };
  }

  #fold(expr: ComprehensionExpr): Evaluate {
    const range = this.plan(expr.range);
    const init = this.plan(expr.accuInit);
    const accu = this.#locals.push(expr.accuVar) - 1;
    const iter = this.#locals.push(expr.iterVar) - 1;
    const iter2 = expr.iterVar2 === undefined ? undefined : this.#locals.push(expr.iterVar2) - 1;
    const condition = this.plan(expr.condition);
    const step = this.plan(expr.step);
    this.#locals.length = accu + 1;
    const result = this.plan(expr.result);
    this.#locals.length = accu;
    return (frame) => {
      const container = range(frame);
      if (container instanceof CelError) return container;
      const count = container instanceof ListValue || container instanceof MapValue ? container.size : undefined;
      if (count === undefined) return new CelError(`unsupported comprehension range type: ${typeOfValue(container as Value).name}`);
      frame.locals[accu] = init(frame);
      const keys = container instanceof MapValue ? container.keys() : undefined;
      for (let at = 0; at < (keys?.length ?? count); at++) {
        const key = keys?.[at] ?? BigInt(at);
        const item = container instanceof ListValue ? container.get(at) : key;
        frame.locals[iter] = iter2 === undefined ? item : key;
        if (iter2 !== undefined) frame.locals[iter2] = container instanceof MapValue ? (container.find(key) ?? null) : item;
        if (condition(frame) === false) break;
        frame.locals[accu] = step(frame);
      }
      return result(frame);
    };
  }
}

/** The value of an entry written with a question mark; undefined when it has none. */
function optionalEntry(key: Value, value: Value): Value | undefined | CelError {
  if (value instanceof OptionalValue) return value.value;
  return new CelError(`cannot initialize optional entry '${valueText(key)}' from non-optional value ${valueText(value)}`);
}

/** @throws InstantiationError */
export const plan = (checked: CheckedExpr, environment: Environment): Evaluate => new Planner(checked, environment).plan(checked.expr);
