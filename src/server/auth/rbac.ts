/**
 * Role-based access control: a request is allowed when a role that is bound to the user allows it, and refused
 * otherwise. Source: plugin/pkg/auth/authorizer/rbac/rbac.go, pkg/registry/rbac/validation/rule.go,
 * pkg/apis/rbac/v1/evaluation_helpers.go.
 */
import type { JsonObject } from '../../api/json.ts';
import type { UserInfo } from '../registry/registry.ts';

/** The parts of rbac.authorization.k8s.io/v1 PolicyRule, RoleRef and Subject that decisions depend on. */
export interface PolicyRule {
  readonly verbs: readonly string[];
  readonly apiGroups?: readonly string[] | undefined;
  readonly resources?: readonly string[] | undefined;
  readonly resourceNames?: readonly string[] | undefined;
  readonly nonResourceURLs?: readonly string[] | undefined;
}

export interface Subject {
  readonly kind: string;
  readonly name: string;
  /** Only for a ServiceAccount. */
  readonly namespace?: string | undefined;
}

export interface RoleRef {
  readonly kind: string;
  readonly name: string;
}

export interface Binding {
  /** Default: the name of the role. */
  readonly name?: string | undefined;
  readonly roleRef: RoleRef;
  readonly subjects: readonly Subject[];
}

/** Where roles and bindings come from. It is read at every decision, so look-ups should be indexed. */
export interface RuleSource {
  /**
   * Increases with every change of a rule or binding, and is constant otherwise. A decision that was cached at an older
   * revision is no longer valid.
   */
  readonly revision: number;
  clusterRoleBindings(): readonly Binding[];
  roleBindings(namespace: string): readonly Binding[];
  /** Undefined when there is no such role: a binding to it then grants nothing. */
  clusterRole(name: string): readonly PolicyRule[] | undefined;
  role(namespace: string, name: string): readonly PolicyRule[] | undefined;
}

/** What a user wants to do; structurally the HTTP layer's AuthorizationAttributes. */
export interface AccessAttributes {
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

export interface AccessDecision {
  readonly allowed: boolean;
  /** '' when there is nothing to add to the standard message. */
  readonly reason: string;
}

export interface UserRules {
  readonly resourceRules: readonly JsonObject[];
  readonly nonResourceRules: readonly JsonObject[];
  readonly incomplete: boolean;
  readonly evaluationError: string;
}

/** Members of this group may do everything, whatever the roles say. */
const privilegedGroup = 'system:masters';
const serviceAccountPrefix = 'system:serviceaccount:';

/** Decides by the rules of a source. */
export class RbacAuthorizer {
  readonly #source: RuleSource;

  constructor(source: RuleSource) {
    this.#source = source;
  }

  /** The revision of the rules: see {@link RuleSource.revision}. */
  get revision(): number {
    return this.#source.revision;
  }

  authorize(attributes: AccessAttributes): AccessDecision {
    const { user, namespace } = attributes;
    if (user.groups.includes(privilegedGroup)) return allowed;
    const missing: string[] = [];
    for (const { rules, source } of this.#rulesOf(user, namespace, missing)) {
      if (rules.some((rule) => allows(rule, attributes))) return { allowed: true, reason: `RBAC: allowed by ${source()}` };
    }
    return { allowed: false, reason: missing.length === 0 ? '' : `RBAC: ${missingText(missing)}` };
  }

