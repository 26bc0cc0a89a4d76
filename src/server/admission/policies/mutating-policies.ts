/**
 * MutatingAdmissionPolicy: changes objects as the expressions of policies say. Source: apiserver
 * pkg/admission/plugin/policy/mutating/{dispatcher,compilation}.go, patch/{json_patch,smd}.go.
 */
import { jsonOfValue } from '../../../api/cel/json-value.ts';
import { celLimits } from '../../../api/cel/limits.ts';
import { JsonPatchValue, ObjectValue, objectType, patchType } from '../../../api/cel/object-value.ts';
import { PolicyCompiler } from '../../../api/cel/policy-compiler.ts';
import { celTypes, listType } from '../../../api/cel/types.ts';
import { CelError, itemsOf, ListValue, type Value } from '../../../api/cel/value.ts';
import { deepEqual } from '../../../api/deep-equal.ts';
import type { MutatingAdmissionPolicy, MutatingAdmissionPolicyBinding, Mutation } from '../../../api/generated/admissionregistration/v1.ts';
import type { JsonObject, JsonValue } from '../../../api/json.ts';
import type { ObjectFormats } from '../../../api/object-format.ts';
import { applyJsonPatch, PatchTestFailed } from '../../../api/patch/json-patch.ts';
import { StatusError } from '../../../api/status-error.ts';
import {
  type AdmissionAttributes,
  type AdmissionObject,
  type AdmissionPlugin,
  admissionForbidden,
  type MutatingRound,
} from '../admission.ts';
import type { Served } from '../webhooks/matching.ts';
import { fromVersion } from '../webhooks/versions.ts';
import { mergedConfiguration } from './apply-configuration.ts';
import {
  type Bound,
  bindingMatches,
  boundPolicies,
  ConfigurationError,
  inputOf,
  isExcluded,
  type PolicyParts,
  paramKindOf,
  paramsOf,
  policyVersion,
} from './bound-policies.ts';
import { Evaluation, type Expression, type NamedExpression, OutOfBudget } from './evaluation.ts';
import { conditionObserver, meets } from './match-conditions.ts';

const name = 'MutatingAdmissionPolicy';

export interface MutatingPolicyParts extends PolicyParts {
  readonly formats: ObjectFormats;
}

type BoundPolicy = Bound<MutatingAdmissionPolicy, MutatingAdmissionPolicyBinding>;

interface CompiledMutation extends Expression {
  readonly type: Mutation['patchType'];
}

interface CompiledPolicy {
  readonly variables: readonly NamedExpression[];
  readonly conditions: readonly NamedExpression[];
  readonly mutations: readonly CompiledMutation[];
}

/** One policy with one binding and one parameter, all of which are for the request. */
interface Invocation {
  readonly policy: MutatingAdmissionPolicy;
  readonly binding: MutatingAdmissionPolicyBinding;
  readonly version: Served;
  readonly params: JsonObject | null;
  /** Tells it from others of the same request. */
  readonly key: string;
}

interface Problem {
  readonly policy: MutatingAdmissionPolicy;
  readonly binding: MutatingAdmissionPolicyBinding | undefined;
  readonly message: string;
  readonly reason: string | undefined;
}

/** What is remembered from the first run to the second. Source: mutating/reinvocationcontext.go. */
interface Memory {
  lastOutput: AdmissionObject | undefined;
  /** Those that want to be evaluated again when something changes after them. */
  readonly invoked: Set<string>;
  readonly invokeAgain: Set<string>;
}

const newMemory = (): Memory => ({ lastOutput: undefined, invoked: new Set(), invokeAgain: new Set() });

/** Why a mutation cannot be made; the failure policy decides. */
class MutationFailed extends Error {}

function compile({ spec }: MutatingAdmissionPolicy): CompiledPolicy {
  const scope = { params: spec.paramKind !== undefined, authorizer: true };
  const compiler = new PolicyCompiler();
  const variables = (spec.variables ?? []).map(({ name: variable, expression }) => ({
    name: variable,
    text: expression,
    compiled: compiler.addVariable(variable, expression, scope),
  }));
  const mutations = (spec.mutations ?? []).map(({ patchType: type, jsonPatch, applyConfiguration }) => {
    const text = (type === 'JSONPatch' ? jsonPatch?.expression : applyConfiguration?.expression) ?? '';
    const returns = type === 'JSONPatch' ? listType(patchType) : objectType;
    return { type, text, compiled: compiler.compile(text, { ...scope, patches: true }, [returns]) };
  });
  const conditions = (spec.matchConditions ?? []).map(({ name: condition, expression }) => ({
    name: condition,
    text: expression,
    compiled: compiler.compile(expression, scope, [celTypes.bool]),
  }));
  return { variables, conditions, mutations };
}

