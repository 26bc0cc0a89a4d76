/**
 * `kubectl create role|clusterrole|rolebinding|clusterrolebinding`. Source: kubectl
 * pkg/cmd/create/create_{role,clusterrole,rolebinding,clusterrolebinding}.go.
 */
import type { JsonObject } from '../../../../api/json.ts';
import { CommandError, type KubectlCommand, PlainError } from '../../command/command.ts';
import type { FlagSpec, Flags } from '../../command/flags.ts';
import type { Session } from '../../command/session.ts';
import type { Discovery } from '../../resources/discovery.ts';
import { createObject, generatorCommand, generatorFlags } from '../../writing/generator.ts';
import { nameArgument } from '../../writing/writing.ts';

const rbac = 'rbac.authorization.k8s.io';
const apiVersion = `${rbac}/v1`;

const resourceVerbs = [
  '*',
  'get',
  'delete',
  'list',
  'create',
  'update',
  'patch',
  'watch',
  'proxy',
  'deletecollection',
  'use',
  'bind',
  'escalate',
  'impersonate',
];
const urlVerbs = ['*', 'get', 'post', 'put', 'delete', 'patch', 'head', 'options'];

/** Verbs that exist only for particular resources. */
const specialVerbs: Readonly<Record<string, readonly string[]>> = {
  use: ['podsecuritypolicies.policy', 'podsecuritypolicies.extensions'],
  bind: [`roles.${rbac}`, `clusterroles.${rbac}`],
  escalate: [`roles.${rbac}`, `clusterroles.${rbac}`],
  impersonate: ['users', 'serviceaccounts', 'groups', 'uids.authentication.k8s.io', 'userextras.authentication.k8s.io'],
};

interface RuleResource {
  readonly group: string;
  readonly resource: string;
  readonly subresource: string;
}

const unique = (texts: readonly string[]): readonly string[] => [...new Set(texts)];

/** `pods`, `deployments.apps/scale`; a lone `*` stands for everything. */
function ruleResources(texts: readonly string[]): readonly RuleResource[] {
  const found: RuleResource[] = [];
  for (const text of texts) {
    const slash = text.indexOf('/');
    const [path, subresource] = slash === -1 ? [text, ''] : [text.slice(0, slash), text.slice(slash + 1)];
    const dot = path.indexOf('.');
    const [resource, group] = dot === -1 ? [path, ''] : [path.slice(0, dot), path.slice(dot + 1)];
    if (text === '*') return [{ group, resource, subresource }];
    found.push({ group, resource, subresource });
  }
  return found;
}

/**
 * The resource by its plural name and group. Throws CommandError when the server has no such resource and it is not one
 * of those with special verbs.
 */
function resolved(discovery: Discovery, each: RuleResource, verbs: readonly string[]): RuleResource {
  if (each.resource === '') throw new CommandError('resource must be specified if apiGroup/subresource specified');
  if (each.resource === '*') return each;
  const served = discovery.find(each.group === '' ? each.resource : `${each.resource}.${each.group}`);
  const own = served === undefined ? each : { ...each, group: served.group, resource: served.plural };
  let special = false;
  for (const verb of verbs) {
    const allowed = specialVerbs[verb];
    if (allowed === undefined) continue;
    special = allowed.includes(own.group === '' ? own.resource : `${own.resource}.${own.group}`);
    if (!special) throw new CommandError(`can not perform '${verb}' on '${own.resource}' in group '${own.group}'`);
  }
  if (served === undefined && !special) {
    const where = each.group === '' ? '' : ` in group ${JSON.stringify(each.group)}`;
    throw new PlainError(`the server doesn't have a resource type ${JSON.stringify(each.resource)}${where}`);
  }
  return own;
}

/** A rule for each API group, in their order. */
function resourceRules(resources: readonly RuleResource[], verbs: readonly string[], names: readonly string[]): readonly JsonObject[] {
  const groups = Map.groupBy(resources, ({ group }) => group);
  return [...groups]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([group, own]) => ({
      apiGroups: [group],
      ...(names.length === 0 ? {} : { resourceNames: names }),
      resources: unique(own.map(({ resource, subresource }) => (subresource === '' ? resource : `${resource}/${subresource}`))),
      verbs,
    }));
}

