/**
 * The validation rules of schemas (`x-kubernetes-validations`): compiled against the type of what they are about.
 * Source: apiextensions-apiserver pkg/apiserver/schema/cel/compilation.go.
 */
import { kubernetesEnvironment } from './kubernetes-environment.ts';
import { celLimits } from './limits.ts';
import { type CompileFailure, compileCel, isProgram, type Program } from './program.ts';
import type { CelSchema } from './schema.ts';
import { type DeclType, declTypeProvider, schemaSizes, schemaType, withTypeNames } from './schema-type.ts';
import { celTypes, optionalType, sameType } from './types.ts';

export interface ValidationRule {
  readonly rule: string;
  readonly messageExpression?: string;
  readonly optionalOldSelf?: boolean;
}

/** The words of an error for the field of the expression; it is of type `Invalid`. */
export interface RuleProblem {
  readonly detail: string;
}

export interface CompiledRule {
  /** Undefined when the rule is blank or does not compile. */
  readonly program: Program | undefined;
  readonly problem: RuleProblem | undefined;
  /** It is about a change: it holds for objects that are new, unless `optionalOldSelf`. */
  readonly usesOldSelf: boolean;
  /** What it may cost at most, each time that it is evaluated. */
  readonly maxCost: number;
  readonly messageProgram: Program | undefined;
  readonly messageProblem: RuleProblem | undefined;
  readonly messageMaxCost: number;
}

export interface RuleScope {
  readonly type: DeclType;
  /** How often what the rules are about can be in one object at most, when it is in unbounded lists or maps. */
  readonly maxCardinality: number;
  compile(rule: ValidationRule): CompiledRule;
}

const nothing: CompiledRule = {
  program: undefined,
  problem: undefined,
  usesOldSelf: false,
  maxCost: 0,
  messageProgram: undefined,
  messageProblem: undefined,
  messageMaxCost: 0,
};

const problemOf = (prefix: string, { issues, instantiation }: CompileFailure): RuleProblem => ({
  detail:
    issues === undefined
      ? `${prefix === '' ? 'program ' : `${prefix}`}instantiation failed: ${instantiation ?? ''}`
      : `${prefix}compilation failed: ${issues}`,
});

/**
 * Where rules of a schema are compiled; undefined when expressions cannot see its values. `isRoot` for whole objects.
 * `typeName` is how error messages call the type.
 */
export function ruleScope(schema: CelSchema, isRoot: boolean, typeName = 'selfType'): RuleScope | undefined {
  const type = schemaType(schema, isRoot);
  if (type === undefined) return undefined;
  const named = withTypeNames(type, typeName);
  const environmentFor = (optionalOldSelf: boolean) =>
    kubernetesEnvironment({
      variables: { self: named.type, oldSelf: optionalOldSelf ? optionalType(named.type) : named.type },
      types: declTypeProvider(named),
    });
  const sizes = schemaSizes(type);
  return {
    type,
    maxCardinality: Math.floor(celLimits.maxRequestBytes / (type.minSerializedSize + 1)),
    compile({ rule, messageExpression, optionalOldSelf }) {
      if (rule.trim() === '') return nothing;
      const environment = environmentFor(optionalOldSelf === true);
      const program = compileCel(rule, environment);
      if (!isProgram(program)) return { ...nothing, problem: problemOf('', program) };
      if (!sameType(program.type, celTypes.bool)) return { ...nothing, problem: { detail: 'cel expression must evaluate to a bool' } };
      const compiled: CompiledRule = {
        ...nothing,
        program,
        usesOldSelf: program.uses('oldSelf'),
        maxCost: program.estimate(sizes).max,
      };
      if (messageExpression === undefined || messageExpression === '') return compiled;
      const message = compileCel(messageExpression, environment);
      if (!isProgram(message)) return { ...compiled, messageProblem: problemOf('messageExpression ', message) };
      if (!sameType(message.type, celTypes.string)) {
        return { ...compiled, messageProblem: { detail: 'messageExpression must evaluate to a string' } };
      }
      return { ...compiled, messageProgram: message, messageMaxCost: message.estimate(sizes).max };
    },
  };
}