/** Makes the plugin. */
export function mutatingPolicies(parts: MutatingPolicyParts): AdmissionPlugin {
  const policiesNow = boundPolicies<MutatingAdmissionPolicy, MutatingAdmissionPolicyBinding>(
    parts.reader,
    'mutatingadmissionpolicies',
    'mutatingadmissionpolicybindings',
  );
  // A changed policy is another object: what belongs to one that is gone goes with it.
  const compiled = new WeakMap<MutatingAdmissionPolicy, CompiledPolicy>();
  const compiledOf = (policy: MutatingAdmissionPolicy): CompiledPolicy => {
    const known = compiled.get(policy) ?? compile(policy);
    compiled.set(policy, known);
    return known;
  };
  return {
    name,
    leavesDefaults: true,
    admit(attributes, round) {
      const policies = policiesNow();
      if (policies.length === 0 || attributes.operation === 'DELETE' || isExcluded(attributes)) return undefined;
      return new Dispatch(parts, attributes, round, compiledOf).run(policies);
    },
  };
}

/** The work of the plugin for one run over one request. */
class Dispatch {
  readonly #parts: MutatingPolicyParts;
  readonly #round: MutatingRound;
  readonly #compiledOf: (policy: MutatingAdmissionPolicy) => CompiledPolicy;
  readonly #problems: Problem[] = [];
  #attributes: AdmissionAttributes;

  constructor(
    parts: MutatingPolicyParts,
    attributes: AdmissionAttributes,
    round: MutatingRound,
    compiledOf: (policy: MutatingAdmissionPolicy) => CompiledPolicy,
  ) {
    this.#parts = parts;
    this.#attributes = attributes;
    this.#round = round;
    this.#compiledOf = compiledOf;
  }

