/** The declarations of functions: overloads by signature, and what they do. */
import { type CelType, celTypes, listType, mapType, opaqueType, optionalType, paramType, structType, typeOf } from './types.ts';
import { CelError, noSuchOverload, type Result, typeOfValue, type Value } from './value.ts';

export interface Overload {
  readonly id: string;
  /** Whether it is called on its first argument. */
  readonly member: boolean;
  readonly args: readonly CelType[];
  readonly result: CelType;
  /** The names of the type parameters in the signature. */
  readonly typeParams: readonly string[];
  /** Undefined for what the interpreter evaluates itself. */
  readonly run: ((...args: readonly Value[]) => Result) | undefined;
}

export interface CelFunction {
  readonly name: string;
  readonly overloads: readonly Overload[];
}

const named: { readonly [name: string]: CelType } = {
  ...celTypes,
  null_type: celTypes.null,
  Quantity: structType('kubernetes.Quantity'),
  URL: structType('kubernetes.URL'),
  IP: opaqueType('net.IP'),
  CIDR: opaqueType('net.CIDR'),
  Semver: structType('kubernetes.Semver'),
  Format: structType('kubernetes.NamedFormat'),
  Authorizer: structType('kubernetes.authorization.Authorizer'),
  PathCheck: structType('kubernetes.authorization.PathCheck'),
  GroupCheck: structType('kubernetes.authorization.GroupCheck'),
  ResourceCheck: structType('kubernetes.authorization.ResourceCheck'),
  Decision: structType('kubernetes.authorization.Decision'),
};

/** Splits at the commas outside parentheses. */
function splitArgs(text: string): readonly string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (const [at, character] of [...text].entries()) {
    if (character === '(') depth++;
    else if (character === ')') depth--;
    else if (character === ',' && depth === 0) {
      parts.push(text.slice(start, at).trim());
      start = at + 1;
    }
  }
  const last = text.slice(start).trim();
  return last === '' ? parts : [...parts, last];
}

function parseType(text: string): CelType {
  const open = text.indexOf('(');
  if (open < 0) {
    const known = named[text];
    if (known !== undefined) return known;
    if (/^[A-Z]$/.test(text)) return paramType(text);
    throw new Error(`unknown type in a signature: ${text}`);
  }
  const [a, b] = splitArgs(text.slice(open + 1, -1)).map(parseType);
  if (a === undefined) throw new Error(`type without parameter: ${text}`);
  switch (text.slice(0, open)) {
    case 'list':
      return listType(a);
    case 'map':
      return mapType(a, b ?? celTypes.dyn);
    case 'type':
      return typeOf(a);
    case 'optional':
      return optionalType(a);
    default:
      throw new Error(`unknown type in a signature: ${text}`);
  }
}

const paramsIn = (types: readonly CelType[]): readonly string[] => [
  ...new Set(types.flatMap((type): readonly string[] => (type.kind === 'param' ? [type.name] : paramsIn(type.params)))),
];

/**
 * One overload, from `(int, int) -> bool`, or `string.(string) -> bool` for one that is called on its first argument.
 */
export function overload(id: string, signature: string, run?: (...args: readonly Value[]) => Result): Overload {
  const [head = '', resultText = ''] = signature.split(' -> ');
  const open = head.startsWith('(') ? 0 : head.indexOf('.(') + 1;
  const target = open === 0 ? [] : [parseType(head.slice(0, open - 1))];
  const args = [...target, ...splitArgs(head.slice(open + 1, -1)).map(parseType)];
  const result = parseType(resultText);
  return { id, member: open !== 0, args, result, typeParams: paramsIn([...args, result]), run };
}

/** A function whose overloads all do the same: what it does looks at the types of its arguments. */
export const dispatching = (
  name: string,
  run: (...args: readonly Value[]) => Result,
  signatures: readonly (readonly [string, string])[],
): CelFunction => ({ name, overloads: signatures.map(([id, signature]) => overload(id, signature, run)) });

/** Whether a value fits a declared type at run time; elements and keys are not looked at. */
export function fitsType(value: Value, type: CelType): boolean {
  if (type.kind === 'dyn' || type.kind === 'any' || type.kind === 'param') return true;
  const own = typeOfValue(value);
  if (own.kind === 'null') return type.kind === 'null';
  return own.kind === type.kind && own.name === type.name;
}

/** All functions by name; those of the same name are joined, in order. */
export function functionTable(functions: readonly CelFunction[]): ReadonlyMap<string, CelFunction> {
  const table = new Map<string, CelFunction>();
  for (const { name, overloads } of functions) {
    table.set(name, { name, overloads: [...(table.get(name)?.overloads ?? []), ...overloads] });
  }
  return table;
}

/** Calls the first of several overloads that fits the values. Source: cel-go common/decls (Bindings). */
export function callFirstFitting(name: string, overloads: readonly Overload[], args: readonly Value[]): Result {
  for (const { args: types, run } of overloads) {
    if (run === undefined || types.length !== args.length) continue;
    if (args.every((arg, at) => fitsType(arg, types[at] ?? celTypes.dyn))) return run(...args);
  }
  if (overloads.length === 0) return noSuchOverload;
  return new CelError(`no such overload: ${name}(${args.map((arg) => typeOfValue(arg).name).join(', ')})`);
}
