/**
 * The type checker: finds the variable of every name and the overloads of every call, and the type of every expression.
 * Source: cel-go checker/checker.go, with comparisons across numeric types.
 */
import {
  type CallExpr,
  type ComprehensionExpr,
  type Expr,
  type IdentExpr,
  type ListExpr,
  type MapExpr,
  qualifiedName,
  type SelectExpr,
  type StructExpr,
} from './ast.ts';
import { type Environment, typeNamed } from './environment.ts';
import type { CelFunction, Overload } from './function.ts';
import type { ParsedExpr } from './parser.ts';
import type { CelIssue } from './source.ts';
import {
  type CelType,
  celTypes,
  formatSignature,
  formatType,
  functionType,
  isDyn,
  isDynOrError,
  listType,
  mapType,
  optionalType,
  paramType,
  sameType,
  unwrapOptional,
} from './types.ts';
import { fit, mostGeneral, type Substitutions, substitute } from './unify.ts';
import { TypeValue, typeOfValue, type Value } from './value.ts';

export interface CheckedExpr {
  /** The tree, with names that stand for one variable or function joined. */
  readonly expr: Expr;
  readonly offsets: ReadonlyMap<number, number>;
  readonly types: ReadonlyMap<number, CelType>;
  /** The overloads that a call may mean; several only when types are known no earlier than at run time. */
  readonly overloads: ReadonlyMap<number, readonly Overload[]>;
  /** The names that stand for a type, and that type. */
  readonly constants: ReadonlyMap<number, Value>;
  readonly type: CelType;
}

const { dyn, error, bool, int } = celTypes;

class Checker {
  readonly #environment: Environment;
  readonly #offsets: ReadonlyMap<number, number>;
  readonly issues: CelIssue[] = [];
  readonly types = new Map<number, CelType>();
  readonly overloads = new Map<number, readonly Overload[]>();
  readonly constants = new Map<number, Value>();
  #substitutions: Substitutions = new Map();
  #scopes: readonly ReadonlyMap<string, CelType>[] = [];
  #typeVars = 0;

  constructor(environment: Environment, offsets: ReadonlyMap<number, number>) {
    this.#environment = environment;
    this.#offsets = offsets;
  }

  /** Replaces the type parameters in all types by what they turned out to be. */
  finish(): void {
    for (const [id, type] of this.types) this.types.set(id, substitute(this.#substitutions, type, dyn));
  }

  check(expr: Expr): Expr {
    switch (expr.kind) {
      case 'literal':
        this.#set(expr, typeOfValue(expr.value));
        return expr;
      case 'ident':
        return this.#checkIdent(expr);
      case 'select':
        return this.#checkSelect(expr);
      case 'call':
        return this.#checkCall(expr);
      case 'list':
        return this.#checkList(expr);
      case 'map':
        return this.#checkMap(expr);
      case 'struct':
        return this.#checkStruct(expr);
      case 'comprehension':
        return this.#checkComprehension(expr);
    }
  }

  #report(id: number, message: string): void {
    this.issues.push({ offset: this.#offsets.get(id) ?? -1, message });
  }

  #set({ id, kind }: Expr, type: CelType): void {
    const old = this.types.get(id);
    if (old !== undefined && !sameType(old, type)) {
      this.#report(id, `incompatible type already exists for expression: ${kind}(${id}) old:${formatType(old)}, new:${formatType(type)}`);
    } else this.types.set(id, type);
  }

  #typeOf({ id }: Expr): CelType {
    return this.types.get(id) ?? error;
  }

  #assignable(a: CelType, b: CelType): boolean {
    const fitting = fit(this.#substitutions, [a], [b]);
    if (fitting === undefined) return false;
    this.#substitutions = fitting;
    return true;
  }

  #newTypeVar(): CelType {
    return paramType(`_var${this.#typeVars++}`);
  }

