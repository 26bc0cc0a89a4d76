/** What is wrong with a FlowSchema. Source: pkg/apis/flowcontrol/validation/validation.go. */
import { deepEqual } from '../../../deep-equal.ts';
import { type FieldError, type FieldPath, fieldErrors } from '../../../field-error.ts';
import type {
  FlowSchema,
  NonResourcePolicyRule,
  PolicyRulesWithSubjects,
  ResourcePolicyRule,
  ServiceAccountSubject,
  Subject,
} from '../../../generated/flowcontrol/v1.ts';
import { internalForm } from '../../../internal-form/internal-form.ts';
import { isDns1123Label } from '../../../names.ts';
import { dnsLabel, dnsSubdomain, type Errors, requiredText } from '../../../validation/common.ts';
import { mandatoryFlowSchemas } from '../bootstrap-objects.ts';

const maxPrecedence = 10_000;
const verbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'proxy', 'update', 'watch'];
const methods = ['ByNamespace', 'ByUser'];
const subjectKinds = ['Group', 'ServiceAccount', 'User'];
const subjectFields = { Group: 'group', ServiceAccount: 'serviceAccount', User: 'user' } as const;

/** What upstream does not decode stays absent here; both are empty lists. */
const listOf = (list: readonly string[] | undefined | null): readonly string[] => list ?? [];

function verbErrors(given: readonly string[], at: FieldPath): Errors {
  if (given.length === 0) return [fieldErrors.required(at, 'verbs must contain at least one value')];
  if (given.includes('*')) {
    return given.length > 1 ? [fieldErrors.invalid(at, given, "if '*' is present, must not specify other verbs")] : [];
  }
  return given.every((verb) => verbs.includes(verb)) ? [] : [fieldErrors.notSupported(at, given, verbs)];
}

/** A list that is a wildcard alone, or has none. */
function wildcardErrors(given: readonly string[], what: string, missing: string, at: FieldPath): Errors {
  if (given.length === 0) return [fieldErrors.required(at, missing)];
  return given.length > 1 && given.includes('*')
    ? [fieldErrors.invalid(at, given, `if '*' is present, must not specify other ${what}`)]
    : [];
}

function urlErrors(path: string, at: FieldPath): Errors {
  const invalid = (detail: string): Errors => [fieldErrors.invalid(at, path, detail)];
  if (path === '') return invalid('must not be empty');
  if (path === '/') return [];
  if (!path.startsWith('/')) return invalid('must start with slash');
  if (path.includes(' ')) return invalid('must not contain white-space');
  if (path.includes('//')) return invalid('must not contain double slash');
  const wildcards = path.split('*').length - 1;
  return wildcards > 1 || (wildcards === 1 && !path.endsWith('/*')) ? invalid('wildcard can only do suffix matching') : [];
}

function nonResourceErrors(rule: NonResourcePolicyRule, at: FieldPath): Errors {
  const urls = listOf(rule.nonResourceURLs);
  const here = at.field('nonResourceURLs');
  const wild = wildcardErrors(urls, 'non-resource URLs', 'nonResourceURLs must contain at least one value', here);
  return [
    ...verbErrors(listOf(rule.verbs), at.field('verbs')),
    ...wild,
    ...(urls.includes('*') ? [] : urls.flatMap((url, i) => urlErrors(url, here.index(i)))),
  ];
}

function namespaceErrors(namespaces: readonly string[], clusterScope: boolean, at: FieldPath): Errors {
  if (namespaces.length === 0 && !clusterScope) {
    return [fieldErrors.required(at, 'resource rules that are not cluster scoped must supply at least one namespace')];
  }
  if (namespaces.includes('*')) {
    return namespaces.length > 1 ? [fieldErrors.invalid(at, namespaces, "if '*' is present, must not specify other namespaces")] : [];
  }
  return namespaces.flatMap((name, i) =>
    isDns1123Label(name).map((text) =>
      fieldErrors.invalid(at.index(i), name, `each member of this list must be '*' or a DNS-1123 label; ${text}`),
    ),
  );
}

const resourceErrors = (rule: ResourcePolicyRule, at: FieldPath): Errors => [
  ...verbErrors(listOf(rule.verbs), at.field('verbs')),
  ...wildcardErrors(listOf(rule.apiGroups), 'api groups', 'resource rules must supply at least one api group', at.field('apiGroups')),
  ...wildcardErrors(listOf(rule.resources), 'resources', 'resource rules must supply at least one resource', at.field('resources')),
  ...namespaceErrors(listOf(rule.namespaces), rule.clusterScope ?? false, at.field('namespaces')),
];

