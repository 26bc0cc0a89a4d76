/**
 * Which webhooks a request is for. Policies match by the same rules. Source: apiserver
 * pkg/admission/plugin/webhook/{generic/webhook.go,predicates}.
 */
import type { RuleWithOperations } from '../../../api/generated/admissionregistration/v1.ts';
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
  readonly rules: readonly RuleWithOperations[];
  readonly matchPolicy: string;
  readonly namespaceSelector: Selector;
  readonly objectSelector: Selector;
}

/**
 * The version in which the request matches; undefined when it does not. Throws StatusError (404) when rules match and
 * the namespace, whose labels are needed, does not exist.
 */
export function matchingVersion(matcher: Matcher, attributes: AdmissionAttributes, reader: ObjectReader): Served | undefined {
  const { object, oldObject, served, kind } = attributes;
  const selected = namespaceSelected(matcher.namespaceSelector, attributes, reader);
  if (selected === false) return undefined;
  const { objectSelector } = matcher;
  if (!objectSelector.empty && !selects(objectSelector, object) && !selects(objectSelector, oldObject)) return undefined;
  const matches = matcher.rules.some((rule) => ruleMatches(rule, attributes, served));
  const found = matches ? served : matcher.matchPolicy === 'Equivalent' ? equivalent(kind, matcher.rules, attributes) : undefined;
  if (found !== undefined && selected === undefined) {
    throw statusErrors.notFound({ group: '', resource: 'namespaces' }, attributes.namespace);
  }
  return found;
}

/** The first rule that matches another version of the resource decides. */
function equivalent(kind: AnyKind, rules: readonly RuleWithOperations[], attributes: AdmissionAttributes): Served | undefined {
  for (const rule of rules) {
    const found = servedVersions(kind).find((version) => ruleMatches(rule, attributes, version));
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
function ruleMatches(rule: RuleWithOperations, attributes: AdmissionAttributes, { group, version }: Served): boolean {
  const { operation, kind, subresource } = attributes;
  return (
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
