/**
 * Checks the expressions of a policy against the types that its rules name, for warnings. Source: apiserver
 * pkg/admission/plugin/policy/validating/typechecking.go.
 */
import type { ExpressionWarning, Rule, ValidatingAdmissionPolicy } from '../generated/admissionregistration/v1.ts';
import type { GroupVersionKind } from '../object.ts';
import { PolicyCompiler } from './policy-compiler.ts';
import type { CelSchema } from './schema.ts';
import { type DeclType, schemaType, withTypeNames } from './schema-type.ts';

/** Knows the kinds that are served and their schemas. */
export interface TypeSource {
  kindOf(group: string, version: string, resource: string): string | undefined;
  schemaOf(type: GroupVersionKind): CelSchema | undefined;
}

const maxTypes = 10;

const named = (names: readonly string[] = []): readonly string[] => (names.some((name) => name.includes('*')) ? [] : names.toSorted());

/** The kinds that a rule names without wildcards. */
function* kindsOf({ apiGroups, apiVersions, resources = [] }: Rule, source: TypeSource): Iterable<GroupVersionKind> {
  const plain = resources.filter((resource) => !/[*/]/.test(resource)).toSorted();
  for (const group of named(apiGroups)) {
    for (const version of named(apiVersions)) {
      for (const resource of plain) {
        const kind = source.kindOf(group, version, resource);
        if (kind !== undefined) yield { group, version, kind };
      }
    }
  }
}

const text = ({ group, version, kind }: GroupVersionKind): string => `${group}/${version}, Kind=${kind}`;
const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function typesToCheck({ spec }: ValidatingAdmissionPolicy, source: TypeSource): readonly GroupVersionKind[] {
  const found = new Map<string, GroupVersionKind>();
  for (const rule of spec.matchConstraints?.resourceRules ?? []) {
    for (const kind of kindsOf(rule, source)) if (found.size < maxTypes) found.set(text(kind), kind);
  }
  return [...found.values()].toSorted((a, b) => order(a.group, b.group) || order(a.version, b.version) || order(a.kind, b.kind));
}

function declType(type: GroupVersionKind, source: TypeSource): DeclType | undefined {
  const schema = source.schemaOf(type);
  const declared = schema === undefined ? undefined : schemaType(schema, true);
  return declared === undefined ? undefined : withTypeNames(declared, type.kind);
}

/** All warnings, by the field of each expression. */
export function typeWarnings(policy: ValidatingAdmissionPolicy, source: TypeSource): readonly ExpressionWarning[] {
  const { paramKind, variables = [], validations = [] } = policy.spec;
  const apiVersion = paramKind?.apiVersion ?? '';
  const slash = apiVersion.indexOf('/');
  const paramsType = {
    group: slash < 0 ? '' : apiVersion.slice(0, slash),
    version: apiVersion.slice(slash + 1),
    kind: paramKind?.kind ?? '',
  };
  const params = paramKind === undefined ? undefined : declType(paramsType, source);
  const scope = { params: paramKind !== undefined, authorizer: true };
  const compilers = typesToCheck(policy, source).flatMap((type) => {
    const object = declType(type, source);
    if (object === undefined) return [];
    const compiler = new PolicyCompiler({ object, ...(params === undefined ? {} : { params }) });
    for (const { name, expression } of variables) compiler.addVariable(name, expression, scope);
    return [{ type, compiler }];
  });
  const warningsOf = (fieldRef: string, expression: string): readonly ExpressionWarning[] => {
    const problems = compilers.flatMap(({ type, compiler }) => {
      const { problem } = compiler.compile(expression, scope, []);
      return problem === undefined ? [] : [`${text(type)}: ${problem.replace(/^compilation failed: /, '')}\n`];
    });
    return problems.length === 0 ? [] : [{ fieldRef, warning: problems.join('\n') }];
  };
  return validations.flatMap(({ expression, messageExpression = '' }, i) => [
    ...warningsOf(`spec.validations[${i}].expression`, expression),
    ...(messageExpression === '' ? [] : warningsOf(`spec.validations[${i}].messageExpression`, messageExpression)),
  ]);
}
