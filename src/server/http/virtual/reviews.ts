/**
 * Access and token reviews. Source:
 * pkg/registry/authorization/{subjectaccessreview,selfsubjectaccessreview,localsubjectaccessreview,selfsubjectrulesreview}/rest.go,
 * pkg/registry/authentication/{tokenreview,selfsubjectreview}/rest.go.
 */
import { type FieldError, FieldPath, fieldErrors } from '../../../api/field-error.ts';
import { isObject, type JsonObject, type JsonValue } from '../../../api/json.ts';
import { defineKind, type Scope } from '../../../api/kind.ts';
import { StatusError, statusErrors } from '../../../api/status-error.ts';
import { rfc3339 } from '../../../api/time.ts';
import type { UserInfo } from '../../registry/registry.ts';
import type { Authenticator, AuthorizationAttributes, Authorizer, RuleResolver } from '../ports.ts';
import { member, memberText, memberTexts } from './json-members.ts';
import { fieldSelectorIn, ignoredSelectors, selectorErrors } from './selector-attributes.ts';
import type { VirtualResource } from './virtual-resource.ts';

const reviewKind = (group: string, kind: string, scope: Scope = 'Cluster') =>
  defineKind({
    group,
    version: 'v1',
    kind,
    plural: `${kind.toLowerCase()}s`,
    scope,
    codec: { schema: `io.k8s.api.${group.split('.')[0] ?? ''}.v1.${kind}` },
  });

const review = (kind: string, group: string, body: JsonValue, status: JsonObject): JsonObject => ({
  kind,
  apiVersion: `${group}/v1`,
  metadata: member(body, 'metadata') ?? {},
  spec: member(body, 'spec') ?? {},
  status,
});

const authorization = 'authorization.k8s.io';
const authentication = 'authentication.k8s.io';

const invalid = (field: string, value: JsonValue | undefined, detail: string): FieldError =>
  fieldErrors.invalid(FieldPath.root.field(...field.split('.')), value, detail);

/** The attributes as Go prints its internal type. */
const goAttributes = (path: JsonValue | undefined): JsonObject => ({ Path: memberText(path, 'path'), Verb: memberText(path, 'verb') });

/**
 * Checks that exactly one of the two attribute blocks is set. Source: pkg/apis/authorization/validation/validation.go.
 */
function attributeErrors(body: JsonValue): readonly FieldError[] {
  const resource = member(body, 'spec', 'resourceAttributes');
  const path = member(body, 'spec', 'nonResourceAttributes');
  if (isObject(resource) !== isObject(path)) return [];
  return isObject(resource)
    ? [invalid('spec.nonResourceAttributes', goAttributes(path), 'cannot be specified in combination with resourceAttributes')]
    : [invalid('spec.resourceAttributes', null, 'exactly one of nonResourceAttributes or resourceAttributes must be specified')];
}

function subjectErrors(body: JsonValue): readonly FieldError[] {
  const named = memberText(body, 'spec', 'user') !== '' || memberTexts(body, 'spec', 'groups').length > 0;
  return named ? [] : [invalid('spec.user', '', 'at least one of user or group must be specified')];
}

/** Refuses metadata in a review, except fields that the server ignores anyway. */
function metadataErrors(body: JsonValue, allowed: readonly string[], detail: string): readonly FieldError[] {
  const metadata = member(body, 'metadata');
  if (!isObject(metadata)) return [];
  // Protobuf clients send every field, even with its zero value.
  const isZero = (value: JsonValue | undefined): boolean => value === null || value === '' || value === 0;
  const said = Object.entries(metadata).some(([name, value]) => !allowed.includes(name) && name !== 'managedFields' && !isZero(value));
  return said ? [invalid('metadata', metadata, detail)] : [];
}

