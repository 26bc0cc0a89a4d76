/**
 * The policies that are in force, with their bindings, and which of them a request is for. Source: apiserver
 * pkg/admission/plugin/policy/generic/{policy_source,policy_matcher,policy_dispatcher}.go, matching/matching.go.
 */

import type { AuthorizationQuestion, Authorizer } from '../../../api/cel/library/authorizer.ts';
import type { MatchResources, ParamKind, ParamRef } from '../../../api/generated/admissionregistration/v1.ts';
import type { JsonObject } from '../../../api/json.ts';
import type { AnyKind } from '../../../api/kind.ts';
import type { KubeObject } from '../../../api/object.ts';
import { fromLabelSelector } from '../../../api/selector.ts';
import { StatusError, statusErrors } from '../../../api/status-error.ts';
import { toServed } from '../../registry/codec.ts';
import type { KindSet, UserInfo } from '../../registry/registry.ts';
import type { AdmissionAttributes } from '../admission.ts';
import type { AdmissionObservations } from '../admission-observations.ts';
import type { ObjectReader } from '../object-reader.ts';
import { isExempt } from '../webhooks/ask.ts';
import { matchingVersion, type Served } from '../webhooks/matching.ts';
import { inVersion } from '../webhooks/versions.ts';
import type { PolicyInput } from './evaluation.ts';

/** What decides whether a user may do something. */
export interface AccessQuestion {
  readonly user: UserInfo;
  readonly verb: string;
  readonly isResourceRequest: boolean;
  readonly namespace: string;
  readonly apiGroup: string;
  readonly resource: string;
  readonly subresource: string;
  readonly name: string;
  readonly path: string;
}

/** What both plugins need. */
export interface PolicyParts {
  readonly reader: ObjectReader;
  readonly kinds: KindSet;
  authorize(question: AccessQuestion): { readonly allowed: boolean; readonly reason: string };
  /** Told of evaluations of match conditions. Default: nobody is. */
  readonly observations?: AdmissionObservations | undefined;
}

export interface PolicyObject extends KubeObject {
  readonly spec: {
    readonly paramKind?: ParamKind | undefined;
    readonly matchConstraints?: MatchResources | undefined;
    readonly failurePolicy?: string | undefined;
  };
}

export interface BindingObject extends KubeObject {
  readonly spec: {
    readonly policyName?: string | undefined;
    readonly paramRef?: ParamRef | undefined;
    readonly matchResources?: MatchResources | undefined;
  };
}

export interface Bound<P extends PolicyObject, B extends BindingObject> {
  readonly policy: P;
  readonly bindings: readonly B[];
}

/** A problem with how a policy or a binding is set up: the failure policy decides. */
export class ConfigurationError extends Error {}

const group = 'admissionregistration.k8s.io';

/** Reads the policies that have bindings; without any policy it only looks. */
export function boundPolicies<P extends PolicyObject, B extends BindingObject>(
  reader: ObjectReader,
  policies: string,
  bindings: string,
): () => readonly Bound<P, B>[] {
  let last:
    | { readonly policies: readonly KubeObject[]; readonly bindings: readonly KubeObject[]; readonly bound: readonly Bound<P, B>[] }
    | undefined;
  return () => {
    // Only objects of these kinds are stored under these resource names.
    const stored = reader.list(`${policies}.${group}`) as readonly P[];
    if (stored.length === 0) return [];
    const all = reader.list(`${bindings}.${group}`) as readonly B[];
    const isSame = (a: readonly KubeObject[], b: readonly KubeObject[]): boolean =>
      a.length === b.length && a.every((one, at) => one === b[at]);
    if (last !== undefined && isSame(last.policies, stored) && isSame(last.bindings, all)) return last.bound;
    const bound = stored
      .map((policy) => ({ policy, bindings: all.filter(({ spec }) => spec.policyName === policy.metadata.name) }))
      .filter((one) => one.bindings.length > 0);
    last = { policies: stored, bindings: all, bound };
    return bound;
  };
}

/**
 * Reviews decide about access, and must not depend on policies. Source:
 * kubeapiserver/admission/exclusion/resources.go.
 */
const excludedGroups = new Set(['authentication.k8s.io', 'authorization.k8s.io']);

/** Whether policies are not asked about a request. */
export const isExcluded = (attributes: AdmissionAttributes): boolean => isExempt(attributes) || excludedGroups.has(attributes.kind.group);

/** The version in which a policy or a binding is for a request; undefined when it is not. @throws StatusError */
function versionOf(resources: MatchResources, attributes: AdmissionAttributes, reader: ObjectReader): Served | undefined {
  const {
    resourceRules = [],
    excludeResourceRules = [],
    matchPolicy = 'Equivalent',
    namespaceSelector = {},
    objectSelector = {},
  } = resources;
  return matchingVersion(
    {
      rules: resourceRules,
      except: excludeResourceRules,
      allWithoutRules: true,
      matchPolicy,
      namespaceSelector: fromLabelSelector(namespaceSelector),
      objectSelector: fromLabelSelector(objectSelector),
    },
    attributes,
    reader,
  );
}

/** As `versionOf`, for a policy. @throws ConfigurationError */
export const policyVersion = (policy: PolicyObject, attributes: AdmissionAttributes, reader: ObjectReader): Served | undefined =>
  asConfiguration('policy', () => versionOf(policy.spec.matchConstraints ?? {}, attributes, reader));

