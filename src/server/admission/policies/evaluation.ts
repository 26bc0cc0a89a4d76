/**
 * Evaluates the expressions of a policy or of match conditions for one request. Source: apiserver
 * pkg/admission/plugin/cel/{activation,condition,composition}.go.
 */

import { valueOfJson } from '../../../api/cel/json-value.ts';
import { type Authorizer, AuthorizerValue, ResourceCheckValue } from '../../../api/cel/library/authorizer.ts';
import { celLimits } from '../../../api/cel/limits.ts';
import type { CompiledExpression } from '../../../api/cel/policy-compiler.ts';
import type { Activation } from '../../../api/cel/program.ts';
import { CelError, MapValue, type Result, type Value } from '../../../api/cel/value.ts';
import type { JsonObject } from '../../../api/json.ts';
import type { KubeObject, StoredMeta } from '../../../api/object.ts';
import type { AdmissionAttributes } from '../admission.ts';
import type { Served } from '../webhooks/matching.ts';
import { requestJson } from '../webhooks/review.ts';

/** An expression with what it was compiled to. */
export interface Expression {
  readonly text: string;
  readonly compiled: CompiledExpression;
}

export interface NamedExpression extends Expression {
  readonly name: string;
}

/** What one request looks like to expressions. */
export interface PolicyInput {
  readonly attributes: AdmissionAttributes;
  readonly version: Served;
  readonly object: JsonObject | null;
  readonly oldObject: JsonObject | null;
  readonly params: JsonObject | null;
  /** Undefined for what has no namespace. */
  readonly namespace: KubeObject | undefined;
  readonly authorizer: Authorizer;
}

/** All expressions of a set together cost more than they may. */
export class OutOfBudget extends Error {
  constructor() {
    super('validation failed due to running out of cost budget, no further validation rules will be run');
  }
}

const shownMetadata: readonly (keyof StoredMeta)[] = [
  'name',
  'generateName',
  'namespace',
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'labels',
  'annotations',
  'finalizers',
];

/** The parts of a namespace that expressions see. Source: condition.go (CreateNamespaceObject). */
function namespaceValue(namespace: KubeObject): Value {
  const { metadata, spec, status } = namespace as KubeObject & { readonly spec?: unknown; readonly status?: unknown };
  const shown = Object.fromEntries(shownMetadata.flatMap((name) => (metadata[name] === undefined ? [] : [[name, metadata[name]]])));
  return valueOfJson({ metadata: shown, spec, status });
}

/** The variables of a policy, each evaluated when it is first referred to. */
class Variables extends MapValue {
  readonly #expressions: ReadonlyMap<string, NamedExpression>;
  readonly #evaluate: (variable: NamedExpression) => Result;
  readonly #known = new Map<string, Result>();

  constructor(expressions: readonly NamedExpression[], evaluate: (variable: NamedExpression) => Result) {
    super();
    this.#expressions = new Map(expressions.map((expression) => [expression.name, expression]));
    this.#evaluate = evaluate;
  }

  get size(): number {
    return this.#expressions.size;
  }

  find(key: Value): Result | undefined {
    const expression = typeof key === 'string' ? this.#expressions.get(key) : undefined;
    if (expression === undefined) return undefined;
    const known = this.#known.get(expression.name) ?? this.#evaluate(expression);
    this.#known.set(expression.name, known);
    return known;
  }

  keys(): readonly Value[] {
    return [...this.#expressions.keys()];
  }
}

/** The evaluation of a set of expressions, which share the values of variables and a budget. */
export class Evaluation {
  readonly #activation: Activation;
  /** What may still be spent. */
  remaining: number;
  #spentOnVariables = 0;

  constructor(input: PolicyInput, variables: readonly NamedExpression[], budget: number) {
    this.remaining = budget;
    const values = new Variables(variables, (variable) => this.#variable(variable));
    this.#activation = activationOf(input, values);
  }

  /** The value, or why there is none. @throws OutOfBudget */
  evaluate({ text, compiled }: Expression): { readonly value: Value } | { readonly error: string } {
    if (compiled.program === undefined) return { error: `compilation error: ${compiled.problem}` };
    const evaluation = compiled.program.run(this.#activation, celLimits.perCall);
    const cost = evaluation.cost + this.#spentOnVariables;
    this.#spentOnVariables = 0;
    if (cost > this.remaining) throw new OutOfBudget();
    this.remaining -= cost;
    return 'error' in evaluation ? { error: `expression '${text}' resulted in error: ${evaluation.error}` } : { value: evaluation.value };
  }

  #variable({ name, compiled }: NamedExpression): Result {
    const shown = `composited variable ${JSON.stringify(name)}`;
    if (compiled.program === undefined) return new CelError(`${shown} fails to compile: ${compiled.problem}`);
    const evaluation = compiled.program.run(this.#activation, celLimits.perCall);
    this.#spentOnVariables += evaluation.cost;
    return 'error' in evaluation ? new CelError(`${shown} fails to evaluate: ${evaluation.error}`) : evaluation.value;
  }
}

function activationOf(input: PolicyInput, variables: Value): Activation {
  const { attributes, version, object, oldObject, params, namespace, authorizer } = input;
  // Values are made when an expression asks for them.
  const makers: { readonly [name: string]: () => Value } = {
    object: () => valueOfJson(object),
    oldObject: () => valueOfJson(oldObject),
    params: () => valueOfJson(params),
    request: () => valueOfJson(requestJson(attributes, version)),
    namespaceObject: () => (namespace === undefined ? null : namespaceValue(namespace)),
    variables: () => variables,
    authorizer: () => new AuthorizerValue(authorizer),
    'authorizer.requestResource': () => {
      const { kind, subresource, name, served } = attributes;
      return new ResourceCheckValue(authorizer, {
        group: served.group,
        resource: kind.plural,
        subresource,
        namespace: attributes.namespace,
        name,
      });
    },
  };
  const made = new Map<string, Value>();
  return (name) => {
    const known = made.get(name);
    if (known !== undefined) return known;
    const value = Object.hasOwn(makers, name) ? makers[name]?.() : undefined;
    if (value !== undefined) made.set(name, value);
    return value;
  };
}
