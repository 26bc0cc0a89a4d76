/**
 * Asking what a user may do: `authorizer.group('').resource('pods').check('create').allowed()`. Source: apiserver
 * pkg/cel/library/authz.go.
 */
import { isDns1123Label, isDns1123Subdomain } from '../../names.ts';
import { type CelFunction, dispatching } from '../function.ts';
import { type CelType, structType } from '../types.ts';
import { CelError, noSuchOverload, OpaqueValue, type Result, type Value } from '../value.ts';

/** What is asked: about a path, or about a resource. */
export interface AuthorizationQuestion {
  readonly verb: string;
  readonly path?: string;
  readonly group?: string;
  readonly resource?: string;
  readonly subresource?: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly fieldSelector?: string;
  readonly labelSelector?: string;
}

export interface AuthorizationAnswer {
  readonly allowed: boolean;
  readonly reason: string;
  readonly error?: string;
}

/** Who asks; `serviceAccount` makes another. */
export interface Authorizer {
  check(question: AuthorizationQuestion): AuthorizationAnswer;
  serviceAccount(namespace: string, name: string): Authorizer;
}

abstract class AuthorizationValue extends OpaqueValue {
  equals(other: Value): boolean | CelError {
    return other instanceof AuthorizationValue ? this === other : noSuchOverload;
  }
}

const authorizationType = (name: string): CelType => structType(`kubernetes.authorization.${name}`);

export const structAuthorizer: CelType = authorizationType('Authorizer');
export const structResourceCheck: CelType = authorizationType('ResourceCheck');

export class AuthorizerValue extends AuthorizationValue {
  readonly type = authorizationType('Authorizer');
  readonly authorizer: Authorizer;

  constructor(authorizer: Authorizer) {
    super();
    this.authorizer = authorizer;
  }
}

class PathCheckValue extends AuthorizationValue {
  readonly type = authorizationType('PathCheck');
  readonly authorizer: Authorizer;
  readonly path: string;

  constructor(authorizer: Authorizer, path: string) {
    super();
    this.authorizer = authorizer;
    this.path = path;
  }
}

class GroupCheckValue extends AuthorizationValue {
  readonly type = authorizationType('GroupCheck');
  readonly authorizer: Authorizer;
  readonly group: string;

  constructor(authorizer: Authorizer, group: string) {
    super();
    this.authorizer = authorizer;
    this.group = group;
  }
}

type ResourceQuestion = Omit<AuthorizationQuestion, 'verb' | 'path'>;

export class ResourceCheckValue extends AuthorizationValue {
  readonly type = authorizationType('ResourceCheck');
  readonly authorizer: Authorizer;
  readonly question: ResourceQuestion;

  constructor(authorizer: Authorizer, question: ResourceQuestion) {
    super();
    this.authorizer = authorizer;
    this.question = question;
  }

  with(more: ResourceQuestion): ResourceCheckValue {
    return new ResourceCheckValue(this.authorizer, { ...this.question, ...more });
  }
}

class DecisionValue extends AuthorizationValue {
  readonly type = authorizationType('Decision');
  readonly answer: AuthorizationAnswer;

  constructor(answer: AuthorizationAnswer) {
    super();
    this.answer = answer;
  }
}

function path(authorizer: Value = null, text: Value = null): Result {
  if (!(authorizer instanceof AuthorizerValue) || typeof text !== 'string') return noSuchOverload;
  return text.trim() === '' ? new CelError('path must not be empty') : new PathCheckValue(authorizer.authorizer, text);
}

const group = (authorizer: Value = null, text: Value = null): Result =>
  authorizer instanceof AuthorizerValue && typeof text === 'string' ? new GroupCheckValue(authorizer.authorizer, text) : noSuchOverload;

function serviceAccount(authorizer: Value = null, namespace: Value = null, name: Value = null): Result {
  if (!(authorizer instanceof AuthorizerValue) || typeof namespace !== 'string' || typeof name !== 'string') return noSuchOverload;
  if (isDns1123Subdomain(name).length > 0) return new CelError('Invalid service account name');
  if (isDns1123Label(namespace).length > 0) return new CelError('Invalid service account namespace');
  return new AuthorizerValue(authorizer.authorizer.serviceAccount(namespace, name));
}

function resource(check: Value = null, text: Value = null): Result {
  if (!(check instanceof GroupCheckValue) || typeof text !== 'string') return noSuchOverload;
  if (text.trim() === '') return new CelError('resource must not be empty');
  return new ResourceCheckValue(check.authorizer, { group: check.group, resource: text });
}

/** A function that adds one thing to the question about a resource. */
const refines = (name: keyof ResourceQuestion, id: string): CelFunction =>
  dispatching(
    name,
    (check = null, text = null) =>
      check instanceof ResourceCheckValue && typeof text === 'string' ? check.with({ [name]: text }) : noSuchOverload,
    [[id, 'ResourceCheck.(string) -> ResourceCheck']],
  );

function check(subject: Value = null, verb: Value = null): Result {
  if (typeof verb !== 'string') return noSuchOverload;
  if (subject instanceof PathCheckValue) return new DecisionValue(subject.authorizer.check({ verb, path: subject.path }));
  if (subject instanceof ResourceCheckValue) return new DecisionValue(subject.authorizer.check({ verb, ...subject.question }));
  return noSuchOverload;
}

const onDecision =
  (run: (answer: AuthorizationAnswer) => Result) =>
  (decision: Value = null): Result =>
    decision instanceof DecisionValue ? run(decision.answer) : noSuchOverload;

export const authorizerFunctions = (): readonly CelFunction[] => [
  dispatching('path', path, [['authorizer_path', 'Authorizer.(string) -> PathCheck']]),
  dispatching('group', group, [['authorizer_group', 'Authorizer.(string) -> GroupCheck']]),
  dispatching('serviceAccount', serviceAccount, [['authorizer_serviceaccount', 'Authorizer.(string, string) -> Authorizer']]),
  dispatching('resource', resource, [['groupcheck_resource', 'GroupCheck.(string) -> ResourceCheck']]),
  refines('subresource', 'resourcecheck_subresource'),
  refines('namespace', 'resourcecheck_namespace'),
  refines('name', 'resourcecheck_name'),
  refines('fieldSelector', 'authorizer_fieldselector'),
  refines('labelSelector', 'authorizer_labelselector'),
  dispatching('check', check, [
    ['pathcheck_check', 'PathCheck.(string) -> Decision'],
    ['resourcecheck_check', 'ResourceCheck.(string) -> Decision'],
  ]),
  dispatching(
    'errored',
    onDecision(({ error }) => error !== undefined),
    [['decision_errored', 'Decision.() -> bool']],
  ),
  dispatching(
    'error',
    onDecision(({ error }) => error ?? ''),
    [['decision_error', 'Decision.() -> string']],
  ),
  dispatching(
    'allowed',
    onDecision(({ allowed }) => allowed),
    [['decision_allowed', 'Decision.() -> bool']],
  ),
  dispatching(
    'reason',
    onDecision(({ reason }) => reason),
    [['decision_reason', 'Decision.() -> string']],
  ),
];
