/** What an expression may refer to: variables, functions, types. */
import type { CelFunction } from './function.ts';
import { type CelType, celTypes, listType, mapType, opaqueType, optionalType, typeOf } from './types.ts';
import type { Result, Value } from './value.ts';

/** The types with fields. */
export interface TypeProvider {
  /** The type of a name; undefined when there is no such type. */
  findType(name: string): CelType | undefined;
  /** The type of a field; undefined when the type has no such field. */
  findField(typeName: string, field: string): CelType | undefined;
  /** Makes a value of a type: `Object.spec{replicas: 3}`. */
  create?(typeName: string, fields: ReadonlyMap<string, Value>): Result;
}

export interface Environment {
  readonly variables: ReadonlyMap<string, CelType>;
  readonly functions: ReadonlyMap<string, CelFunction>;
  readonly types: TypeProvider;
  /** Knows the macro `cel.bind`. Default: false. */
  readonly bindings?: boolean;
}

const { dyn } = celTypes;

/**
 * The types that expressions can name. Source: cel-go common/stdlib (Types); apiserver pkg/cel/types.go (findScalar).
 */
export const namedTypes: ReadonlyMap<string, CelType> = new Map<string, CelType>([
  ['bool', celTypes.bool],
  ['bytes', celTypes.bytes],
  ['double', celTypes.double],
  ['duration', celTypes.duration],
  ['google.protobuf.Duration', celTypes.duration],
  ['int', celTypes.int],
  ['list', listType(dyn)],
  ['map', mapType(dyn, dyn)],
  ['null_type', celTypes.null],
  ['string', celTypes.string],
  ['timestamp', celTypes.timestamp],
  ['google.protobuf.Timestamp', celTypes.timestamp],
  ['type', celTypes.type],
  ['uint', celTypes.uint],
  ['optional_type', optionalType(dyn)],
  ['net.IP', opaqueType('net.IP')],
  ['net.CIDR', opaqueType('net.CIDR')],
]);

/** The type of a name that is no variable. */
export function typeNamed(environment: Environment, name: string): CelType | undefined {
  const type = environment.types.findType(name) ?? namedTypes.get(name);
  return type === undefined ? undefined : typeOf(type);
}