function localErrors(body: JsonValue, namespace: string): readonly FieldError[] {
  const resource = member(body, 'spec', 'resourceAttributes');
  const path = member(body, 'spec', 'nonResourceAttributes');
  const asked = memberText(resource, 'namespace');
  return [
    ...(isObject(resource) && asked !== namespace
      ? [invalid('spec.resourceAttributes.namespace', asked, 'must match metadata.namespace')]
      : []),
    ...(isObject(path) ? [invalid('spec.nonResourceAttributes', path, 'disallowed on this kind of request')] : []),
  ];
}

/** Throws 422. Upstream names no kind in this error. Source: pkg/registry/authorization/subjectaccessreview/rest.go. */
function throwInvalid(errors: readonly FieldError[]): void {
  if (errors.length > 0) throw statusErrors.invalid({ group: authorization, kind: '' }, '', errors);
}

/** The attributes that a review asks about. */
function attributesFrom(body: JsonValue, user: UserInfo): AuthorizationAttributes {
  const resource = member(body, 'spec', 'resourceAttributes');
  const path = member(body, 'spec', 'nonResourceAttributes');
  const text = (name: string): string => memberText(resource, name);
  return {
    user,
    verb: memberText(isObject(resource) ? resource : path, 'verb'),
    isResourceRequest: isObject(resource),
    namespace: text('namespace'),
    apiGroup: text('group'),
    apiVersion: text('version'),
    resource: text('resource'),
    subresource: text('subresource'),
    name: text('name'),
    path: memberText(path, 'path'),
    fieldSelector: fieldSelectorIn(body),
  };
}

async function decide(authorizer: Authorizer, body: JsonValue, user: UserInfo): Promise<JsonObject> {
  const { allowed, reason } = await authorizer.authorize(attributesFrom(body, user));
  const evaluationError = ignoredSelectors(body);
  return { allowed, ...(reason === '' ? {} : { reason }), ...(evaluationError === '' ? {} : { evaluationError }) };
}

function subjectOf(body: JsonValue): UserInfo {
  const spec = member(body, 'spec');
  const name = memberText(spec, 'user');
  const groups = memberTexts(spec, 'groups');
  const extra = member(spec, 'extra');
  const pairs = isObject(extra) ? Object.keys(extra).map((key) => [key, memberTexts(extra, key)] as const) : [];
  return { name, uid: memberText(spec, 'uid'), groups, extra: Object.fromEntries(pairs) };
}

const selfAccess = (authorizer: Authorizer): VirtualResource => ({
  kind: reviewKind(authorization, 'SelfSubjectAccessReview'),
  verbs: ['create'],
  create: async (exchange, { object: body, admit }) => {
    throwInvalid([...attributeErrors(body), ...selectorErrors(body), ...metadataErrors(body, [], 'must be empty')]);
    await admit(body);
    return review('SelfSubjectAccessReview', authorization, body, await decide(authorizer, body, exchange.user));
  },
});

const subjectAccess = (authorizer: Authorizer, kind: 'SubjectAccessReview' | 'LocalSubjectAccessReview'): VirtualResource => ({
  kind: reviewKind(authorization, kind, kind === 'SubjectAccessReview' ? 'Cluster' : 'Namespaced'),
  verbs: ['create'],
  create: async (exchange, { object: body, admit }) => {
    const { namespace } = exchange.info;
    const local = kind === 'LocalSubjectAccessReview';
    throwInvalid([
      ...attributeErrors(body),
      ...subjectErrors(body),
      ...selectorErrors(body),
      ...(local ? metadataErrors(body, ['namespace'], 'must be empty except for namespace') : metadataErrors(body, [], 'must be empty')),
      ...(local ? localErrors(body, namespace) : []),
    ]);
    await admit(body);
    return review(kind, authorization, body, await decide(authorizer, body, subjectOf(body)));
  },
});