  /** The type of a variable by its whole name, and that name. A leading dot skips the variables of folds. */
  #lookUp(name: string, expr: Expr): { readonly name: string; readonly type: CelType } | undefined {
    const plain = name.startsWith('.') ? name.slice(1) : name;
    for (const scope of this.#scopes) {
      const type = scope.get(plain);
      if (type !== undefined) return { name: plain, type };
    }
    const variable = this.#environment.variables.get(plain);
    if (variable !== undefined) return { name: plain, type: variable };
    const type = typeNamed(this.#environment, plain);
    if (type === undefined) return undefined;
    this.constants.set(expr.id, new TypeValue(type.params[0] ?? dyn));
    return { name: plain, type };
  }

  #undeclared(id: number, name: string): void {
    this.#report(id, `undeclared reference to '${name}' (in container '')`);
  }

  #checkIdent(expr: IdentExpr): Expr {
    const found = this.#lookUp(expr.name, expr);
    if (found === undefined) {
      this.#set(expr, error);
      this.#undeclared(expr.id, expr.name);
      return expr;
    }
    this.#set(expr, found.type);
    return { ...expr, name: found.name };
  }

  #checkSelect(expr: SelectExpr): Expr {
    const qualified = qualifiedName(expr);
    const found = qualified === undefined ? undefined : this.#lookUp(qualified, expr);
    if (found !== undefined) {
      this.#set(expr, found.type);
      return { kind: 'ident', id: expr.id, name: found.name };
    }
    const { operand, type } = this.#selectField(expr.id, expr.operand, expr.field, false);
    this.#set(expr, expr.testOnly ? bool : substitute(this.#substitutions, type));
    return { ...expr, operand };
  }

  #selectField(id: number, operand: Expr, field: string, optional: boolean): { readonly operand: Expr; readonly type: CelType } {
    const checked = this.check(operand);
    const target = unwrapOptional(substitute(this.#substitutions, this.#typeOf(operand)));
    const type = this.#fieldType(id, target.type, field);
    return { operand: checked, type: target.optional || optional ? optionalType(type) : type };
  }

  #fieldType(id: number, target: CelType, field: string): CelType {
    switch (target.kind) {
      case 'map':
        return target.params[1] ?? dyn;
      case 'struct':
        return this.#structFieldType(id, target.name, field) ?? error;
      case 'param':
        this.#assignable(dyn, target);
        return dyn;
      default:
        if (!isDynOrError(target)) this.#report(id, `type '${formatType(target)}' does not support field selection`);
        return dyn;
    }
  }

  #structFieldType(id: number, typeName: string, field: string): CelType | undefined {
    const { types } = this.#environment;
    if (typeNamed(this.#environment, typeName) === undefined) {
      this.#report(id, `unexpected failed resolution of '${typeName}'`);
      return undefined;
    }
    const type = types.findField(typeName, field);
    if (type === undefined) this.#report(id, `undefined field '${field}'`);
    return type;
  }

  #checkCall(expr: CallExpr): Expr {
    if (expr.fn === '_?._') return this.#checkOptionalSelect(expr);
    const args = expr.args.map((arg) => this.check(arg));
    if (expr.target === undefined) {
      const name = expr.fn.startsWith('.') ? expr.fn.slice(1) : expr.fn;
      return this.#resolveNamed({ ...expr, fn: name, args }, expr.fn);
    }
    const prefix = qualifiedName(expr.target);
    const qualified = prefix === undefined ? undefined : `${prefix.startsWith('.') ? prefix.slice(1) : prefix}.${expr.fn}`;
    const whole = qualified === undefined ? undefined : this.#environment.functions.get(qualified);
    if (whole !== undefined) {
      const call: CallExpr = { ...expr, fn: whole.name, target: undefined, args };
      this.#resolve(call, whole);
      return call;
    }
    return this.#resolveNamed({ ...expr, target: this.check(expr.target), args }, expr.fn);
  }

  #resolveNamed(call: CallExpr, shown: string): CallExpr {
    const fn = this.#environment.functions.get(call.fn);
    if (fn !== undefined) this.#resolve(call, fn);
    else {
      this.#set(call, error);
      this.#undeclared(call.id, shown);
    }
    return call;
  }

  #checkOptionalSelect(expr: CallExpr): Expr {
    const [operand, field] = expr.args;
    if (operand === undefined || field?.kind !== 'literal' || typeof field.value !== 'string') {
      throw new Error('the parser makes optional selections with a field');
    }
    const selected = this.#selectField(expr.id, operand, field.value, true);
    this.#set(expr, substitute(this.#substitutions, selected.type));
    this.overloads.set(expr.id, this.#environment.functions.get('_?._')?.overloads ?? []);
    return { ...expr, args: [selected.operand, field] };
  }

  #resolve(call: CallExpr, fn: CelFunction): void {
    const args = call.target === undefined ? call.args : [call.target, ...call.args];
    const argTypes = args.map((arg) => this.#typeOf(arg));
    const found = fn.name === '_&&_' || fn.name === '_||_' ? this.#logical(call, fn) : this.#fittingOverloads(call, fn, argTypes);
    if (found === undefined) this.#set(call, error);
    else {
      this.#set(call, found.type);
      this.overloads.set(call.id, found.overloads);
    }
  }

  #logical(call: CallExpr, { overloads }: CelFunction): { type: CelType; overloads: readonly Overload[] } | undefined {
    let fits = true;
    for (const arg of call.args) {
      const type = this.#typeOf(arg);
      if (this.#assignable(type, bool)) continue;
      this.#mismatch(arg.id, bool, type);
      fits = false;
    }
    return fits ? { type: bool, overloads } : undefined;
  }

  #fittingOverloads(call: CallExpr, fn: CelFunction, argTypes: readonly CelType[]) {
    let type: CelType | undefined;
    const overloads: Overload[] = [];
    for (const each of fn.overloads) {
      if (each.member !== (call.target !== undefined)) continue;
      let signature = functionType(each.result, each.args);
      if (each.typeParams.length > 0) {
        const fresh: Substitutions = new Map(each.typeParams.map((name) => [name, this.#newTypeVar()]));
        signature = substitute(fresh, signature);
      }
      const [result = dyn, ...wanted] = signature.params;
      const fitting = fit(this.#substitutions, argTypes, wanted);
      if (fitting === undefined) continue;
      this.#substitutions = fitting;
      overloads.push(each);
      const own = substitute(fitting, result);
      if (type === undefined) type = own;
      else if (!isDyn(type) && !sameType(own, type)) type = dyn;
    }
    if (type !== undefined) return { type, overloads };
    const shown = argTypes.map((argType) => substitute(this.#substitutions, argType, dyn));
    const signature = formatSignature(celTypes.none, shown, call.target !== undefined);
    this.#report(call.id, `found no matching overload for '${fn.name}' applied to '${signature}'`);
    return undefined;
  }

  #mismatch(id: number, expected: CelType, actual: CelType): void {
    this.#report(id, `expected type '${formatType(expected)}' but found '${formatType(actual)}'`);
  }

  /**
   * The most general of the types of elements so far and of one more. Mixed types are refused later: `literalIssues`.
   */
  #join(previous: CelType | undefined, current: CelType): CelType {
    if (previous === undefined) return current;
    return this.#assignable(previous, current) ? mostGeneral(previous, current) : dyn;
  }

  /** The type that an optional element or value gives. */
  #unwrapped(expr: Expr): CelType {
    const own = this.#typeOf(expr);
    const { type, optional } = unwrapOptional(own);
    if (!optional && !isDyn(type)) this.#mismatch(expr.id, optionalType(type), type);
    return type;
  }

  #checkList(expr: ListExpr): Expr {
    let type: CelType | undefined;
    const elements = expr.elements.map((element, at) => {
      const checked = this.check(element);
      type = this.#join(type, expr.optional.has(at) ? this.#unwrapped(element) : this.#typeOf(element));
      return checked;
    });
    this.#set(expr, listType(type ?? this.#newTypeVar()));
    return { ...expr, elements };
  }

  #checkMap(expr: MapExpr): Expr {
    let keyType: CelType | undefined;
    let valueType: CelType | undefined;
    const entries = expr.entries.map((entry) => {
      const key = this.check(entry.key);
      keyType = this.#join(keyType, this.#typeOf(entry.key));
      const value = this.check(entry.value);
      valueType = this.#join(valueType, entry.optional ? this.#unwrapped(entry.value) : this.#typeOf(entry.value));
      return { ...entry, key, value };
    });
    this.#set(expr, mapType(keyType ?? this.#newTypeVar(), valueType ?? this.#newTypeVar()));
    return { ...expr, entries };
  }

  #checkStruct(expr: StructExpr): Expr {
    const found = this.#lookUp(expr.typeName, expr);
    if (found === undefined) {
      this.#undeclared(expr.id, expr.typeName);
      this.#set(expr, error);
      return expr;
    }
    this.#set(expr, this.#messageType(expr, found.type));
    const fields = expr.fields.map((field) => {
      const value = this.check(field.value);
      const type = this.#structFieldType(field.id, found.name, field.name) ?? error;
      const own = field.optional ? this.#unwrapped(field.value) : this.#typeOf(field.value);
      if (!this.#assignable(type, own)) {
        this.#report(field.id, `expected type of field '${field.name}' is '${formatType(type)}' but provided type is '${formatType(own)}'`);
      }
      return { ...field, value };
    });
    return { ...expr, typeName: found.name, fields };
  }

  #messageType({ id }: StructExpr, type: CelType): CelType {
    if (type.kind === 'error') return error;
    if (type.kind !== 'type') {
      this.#report(id, `'${type.name}' is not a type`);
      return error;
    }
    const message = type.params[0] ?? error;
    if (message.kind === 'struct') return message;
    this.#report(id, `'${message.name}' is not a message type`);
    return error;
  }

  #checkComprehension(expr: ComprehensionExpr): Expr {
    const range = this.check(expr.range);
    const accuInit = this.check(expr.accuInit);
    const rangeType = substitute(this.#substitutions, this.#typeOf(expr.range));
    const accuType = this.#typeOf(expr.accuInit);
    const outer = this.#scopes;
    const accuScope = [new Map([[expr.accuVar, accuType]]), ...outer];
    this.#scopes = [this.#iterationScope(expr, rangeType), ...accuScope];
    const condition = this.check(expr.condition);
    this.#assertType(expr.condition, bool);
    const step = this.check(expr.step);
    this.#assertType(expr.step, accuType);
    this.#scopes = accuScope;
    const result = this.check(expr.result);
    this.#scopes = outer;
    this.#set(expr, substitute(this.#substitutions, this.#typeOf(expr.result)));
    return { ...expr, range, accuInit, condition, step, result };
  }

  #assertType(expr: Expr, expected: CelType): void {
    const type = this.#typeOf(expr);
    if (!this.#assignable(expected, type)) this.#mismatch(expr.id, expected, type);
  }

  #iterationScope({ range, iterVar, iterVar2 }: ComprehensionExpr, type: CelType): ReadonlyMap<string, CelType> {
    const both = (first: CelType, second: CelType): ReadonlyMap<string, CelType> =>
      new Map(
        iterVar2 === undefined
          ? [[iterVar, first]]
          : [
              [iterVar, first],
              [iterVar2, second],
            ],
      );
    switch (type.kind) {
      case 'list': {
        const element = type.params[0] ?? dyn;
        return both(iterVar2 === undefined ? element : int, element);
      }
      case 'map':
        return both(type.params[0] ?? dyn, type.params[1] ?? dyn);
      case 'dyn':
      case 'error':
      case 'param':
        this.#assignable(dyn, type);
        return both(dyn, dyn);
      default:
        this.#report(
          range.id,
          `expression of type '${formatType(type)}' cannot be range of a comprehension (must be list, map, or dynamic)`,
        );
        return both(error, error);
    }
  }
}

/** Checks a parsed expression against an environment. */
export function check(parsed: ParsedExpr, environment: Environment): CheckedExpr | { readonly issues: readonly CelIssue[] } {
  const checker = new Checker(environment, parsed.offsets);
  const expr = checker.check(parsed.expr);
  if (checker.issues.length > 0) return { issues: checker.issues };
  checker.finish();
  const { types, overloads, constants } = checker;
  return { expr, offsets: parsed.offsets, types, overloads, constants, type: types.get(expr.id) ?? dyn };
}
