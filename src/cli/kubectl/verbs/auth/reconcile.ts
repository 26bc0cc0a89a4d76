/**
 * `kubectl auth reconcile`: brings roles and bindings to at least what files say. Source: kubectl
 * pkg/cmd/auth/reconcile.go; component-helpers auth/rbac/reconciliation.
 *
 * Differs: what names no namespace is in that of the request. Upstream looks for a namespace without a name, and fails.
 */
import { deepEqual } from '../../../../api/deep-equal.ts';
import type { PolicyRule as TypedRule, Subject as TypedSubject } from '../../../../api/generated/rbac/v1.ts';
import type { JsonObject } from '../../../../api/json.ts';
import { uncovered } from '../../../../api/rule-cover.ts';
import { isAlreadyExists, isConflict, isNotFound, StatusError } from '../../../../api/status-error.ts';
import { CommandError, type KubectlCommand } from '../../command/command.ts';
import type { ApiObject, Session } from '../../command/session.ts';
import { outputFlags } from '../../output/output.ts';
import { resourcePath } from '../../resources/discovery.ts';
import { type Info, infoPath, visitInfos } from '../../resources/infos.ts';
import { dryRunFlag, dryRunOf, filenameFlags, requireFilename } from '../../writing/write-flags.ts';
import { Writer } from '../../writing/writing.ts';

const group = 'rbac.authorization.k8s.io';
const roleKinds = ['Role', 'ClusterRole'];
const bindingKinds = ['RoleBinding', 'ClusterRoleBinding'];
const optOut = 'rbac.authorization.kubernetes.io/autoupdate';
const attempts = 3;

type PolicyRule = TypedRule & JsonObject;
type Subject = TypedSubject & JsonObject;
type AggregationRule = JsonObject & { readonly clusterRoleSelectors?: readonly JsonObject[] };

/** A role or a binding, as files and the server write it. */
interface RbacObject extends ApiObject {
  readonly rules?: readonly PolicyRule[] | null;
  readonly aggregationRule?: AggregationRule;
  readonly subjects?: readonly Subject[];
  readonly roleRef?: JsonObject;
}

interface Result {
  readonly operation: 'none' | 'create' | 'update' | 'recreate';
  readonly object: RbacObject;
  readonly isProtected: boolean;
  readonly missingRules: readonly PolicyRule[];
  readonly extraRules: readonly PolicyRule[];
  readonly missingSubjects: readonly Subject[];
  readonly extraSubjects: readonly Subject[];
}

const nothing = { missingRules: [], extraRules: [], missingSubjects: [], extraSubjects: [] };

const isForbidden = (error: unknown): boolean => error instanceof StatusError && error.reason === 'Forbidden';

/** Rules are JSON: those that come out are made of the same lists. */
const lacking = (owned: readonly PolicyRule[], wanted: readonly PolicyRule[]): readonly PolicyRule[] =>
  uncovered(owned, wanted) as readonly PolicyRule[];

const rulesOf = ({ rules }: RbacObject): readonly PolicyRule[] => rules ?? [];

/** The existing object with the labels and annotations of the wanted one, which do not take the place of its own. */
function withMetadata(existing: RbacObject, expected: RbacObject): RbacObject {
  const merged = (name: 'labels' | 'annotations') => {
    const [wanted, own] = [expected.metadata?.[name], existing.metadata?.[name]];
    return wanted === undefined && own === undefined ? {} : { [name]: { ...wanted, ...own } };
  };
  return { ...existing, metadata: { ...existing.metadata, ...merged('labels'), ...merged('annotations') } };
}

const selectorsIn = (rule: AggregationRule | undefined) => rule?.clusterRoleSelectors ?? [];

/** The aggregation of the role that comes out; undefined for none. */
function aggregationOf(existing: RbacObject, expected: RbacObject, removesExtra: boolean): AggregationRule | undefined {
  const [own, wanted] = [existing.aggregationRule, expected.aggregationRule];
  if (wanted === undefined) return undefined;
  const [have, want] = [selectorsIn(own), selectorsIn(wanted)];
  const missing = want.filter((selector) => !have.some((one) => deepEqual(one, selector)));
  const extra = have.filter((selector) => !want.some((one) => deepEqual(one, selector)));
  if (removesExtra) return missing.length + extra.length > 0 ? wanted : own;
  return missing.length > 0 ? { clusterRoleSelectors: [...have, ...missing] } : own;
}

