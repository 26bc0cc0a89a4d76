/**
 * `Impersonate-*` headers. A request may act as another user when its sender may do so in one of these ways: as the
 * node that the sender's pod runs on, as any node, as a service account, as another user, each with the permission to
 * do just this request (constrained impersonation, KEP-5284); or in the old way, which allows every request. Source:
 * apiserver pkg/endpoints/filters/impersonation/{constrained_impersonation,mode}.go.
 */
import { isDns1123Subdomain, isQualifiedName } from '../../../api/names.ts';
import { type StatusError, statusErrors } from '../../../api/status-error.ts';
import { forbiddenError } from '../../auth/forbidden.ts';
import type { UserInfo } from '../../registry/registry.ts';
import type { Exchange } from '../exchange.ts';
import type { AuthorizationAttributes, Authorizer } from '../ports.ts';
import { attributesOf } from './authorize.ts';

const extraPrefix = 'impersonate-extra-';
const nodePrefix = 'system:node:';
const nodeNameKey = 'authentication.kubernetes.io/node-name';
const authentication = 'authentication.k8s.io';
/** From this many groups or extra values on, the permission for all of them is looked for first. */
const many = 4;

const unescapeKey = (key: string): string => {
  try {
    return decodeURIComponent(key);
  } catch {
    return key;
  }
};

function serviceAccountOf(user: string): { readonly namespace: string; readonly name: string } | undefined {
  const [system, kind, namespace, name, more] = user.split(':');
  if (system !== 'system' || kind !== 'serviceaccount' || !namespace || !name || more !== undefined) return undefined;
  return { namespace, name };
}

function nodeOf(user: string): string | undefined {
  const name = user.startsWith(nodePrefix) ? user.slice(nodePrefix.length) : '';
  return name === '' || isDns1123Subdomain(name).length > 0 ? undefined : name;
}

const goStrings = (texts: readonly string[]): string =>
  texts.length === 0 ? '[]string(nil)' : `[]string{${texts.map((text) => JSON.stringify(text)).join(', ')}}`;

/** The user that the headers ask for, as Go prints it. */
function goUser({ uid, groups, extra }: UserInfo): string {
  const entries = Object.entries(extra).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const shown = entries.map(([key, values]) => `${JSON.stringify(key)}:${goStrings(values)}`);
  const map = shown.length === 0 ? '(nil)' : `{${shown.join(', ')}}`;
  return `&user.DefaultInfo{Name:"", UID:${JSON.stringify(uid)}, Groups:${goStrings(groups)}, Extra:map[string][]string${map}}`;
}

/** The user as the headers name it; undefined when they name none. Throws 400. */
function wantedUser(exchange: Exchange): UserInfo | undefined {
  let name = '';
  let uid = '';
  const groups: string[] = [];
  const extra: Record<string, string[]> = {};
  for (const [header, value] of exchange.headers()) {
    if (!header.startsWith('impersonate-')) continue;
    if (header === 'impersonate-user') name ||= value;
    else if (header === 'impersonate-uid') uid ||= value;
    else if (header === 'impersonate-group') groups.push(value);
    else if (header.startsWith(extraPrefix)) {
      const key = unescapeKey(header.slice(extraPrefix.length));
      extra[key] = [...(extra[key] ?? []), value];
    }
  }
  const wanted = { name, uid, groups, extra };
  if (name !== '') return wanted;
  if (uid === '' && groups.length === 0 && Object.keys(extra).length === 0) return undefined;
  throw statusErrors.badRequest(`requested ${goUser(wanted)} without impersonating a user name`);
}

const isOnlyNamed = ({ uid, groups, extra }: UserInfo): boolean => uid === '' && groups.length === 0 && Object.keys(extra).length === 0;

/** A way to act as another. */
interface Mode {
  /** Part of the verbs; '' for the old way. */
  readonly name: string;
  applies(wanted: UserInfo, sender: UserInfo): boolean;
}

