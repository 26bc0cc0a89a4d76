/** Expressions that choose devices. Source: dynamic-resource-allocation/cel/compile.go. */
import { kubernetesEnvironment } from '../../../cel/kubernetes-environment.ts';
import { compileCel, isProgram } from '../../../cel/program.ts';
import { type DeclType, declMap, declObject, declTypeProvider, declTypes, schemaSizes } from '../../../cel/schema-type.ts';
import { celTypes, formatType, isDyn, structType } from '../../../cel/types.ts';
import { type FieldError, type FieldPath, fieldErrors } from '../../../field-error.ts';

const maxCost = 1_000_000;
const maxEntries = 32;

const sized = (declared: DeclType, maxElements: number): DeclType => ({ ...declared, maxElements });
/** By domain, then by name. */
const byName = (value: DeclType): DeclType => {
  const inner = { ...declMap(value, maxEntries), key: sized(declTypes.string, 32) };
  return { ...declMap(inner, maxEntries), key: sized(declTypes.string, 63) };
};

const attribute: DeclType = { type: celTypes.any, minSerializedSize: 1, maxElements: 64 };
const quantity: DeclType = { type: structType('kubernetes.Quantity'), minSerializedSize: 8, maxElements: 0 };
const device = declObject('kubernetes.DRADevice', {
  driver: sized(declTypes.string, 63),
  allowMultipleAllocations: declTypes.bool,
  attributes: byName(attribute),
  capacity: byName(quantity),
});

const environment = kubernetesEnvironment({ variables: { device: device.type }, types: declTypeProvider(device), bindings: true });
const sizeOfParts = schemaSizes(device);
const sizes: typeof sizeOfParts = (node) => (node.path[0] === 'device' ? sizeOfParts(node) : undefined);

/** Why an expression cannot choose devices; none when it can. */
export function selectorErrors(expression: string, at: FieldPath): readonly FieldError[] {
  const invalid = (problem: string) => [fieldErrors.invalid(at, expression, problem)];
  const compiled = compileCel(expression, environment);
  if (!isProgram(compiled)) {
    const { issues, instantiation } = compiled;
    return invalid(issues === undefined ? `instantiation error: ${instantiation}` : `compilation failed: ${issues}`);
  }
  const { type } = compiled;
  if (type.kind !== 'bool' && !isDyn(type)) return invalid(`must evaluate to bool or the unknown type, not ${formatType(type)}`);
  return compiled.estimate(sizes).max > maxCost ? [fieldErrors.forbidden(at, 'too complex, exceeds cost limit')] : [];
}
