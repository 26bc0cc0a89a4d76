/**
 * The expressions of admission policies and of match conditions: what they can refer to and what they must give.
 * Source: apiserver pkg/admission/plugin/cel/{compile,composition}.go.
 */
import type { Environment, TypeProvider } from './environment.ts';
import { kubernetesEnvironment } from './kubernetes-environment.ts';
import { structAuthorizer, structResourceCheck } from './library/authorizer.ts';
import { patchTypeProvider } from './object-value.ts';
import { compileCel, isProgram, type Program } from './program.ts';
import { type DeclType, declList, declMap, declObject, declTypeProvider, declTypes } from './schema-type.ts';
import { type CelType, celTypes, sameType, structType, typeString } from './types.ts';

const { string, bool, int, timestamp, dyn } = declTypes;
const textList = declList(string, 0);

/** Source: compile.go (BuildRequestType). */
function requestType(): DeclType {
  const kind = declObject('kubernetes.GroupVersionKind', { group: string, version: string, kind: string });
  const resource = declObject('kubernetes.GroupVersionResource', { group: string, version: string, resource: string });
  const userInfo = declObject('kubernetes.UserInfo', { username: string, uid: string, groups: textList, extra: declMap(textList, 0) });
  return declObject('kubernetes.AdmissionRequest', {
    ...{ kind, resource, subResource: string, requestKind: kind, requestResource: resource, requestSubResource: string },
    ...{ name: string, namespace: string, operation: string, userInfo, dryRun: bool, options: dyn },
  });
}

/** Source: compile.go (BuildNamespaceType). */
function namespaceType(): DeclType {
  const condition = declObject('kubernetes.NamespaceCondition', {
    ...{ status: string, type: string, lastTransitionTime: timestamp, message: string, reason: string },
  });
  const metadata = declObject('kubernetes.NamespaceMetadata', {
    ...{ name: string, generateName: string, namespace: string, labels: declMap(string, 0), annotations: declMap(string, 0) },
    ...{ UID: string, creationTimestamp: timestamp, deletionGracePeriodSeconds: int, deletionTimestamp: timestamp },
    ...{ generation: int, resourceVersion: string, finalizers: textList },
  });
  return declObject('kubernetes.Namespace', {
    metadata,
    spec: declObject('kubernetes.NamespaceSpec', { finalizers: textList }),
    status: declObject('kubernetes.NamespaceStatus', { conditions: declList(condition, 0), phase: string }),
  });
}

const variablesTypeName = 'kubernetes.variables';

/** What of the optional variables an expression may refer to. */
export interface ExpressionScope {
  readonly params: boolean;
  readonly authorizer: boolean;
  /** `Object{}` and `JSONPatch{}`. Default: false. */
  readonly patches?: boolean;
}

/** `detail` is for an Invalid error of the field. */
export type CompiledExpression =
  | { readonly program: Program; readonly problem?: undefined }
  | { readonly program?: undefined; readonly problem: string };

export interface PolicyCompilerOptions {
  /** The types of `object` and `oldObject` when they are known. Default: dyn. */
  readonly object?: DeclType;
  /** The type of `params` when it is known. Default: dyn. */
  readonly params?: DeclType;
  /** True: expressions cannot refer to `variables`. Default: false. */
  readonly withoutVariables?: boolean;
}

/** Compiles the expressions of one policy: each variable can be referred to by those after it. */
export class PolicyCompiler {
  readonly #variables = new Map<string, CelType>();
  readonly #options: PolicyCompilerOptions;
  readonly #request = requestType();
  readonly #namespace = namespaceType();

  constructor(options: PolicyCompilerOptions = {}) {
    this.#options = options;
  }

  /** `returns`: the types that the expression may have; any when empty. */
  compile(expression: string, scope: ExpressionScope, returns: readonly CelType[]): CompiledExpression {
    const program = compileCel(expression, this.#environment(scope));
    if (!isProgram(program)) {
      const { issues, instantiation } = program;
      return { problem: issues === undefined ? `program instantiation failed: ${instantiation ?? ''}` : `compilation failed: ${issues}` };
    }
    if (returns.length === 0 || returns.some((type) => sameType(program.type, type))) return { program };
    const [first] = returns;
    const wanted = returns.length === 1 && first !== undefined ? typeString(first) : `one of [${returns.map(typeString).join(' ')}]`;
    return { problem: `must evaluate to ${wanted} but got ${typeString(program.type)}` };
  }

  /** Compiles a variable and makes it known to the expressions after it, of any type when it does not compile. */
  addVariable(name: string, expression: string, scope: ExpressionScope): CompiledExpression {
    const compiled = this.compile(expression, scope, []);
    this.#variables.set(name, compiled.program === undefined ? celTypes.dyn : composedType(compiled.program.type));
    return compiled;
  }

  #environment({ params, authorizer, patches = false }: ExpressionScope): Environment {
    const { object = dyn, params: paramsType = dyn, withoutVariables = false } = this.#options;
    return kubernetesEnvironment({
      variables: {
        object: object.type,
        oldObject: object.type,
        namespaceObject: this.#namespace.type,
        request: this.#request.type,
        ...(withoutVariables ? {} : { variables: structType(variablesTypeName) }),
        ...(params ? { params: paramsType.type } : {}),
        ...(authorizer ? { authorizer: structAuthorizer, 'authorizer.requestResource': structResourceCheck } : {}),
      },
      types: this.#types(patches),
      patches,
    });
  }

  #types(patches: boolean): TypeProvider {
    const { object = dyn, params = dyn } = this.#options;
    const declared = declTypeProvider(this.#request, this.#namespace, object, params);
    const variables = this.#variables;
    const all: TypeProvider = {
      findType: (name) => (name === variablesTypeName ? structType(name) : declared.findType(name)),
      findField: (typeName, field) => (typeName === variablesTypeName ? variables.get(field) : declared.findField(typeName, field)),
    };
    return patches ? patchTypeProvider(all) : all;
  }
}

const kept = new Set(['any', 'bool', 'bytes', 'double', 'duration', 'int', 'null', 'string', 'timestamp', 'uint', 'list', 'map']);

/** The type of a variable for the expressions that refer to it. Source: composition.go (convertCelTypeToDeclType). */
const composedType = (type: CelType): CelType => (kept.has(type.kind) ? { ...type, params: type.params.map(composedType) } : celTypes.dyn);