/** Whether a binding is for a request. @throws ConfigurationError */
export const bindingMatches = (
  { spec: { matchResources } }: BindingObject,
  attributes: AdmissionAttributes,
  reader: ObjectReader,
): boolean => matchResources === undefined || asConfiguration('binding', () => versionOf(matchResources, attributes, reader)) !== undefined;

function asConfiguration<T>(what: 'policy' | 'binding', read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof StatusError) throw new ConfigurationError(`failed to configure ${what}: ${error.message}`);
    throw error;
  }
}

/** The kind of a policy's parameters; undefined when it takes none. @throws ConfigurationError */
export function paramKindOf(policy: PolicyObject, kinds: KindSet): { readonly kind: AnyKind; readonly served: Served } | undefined {
  const { paramKind } = policy.spec;
  if (paramKind === undefined) return undefined;
  const { apiVersion = '', kind: name = '' } = paramKind;
  const slash = apiVersion.indexOf('/');
  const served = { group: slash < 0 ? '' : apiVersion.slice(0, slash), version: apiVersion.slice(slash + 1) };
  const kind = kinds.byKind(served.group, served.version, name);
  if (kind !== undefined) return { kind, served };
  const shown = `${served.group}/${served.version}, Kind=${name}`;
  throw new ConfigurationError(`failed to configure policy: failed to find resource referenced by paramKind: '${shown}'`);
}

const configuration = (text: string): ConfigurationError => new ConfigurationError(`failed to configure binding: ${text}`);

/** The parameters that a binding is evaluated with, one after the other; null for none. @throws ConfigurationError */
export async function paramsOf(
  policy: PolicyObject,
  { spec: { paramRef } }: BindingObject,
  { namespace }: AdmissionAttributes,
  { reader, kinds }: PolicyParts,
): Promise<readonly (JsonObject | null)[]> {
  const param = paramKindOf(policy, kinds);
  if (param === undefined || paramRef === undefined) return [null];
  const isNamespaced = param.kind.scope === 'Namespaced';
  const own = paramRef.namespace ?? '';
  if (!isNamespaced && own !== '') throw configuration('paramRef.namespace must not be provided for a cluster-scoped `paramKind`');
  const from = isNamespaced ? own || namespace : '';
  if (isNamespaced && from === '') {
    throw configuration('cannot use namespaced paramRef in policy binding that matches cluster-scoped resources');
  }
  const found = selected(param.kind, from, paramRef, reader);
  if (found.length === 0 && paramRef.parameterNotFoundAction === 'Deny') {
    throw configuration('no params found for policy binding with `Deny` parameterNotFoundAction');
  }
  const target = { kind: param.kind, served: param.served, namespace: '', name: '', subresource: '' };
  return Promise.all(found.map(async (object) => toServed(target, object)));
}

function selected(
  { resourceName }: AnyKind,
  namespace: string,
  { name = '', selector }: ParamRef,
  reader: ObjectReader,
): readonly KubeObject[] {
  if (name === '') {
    const labels = fromLabelSelector(selector ?? {});
    return reader.list(resourceName, namespace === '' ? undefined : namespace).filter(({ metadata }) => labels.matches(metadata.labels));
  }
  const object = reader.get(resourceName, namespace, name);
  return object === undefined ? [] : [object];
}

/** The namespace of a request's object; undefined when it has none. @throws StatusError (404) */
export function namespaceOf({ type, namespace }: AdmissionAttributes, reader: ObjectReader): KubeObject | undefined {
  if (namespace === '' || (type.group === '' && type.kind === 'Namespace')) return undefined;
  const found = reader.get('namespaces', '', namespace);
  if (found === undefined) throw statusErrors.notFound({ group: '', resource: 'namespaces' }, namespace);
  return found;
}

/** What expressions see of a request in a version of its resource, without parameters. */
export async function inputOf(attributes: AdmissionAttributes, version: Served, parts: PolicyParts): Promise<PolicyInput> {
  return {
    attributes,
    version,
    object: await inVersion(attributes, attributes.object, version),
    oldObject: await inVersion(attributes, attributes.oldObject, version),
    params: null,
    namespace: namespaceOf(attributes, parts.reader),
    authorizer: authorizerFor(attributes.context.user, parts.authorize),
  };
}

/** Asks about a user; each question once. */
export function authorizerFor(user: UserInfo, authorize: PolicyParts['authorize']): Authorizer {
  const answers = new Map<string, ReturnType<PolicyParts['authorize']>>();
  const ask = (question: AuthorizationQuestion) => {
    const { verb, path, group: apiGroup = '', resource = '', subresource = '', namespace = '', name = '' } = question;
    return authorize({
      user,
      verb,
      isResourceRequest: path === undefined,
      namespace,
      apiGroup,
      resource,
      subresource,
      name,
      path: path ?? '',
    });
  };
  return {
    check(question) {
      const key = JSON.stringify(question);
      const answer = answers.get(key) ?? ask(question);
      answers.set(key, answer);
      return answer;
    },
    serviceAccount: (namespace, name) =>
      authorizerFor(
        {
          name: `system:serviceaccount:${namespace}:${name}`,
          uid: '',
          groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`],
          extra: {},
        },
        authorize,
      ),
  };
}