function reconciledRole(existing: RbacObject, expected: RbacObject, removesExtra: boolean): Result {
  const [have, want] = [rulesOf(existing), rulesOf(expected)];
  const aggregated = existing.aggregationRule !== undefined && expected.aggregationRule !== undefined;
  const missingRules = lacking(have, want);
  const extraRules = aggregated ? [] : lacking(want, have);
  const rules = removesExtra
    ? missingRules.length + extraRules.length > 0
      ? want
      : have
    : missingRules.length > 0
      ? [...have, ...missingRules]
      : have;
  const { aggregationRule: _, ...rest } = withMetadata(existing, expected);
  const aggregationRule = aggregationOf(existing, expected, removesExtra);
  const object = { ...rest, rules, ...(aggregationRule === undefined ? {} : { aggregationRule }) };
  return compared(existing, object, { ...nothing, missingRules, extraRules });
}

const without = (subjects: readonly Subject[], others: readonly Subject[]): readonly Subject[] =>
  subjects.filter((subject, i) => ![...others, ...subjects.slice(0, i)].some((one) => deepEqual(one, subject)));

function reconciledBinding(existing: RbacObject, expected: RbacObject, removesExtra: boolean): Result {
  if (!deepEqual(existing.roleRef, expected.roleRef)) {
    return { operation: 'recreate', object: expected, isProtected: isProtected(existing), ...nothing };
  }
  const [have, want] = [existing.subjects ?? [], expected.subjects ?? []];
  const [missingSubjects, extraSubjects] = [without(want, have), without(have, want)];
  const differ = missingSubjects.length + (removesExtra ? extraSubjects.length : 0) > 0;
  const subjects = !differ ? existing.subjects : removesExtra ? expected.subjects : [...have, ...missingSubjects];
  const { subjects: _, ...rest } = withMetadata(existing, expected);
  const object = { ...rest, ...(subjects === undefined ? {} : { subjects }) };
  return compared(existing, object, { ...nothing, missingSubjects, extraSubjects });
}

const isProtected = ({ metadata }: RbacObject): boolean => metadata?.annotations?.[optOut] === 'false';

function compared(
  existing: RbacObject,
  object: RbacObject,
  found: typeof nothing | Omit<Result, 'operation' | 'object' | 'isProtected'>,
): Result {
  const same = deepEqual({ ...object, rules: rulesOf(object) }, { ...existing, rules: rulesOf(existing) });
  return { operation: same ? 'none' : 'update', object, isProtected: isProtected(existing), ...found };
}

function created(expected: RbacObject): Result {
  const found = { ...nothing, missingRules: rulesOf(expected), missingSubjects: expected.subjects ?? [] };
  return { operation: 'create', object: expected, isProtected: false, ...found };
}

/** Makes the namespace, as far as the user may. */
async function ensureNamespace(session: Session, name: string): Promise<void> {
  try {
    await session.object({ method: 'GET', path: `/api/v1/namespaces/${name}` });
  } catch (error) {
    if (!isNotFound(error) && !isForbidden(error)) throw error;
    const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
    await session.object({ method: 'POST', path: '/api/v1/namespaces', body }).catch((refused: unknown) => {
      if (!isAlreadyExists(refused) && !isForbidden(refused)) throw refused;
    });
  }
}

/** What becomes of one object. Rejects with StatusError. */
class Reconciliation {
  readonly #session: Session;
  readonly #info: Info;
  readonly #changes: boolean;

  constructor(session: Session, info: Info, changes: boolean) {
    this.#session = session;
    this.#info = info;
    this.#changes = changes;
  }

