/**
 * Annotations of pods that say what simulated containers do: `simulated.minik.io/<name>` for all containers of the pod,
 * `simulated.minik.io/<container>.<name>` for one. docs/simulated.md describes them for users.
 */
import { type FieldError, FieldPath, fieldErrors } from './field-error.ts';
import { parseQuantity, QuantityError, tryParseQuantity } from './quantity.ts';

export const SIMULATED_ANNOTATION_PREFIX = 'simulated.minik.io/';

type Annotations = Readonly<Record<string, string>>;

/** What is wrong with a value; undefined when nothing is. */
type Check = (value: string) => string | undefined;

const anyText: Check = () => undefined;
const whole: Check = (value) => (/^\d{1,9}$/.test(value) ? undefined : 'must be a whole number that is not negative');
const exitCode: Check = (value) => (/^\d{1,3}$/.test(value) && Number(value) <= 255 ? undefined : 'must be a whole number from 0 to 255');
const flag: Check = (value) => (value === 'true' || value === 'false' ? undefined : 'must be true or false');

const amount: Check = (value) => {
  try {
    return parseQuantity(value).nanos < 0n ? 'must be greater than or equal to 0' : undefined;
  } catch (error) {
    if (error instanceof QuantityError) return error.message;
    throw error;
  }
};

const checks: Readonly<Record<string, Check>> = {
  cpu: amount,
  'exit-code': exitCode,
  log: anyText,
  memory: amount,
  'oom-killed': flag,
  'run-ms': whole,
  'start-delay-ms': whole,
  'start-failure': anyText,
  'term-delay-ms': whole,
};

/** What is wrong with the annotations of a pod on a simulated node. */
export function simulatedAnnotationErrors(annotations: Annotations): readonly FieldError[] {
  const at = FieldPath.root.field('metadata').field('annotations');
  return Object.entries(annotations).flatMap(([key, value]) => {
    if (!key.startsWith(SIMULATED_ANNOTATION_PREFIX)) return [];
    const name = key.slice(SIMULATED_ANNOTATION_PREFIX.length);
    const own = name.slice(name.indexOf('.') + 1);
    const check = Object.hasOwn(checks, own) ? checks[own] : undefined;
    if (check === undefined) return [fieldErrors.notSupported(at.key(key), own, Object.keys(checks))];
    const problem = check(value);
    return problem === undefined ? [] : [fieldErrors.invalid(at.key(key), value, problem)];
  });
}

/** The value for a container: its own, or else that of the whole pod. */
export const simulatedAnnotation = (annotations: Annotations, container: string, name: string): string | undefined =>
  annotations[`${SIMULATED_ANNOTATION_PREFIX}${container}.${name}`] ?? annotations[SIMULATED_ANNOTATION_PREFIX + name];

/** An amount for a container, in nanos of its unit; undefined when no usable one is given. */
export function simulatedAmount(annotations: Annotations, container: string, name: 'cpu' | 'memory'): bigint | undefined {
  const nanos = tryParseQuantity(simulatedAnnotation(annotations, container, name))?.nanos;
  return nanos === undefined || nanos < 0n ? undefined : nanos;
}
