/** `kubectl auth`. Source: kubectl pkg/cmd/auth. */
import type { JsonObject } from '../../../../api/json.ts';
import { alignCells } from '../../../print/table.ts';
import { CommandError, type KubectlCommand } from '../../command/command.ts';
import type { ApiObject, Session } from '../../command/session.ts';
import { objectPrinter, outputFlags } from '../../output/output.ts';
import { shownRules } from '../../output/policy-rules.ts';
import type { ApiResource } from '../../resources/discovery.ts';
import { allNamespacesFlag } from '../../writing/write-flags.ts';
import { authReconcile } from './reconcile.ts';

const resourceVerbs = [
  ...[
    'get',
    'list',
    'watch',
    'create',
    'update',
    'patch',
    'delete',
    'deletecollection',
    'use',
    'bind',
    'impersonate',
    '*',
    'approve',
    'sign',
    'escalate',
    'attest',
  ],
];
const urlVerbs = ['get', 'put', 'post', 'head', 'options', 'delete', 'patch', '*'];
/** Resources that appear in roles though no server serves them. */
const unserved = ['users', 'groups'];

interface AccessStatus {
  readonly allowed?: boolean;
  readonly reason?: string;
  readonly evaluationError?: string;
}

interface RulesStatus {
  readonly incomplete?: boolean;
  readonly evaluationError?: string;
  readonly resourceRules?: readonly {
    readonly verbs: readonly string[];
    readonly apiGroups?: readonly string[];
    readonly resources?: readonly string[];
    readonly resourceNames?: readonly string[];
  }[];
  readonly nonResourceRules?: readonly { readonly verbs: readonly string[]; readonly nonResourceURLs?: readonly string[] }[];
}

function review(session: Session, kind: string, spec: JsonObject): Promise<ApiObject> {
  const path = `/apis/authorization.k8s.io/v1/${kind.toLowerCase()}s`;
  return session.object({ method: 'POST', path, body: { apiVersion: 'authorization.k8s.io/v1', kind, metadata: {}, spec } });
}

const warn = (session: Session, text: string): void => session.err(`Warning: ${text}\n\n`);

async function resourceFor(
  session: Session,
  word: string,
): Promise<Pick<ApiResource, 'group' | 'plural'> & { readonly found?: ApiResource }> {
  if (word === '*') return { group: '', plural: '*' };
  const found = (await session.discovery).find(word);
  if (found !== undefined) return { ...found, found };
  const [plural = '', ...group] = word.toLowerCase().split('.');
  if (!unserved.includes(plural)) {
    warn(session, `the server doesn't have a resource type '${plural}'${group.length === 0 ? '' : ` in group '${group.join('.')}'`}`);
  }
  return { group: '', plural: word };
}

async function accessSpec(session: Session, verb: string, what: string): Promise<JsonObject> {
  const { flags } = session;
  if (what.startsWith('/')) {
    if (flags.given('subresource')) throw new CommandError('--subresource can not be used with NonResourceURL');
    if (!urlVerbs.includes(verb)) warn(session, `verb '${verb}' is not a known verb`);
    return { nonResourceAttributes: { verb, path: what } };
  }
  const [word = '', ...name] = what.split('/');
  const { group, plural, found } = await resourceFor(session, word);
  if (found !== undefined && !flags.bool('all-namespaces')) {
    if (!found.namespaced) warn(session, `resource '${plural}' is not namespace scoped${group === '' ? '' : ` in group '${group}'`}`);
    if (!resourceVerbs.includes(verb)) warn(session, `verb '${verb}' is not a known verb`);
  }
  const namespace = flags.bool('all-namespaces') ? '' : session.namespace;
  return {
    resourceAttributes: { namespace, verb, group, resource: plural, subresource: flags.string('subresource'), name: name.join('/') },
  };
}