const selfRules = (resolver: RuleResolver | undefined): VirtualResource => ({
  kind: reviewKind(authorization, 'SelfSubjectRulesReview'),
  verbs: ['create'],
  create: async (exchange, { object: body, admit }) => {
    const namespace = memberText(body, 'spec', 'namespace');
    if (namespace === '') throw statusErrors.badRequest('no namespace on request');
    await admit(body);
    const rules = resolver?.rulesFor(exchange.user, namespace);
    // Upstream's answer leaves out the spec. Source: pkg/registry/authorization/selfsubjectrulesreview/rest.go.
    return review(
      'SelfSubjectRulesReview',
      authorization,
      {},
      {
        resourceRules: rules?.resourceRules ?? [],
        nonResourceRules: rules?.nonResourceRules ?? [],
        incomplete: rules?.incomplete ?? true,
        ...(rules === undefined || rules.evaluationError === '' ? {} : { evaluationError: rules.evaluationError }),
      },
    );
  },
});

const userJson = (user: UserInfo): JsonObject => ({
  username: user.name,
  ...(user.uid === '' ? {} : { uid: user.uid }),
  groups: user.groups,
  ...(Object.keys(user.extra).length === 0 ? {} : { extra: user.extra }),
});

const selfSubject = (now: () => number): VirtualResource => ({
  kind: reviewKind(authentication, 'SelfSubjectReview'),
  verbs: ['create'],
  create: async (exchange, { object, admit }) => {
    await admit(object);
    const metadata = { creationTimestamp: rfc3339(now()) };
    return { kind: 'SelfSubjectReview', apiVersion: `${authentication}/v1`, metadata, status: { userInfo: userJson(exchange.user) } };
  },
});

const apiAudiences = ['https://kubernetes.default.svc.cluster.local'];

/**
 * The user of a token, and which of the requested audiences it is for. Without requested audiences, the token must be
 * for the API.
 */
async function verified(authenticator: Authenticator, bearerToken: string, wanted: readonly string[]) {
  const known = wanted.length === 0 ? undefined : await authenticator.verify?.(bearerToken, wanted);
  if (known !== undefined) return known;
  if (wanted.length > 0 && !wanted.some((audience) => apiAudiences.includes(audience))) return undefined;
  const user = await authenticator.authenticate({ clientCertificate: undefined, bearerToken });
  return user === undefined ? undefined : { user, audiences: apiAudiences };
}

async function userOfToken(authenticators: readonly Authenticator[], bearerToken: string, wanted: readonly string[]): Promise<JsonObject> {
  try {
    for (const authenticator of authenticators) {
      const found = await verified(authenticator, bearerToken, wanted);
      if (found === undefined) continue;
      const { user, audiences } = found;
      const groups = user.groups.includes('system:authenticated') ? user.groups : [...user.groups, 'system:authenticated'];
      return { authenticated: true, user: userJson({ ...user, groups }), audiences };
    }
    return { user: {}, error: 'invalid bearer token' };
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    return { user: {}, error: 'invalid bearer token' };
  }
}

const tokenReview = (authenticators: readonly Authenticator[]): VirtualResource => ({
  kind: reviewKind(authentication, 'TokenReview'),
  verbs: ['create'],
  create: async (_exchange, { object: body, admit }) => {
    const token = memberText(body, 'spec', 'token');
    if (token === '') throw statusErrors.badRequest('token is required for TokenReview in authentication');
    await admit(body);
    return review('TokenReview', authentication, body, await userOfToken(authenticators, token, memberTexts(body, 'spec', 'audiences')));
  },
});

/** All review resources. */
export const reviews = (
  authorizer: Authorizer,
  authenticators: readonly Authenticator[],
  resolver: RuleResolver | undefined,
  now: () => number,
): readonly VirtualResource[] => [
  selfAccess(authorizer),
  subjectAccess(authorizer, 'SubjectAccessReview'),
  subjectAccess(authorizer, 'LocalSubjectAccessReview'),
  selfRules(resolver),
  selfSubject(now),
  tokenReview(authenticators),
];
