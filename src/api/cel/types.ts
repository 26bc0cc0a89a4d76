/** The types of CEL expressions. Source: cel-go common/types/types.go. */

export type TypeKind =
  | 'any'
  | 'bool'
  | 'bytes'
  | 'double'
  | 'duration'
  | 'dyn'
  | 'error'
  | 'int'
  | 'list'
  | 'map'
  | 'null'
  | 'opaque'
  | 'param'
  | 'string'
  | 'struct'
  | 'timestamp'
  | 'type'
  | 'uint'
  | 'none';

export interface CelType {
  readonly kind: TypeKind;
  /** As the runtime names it: `google.protobuf.Timestamp`, `list`, `kubernetes.Quantity`. */
  readonly name: string;
  readonly params: readonly CelType[];
}

const noParams: readonly CelType[] = [];
const simple = (kind: TypeKind, name: string): CelType => ({ kind, name, params: noParams });

export const celTypes = {
  any: simple('any', 'google.protobuf.Any'),
  bool: simple('bool', 'bool'),
  bytes: simple('bytes', 'bytes'),
  double: simple('double', 'double'),
  duration: simple('duration', 'google.protobuf.Duration'),
  dyn: simple('dyn', 'dyn'),
  error: simple('error', 'error'),
  int: simple('int', 'int'),
  null: simple('null', 'null_type'),
  string: simple('string', 'string'),
  timestamp: simple('timestamp', 'google.protobuf.Timestamp'),
  type: simple('type', 'type'),
  uint: simple('uint', 'uint'),
  /** The type of what has none, such as the result in the printed form of a call. */
  none: simple('none', ''),
} as const;

export const listType = (element: CelType): CelType => ({ kind: 'list', name: 'list', params: [element] });
export const mapType = (key: CelType, value: CelType): CelType => ({ kind: 'map', name: 'map', params: [key, value] });
export const structType = (name: string): CelType => simple('struct', name);
export const opaqueType = (name: string, params: readonly CelType[] = noParams): CelType => ({ kind: 'opaque', name, params });
export const optionalType = (element: CelType): CelType => opaqueType('optional_type', [element]);
export const paramType = (name: string): CelType => simple('param', name);
export const typeOf = (type: CelType): CelType => ({ kind: 'type', name: 'type', params: [type] });
export const functionType = (result: CelType, args: readonly CelType[]): CelType => opaqueType('function', [result, ...args]);

/** Whether the types are the same; with `anyParam`, whatever their type parameters are called. */
export function sameType(a: CelType, b: CelType, anyParam = false): boolean {
  if (a === b) return true;
  if (a.kind !== b.kind || a.params.length !== b.params.length) return false;
  if (!(anyParam && a.kind === 'param') && a.name !== b.name) return false;
  return a.params.every((param, at) => {
    const other = b.params[at];
    return other !== undefined && sameType(param, other, anyParam);
  });
}

export const isDyn = ({ kind }: CelType): boolean => kind === 'dyn' || kind === 'any';
export const isDynOrError = (type: CelType): boolean => isDyn(type) || type.kind === 'error';
export const isOptional = ({ kind, name }: CelType): boolean => kind === 'opaque' && name === 'optional_type';

/** The type inside an optional one; any other type stays. */
export function unwrapOptional(type: CelType): { readonly type: CelType; readonly optional: boolean } {
  const inner = isOptional(type) ? type.params[0] : undefined;
  return inner === undefined ? { type, optional: false } : { type: inner, optional: true };
}

const shortNames: { readonly [kind in TypeKind]?: string } = {
  any: 'any',
  duration: 'duration',
  error: '!error!',
  null: 'null',
  timestamp: 'timestamp',
  none: '',
};

/** A type as error messages show it. Source: cel-go checker/format.go (FormatCELType). */
export function formatType(type: CelType): string {
  const short = shortNames[type.kind];
  if (short !== undefined) return short;
  if (type.kind === 'opaque' && type.name === 'function') {
    const [result, ...args] = type.params;
    return formatSignature(result ?? celTypes.none, args, false);
  }
  return type.params.length === 0 ? type.name : `${type.name}(${type.params.map(formatType).join(', ')})`;
}

/** A call's types as error messages show them; `member` sets the first argument before the dot. */
export function formatSignature(result: CelType, args: readonly CelType[], member: boolean): string {
  const [target, ...rest] = args;
  const head = member && target !== undefined ? `${formatType(target)}.` : '';
  const shown = (member ? rest : args).map(formatType).join(', ');
  const end = formatType(result);
  return `${head}(${shown})${end === '' ? '' : ` -> ${end}`}`;
}

/** A type as Go prints it with %v. Source: cel-go common/types/types.go (String). */
export function typeString(type: CelType): string {
  if (type.kind === 'param') return `<${type.name}>`;
  return type.params.length === 0 ? type.name : `${type.name}(${type.params.map(typeString).join(', ')})`;
}
