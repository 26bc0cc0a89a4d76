/**
 * Which webhooks a request is for. Policies match by the same rules. Source: apiserver
 * pkg/admission/plugin/webhook/{generic/webhook.go,predicates}.
 */
import type { NamedRuleWithOperations } from '../../../api/generated/admissionregistration/v1.ts';
import type { AnyKind } from '../../../api/kind.ts';
import type { Selector } from '../../../api/selector.ts';
import { statusErrors } from '../../../api/status-error.ts';
import { servedVersions } from '../../registry/kind-set.ts';
import type { AdmissionAttributes, AdmissionObject } from '../admission.ts';
import type { ObjectReader } from '../object-reader.ts';

/** A group and version in which a resource is served. */
export interface Served {
  readonly group: string;
  readonly version: string;
}

export interface Matcher {
  /** Those of policies may name objects. */
  readonly rules: readonly NamedRuleWithOperations[];
  /** What is left out of what the rules match. Default: nothing. */
  readonly except?: readonly NamedRuleWithOperations[];
  /** True: no rules are for everything. Default: false, they are for nothing. */
  readonly allWithoutRules?: boolean;
  readonly matchPolicy: string;
  readonly namespaceSelector: Selector;
  readonly objectSelector: Selector;
}

/**
 * The version in which the request matches; undefined when it does not. Throws StatusError (404) when rules match and
 * the namespace, whose labels are needed, does not exist.
 */
export function matchingVersion(matcher: Matcher, attributes: AdmissionAttributes, reader: ObjectReader): Served | undefined {
  const { object, oldObject } = attributes;
  const selected = namespaceSelected(matcher.namespaceSelector, attributes, reader);
  if (selected === false) return undefined;
  const { objectSelector } = matcher;
  if (!objectSelector.empty && !selects(objectSelector, object) && !selects(objectSelector, oldObject)) return undefined;
  if (matcher.except !== undefined && versionByRules(matcher.except, matcher.matchPolicy, attributes) !== undefined) return undefined;
  const all = matcher.allWithoutRules === true && matcher.rules.length === 0;
  const found = all ? attributes.served : versionByRules(matcher.rules, matcher.matchPolicy, attributes);
  if (found !== undefined && selected === undefined) {
    throw statusErrors.notFound({ group: '', resource: 'namespaces' }, attributes.namespace);
  }
  return found;
}

/** The version in which one of the rules matches. */
function versionByRules(
  rules: readonly NamedRuleWithOperations[],
  matchPolicy: string,
  attributes: AdmissionAttributes,
): Served | undefined {
  const { served, kind } = attributes;
  if (rules.some((rule) => ruleMatches(rule, attributes, served))) return served;
  return matchPolicy === 'Equivalent' ? equivalent(kind, rules, attributes) : undefined;
}

/**
 * The first rule that matches another version of the resource decides. Source: apiserver
 * pkg/admission/plugin/webhook/generic/webhook.go (ShouldCallHook), apimachinery runtime/mapper.go.
 */
function equivalent(kind: AnyKind, rules: readonly NamedRuleWithOperations[], attributes: AdmissionAttributes): Served | undefined {
  const versions = (kind.allVersions?.() ?? [kind]).flatMap(servedVersions);
  for (const rule of rules) {
    const found = versions.find((version) => ruleMatches(rule, attributes, version));
    if (found !== undefined) return found;
  }
  return undefined;
}

const selects = (selector: Selector, object: AdmissionObject | undefined): boolean =>
  object?.metadata !== undefined && selector.matches(object.metadata.labels);

/**
 * Whether the namespace is selected; undefined when it does not exist. What has no namespace is always selected, but
 * for namespaces themselves, whose own labels count.
 */
function namespaceSelected(selector: Selector, attributes: AdmissionAttributes, reader: ObjectReader): boolean | undefined {
  const { kind, namespace, subresource, operation, object } = attributes;
  const isNamespace = kind.plural === 'namespaces';
  if (selector.empty || (namespace === '' && !isNamespace)) return true;
  if (isNamespace && subresource === '' && (operation === 'CREATE' || operation === 'UPDATE')) {
    return selector.matches(object?.metadata?.labels);
  }
  const stored = reader.get('namespaces', '', namespace);
  return stored === undefined ? undefined : selector.matches(stored.metadata.labels);
}

const holds = (items: readonly string[] | undefined, wanted: string): boolean =>
  items?.some((item) => item === '*' || item === wanted) ?? false;

/** Whether a rule is for the request, if it had been made in the given version. */
function ruleMatches(rule: NamedRuleWithOperations, attributes: AdmissionAttributes, { group, version }: Served): boolean {
  const { operation, kind, subresource, name } = attributes;
  const names = rule.resourceNames ?? [];
  return (
    (names.length === 0 || names.includes(name)) &&
    scopeMatches(rule.scope ?? '*', attributes) &&
    holds(rule.operations, operation) &&
    holds(rule.apiGroups, group) &&
    holds(rule.apiVersions, version) &&
    (rule.resources ?? []).some((text) => {
      const [resource = '', sub = ''] = text.split(/\/(.*)/s);
      return (resource === '*' || resource === kind.plural) && (sub === '*' || sub === subresource);
    })
  );
}

function scopeMatches(scope: string, { kind, namespace }: AdmissionAttributes): boolean {
  if (scope === '*') return true;
  const cluster = kind.resourceName === 'namespaces' || namespace === '';
  return scope === 'Cluster' ? cluster : scope === 'Namespaced' && !cluster;
}
