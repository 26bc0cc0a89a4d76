/** Whether types fit each other, and what their type parameters stand for. Source: cel-go checker/types.go. */
import { type CelType, celTypes, formatType, isDyn, isDynOrError, listType, mapType, opaqueType, sameType, typeOf } from './types.ts';

/** What type parameters stand for, by how the parameter is shown. */
export type Substitutions = Map<string, CelType>;

const nullable = new Set(['opaque', 'struct', 'any', 'duration', 'timestamp']);

/** Whether one type says the same as another or less. */
function isEqualOrLessSpecific(a: CelType, b: CelType): boolean {
  if (isDyn(a) || a.kind === 'param') return true;
  if (isDyn(b) || b.kind === 'param' || a.kind !== b.kind) return false;
  switch (a.kind) {
    case 'opaque':
    case 'list':
    case 'map':
      return (
        a.name === b.name &&
        a.params.length === b.params.length &&
        a.params.every((param, at) => isEqualOrLessSpecific(param, b.params[at] ?? celTypes.error))
      );
    case 'type':
      return true;
    default:
      return sameType(a, b);
  }
}

/** The more general of two types that fit each other. */
export const mostGeneral = (a: CelType, b: CelType): CelType => (isEqualOrLessSpecific(a, b) ? a : b);

/** Whether a type does not occur in another, itself excepted. */
function isAbsentIn(substitutions: Substitutions, type: CelType, within: CelType): boolean {
  if (sameType(type, within)) return false;
  switch (within.kind) {
    case 'param': {
      const meant = substitutions.get(formatType(within));
      return meant === undefined || isAbsentIn(substitutions, type, meant);
    }
    case 'opaque':
    case 'list':
    case 'map':
    case 'type':
      return within.params.every((param) => isAbsentIn(substitutions, type, param));
    default:
      return true;
  }
}

type Fit = 'fits' | 'unfit' | 'taken';

/** Whether parameter `param` can stand for `type`; 'taken' when it already stands for something else. */
function fitParam(substitutions: Substitutions, type: CelType, param: CelType): Fit {
  if (type.kind === param.kind && sameType(type, param)) return 'fits';
  const name = formatType(param);
  const meant = substitutions.get(name);
  if (meant !== undefined) {
    if (type.kind === meant.kind && sameType(type, meant)) return 'fits';
    if (!assign(substitutions, type, meant)) return 'taken';
    const general = mostGeneral(type, meant);
    if (isAbsentIn(substitutions, param, general)) substitutions.set(name, general);
    return 'fits';
  }
  if (!isAbsentIn(substitutions, param, type)) return 'unfit';
  substitutions.set(name, type);
  return 'fits';
}

function assign(substitutions: Substitutions, a: CelType, b: CelType): boolean {
  if (b.kind === 'param') {
    const fit = fitParam(substitutions, a, b);
    if (fit !== 'unfit') return fit === 'fits';
  }
  if (a.kind === 'param') return fitParam(substitutions, b, a) === 'fits';
  if (isDynOrError(a) || isDynOrError(b)) return true;
  if (a.kind === 'null') return b.kind === 'null' || nullable.has(b.kind);
  if (b.kind === 'null') return nullable.has(a.kind);
  switch (a.kind) {
    case 'type':
      return b.kind === 'type';
    case 'opaque':
    case 'list':
    case 'map':
      return a.kind === b.kind && a.name === b.name && assignAll(substitutions, a.params, b.params);
    default:
      return a.kind === b.kind && a.name === b.name;
  }
}

const assignAll = (substitutions: Substitutions, as: readonly CelType[], bs: readonly CelType[]): boolean =>
  as.length === bs.length && as.every((a, at) => assign(substitutions, a, bs[at] ?? celTypes.error));

/** The substitutions with which the types fit, in order; undefined when they do not. `substitutions` is not changed. */
export function fit(substitutions: Substitutions, as: readonly CelType[], bs: readonly CelType[]): Substitutions | undefined {
  const tried = new Map(substitutions);
  return assignAll(tried, as, bs) ? tried : undefined;
}

/** A type with its parameters replaced by what they stand for; with `rest`, free ones by that. */
export function substitute(substitutions: Substitutions, type: CelType, rest?: CelType): CelType {
  const meant = type.kind === 'param' || substitutions.size === 0 ? substitutions.get(formatType(type)) : undefined;
  if (meant !== undefined) return substitute(substitutions, meant, rest);
  const inner = (at: number): CelType => substitute(substitutions, type.params[at] ?? celTypes.dyn, rest);
  switch (type.kind) {
    case 'param':
      return rest ?? type;
    case 'opaque':
      return opaqueType(
        type.name,
        type.params.map((param) => substitute(substitutions, param, rest)),
      );
    case 'list':
      return listType(inner(0));
    case 'map':
      return mapType(inner(0), inner(1));
    case 'type':
      return type.params.length === 0 ? type : typeOf(inner(0));
    default:
      return type;
  }
}
