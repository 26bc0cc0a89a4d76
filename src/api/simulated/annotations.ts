/**
 * Annotations of pods that say what simulated containers do: `simulated.minik.io/<name>` for all containers of the pod,
 * `simulated.minik.io/<container>.<name>` for one. The names are those of the fields of a behaviour with hyphens
 * (`run-for`), the values their YAML, or the text itself where the field is one.
 */
import { type FieldError, FieldPath, fieldErrors } from '../field-error.ts';
import type { JsonValue } from '../json.ts';
import { YamlError } from '../yaml/yaml-error.ts';
import { yamlToJson } from '../yaml/yaml-to-json.ts';
import { type Behaviour, type BehaviourField, behaviourFields, behaviourNames } from './behaviour.ts';
import { milliseconds, type Reader, readAt } from './readers.ts';

export const SIMULATED_ANNOTATION_PREFIX = 'simulated.minik.io/';

type Annotations = Readonly<Record<string, string>>;

interface Spelling {
  readonly field: BehaviourField;
  readonly reader: Reader<unknown>;
}

const literal: ReadonlySet<BehaviourField> = new Set(['startFailure', 'terminationMessage']);
const hyphenated = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

const spellings: ReadonlyMap<string, Spelling> = new Map<string, Spelling>([
  ...behaviourNames.map((field): [string, Spelling] => [hyphenated(field), { field, reader: behaviourFields[field] }]),
  // The same in milliseconds.
  ['run-ms', { field: 'runFor', reader: milliseconds }],
  ['start-delay-ms', { field: 'startDelay', reader: milliseconds }],
  ['term-delay-ms', { field: 'termDelay', reader: milliseconds }],
]);

/** The name of the annotation for all containers of a pod that stands for a field. */
export const annotationOf = (field: BehaviourField): string => SIMULATED_ANNOTATION_PREFIX + hyphenated(field);

/** A log is a text, unless it is a list of lines. */
const isLiteral = (field: BehaviourField, value: string): boolean => literal.has(field) || (field === 'log' && !/^\s*\[\s*\{/.test(value));

function readValue(
  { field, reader }: Spelling,
  value: string,
  at: FieldPath,
): { readonly value: unknown; readonly errors: readonly FieldError[] } {
  if (isLiteral(field, value)) return readAt(reader, value, at);
  let json: JsonValue;
  try {
    json = yamlToJson(value).json;
  } catch (error) {
    if (error instanceof YamlError) return { value: undefined, errors: [fieldErrors.invalid(at, value, error.message)] };
    throw error;
  }
  // An exponent of a quantity, or a code, is meant as it is written.
  return readAt(reader, typeof json === 'number' && !Number.isSafeInteger(json) ? value : json, at);
}

interface Read {
  /** By container; '' for all of the pod. */
  readonly behaviours: ReadonlyMap<string, Behaviour>;
  readonly errors: readonly FieldError[];
}

function readAnnotations(annotations: Annotations): Read {
  const at = FieldPath.root.field('metadata').field('annotations');
  const behaviours = new Map<string, Record<string, unknown>>();
  const errors: FieldError[] = [];
  for (const [key, value] of Object.entries(annotations)) {
    if (!key.startsWith(SIMULATED_ANNOTATION_PREFIX)) continue;
    const whole = key.slice(SIMULATED_ANNOTATION_PREFIX.length);
    const dot = whole.indexOf('.');
    const spelling = spellings.get(whole.slice(dot + 1));
    if (spelling === undefined) {
      errors.push(fieldErrors.notSupported(at.key(key), whole.slice(dot + 1), [...spellings.keys()]));
      continue;
    }
    const read = readValue(spelling, value, at.key(key));
    errors.push(...read.errors);
    if (read.errors.length > 0) continue;
    const container = dot === -1 ? '' : whole.slice(0, dot);
    behaviours.set(container, { ...behaviours.get(container), [spelling.field]: read.value });
  }
  // Each value is what the reader of its field returned.
  return { behaviours: behaviours as ReadonlyMap<string, Behaviour>, errors };
}

/** What is wrong with the annotations of a pod on a simulated node. */
export const simulatedAnnotationErrors = (annotations: Annotations): readonly FieldError[] => readAnnotations(annotations).errors;

/** Reads annotations; remembers what it has read for as long as somebody has the annotations. */
export class AnnotationReader {
  readonly #read = new WeakMap<Annotations, ReadonlyMap<string, Behaviour>>();

  /** What annotations say of a container: for the pod, then for itself. What is invalid is left out. */
  behaviours(annotations: Annotations, container: string): readonly Behaviour[] {
    let known = this.#read.get(annotations);
    if (known === undefined) {
      known = readAnnotations(annotations).behaviours;
      this.#read.set(annotations, known);
    }
    if (known.size === 0) return [];
    return [known.get(''), known.get(container)].filter((each) => each !== undefined);
  }
}