  async run(): Promise<Result> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#attempt();
      } catch (error) {
        // Somebody else has made, changed or deleted it meanwhile.
        const again = isConflict(error) || isAlreadyExists(error) || (isNotFound(error) && attempt > 1);
        if (!again || attempt >= attempts) throw error;
      }
    }
  }

  async #attempt(): Promise<Result> {
    const existing = await this.#existing();
    const result = this.#compute(existing);
    if (result.isProtected || !this.#changes) return result;
    const { namespace } = this.#info;
    switch (result.operation) {
      case 'none':
        return result;
      case 'update':
        return { ...result, object: await this.#session.object({ method: 'PUT', path: infoPath(this.#info), body: result.object }) };
      case 'recreate':
        await this.#delete(existing);
        return { ...result, object: await this.#create(result.object) };
      case 'create':
        if (namespace !== '') await ensureNamespace(this.#session, namespace);
        return { ...result, object: await this.#create(result.object) };
    }
  }

  #create(body: RbacObject): Promise<ApiObject> {
    const { resource, namespace } = this.#info;
    return this.#session.object({ method: 'POST', path: resourcePath(resource, namespace), body });
  }

  async #delete(existing: RbacObject | undefined): Promise<void> {
    const preconditions = { uid: existing?.metadata?.uid };
    const body = { apiVersion: 'v1', kind: 'DeleteOptions', preconditions } as JsonObject;
    await this.#session.object({ method: 'DELETE', path: infoPath(this.#info), body }).catch((error: unknown) => {
      if (!isNotFound(error)) throw error;
    });
  }

  async #existing(): Promise<RbacObject | undefined> {
    try {
      return await this.#session.object({ method: 'GET', path: infoPath(this.#info) });
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  #compute(existing: RbacObject | undefined): Result {
    const { flags } = this.#session;
    const { object: expected, resource } = this.#info;
    if (existing === undefined) return created(expected);
    return roleKinds.includes(resource.kind)
      ? reconciledRole(existing, expected, flags.bool('remove-extra-permissions'))
      : reconciledBinding(existing, expected, flags.bool('remove-extra-subjects'));
  }
}

const list = (texts: readonly string[] | undefined): string => `[${(texts ?? []).join(' ')}]`;

/** As Go prints the structs. */
const subjectText = ({ kind, apiGroup = '', name, namespace = '' }: Subject): string =>
  `{Kind:${kind} APIGroup:${apiGroup} Name:${name} Namespace:${namespace}}`;
const ruleText = (rule: PolicyRule): string =>
  `{Verbs:${list(rule.verbs)} APIGroups:${list(rule.apiGroups)} Resources:${list(rule.resources)} ResourceNames:${list(rule.resourceNames)} NonResourceURLs:${list(rule.nonResourceURLs)}}`;

function report(session: Session, result: Result): void {
  const { flags } = session;
  const { operation, missingRules, extraRules, missingSubjects, extraSubjects } = result;
  if (operation === 'none') return;
  const caveat = result.isProtected ? `, but object opted out (${optOut}: false)` : '';
  session.err(`\treconciliation required ${operation}${caveat}\n`);
  const tell = (what: string, lines: readonly string[]): void => {
    if (lines.length > 0) session.err(`\t${what}:\n${lines.map((line) => `\t\t${line}\n`).join('')}`);
  };
  tell('missing subjects added', missingSubjects.map(subjectText));
  if (flags.bool('remove-extra-subjects')) tell('extra subjects removed', extraSubjects.map(subjectText));
  tell('missing rules added', missingRules.map(ruleText));
  if (flags.bool('remove-extra-permissions')) tell('extra rules removed', extraRules.map(ruleText));
}

export const authReconcile: KubectlCommand = {
  name: 'reconcile',
  summary: 'Reconciles rules for RBAC role, role binding, cluster role, and cluster role binding objects',
  usage: '-f FILENAME [options]',
  flags: [
    ...filenameFlags,
    ...outputFlags,
    dryRunFlag,
    { name: 'remove-extra-permissions', type: 'bool', help: 'If true, removes extra permissions added to roles' },
    { name: 'remove-extra-subjects', type: 'bool', help: 'If true, removes extra subjects added to rolebindings' },
  ],
  run: async (session, flags) => {
    requireFilename(flags);
    if (flags.args.length > 0) throw new CommandError('no arguments are allowed');
    if (dryRunOf(flags, (text) => session.err(text)) === 'server') {
      throw new CommandError('--dry-run=server for command reconcile is not supported yet');
    }
    const writer = new Writer(session, 'kubectl-auth');
    await visitInfos(session, [], {}, async (info) => {
      const { resource } = info;
      if (resource.group !== group || ![...roleKinds, ...bindingKinds].includes(resource.kind)) return;
      if (resource.version !== 'v1') {
        throw new CommandError(`only ${group}/v1 is supported: not *${resource.version}.${resource.kind}`);
      }
      const result = await new Reconciliation(session, info, writer.dryRun === 'none').run();
      writer.print('reconciled', info, result.object);
      report(session, result);
    });
    return 0;
  },
};
