/**
 * The audit policy: how much is recorded of which requests. Source: apiserver pkg/audit/policy/{checker,reader}.go,
 * pkg/apis/audit/validation/validation.go.
 */
import { isObject, type JsonValue } from '../../../api/json.ts';
import { yamlToJson } from '../../../api/yaml/yaml-to-json.ts';
import type { AuthorizationAttributes } from '../ports.ts';

export const auditLevels = ['None', 'Metadata', 'Request', 'RequestResponse'] as const;
export type AuditLevel = (typeof auditLevels)[number];

export const auditStages = ['RequestReceived', 'ResponseStarted', 'ResponseComplete', 'Panic'] as const;
export type AuditStage = (typeof auditStages)[number];

/** What is recorded of one request. */
export interface AuditVerdict {
  readonly level: AuditLevel;
  readonly omitStages: readonly AuditStage[];
  readonly omitManagedFields: boolean;
}

interface GroupResources {
  readonly group: string;
  readonly resources: readonly string[];
  readonly resourceNames: readonly string[];
}

interface AuditRule extends AuditVerdict {
  readonly users: readonly string[];
  readonly userGroups: readonly string[];
  readonly verbs: readonly string[];
  readonly namespaces: readonly string[];
  readonly nonResourceURLs: readonly string[];
  readonly resources: readonly GroupResources[];
}

/** Thrown when a text is no audit policy; the message says why. */
export class AuditPolicyError extends Error {}

const listOf = (value: JsonValue | undefined): readonly JsonValue[] => (Array.isArray(value) ? value : []);
const textsOf = (value: JsonValue | undefined): readonly string[] => listOf(value).map(String);

const asOne = <T extends string>(value: JsonValue, of: readonly T[], at: string): T => {
  const found = of.find((one) => one === value);
  if (found !== undefined) return found;
  const supported = of.map((one) => JSON.stringify(one)).join(', ');
  throw new AuditPolicyError(`${at}: Unsupported value: ${JSON.stringify(value)}: supported values: ${supported}`);
};

function stagesOf(value: JsonValue | undefined, at: string): readonly AuditStage[] {
  return listOf(value).map((stage, i) => asOne(stage, auditStages, `${at}.omitStages[${i}]`));
}

function ruleOf(value: JsonValue, index: number, policy: Pick<AuditVerdict, 'omitStages' | 'omitManagedFields'>): AuditRule {
  const at = `rules[${index}]`;
  if (!isObject(value)) throw new AuditPolicyError(`${at}: Invalid value: must be an object`);
  const rule = {
    level: asOne(value.level ?? '', auditLevels, `${at}.level`),
    omitStages: [...new Set([...policy.omitStages, ...stagesOf(value.omitStages, at)])],
    omitManagedFields: typeof value.omitManagedFields === 'boolean' ? value.omitManagedFields : policy.omitManagedFields,
    users: textsOf(value.users),
    userGroups: textsOf(value.userGroups),
    verbs: textsOf(value.verbs),
    namespaces: textsOf(value.namespaces),
    nonResourceURLs: textsOf(value.nonResourceURLs),
    resources: listOf(value.resources).filter(isObject).map(groupResourcesOf),
  };
  if (rule.nonResourceURLs.length > 0 && rule.resources.length + rule.namespaces.length > 0) {
    throw new AuditPolicyError(`${at}.nonResourceURLs: Invalid value: rules cannot apply to both regular resources and non-resource URLs`);
  }
  return rule;
}

const groupResourcesOf = (value: { readonly [member: string]: JsonValue | undefined }): GroupResources => ({
  group: String(value.group ?? ''),
  resources: textsOf(value.resources),
  resourceNames: textsOf(value.resourceNames),
});

const apiVersion = 'audit.k8s.io/v1';

export class AuditPolicy {
  readonly #rules: readonly AuditRule[];

  constructor(rules: readonly AuditRule[]) {
    this.#rules = rules;
  }

  /** Reads a policy from YAML or JSON. Throws AuditPolicyError or YamlError. */
  static parse(text: string): AuditPolicy {
    const { json } = yamlToJson(text);
    if (!isObject(json) || json.apiVersion !== apiVersion || json.kind !== 'Policy') {
      throw new AuditPolicyError(`not a Policy of ${apiVersion}`);
    }
    const rules = listOf(json.rules);
    if (rules.length === 0) throw new AuditPolicyError('the policy has no rules');
    const common = { omitStages: stagesOf(json.omitStages, 'policy'), omitManagedFields: json.omitManagedFields === true };
    return new AuditPolicy(rules.map((rule, i) => ruleOf(rule, i, common)));
  }

  /** What is recorded of a request: what the first rule that matches says, nothing when none does. */
  verdict(attributes: AuthorizationAttributes): AuditVerdict {
    return this.#rules.find((rule) => matches(rule, attributes)) ?? nothing;
  }
}

const nothing: AuditVerdict = Object.freeze({ level: 'None', omitStages: [], omitManagedFields: false });

/** Records every request without bodies, once it is answered. Differs: upstream records nothing without a policy. */
export const metadataPolicy = new AuditPolicy([
  {
    ...{ level: 'Metadata', omitStages: ['RequestReceived'], omitManagedFields: false },
    ...{ users: [], userGroups: [], verbs: [], namespaces: [], nonResourceURLs: [], resources: [] },
  },
]);

function matches(rule: AuditRule, { user, verb, ...attributes }: AuthorizationAttributes): boolean {
  if (rule.users.length > 0 && !rule.users.includes(user.name)) return false;
  if (rule.userGroups.length > 0 && !rule.userGroups.some((group) => user.groups.includes(group))) return false;
  if (rule.verbs.length > 0 && !rule.verbs.includes(verb)) return false;
  if (rule.namespaces.length > 0 || rule.resources.length > 0) return matchesResource(rule, attributes);
  if (rule.nonResourceURLs.length === 0) return true;
  return !attributes.isResourceRequest && rule.nonResourceURLs.some((url) => matchesPath(url, attributes.path));
}

const matchesPath = (url: string, path: string): boolean =>
  url === '*' || url === path || (url.endsWith('*') && path.startsWith(url.replace(/\*+$/, '')));

function matchesResource(rule: AuditRule, attributes: Omit<AuthorizationAttributes, 'user' | 'verb'>): boolean {
  const { isResourceRequest, namespace, apiGroup, resource, subresource, name } = attributes;
  if (!isResourceRequest || (rule.namespaces.length > 0 && !rule.namespaces.includes(namespace))) return false;
  if (rule.resources.length === 0) return true;
  const whole = subresource === '' ? resource : `${resource}/${subresource}`;
  return rule.resources.some(({ group, resources, resourceNames }) => {
    if (group !== apiGroup && group !== '*') return false;
    if (resources.length === 0) return true;
    if (resourceNames.length > 0 && !resourceNames.includes(name)) return false;
    return resources.some(
      (one) =>
        one === '*' ||
        one === whole ||
        (subresource !== '' && one === `*/${subresource}`) ||
        (one.endsWith('/*') && one === `${resource}/*`),
    );
  });
}