  async run(policies: readonly BoundPolicy[]): Promise<AdmissionObject | undefined> {
    const invocations = await this.#invocations(policies);
    const memory = this.#round.memoryOf(name, newMemory);
    if (this.#round.repeated && !deepEqual(memory.lastOutput, this.#attributes.object)) invokePreviousAgain(memory);
    for (const invocation of invocations) await this.#invoke(invocation, memory);
    memory.lastOutput = this.#attributes.object;
    const counted = this.#problems.filter(({ policy }) => policy.spec.failurePolicy !== 'Ignore');
    if (counted.length > 0) throw deniedBy(this.#attributes, counted);
    return this.#attributes.object;
  }

  async #invocations(policies: readonly BoundPolicy[]): Promise<readonly Invocation[]> {
    const found: Invocation[] = [];
    for (const { policy, bindings } of policies) {
      const version = await this.#guarded(policy, undefined, async () => {
        const own = policyVersion(policy, this.#attributes, this.#parts.reader);
        if (own !== undefined) paramKindOf(policy, this.#parts.kinds);
        return own;
      });
      if (version === undefined) continue;
      for (const binding of bindings) {
        const params = await this.#guarded(policy, binding, async () =>
          bindingMatches(binding, this.#attributes, this.#parts.reader) ? paramsOf(policy, binding, this.#attributes, this.#parts) : [],
        );
        for (const param of params ?? []) {
          const key = JSON.stringify([policy.metadata.name, binding.metadata.name, (param as KeyedParam | null)?.metadata]);
          found.push({ policy, binding, version, params: param, key });
        }
      }
    }
    return found;
  }

  async #guarded<T>(
    policy: MutatingAdmissionPolicy,
    binding: MutatingAdmissionPolicyBinding | undefined,
    read: () => Promise<T>,
  ): Promise<T | undefined> {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error;
      this.#problems.push({ policy, binding, message: error.message, reason: undefined });
      return undefined;
    }
  }

  async #invoke(invocation: Invocation, memory: Memory): Promise<void> {
    const { policy, version, params, key } = invocation;
    const compiled = this.#compiledOf(policy);
    const first = await inputOf(this.#attributes, version, this.#parts);
    if (compiled.conditions.length > 0) {
      const { name: policyName } = policy.metadata;
      const of = { name: policyName, kind: 'policy', type: 'validate', operation: this.#attributes.operation } as const;
      const result = meets(compiled.conditions, { ...first, params }, compiled.variables, {
        failurePolicy: policy.spec.failurePolicy ?? 'Fail',
        // Upstream counts them as of this type.
        observer: conditionObserver(this.#parts.observations, of),
      });
      if ('error' in result) {
        this.#fail(invocation, result.error);
        return;
      }
      if (!result.met) return;
    }
    // In the second run no policy is evaluated for the first time.
    if (this.#round.repeated && !memory.invokeAgain.has(key)) return;
    const before = this.#attributes.object;
    for (const mutation of compiled.mutations) {
      if (this.#attributes.object !== undefined) await this.#mutate(invocation, compiled, mutation);
    }
    if (!deepEqual(before, this.#attributes.object)) {
      invokePreviousAgain(memory);
      this.#round.mustRepeat = true;
    }
    if (policy.spec.reinvocationPolicy === 'IfNeeded') memory.invoked.add(key);
  }

  #fail({ policy, binding }: Invocation, message: string): void {
    this.#problems.push({ policy, binding, message, reason: 'Invalid' });
  }

  async #mutate(invocation: Invocation, { variables }: CompiledPolicy, mutation: CompiledMutation): Promise<void> {
    const { version, params } = invocation;
    const input = { ...(await inputOf(this.#attributes, version, this.#parts)), params };
    const { object } = input;
    if (object === null) return;
    try {
      const result = new Evaluation(input, variables, celLimits.runtimeBudget).evaluate(mutation);
      if ('error' in result) throw new MutationFailed(result.error.replace(/^compilation error: /, ''));
      const changed = mutation.type === 'JSONPatch' ? jsonPatched(object, result.value) : this.#configured(object, version, result.value);
      const decoded = await fromVersion(this.#attributes, changed, version, this.#parts.formats);
      this.#attributes = { ...this.#attributes, object: this.#round.withDefaults(decoded) };
    } catch (error) {
      if (!(error instanceof MutationFailed || error instanceof OutOfBudget)) throw error;
      this.#fail(invocation, error.message);
    }
  }

  #configured(object: JsonObject, version: Served, value: Value): JsonObject {
    if (!(value instanceof ObjectValue)) throw new MutationFailed('unsupported return type from ApplyConfiguration expression');
    const problems = value.nameProblems();
    if (problems.length > 0) throw new MutationFailed(`type mismatch: ${problems.join('\n')}`);
    const json = jsonOfValue(value);
    if (json instanceof CelError) throw new MutationFailed(json.message);
    // The expression gives an object.
    const configuration = { ...(json as JsonObject), apiVersion: object.apiVersion, kind: object.kind } as JsonObject;
    const { formats } = this.#parts;
    const merged = mergedConfiguration({ attributes: this.#attributes, version, formats }, object, configuration);
    if ('problem' in merged) throw new MutationFailed(`error applying patch: ${merged.problem}`);
    return merged.object;
  }
}

interface KeyedParam {
  readonly metadata: { readonly namespace?: string; readonly name: string };
}

function invokePreviousAgain({ invoked, invokeAgain }: Memory): void {
  for (const key of invoked) invokeAgain.add(key);
  invoked.clear();
}

/** One operation of a patch as JSON. */
function operationJson(value: JsonPatchValue): JsonValue {
  const own = value.fields.get('value');
  const problems = own instanceof ObjectValue ? own.nameProblems() : [];
  if (problems.length > 0) throw new MutationFailed(`type mismatch: ${problems.join('\n')}`);
  const json = own === undefined ? undefined : jsonOfValue(own);
  if (json instanceof CelError) {
    throw new MutationFailed(`JSONPath valueExpression evaluated to a type that could not marshal to JSON: ${json.message}`);
  }
  const text = (field: string): string => {
    const given = value.fields.get(field);
    return typeof given === 'string' ? given : '';
  };
  const from = text('from');
  return {
    op: text('op'),
    path: text('path'),
    ...(from === '' ? {} : { from }),
    // What the expression gives was made into JSON above.
    ...(json === undefined ? {} : { value: json as JsonValue }),
  };
}

function jsonPatched(object: JsonObject, value: Value): JsonObject {
  const items = value instanceof ListValue ? itemsOf(value) : new CelError('JSONPatchType.expression should evaluate to array');
  if (items instanceof CelError) throw new MutationFailed(`type mismatch: ${items.message}`);
  const operations = items.map((item) => {
    if (item instanceof JsonPatchValue) return operationJson(item);
    throw new MutationFailed('type mismatch: JSONPatchType.expression should evaluate to array of JSONPatch');
  });
  try {
    return applyJsonPatch(object, operations);
  } catch (error) {
    if (error instanceof PatchTestFailed) return object;
    if (!(error instanceof StatusError)) throw error;
    throw new MutationFailed(`JSON Patch: ${error.message}`);
  }
}

/** The error of a denied request. Source: generic/policy_dispatcher.go. */
function deniedBy(attributes: AdmissionAttributes, problems: readonly Problem[]): StatusError {
  const { details = {}, code, reason = 'Forbidden' } = admissionForbidden(attributes, 'admission request denied by policy').status;
  const messages = problems.map(({ policy, binding, message }) =>
    binding === undefined
      ? `policy ${JSON.stringify(policy.metadata.name)} denied request: ${message}`
      : `policy '${policy.metadata.name}' with binding '${binding.metadata.name}' denied request: ${message}`,
  );
  return new StatusError({
    message: messages[0] ?? '',
    reason: problems[0]?.reason ?? reason,
    ...(code === undefined ? {} : { code }),
    details: { ...details, causes: [...(details.causes ?? []), ...messages.map((message) => ({ message }))] },
  });
}