/** Whether the sender is a pod's service account whose token names the wanted node. */
function runsOnNode({ name }: UserInfo, sender: UserInfo): boolean {
  const own = sender.extra[nodeNameKey] ?? [];
  return serviceAccountOf(sender.name) !== undefined && own.length === 1 && own[0] === nodeOf(name);
}

const modes: readonly Mode[] = [
  {
    name: 'associated-node',
    applies: (wanted, sender) => isOnlyNamed(wanted) && nodeOf(wanted.name) !== undefined && runsOnNode(wanted, sender),
  },
  { name: 'arbitrary-node', applies: (wanted) => isOnlyNamed(wanted) && nodeOf(wanted.name) !== undefined },
  { name: 'serviceaccount', applies: (wanted) => isOnlyNamed(wanted) && serviceAccountOf(wanted.name) !== undefined },
  { name: 'user-info', applies: ({ name }) => nodeOf(name) === undefined && serviceAccountOf(name) === undefined },
  { name: '', applies: () => true },
];

/** The permissions that one way needs, checked one after another. */
class Attempt {
  readonly #exchange: Exchange;
  readonly #sender: UserInfo;
  readonly #authorizer: Authorizer;
  readonly #mode: string;

  constructor(exchange: Exchange, sender: UserInfo, authorizer: Authorizer, mode: string) {
    this.#exchange = exchange;
    this.#sender = sender;
    this.#authorizer = authorizer;
    this.#mode = mode;
  }

  get verb(): string {
    return this.#mode === '' ? 'impersonate' : `impersonate:${this.#mode}`;
  }

  /** The user that the request then acts as. Throws 403. */
  async user(wanted: UserInfo): Promise<UserInfo> {
    await this.#requireRequest();
    const groups = await this.#requireName(wanted);
    if (wanted.uid !== '') await this.#require('uids', wanted.uid, { apiGroup: authentication });
    await this.#requireGroups(wanted.groups);
    await this.#requireExtra(wanted.extra);
    return { ...wanted, groups: withCommonGroup(wanted.name, groups) };
  }