function warnOfVerbs(session: Session, verbs: readonly string[]): void {
  for (const verb of verbs) if (!resourceVerbs.includes(verb)) session.err(`Warning: '${verb}' is not a standard resource verb\n`);
}

const verbsOf = (flags: Flags): readonly string[] => (flags.list('verb').includes('*') ? ['*'] : unique(flags.list('verb')));

const ruleFlags: readonly FlagSpec[] = [
  { name: 'verb', type: 'list', help: 'Verb that applies to the resources contained in the rule' },
  { name: 'resource', type: 'list', help: 'Resource that the rule applies to' },
  {
    name: 'resource-name',
    type: 'array',
    help: 'Resource in the white list that the rule applies to, repeat this flag for multiple items',
  },
];

export const createRole: KubectlCommand = {
  name: 'role',
  summary: 'Create a role with single rule',
  usage: 'NAME --verb=verb --resource=resource.group/subresource [--resource-name=resourcename] [--dry-run=server|client|none] [options]',
  flags: [...generatorFlags, ...ruleFlags],
  run: async (session, flags) => {
    const name = nameArgument(session);
    const verbs = verbsOf(flags);
    if (verbs.length === 0) throw new CommandError('at least one verb must be specified');
    warnOfVerbs(session, verbs);
    const discovery = await session.discovery;
    const wanted = ruleResources(flags.list('resource'));
    if (wanted.length === 0) throw new CommandError('at least one resource must be specified');
    const resources = wanted.map((each) => resolved(discovery, each, verbs));
    const rules = resourceRules(resources, verbs, unique(flags.all('resource-name')));
    return createObject(session, { apiVersion, kind: 'Role', metadata: { name }, rules }, 'role:', { plural: 'roles', namespaced: true });
  },
};

function checkUrls(urls: readonly string[], verbs: readonly string[]): void {
  const odd = verbs.find((verb) => !urlVerbs.includes(verb));
  if (urls.length > 0 && odd !== undefined) throw new CommandError(`invalid verb: '${odd}' for nonResourceURL`);
  for (const url of urls) {
    if (url === '*') continue;
    if (!url.startsWith('/')) throw new CommandError('nonResourceURL should start with /');
    const star = url.indexOf('*');
    if (star !== -1 && star !== url.length - 1)
      throw new CommandError("nonResourceURL only supports wildcard matches when '*' is at the end");
  }
}

