/** The functions of CEL in Kubernetes 1.36. Source: apiserver pkg/cel/environment/base.go. */
import type { Environment, TypeProvider } from './environment.ts';
import { type CelFunction, functionTable } from './function.ts';
import { authorizerFunctions } from './library/authorizer.ts';
import { formatFunctions, regexFunctions } from './library/formats.ts';
import { extensionListFunctions, kubernetesListFunctions } from './library/lists.ts';
import { networkFunctions } from './library/network.ts';
import { comprehensionFunctions, optionalFunctions } from './library/optionals.ts';
import { jsonPatchFunctions, quantityFunctions, versionFunctions } from './library/quantities.ts';
import { stringFunctions } from './library/strings.ts';
import { standardFunctions } from './standard-functions.ts';
import type { CelType } from './types.ts';

const table = (more: readonly CelFunction[]): ReadonlyMap<string, CelFunction> =>
  functionTable([
    ...standardFunctions(),
    ...kubernetesListFunctions(),
    ...regexFunctions(),
    ...optionalFunctions(),
    ...quantityFunctions(),
    ...stringFunctions(),
    ...authorizerFunctions(),
    ...networkFunctions(),
    ...formatFunctions(),
    ...comprehensionFunctions(),
    ...versionFunctions(),
    ...extensionListFunctions(),
    ...more,
  ]);

/** Made when the first expression is compiled: most clusters never do. */
const once = <T>(make: () => T): (() => T) => {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
};

const functions = once(() => table([]));
const functionsWithPatches = once(() => table(jsonPatchFunctions()));

const noTypes: TypeProvider = { findType: () => undefined, findField: () => undefined };

export interface EnvironmentOptions {
  readonly variables: Readonly<Record<string, CelType>>;
  readonly types?: TypeProvider;
  /** With the functions for JSON patches. Default: false. */
  readonly patches?: boolean;
  /** With the macro `cel.bind`. Default: false. */
  readonly bindings?: boolean;
}

export const kubernetesEnvironment = ({
  variables,
  types = noTypes,
  patches = false,
  bindings = false,
}: EnvironmentOptions): Environment => ({
  variables: new Map(Object.entries(variables)),
  get functions() {
    return patches ? functionsWithPatches() : functions();
  },
  types,
  bindings,
});