  /** Everything that a user may do in a namespace, as SelfSubjectRulesReview lists it. */
  rulesFor(user: UserInfo, namespace: string): UserRules {
    const missing: string[] = [];
    const everything: PolicyRule[] = [
      { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
      { verbs: ['*'], nonResourceURLs: ['*'] },
    ];
    const own = (): readonly PolicyRule[] => [...this.#rulesOf(user, namespace, missing)].flatMap((given) => given.rules);
    const rules = user.groups.includes(privilegedGroup) ? everything : own();
    return {
      resourceRules: rules.filter(({ resources = [] }) => resources.length > 0).map(resourceRule),
      nonResourceRules: rules
        .filter(({ nonResourceURLs = [] }) => nonResourceURLs.length > 0)
        .map(({ verbs, nonResourceURLs = [] }) => ({ verbs, nonResourceURLs })),
      incomplete: missing.length > 0,
      evaluationError: missing.length === 0 ? '' : missingText(missing),
    };
  }

  /**
   * The rules of each role that is bound to the user, cluster-wide ones first. Records roles that are bound but do not
   * exist.
   */
  *#rulesOf(user: UserInfo, namespace: string, missing: string[]): Generator<Given> {
    for (const binding of this.#source.clusterRoleBindings()) {
      const { roleRef, subjects } = binding;
      const subject = subjects.find((one) => isSubject(one, user, ''));
      if (subject === undefined) continue;
      const rules = this.#source.clusterRole(roleRef.name);
      if (rules === undefined) missing.push(`clusterrole.rbac.authorization.k8s.io "${roleRef.name}" not found`);
      else yield { rules, source: () => describeBinding(binding, subject, '') };
    }
    if (namespace === '') return;
    for (const binding of this.#source.roleBindings(namespace)) {
      const { roleRef, subjects } = binding;
      const subject = subjects.find((one) => isSubject(one, user, namespace));
      if (subject === undefined) continue;
      const ofCluster = roleRef.kind === 'ClusterRole';
      const rules = ofCluster ? this.#source.clusterRole(roleRef.name) : this.#source.role(namespace, roleRef.name);
      if (rules === undefined) missing.push(`${ofCluster ? 'clusterrole' : 'role'}.rbac.authorization.k8s.io "${roleRef.name}" not found`);
      else yield { rules, source: () => describeBinding(binding, subject, namespace) };
    }
  }
}

/** The rules of a role that is bound to a user, and the binding. */
interface Given {
  readonly rules: readonly PolicyRule[];
  source(): string;
}

/**
 * Describes a binding for the reason of a decision. `namespace` is '' for cluster-wide bindings. Source:
 * plugin/pkg/auth/authorizer/rbac/rbac.go, pkg/registry/rbac/validation/rule.go (describers).
 */
function describeBinding({ name, roleRef }: Binding, subject: Subject, namespace: string): string {
  const binding = name ?? roleRef.name;
  const home = subject.namespace === undefined || subject.namespace === '' ? namespace : subject.namespace;
  const who = `${subject.kind} ${JSON.stringify(subject.kind === 'ServiceAccount' ? `${subject.name}/${home}` : subject.name)}`;
  const where =
    namespace === '' ? `ClusterRoleBinding ${JSON.stringify(binding)}` : `RoleBinding ${JSON.stringify(`${binding}/${namespace}`)}`;
  return `${where} of ${roleRef.kind} ${JSON.stringify(roleRef.name)} to ${who}`;
}

const allowed: AccessDecision = Object.freeze({ allowed: true, reason: '' });

const missingText = (missing: readonly string[]): string => (missing.length === 1 ? (missing[0] ?? '') : `[${missing.join(', ')}]`);

const resourceRule = ({ verbs, apiGroups = [], resources = [], resourceNames = [] }: PolicyRule): JsonObject => ({
  verbs,
  apiGroups,
  resources,
  ...(resourceNames.length === 0 ? {} : { resourceNames }),
});

/**
 * Whether a subject of a binding names the user. `namespace` is that of the binding. Source:
 * pkg/registry/rbac/validation/rule.go (appliesToUser).
 */
function isSubject({ kind, name, namespace: own }: Subject, user: UserInfo, namespace: string): boolean {
  switch (kind) {
    case 'User':
      return user.name === name;
    case 'Group':
      return user.groups.includes(name);
    case 'ServiceAccount': {
      const home = own === undefined || own === '' ? namespace : own;
      return home !== '' && user.name === `${serviceAccountPrefix}${home}:${name}`;
    }
    default:
      return false;
  }
}

function allows(rule: PolicyRule, attributes: AccessAttributes): boolean {
  if (!includesOrAll(rule.verbs, attributes.verb)) return false;
  if (!attributes.isResourceRequest) return (rule.nonResourceURLs ?? []).some((url) => urlMatches(url, attributes.path));
  return (
    includesOrAll(rule.apiGroups ?? [], attributes.apiGroup) &&
    resourceMatches(rule.resources ?? [], attributes) &&
    nameMatches(rule.resourceNames ?? [], attributes.name)
  );
}

const includesOrAll = (list: readonly string[], wanted: string): boolean => list.includes('*') || list.includes(wanted);

function resourceMatches(resources: readonly string[], { resource, subresource }: AccessAttributes): boolean {
  const whole = subresource === '' ? resource : `${resource}/${subresource}`;
  return resources.some((rule) => rule === '*' || rule === whole || (subresource !== '' && rule === `*/${subresource}`));
}

const nameMatches = (names: readonly string[], name: string): boolean => names.length === 0 || names.includes(name);

const urlMatches = (url: string, path: string): boolean =>
  url === '*' || url === path || (url.endsWith('*') && path.startsWith(url.replace(/\*+$/, '')));