/** `a=b,c=d`. */
function pairsOf(text: string): JsonObject {
  return Object.fromEntries(
    text.split(',').map((pair) => {
      const at = pair.indexOf('=');
      if (at === -1) throw new CommandError(`malformed pair, expect string=string`);
      return [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
}

export const createClusterRole: KubectlCommand = {
  name: 'clusterrole',
  summary: 'Create a cluster role',
  usage: 'NAME --verb=verb --resource=resource.group [--resource-name=resourcename] [--dry-run=server|client|none] [options]',
  flags: [
    ...generatorFlags,
    ...ruleFlags,
    { name: 'non-resource-url', type: 'list', help: 'A partial url that user should have access to.' },
    { name: 'aggregation-rule', type: 'string', help: 'An aggregation label selector for combining ClusterRoles.' },
  ],
  run: async (session, flags) => {
    const name = nameArgument(session);
    const [verbs, urls, names] = [verbsOf(flags), flags.list('non-resource-url'), unique(flags.all('resource-name'))];
    const wanted = ruleResources(flags.list('resource'));
    const plural = { plural: 'clusterroles', namespaced: false };
    if (flags.string('aggregation-rule') !== '') {
      if (urls.length + verbs.length + wanted.length + names.length > 0)
        throw new CommandError('aggregation rule must be specified without nonResourceURLs, verbs, resources or resourceNames');
      const aggregationRule = { clusterRoleSelectors: [{ matchLabels: pairsOf(flags.string('aggregation-rule')) }] };
      return createObject(
        session,
        { aggregationRule, apiVersion, kind: 'ClusterRole', metadata: { name }, rules: null },
        'clusterrole:',
        plural,
      );
    }
    if (verbs.length === 0) throw new CommandError('at least one verb must be specified');
    if (wanted.length === 0 && urls.length === 0) throw new CommandError('one of resource or nonResourceURL must be specified');
    if (wanted.length > 0) warnOfVerbs(session, verbs);
    const discovery = wanted.length > 0 ? await session.discovery : undefined;
    const resources = discovery === undefined ? [] : wanted.map((each) => resolved(discovery, each, verbs));
    checkUrls(urls, verbs);
    const rules = [...resourceRules(resources, verbs, names), ...(urls.length > 0 ? [{ nonResourceURLs: urls, verbs }] : [])];
    return createObject(session, { apiVersion, kind: 'ClusterRole', metadata: { name }, rules }, 'clusterrole:', plural);
  },
};

const subjectFlags: readonly FlagSpec[] = [
  { name: 'user', type: 'array', help: 'Usernames to bind to the role. The flag can be repeated to add multiple users.' },
  { name: 'group', type: 'array', help: 'Groups to bind to the role. The flag can be repeated to add multiple groups.' },
  {
    name: 'serviceaccount',
    type: 'array',
    help: 'Service accounts to bind to the role, in the format <namespace>:<name>. Repeat it to add several.',
  },
];

function subjectsOf(flags: Flags): readonly JsonObject[] {
  const accounts = flags.all('serviceaccount').map((text) => {
    const [namespace = '', name = '', ...more] = text.split(':');
    if (namespace === '' || name === '' || more.length > 0) throw new CommandError('serviceaccount must be <namespace>:<name>');
    return { kind: 'ServiceAccount', name, namespace };
  });
  return [
    ...flags.all('user').map((name) => ({ apiGroup: rbac, kind: 'User', name })),
    ...flags.all('group').map((name) => ({ apiGroup: rbac, kind: 'Group', name })),
    ...accounts,
  ];
}

const withSubjects = (flags: Flags): JsonObject => {
  const subjects = subjectsOf(flags);
  return subjects.length === 0 ? {} : { subjects };
};

export const createRoleBinding = generatorCommand({
  name: 'rolebinding',
  summary: 'Create a role binding for a particular role or cluster role',
  usage:
    'NAME --clusterrole=NAME|--role=NAME [--user=username] [--group=groupname] [--serviceaccount=namespace:serviceaccountname] [--dry-run=server|client|none] [options]',
  flags: [
    { name: 'clusterrole', type: 'string', help: 'ClusterRole this RoleBinding should reference' },
    { name: 'role', type: 'string', help: 'Role this RoleBinding should reference' },
    ...subjectFlags,
  ],
  what: 'rolebinding:',
  resource: { plural: 'rolebindings', namespaced: true },
  generate: (name, flags) => {
    const [role, clusterRole] = [flags.string('role'), flags.string('clusterrole')];
    if ((role === '') === (clusterRole === '')) throw new CommandError('exactly one of clusterrole or role must be specified');
    const roleRef = { apiGroup: rbac, kind: role === '' ? 'ClusterRole' : 'Role', name: role === '' ? clusterRole : role };
    return { apiVersion, kind: 'RoleBinding', metadata: { name }, roleRef, ...withSubjects(flags) };
  },
});

export const createClusterRoleBinding = generatorCommand({
  name: 'clusterrolebinding',
  summary: 'Create a cluster role binding for a particular cluster role',
  usage:
    'NAME --clusterrole=NAME [--user=username] [--group=groupname] [--serviceaccount=namespace:serviceaccountname] [--dry-run=server|client|none] [options]',
  flags: [
    { name: 'clusterrole', required: true, type: 'string', help: 'ClusterRole this ClusterRoleBinding should reference' },
    ...subjectFlags,
  ],
  what: 'clusterrolebinding:',
  resource: { plural: 'clusterrolebindings', namespaced: false },
  generate: (name, flags) => ({
    apiVersion,
    kind: 'ClusterRoleBinding',
    metadata: { name },
    roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: flags.string('clusterrole') },
    ...withSubjects(flags),
  }),
});
