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
  /** The same array until a binding changes, because the index of its subjects is kept as long as the array. */
  clusterRoleBindings(): readonly Binding[];
  /** See `clusterRoleBindings`. */
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
  /** Of a list or watch, as the request gives it. */
  readonly fieldSelector?: string | undefined;
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
  readonly #indexes = new WeakMap<readonly Binding[], SubjectIndex>();

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
    const missing: RoleRef[] = [];
    for (const { rules, source } of this.#rulesOf(user, namespace, missing)) {
      if (rules.some((rule) => ruleAllows(rule, attributes))) return { allowed: true, reason: `RBAC: allowed by ${source()}` };
    }
    return { allowed: false, reason: missing.length === 0 ? '' : `RBAC: ${missingText(missing)}` };
  }

  /**
   * The rules that bindings give to a user in a namespace ('': everywhere), and the roles that are bound but do not
   * exist.
   */
  heldRules(user: UserInfo, namespace: string): { readonly rules: readonly PolicyRule[]; readonly missing: readonly RoleRef[] } {
    const missing: RoleRef[] = [];
    const rules = [...this.#rulesOf(user, namespace, missing)].flatMap((given) => given.rules);
    return { rules, missing };
  }

  /** The rules of a role as a binding in `namespace` refers to it; undefined when there is no such role. */
  rulesOfRole({ kind, name }: RoleRef, namespace: string): readonly PolicyRule[] | undefined {
    return kind === 'Role' ? this.#source.role(namespace, name) : this.#source.clusterRole(name);
  }

  /** Everything that bindings let a user do in a namespace, as SelfSubjectRulesReview lists it. */
  rulesFor(user: UserInfo, namespace: string): UserRules {
    const { rules, missing } = this.heldRules(user, namespace);
    return {
      resourceRules: rules.filter(({ resources = [] }) => resources.length > 0).map(resourceRule),
      nonResourceRules: rules
        .filter(({ nonResourceURLs = [] }) => nonResourceURLs.length > 0)
        .map(({ verbs, nonResourceURLs = [] }) => ({ verbs, nonResourceURLs })),
      incomplete: false,
      evaluationError: missing.length === 0 ? '' : missingText(missing),
    };
  }

  /**
   * The rules of each role that is bound to the user, cluster-wide ones first. Records roles that are bound but do not
   * exist.
   */
  *#rulesOf(user: UserInfo, namespace: string, missing: RoleRef[]): Generator<Given> {
    yield* this.#rulesIn('', this.#source.clusterRoleBindings(), user, missing);
    if (namespace !== '') yield* this.#rulesIn(namespace, this.#source.roleBindings(namespace), user, missing);
  }

  *#rulesIn(namespace: string, bindings: readonly Binding[], user: UserInfo, missing: RoleRef[]): Generator<Given> {
    if (bindings.length === 0) return;
    let index = this.#indexes.get(bindings);
    if (index === undefined) {
      index = new SubjectIndex(bindings, namespace);
      this.#indexes.set(bindings, index);
    }
    for (const { binding, subject } of index.bound(user)) {
      const rules = this.rulesOfRole(binding.roleRef, namespace);
      if (rules === undefined) missing.push(binding.roleRef);
      else yield { rules, source: () => describeBinding(binding, subject, namespace) };
    }
  }
}

/** The rules of a role that is bound to a user, and the binding. */
interface Given {
  readonly rules: readonly PolicyRule[];
  source(): string;
}

/** A binding by one of its subjects. */
interface Bound {
  readonly binding: Binding;
  readonly subject: Subject;
  /** Positions of the binding in its list, and of the subject in the binding. */
  readonly position: number;
  readonly subjectPosition: number;
}

/**
 * Finds the bindings of a user without reading them all. Source: pkg/registry/rbac/validation/rule.go (appliesToUser),
 * which compares the user with each subject.
 */
class SubjectIndex {
  readonly #bySubject = new Map<string, Bound[]>();

  /** `namespace` is that of the bindings; '' for cluster-wide ones. */
  constructor(bindings: readonly Binding[], namespace: string) {
    for (const [position, binding] of bindings.entries()) {
      for (const [subjectPosition, subject] of binding.subjects.entries()) {
        const key = subjectKey(subject, namespace);
        if (key === undefined) continue;
        const known = this.#bySubject.get(key);
        const bound = { binding, subject, position, subjectPosition };
        if (known === undefined) this.#bySubject.set(key, [bound]);
        else known.push(bound);
      }
    }
  }

  /** The bindings that name the user, in their order, each with the first subject that does. */
  bound(user: UserInfo): readonly Bound[] {
    const found = [...(this.#bySubject.get(userKey(user.name)) ?? [])];
    for (const group of user.groups) found.push(...(this.#bySubject.get(groupKey(group)) ?? []));
    if (found.length < 2) return found;
    found.sort((a, b) => a.position - b.position || a.subjectPosition - b.subjectPosition);
    return found.filter(({ position }, i) => position !== found[i - 1]?.position);
  }
}

const userKey = (name: string): string => `u/${name}`;
const groupKey = (name: string): string => `g/${name}`;

/** Undefined for a subject that names nobody. */
function subjectKey({ kind, name, namespace: own }: Subject, namespace: string): string | undefined {
  switch (kind) {
    case 'User':
      return userKey(name);
    case 'Group':
      return groupKey(name);
    case 'ServiceAccount': {
      const home = own === undefined || own === '' ? namespace : own;
      return home === '' ? undefined : userKey(`${serviceAccountPrefix}${home}:${name}`);
    }
    default:
      return undefined;
  }
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

/** Roles that are not there, as Go prints several errors at once. `plural`: as the API says it, not the caches. */
export function missingText(missing: readonly RoleRef[], plural = false): string {
  const texts = missing.map(
    ({ kind, name }) => `${kind.toLowerCase()}${plural ? 's' : ''}.rbac.authorization.k8s.io ${JSON.stringify(name)} not found`,
  );
  const unique = [...new Set(texts)];
  return unique.length === 1 ? (unique[0] ?? '') : `[${unique.join(', ')}]`;
}

const resourceRule = ({ verbs, apiGroups = [], resources = [], resourceNames = [] }: PolicyRule): JsonObject => ({
  verbs,
  apiGroups,
  resources,
  ...(resourceNames.length === 0 ? {} : { resourceNames }),
});

/** Whether a rule allows a request. */
export function ruleAllows(rule: PolicyRule, attributes: AccessAttributes): boolean {
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
