/**
 * Says to which flow schema and priority level a request belongs, as the headers of answers tell clients. Differs:
 * requests are not queued, since one machine serves few clients, and the server's memory is bounded otherwise. Source:
 * apiserver pkg/util/flowcontrol/{apf_controller,rule}.go.
 */
import type {
  FlowSchema,
  NonResourcePolicyRule,
  PolicyRulesWithSubjects,
  ResourcePolicyRule,
  Subject,
} from '../../api/generated/flowcontrol/v1.ts';
import type { UserInfo } from '../../api/requests.ts';
import { type Store, storeKey, storePrefix } from '../store/store.ts';

const schemas = storePrefix('flowschemas.flowcontrol.apiserver.k8s.io');
const levels = 'prioritylevelconfigurations.flowcontrol.apiserver.k8s.io';

/** The parts of a request that decide. */
export interface ClassifiedRequest {
  readonly isResourceRequest: boolean;
  readonly verb: string;
  readonly path: string;
  readonly apiGroup: string;
  readonly namespace: string;
  readonly resource: string;
  readonly subresource: string;
}

/** The names and uids of the schema and of its level. */
export interface FlowClass {
  readonly flowSchema: string;
  readonly priorityLevel: string;
  readonly flowSchemaUid: string;
  readonly priorityLevelUid: string;
}

interface Ranked extends FlowClass {
  readonly rules: readonly PolicyRulesWithSubjects[];
}

const accountPrefix = 'system:serviceaccount:';

function matchesSubject({ kind, user, group, serviceAccount }: Subject, { name, groups }: UserInfo): boolean {
  if (kind === 'User') return user?.name === '*' || user?.name === name;
  if (kind === 'Group') return group?.name === '*' || groups.includes(group?.name ?? '');
  if (serviceAccount === undefined || !name.startsWith(accountPrefix)) return false;
  const [namespace, account] = name.slice(accountPrefix.length).split(':');
  return serviceAccount.namespace === namespace && (serviceAccount.name === '*' || serviceAccount.name === account);
}

const includes = (list: readonly string[] | null | undefined, value: string): boolean =>
  list?.[0] === '*' || list?.includes(value) === true;

function matchesResource(rule: ResourcePolicyRule, request: ClassifiedRequest): boolean {
  const resource = request.subresource === '' ? request.resource : `${request.resource}/${request.subresource}`;
  if (!includes(rule.verbs, request.verb) || !includes(rule.apiGroups, request.apiGroup) || !includes(rule.resources, resource))
    return false;
  return request.namespace === '' ? rule.clusterScope === true : includes(rule.namespaces, request.namespace);
}

function matchesPath({ verbs, nonResourceURLs }: NonResourcePolicyRule, { verb, path }: ClassifiedRequest): boolean {
  if (!includes(verbs, verb)) return false;
  return nonResourceURLs.some((url) => url === '*' || url === path || (url.endsWith('/*') && path.startsWith(url.slice(0, -1))));
}

function matches(
  { subjects, resourceRules, nonResourceRules }: PolicyRulesWithSubjects,
  user: UserInfo,
  request: ClassifiedRequest,
): boolean {
  if (!subjects.some((subject) => matchesSubject(subject, user))) return false;
  return request.isResourceRequest
    ? resourceRules?.some((rule) => matchesResource(rule, request)) === true
    : nonResourceRules?.some((rule) => matchesPath(rule, request)) === true;
}

export class FlowClassifier {
  readonly #store: Store;
  #ranked: readonly Ranked[] | undefined;

  constructor(store: Store) {
    this.#store = store;
    const forget = (): void => {
      this.#ranked = undefined;
    };
    store.watch(schemas, store.revision, forget);
    store.watch(storePrefix(levels), store.revision, forget);
  }

  /** The class of a request; undefined when no schema matches, as while a cluster is being set up. */
  classify(user: UserInfo, request: ClassifiedRequest): FlowClass | undefined {
    this.#ranked ??= this.#rank();
    return this.#ranked.find(({ rules }) => rules.some((rule) => matches(rule, user, request)));
  }

  /** By precedence, then by name, as upstream; schemas whose level is missing match nothing. */
  #rank(): readonly Ranked[] {
    // Only FlowSchemas are stored under this prefix, in the order of their names.
    const all = this.#store.list(schemas).entries.map(({ object }) => object as FlowSchema);
    return all
      .toSorted((a, b) => a.spec.matchingPrecedence - b.spec.matchingPrecedence)
      .flatMap(({ metadata, spec }) => {
        const level = this.#store.get(storeKey(levels, '', spec.priorityLevelConfiguration.name));
        if (level === undefined) return [];
        const names = { flowSchema: metadata.name, priorityLevel: level.object.metadata.name };
        return [{ ...names, flowSchemaUid: metadata.uid, priorityLevelUid: level.object.metadata.uid, rules: spec.rules ?? [] }];
      });
  }
}
