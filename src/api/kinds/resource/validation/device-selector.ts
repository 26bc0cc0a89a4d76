/** Expressions that choose devices. Source: dynamic-resource-allocation/cel/compile.go. */
import { kubernetesEnvironment } from '../../../cel/kubernetes-environment.ts';
import { compileCel, isProgram } from '../../../cel/program.ts';
import { celTypes, formatType, isDyn, mapType, structType } from '../../../cel/types.ts';

const { string, bool, any } = celTypes;
const deviceType = structType('kubernetes.DRADevice');
/** Attributes and capacities: by domain, then by name. */
const deviceFields = new Map([
  ['driver', string],
  ['allowMultipleAllocations', bool],
  ['attributes', mapType(string, mapType(string, any))],
  ['capacity', mapType(string, mapType(string, structType('kubernetes.Quantity')))],
]);

const environment = kubernetesEnvironment({
  variables: { device: deviceType },
  types: {
    findType: (name) => (name === deviceType.name ? deviceType : undefined),
    findField: (type, field) => (type === deviceType.name ? deviceFields.get(field) : undefined),
  },
});

/**
 * Why an expression cannot choose devices; undefined when it can. Differs: upstream also refuses those that may cost
 * too much; those with `cel.bind`, which it knows for devices only, are not looked at.
 */
export function selectorProblem(expression: string): string | undefined {
  if (expression.includes('cel.bind(')) return undefined;
  const compiled = compileCel(expression, environment);
  if (isProgram(compiled)) {
    const { type } = compiled;
    return type.kind === 'bool' || isDyn(type) ? undefined : `must evaluate to bool or the unknown type, not ${formatType(type)}`;
  }
  const { issues, instantiation } = compiled;
  return issues === undefined ? `instantiation error: ${instantiation}` : `compilation failed: ${issues}`;
}
