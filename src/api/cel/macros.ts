/**
 * The macros: calls that become folds before anything is checked. Source: cel-go parser/macro.go,
 * ext/comprehensions.go, ext/lists.go (sortBy), cel/library.go (optMap, optFlatMap), ext/bindings.go.
 */
import { accumulatorName, type ComprehensionExpr, type Expr } from './ast.ts';
import type { ExprFactory } from './expr-factory.ts';

/** Why a macro cannot be expanded, and at which expression. */
export interface MacroProblem {
  readonly at: Expr;
  readonly problem: string;
}

export interface MacroCall {
  readonly make: ExprFactory;
  /** Where the call is. */
  readonly at: number;
  readonly args: readonly Expr[];
}

export interface MemberMacroCall extends MacroCall {
  readonly target: Expr;
}

type MemberMacro = (call: MemberMacroCall) => Expr | MacroProblem;
type GlobalMacro = (call: MacroCall) => Expr | MacroProblem;

/** The argument at a position; macros are looked up by how many they have. */
function argument(args: readonly Expr[], at: number): Expr {
  const arg = args[at];
  if (arg === undefined) throw new Error(`macro without argument ${at}`);
  return arg;
}

interface Fold {
  readonly vars: readonly [string] | readonly [string, string];
  readonly init: Expr;
  readonly condition: Expr;
  readonly step: Expr;
  readonly result: Expr;
}

const fold = ({ make, at, target }: MemberMacroCall, { vars, init, condition, step, result }: Fold): ComprehensionExpr => ({
  kind: 'comprehension',
  id: make.id(at),
  range: target,
  iterVar: vars[0],
  iterVar2: vars[1],
  accuVar: accumulatorName,
  accuInit: init,
  condition,
  step,
  result,
});

/** A fold over nothing that only binds a variable. */
function bind({ make, at }: MacroCall, variable: string, value: Expr, result: Expr): Expr {
  return {
    kind: 'comprehension',
    id: make.id(at),
    range: make.list(at, []),
    iterVar: '#unused',
    iterVar2: undefined,
    accuVar: variable,
    accuInit: value,
    condition: make.literal(at, false),
    step: make.ident(at, variable),
    result,
  };
}

type Vars = readonly [string] | readonly [string, string];

function oneVariable(args: readonly Expr[], complaint: string): Vars | MacroProblem {
  const at = argument(args, 0);
  if (at.kind !== 'ident') return { at, problem: complaint };
  if (at.name === accumulatorName) return { at, problem: 'iteration variable overwrites accumulator variable' };
  return [at.name];
}

function twoVariables(args: readonly Expr[]): Vars | MacroProblem {
  const [first, second] = [argument(args, 0), argument(args, 1)];
  if (first.kind !== 'ident') return { at: first, problem: 'argument must be a simple name' };
  if (second.kind !== 'ident') return { at: second, problem: 'argument must be a simple name' };
  if (first.name === second.name) return { at: second, problem: `duplicate variable name: ${first.name}` };
  const overwrites = [first, second].find(({ name }) => name === accumulatorName);
  if (overwrites !== undefined) return { at: overwrites, problem: 'iteration variable overwrites accumulator variable' };
  return [first.name, second.name];
}

const isProblem = (found: Vars | MacroProblem): found is MacroProblem => 'problem' in found;

type WithVars = (call: MemberMacroCall, vars: Vars, rest: readonly Expr[]) => Expr;

const withOne =
  (build: WithVars, complaint: string): MemberMacro =>
  (call) => {
    const vars = oneVariable(call.args, complaint);
    return isProblem(vars) ? vars : build(call, vars, call.args.slice(1));
  };

const withTwo =
  (build: WithVars): MemberMacro =>
  (call) => {
    const vars = twoVariables(call.args);
    return isProblem(vars) ? vars : build(call, vars, call.args.slice(2));
  };

const all: WithVars = (call, vars, rest) => {
  const { make, at } = call;
  return fold(call, {
    vars,
    init: make.literal(at, true),
    condition: make.call(at, '@not_strictly_false', make.accu(at)),
    step: make.call(at, '_&&_', make.accu(at), argument(rest, 0)),
    result: make.accu(at),
  });
};

const exists: WithVars = (call, vars, rest) => {
  const { make, at } = call;
  return fold(call, {
    vars,
    init: make.literal(at, false),
    condition: make.call(at, '@not_strictly_false', make.call(at, '!_', make.accu(at))),
    step: make.call(at, '_||_', make.accu(at), argument(rest, 0)),
    result: make.accu(at),
  });
};

const existsOne: WithVars = (call, vars, rest) => {
  const { make, at } = call;
  const increased = make.call(at, '_+_', make.accu(at), make.literal(at, 1n));
  return fold(call, {
    vars,
    init: make.literal(at, 0n),
    condition: make.literal(at, true),
    step: make.call(at, '_?_:_', argument(rest, 0), increased, make.accu(at)),
    result: make.call(at, '_==_', make.accu(at), make.literal(at, 1n)),
  });
};