async function listRules(session: Session): Promise<number> {
  const answer = await review(session, 'SelfSubjectRulesReview', { namespace: session.namespace });
  const status = (answer.status ?? {}) as unknown as RulesStatus; // what the review answers
  if (status.incomplete === true) warn(session, `the list may be incomplete: ${status.evaluationError ?? ''}`);
  const rules = [...(status.resourceRules ?? []), ...(status.nonResourceRules ?? [])];
  const rows = shownRules(rules).map((rule) => [rule.resources, rule.urls, rule.names, rule.verbs]);
  const header = session.flags.bool('no-headers') ? [] : [['Resources', 'Non-Resource URLs', 'Resource Names', 'Verbs']];
  session.out(alignCells([...header, ...rows].map((row) => `${row.join('\t')}\n`).join(''), { minWidth: 6, padding: 3 }));
  return 0;
}

const canI: KubectlCommand = {
  name: 'can-i',
  summary: 'Check whether an action is allowed',
  usage: 'VERB [TYPE | TYPE/NAME | NONRESOURCEURL] [options]',
  flags: [
    allNamespacesFlag,
    { name: 'list', type: 'bool', help: 'If true, prints all allowed actions.' },
    { name: 'quiet', short: 'q', type: 'bool', help: 'If true, suppress output and just return the exit code.' },
    { name: 'subresource', type: 'string', help: 'SubResource such as pod/log or deployment/scale' },
    { name: 'no-headers', type: 'bool', help: 'If true, prints allowed actions without headers' },
  ],
  run: async (session, flags) => {
    const [verb, what] = flags.args;
    if (flags.bool('list')) {
      if (flags.args.length > 0) throw new CommandError('list option must be specified with no arguments');
      return listRules(session);
    }
    if (verb === undefined || what === undefined || flags.args.length > 2) {
      throw new CommandError(
        "you must specify two arguments: verb resource or verb resource/resourceName.\nSee 'kubectl auth can-i -h' for help and examples.",
      );
    }
    if (flags.bool('no-headers')) throw new CommandError('--no-headers cannot be set without --list specified');
    const answer = await review(session, 'SelfSubjectAccessReview', await accessSpec(session, verb, what));
    const { allowed = false, reason = '', evaluationError = '' } = (answer.status ?? {}) as AccessStatus; // what the review answers
    const details = [reason, evaluationError].filter((text) => text !== '').map((text) => ` - ${text}`);
    if (!flags.bool('quiet')) session.out(allowed ? 'yes\n' : `no${details.join('')}\n`);
    return allowed ? 0 : 1;
  },
};

interface UserInfo {
  readonly username?: string;
  readonly uid?: string;
  readonly groups?: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

const whoami: KubectlCommand = {
  name: 'whoami',
  summary: 'Experimental: Check self subject attributes',
  usage: '[options]',
  flags: outputFlags,
  run: async (session, flags) => {
    const printer = objectPrinter(flags, () => ({ group: 'authentication.k8s.io', kind: 'SelfSubjectReview' }));
    const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview', metadata: {} };
    const answer = await session.object({ method: 'POST', path: '/apis/authentication.k8s.io/v1/selfsubjectreviews', body });
    if (printer !== undefined) {
      session.out(printer(answer));
      return 0;
    }
    const { userInfo = {} } = (answer.status ?? {}) as { readonly userInfo?: UserInfo }; // what the review answers
    const rows = [
      ['ATTRIBUTE', 'VALUE'],
      ['Username', userInfo.username ?? ''],
      ...((userInfo.uid ?? '') === '' ? [] : [['UID', userInfo.uid ?? '']]),
      ['Groups', `[${(userInfo.groups ?? []).join(' ')}]`],
      ...Object.entries(userInfo.extra ?? {})
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, values]) => [`Extra: ${key}`, `[${values.join(' ')}]`]),
    ];
    session.out(alignCells(rows.map((row) => `${row.join('\t')}\n`).join(''), { minWidth: 6, padding: 3 }));
    return 0;
  },
};

export const auth: KubectlCommand = {
  name: 'auth',
  summary: 'Inspect authorization',
  usage: '[flags] [options]',
  subcommands: [canI, authReconcile, whoami],
};