function accountErrors({ name, namespace }: ServiceAccountSubject, at: FieldPath): Errors {
  return [
    ...(name === '' ? [fieldErrors.required(at.field('name'))] : name === '*' ? [] : dnsSubdomain(name, at.field('name'))),
    ...(namespace === ''
      ? [fieldErrors.required(at.field('namespace'), 'must specify namespace for service account')]
      : dnsLabel(namespace, at.field('namespace'))),
  ];
}

function subjectErrors(subject: Subject, at: FieldPath): Errors {
  const { kind } = subject;
  if (kind !== 'Group' && kind !== 'User' && kind !== 'ServiceAccount') {
    return [fieldErrors.notSupported(at.field('kind'), kind, subjectKinds)];
  }
  const own = subjectFields[kind];
  const errors: FieldError[] = [];
  if (subject[own] === undefined) errors.push(fieldErrors.required(at.field(own), `${own} is required when subject kind is '${kind}'`));
  else if (kind === 'ServiceAccount')
    errors.push(...(subject.serviceAccount === undefined ? [] : accountErrors(subject.serviceAccount, at.field(own))));
  else errors.push(...requiredText(subject[own]?.name, at.field(own, 'name')));
  for (const other of ['ServiceAccount', 'User', 'Group'] as const) {
    const field = subjectFields[other];
    if (other !== kind && subject[field] !== undefined) {
      errors.push(fieldErrors.forbidden(at.field(field), `${field} is forbidden when subject kind is not '${other}'`));
    }
  }
  return errors;
}

function ruleErrors({ subjects, resourceRules = [], nonResourceRules = [] }: PolicyRulesWithSubjects, at: FieldPath): Errors {
  const given = subjects ?? [];
  return [
    ...(given.length === 0 ? [fieldErrors.required(at.field('subjects'), 'subjects must contain at least one value')] : []),
    ...given.flatMap((subject, i) => subjectErrors(subject, at.field('subjects').index(i))),
    ...(resourceRules.length + nonResourceRules.length === 0
      ? [fieldErrors.required(at, 'at least one of resourceRules and nonResourceRules has to be non-empty')]
      : []),
    ...resourceRules.flatMap((rule, i) => resourceErrors(rule, at.field('resourceRules').index(i))),
    ...nonResourceRules.flatMap((rule, i) => nonResourceErrors(rule, at.field('nonResourceRules').index(i))),
  ];
}

/** Each condition has a type, and no two have the same. */
export function conditionErrors(conditions: readonly { readonly type?: string | undefined }[] | undefined, at: FieldPath): Errors {
  const seen = new Set<string>();
  return (conditions ?? []).flatMap(({ type = '' }, i) => {
    const here = at.index(i).field('type');
    const repeated = seen.has(type);
    seen.add(type);
    return [...(repeated ? [fieldErrors.duplicate(here, type)] : []), ...requiredText(type, here)];
  });
}

function precedenceErrors(precedence: number, name: string, at: FieldPath): Errors {
  const errors: FieldError[] = [];
  if (precedence <= 0) errors.push(fieldErrors.invalid(at, precedence, 'must be a positive value'));
  if (precedence > maxPrecedence) errors.push(fieldErrors.invalid(at, precedence, `must not be greater than ${maxPrecedence}`));
  if (precedence === 1 && name !== 'exempt') {
    errors.push(fieldErrors.invalid(at, precedence, "only the schema named 'exempt' may have matchingPrecedence 1"));
  }
  return errors;
}

export function flowSchemaErrors({ metadata, spec, status }: FlowSchema, at: FieldPath): Errors {
  const here = at.field('spec');
  const { distinguisherMethod: method, priorityLevelConfiguration: level } = spec;
  const levelAt = here.field('priorityLevelConfiguration', 'name');
  const fixed = Object.hasOwn(mandatoryFlowSchemas, metadata.name ?? '') ? mandatoryFlowSchemas[metadata.name] : undefined;
  return [
    ...precedenceErrors(spec.matchingPrecedence, metadata.name, here.field('matchingPrecedence')),
    ...(method === undefined || methods.includes(method.type)
      ? []
      : [fieldErrors.notSupported(here.field('distinguisherMethod', 'type'), { Type: method.type }, methods)]),
    ...(level.name === '' ? [fieldErrors.required(levelAt, 'must reference a priority level')] : dnsSubdomain(level.name, levelAt)),
    ...(spec.rules ?? []).flatMap((rule, i) => ruleErrors(rule, here.field('rules').index(i))),
    ...(fixed === undefined || deepEqual(spec, fixed)
      ? []
      : [fieldErrors.invalid(here, internalForm('FlowSchemaSpec', spec), `spec of '${metadata.name}' must equal the fixed value`)]),
    ...conditionErrors(status.conditions, at.field('status', 'conditions')),
  ];
}