/** A fold that collects: `add` says how, for all or those of which the filter, the first of two arguments, holds. */
function collect(call: MemberMacroCall, vars: Vars, rest: readonly Expr[], init: Expr, add: (transform: Expr) => Expr): Expr {
  const { make, at } = call;
  const filter = rest.length === 2 ? argument(rest, 0) : undefined;
  const step = add(argument(rest, rest.length - 1));
  return fold(call, {
    vars,
    init,
    condition: make.literal(at, true),
    step: filter === undefined ? step : make.call(at, '_?_:_', filter, step, make.accu(at)),
    result: make.accu(at),
  });
}

const mapItems: WithVars = (call, vars, rest) => {
  const { make, at } = call;
  return collect(call, vars, rest, make.list(at, []), (transform) => make.call(at, '_+_', make.accu(at), make.list(at, [transform])));
};

const filterItems: WithVars = (call, vars, rest) => mapItems(call, vars, [argument(rest, 0), argument(call.args, 0)]);

const transformMap: WithVars = (call, vars, rest) => {
  const { make, at } = call;
  return collect(call, vars, rest, make.map(at, []), (transform) =>
    make.call(at, 'cel.@mapInsert', make.accu(at), make.ident(at, vars[0]), transform),
  );
};

const transformMapEntry: WithVars = (call, vars, rest) => {
  const { make, at } = call;
  return collect(call, vars, rest, make.map(at, []), (transform) => make.call(at, 'cel.@mapInsert', make.accu(at), transform));
};

const sortable = new Set(['list', 'select', 'ident', 'comprehension', 'call']);
const sortInput = '@__sortBy_input__';

const sortBy: MemberMacro = (call) => {
  const { make, at, target } = call;
  if (!sortable.has(target.kind)) {
    return { at: target, problem: 'sortBy can only be applied to a list, identifier, comprehension, call or select expression' };
  }
  const keys = withOne(mapItems, 'argument is not an identifier')({ ...call, target: make.ident(at, sortInput) });
  if ('problem' in keys) return keys;
  return bind(call, sortInput, target, make.memberCall(at, '@sortByAssociatedKeys', make.ident(at, sortInput), keys));
};

const optional =
  (name: string, wrap: boolean): MemberMacro =>
  (call) => {
    const { make, at, target, args } = call;
    const variable = argument(args, 0);
    if (variable.kind !== 'ident') return { at: variable, problem: `${name}() variable name must be a simple identifier` };
    const has = make.memberCall(at, 'hasValue', target);
    const bound = bind(call, variable.name, make.memberCall(at, 'value', make.copy(target)), argument(args, 1));
    const present = wrap ? make.call(at, 'optional.of', bound) : bound;
    return make.call(at, '_?_:_', has, present, make.call(at, 'optional.none'));
  };

/** `cel.bind(variable, value, result)`, which only some environments know. */
export const bindMacro: MemberMacro = (call) => {
  const variable = argument(call.args, 0);
  if (variable.kind !== 'ident') return { at: variable, problem: 'cel.bind() variable names must be simple identifiers' };
  return bind(call, variable.name, argument(call.args, 1), argument(call.args, 2));
};

/** The macros called on something, by name and number of arguments. */
export const memberMacros: { readonly [signature: string]: MemberMacro } = {
  'all:2': withOne(all, 'argument must be a simple name'),
  'exists:2': withOne(exists, 'argument must be a simple name'),
  'exists_one:2': withOne(existsOne, 'argument must be a simple name'),
  'existsOne:2': withOne(existsOne, 'argument must be a simple name'),
  'map:2': withOne(mapItems, 'argument is not an identifier'),
  'map:3': withOne(mapItems, 'argument is not an identifier'),
  'filter:2': withOne(filterItems, 'argument is not an identifier'),
  'all:3': withTwo(all),
  'exists:3': withTwo(exists),
  'exists_one:3': withTwo(existsOne),
  'existsOne:3': withTwo(existsOne),
  'transformList:3': withTwo(mapItems),
  'transformList:4': withTwo(mapItems),
  'transformMap:3': withTwo(transformMap),
  'transformMap:4': withTwo(transformMap),
  'transformMapEntry:3': withTwo(transformMapEntry),
  'transformMapEntry:4': withTwo(transformMapEntry),
  'sortBy:2': sortBy,
  'optMap:2': optional('optMap', true),
  'optFlatMap:2': optional('optFlatMap', false),
};

const has: GlobalMacro = ({ make, at, args }) => {
  const tested = argument(args, 0);
  if (tested.kind !== 'select') return { at: tested, problem: 'invalid argument to has() macro' };
  return make.select(at, tested.operand, tested.field, true);
};

/** The macros called by name alone. */
export const globalMacros: { readonly [signature: string]: GlobalMacro } = { 'has:1': has };