  /** Only the old way allows every request. */
  async #requireRequest(): Promise<void> {
    if (this.#mode === '') return;
    const attributes = { ...attributesOf(this.#exchange), user: this.#checkedSender() };
    await this.#check({ ...attributes, verb: `impersonate-on:${this.#mode}:${attributes.verb}` });
  }

  /** Returns the groups that the user gets, apart from the common ones. */
  async #requireName({ name, groups }: UserInfo): Promise<readonly string[]> {
    const account = serviceAccountOf(name);
    if (account !== undefined) {
      const { namespace } = account;
      await this.#require('serviceaccounts', account.name, { namespace });
      return groups.length > 0 ? groups : ['system:serviceaccounts', `system:serviceaccounts:${namespace}`];
    }
    const node = this.#mode === '' ? undefined : nodeOf(name);
    if (node === undefined) {
      await this.#require('users', name);
      return groups;
    }
    await this.#require('nodes', this.#mode === 'associated-node' ? '*' : node);
    return ['system:nodes'];
  }

  async #requireGroups(groups: readonly string[]): Promise<void> {
    if (groups.length === 0) return;
    if (this.#mode !== '') {
      if (groups.includes('')) throw this.#refusal('groups', '', 'impersonating the empty string group is not allowed');
      if (groups.includes('system:masters')) {
        throw this.#refusal('groups', 'system:masters', 'impersonating the system:masters group is not allowed');
      }
      if (groups.length >= many && (await this.#has('groups', '*'))) return;
    }
    for (const group of groups) await this.#require('groups', group);
  }

  async #requireExtra(extra: UserInfo['extra']): Promise<void> {
    const pairs = Object.entries(extra).flatMap(([key, values]) => values.map((value) => [key, value] as const));
    if (pairs.length === 0) return;
    const more = { apiGroup: authentication };
    if (this.#mode !== '') {
      const why = Object.entries(extra)
        .map(extraError)
        .find((text) => text !== undefined);
      if (why !== undefined) throw this.#refusal('userextras', '', why, more);
      if (pairs.length >= many && (await this.#has('userextras', '*', { ...more, subresource: '*' }))) return;
    }
    for (const [key, value] of pairs) await this.#require('userextras', value, { ...more, subresource: key });
  }

  #attributes(resource: string, name: string, more: Partial<AuthorizationAttributes> = {}): AuthorizationAttributes {
    const apiGroup = this.#mode === '' ? '' : authentication;
    return {
      ...{ user: this.#checkedSender(), verb: this.verb, isResourceRequest: true, namespace: '', apiGroup, apiVersion: 'v1' },
      ...{ resource, subresource: '', name, path: '', ...more },
    };
  }

  /** The permission of a service account to act as its own node must not depend on which node that is. */
  #checkedSender(): UserInfo {
    if (this.#mode !== 'associated-node') return this.#sender;
    const keys = Object.keys(this.#sender.extra).toSorted();
    return { ...this.#sender, extra: { 'authentication.kubernetes.io/associated-node-keys': keys } };
  }

  #refusal(resource: string, name: string, why: string, more: Partial<AuthorizationAttributes> = {}): StatusError {
    return forbiddenError(this.#attributes(resource, name, more), why);
  }

  #require(resource: string, name: string, more: Partial<AuthorizationAttributes> = {}): Promise<void> {
    return this.#check(this.#attributes(resource, name, more));
  }

  async #has(resource: string, name: string, more: Partial<AuthorizationAttributes> = {}): Promise<boolean> {
    return (await this.#authorizer.authorize(this.#attributes(resource, name, more))).allowed;
  }

  async #check(attributes: AuthorizationAttributes): Promise<void> {
    const { allowed, reason } = await this.#authorizer.authorize(attributes);
    if (!allowed) throw forbiddenError(attributes, reason);
  }
}

function extraError([key, values]: readonly [string, readonly string[]]): string | undefined {
  if (key === '') return 'impersonating the empty string key in extra is not allowed';
  const [why] = key.includes('/') ? isQualifiedName(key) : ['must be a domain-prefixed path (such as "acme.io/foo")'];
  if (why !== undefined) {
    return `impersonating an invalid key in extra is not allowed: extra.key: Invalid value: ${JSON.stringify(key)}: ${why}`;
  }
  if (key !== key.toLowerCase()) return `impersonating a non-lowercase key in extra is not allowed: ${JSON.stringify(key)}`;
  return values.includes('') ? 'impersonating the empty string value in extra is not allowed' : undefined;
}

function withCommonGroup(name: string, groups: readonly string[]): readonly string[] {
  const common = name === 'system:anonymous' ? 'system:unauthenticated' : 'system:authenticated';
  const closed = groups.includes(common) || (name !== 'system:anonymous' && groups.includes('system:unauthenticated'));
  return closed ? groups : [...groups, common];
}

/** Whether a request asks to impersonate a user. May be true for one that does not. */
export const mayImpersonate = (exchange: Exchange): boolean => {
  if (exchange.node === undefined) return true;
  for (const name in exchange.node.incoming.headers) if (name.startsWith('impersonate-')) return true;
  return false;
};

/**
 * The user that the request acts as: the sender, or the user that it may impersonate. Throws 403, with what the first
 * way lacked that could have been used, or 400.
 */
export async function impersonate(exchange: Exchange, sender: UserInfo, authorizer: Authorizer): Promise<UserInfo> {
  if (!mayImpersonate(exchange)) return sender;
  const wanted = wantedUser(exchange);
  if (wanted === undefined) return sender;
  let refusal: unknown;
  for (const { name } of modes.filter((mode) => mode.applies(wanted, sender))) {
    try {
      const attempt = new Attempt(exchange, sender, authorizer, name);
      const user = await attempt.user(wanted);
      exchange.audit?.impersonates(user, name === '' ? '' : attempt.verb);
      return user;
    } catch (error) {
      refusal ??= error;
    }
  }
  throw refusal;
}
