/** `Impersonate-*` headers. Source: apiserver pkg/endpoints/filters/impersonation/impersonation.go. */
import { statusErrors } from '../../../api/status-error.ts';
import { forbiddenError } from '../../auth/forbidden.ts';
import type { UserInfo } from '../../registry/registry.ts';
import type { Exchange } from '../exchange.ts';
import type { AuthorizationAttributes, Authorizer } from '../ports.ts';

interface Wish {
  readonly resource: 'users' | 'groups' | 'serviceaccounts' | 'userextras' | 'uids';
  readonly apiGroup: string;
  readonly namespace: string;
  readonly name: string;
  /** The key of an entry of `extra`. */
  readonly subresource: string;
}

const wish = (resource: Wish['resource'], name: string, more: Partial<Wish> = {}): Wish => ({
  resource,
  name,
  apiGroup: resource === 'userextras' || resource === 'uids' ? 'authentication.k8s.io' : '',
  namespace: '',
  subresource: '',
  ...more,
});

const extraPrefix = 'impersonate-extra-';

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

const goStrings = (texts: readonly string[]): string =>
  texts.length === 0 ? '[]string(nil)' : `[]string{${texts.map((text) => JSON.stringify(text)).join(', ')}}`;

/** The user that the headers ask for, as Go prints it. */
function goUser(wishes: readonly Wish[]): string {
  const named = (resource: Wish['resource']): readonly Wish[] => wishes.filter((item) => item.resource === resource);
  const extras = [...Map.groupBy(named('userextras'), ({ subresource }) => subresource)].toSorted(([a], [b]) => (a < b ? -1 : 1));
  const extra = extras.map(([key, items]) => `${JSON.stringify(key)}:${goStrings(items.map(({ name }) => name))}`);
  const groups = goStrings(named('groups').map(({ name }) => name));
  const uid = JSON.stringify(named('uids')[0]?.name ?? '');
  return `&user.DefaultInfo{Name:"", UID:${uid}, Groups:${groups}, Extra:map[string][]string${extra.length === 0 ? '(nil)' : `{${extra.join(', ')}}`}}`;
}

function wishesOf(exchange: Exchange): readonly Wish[] {
  const wishes: Wish[] = [];
  let userName = '';
  for (const [name, value] of exchange.headers()) {
    if (!name.startsWith('impersonate-') || (value === '' && name !== 'impersonate-group')) continue;
    if (name === 'impersonate-user') userName = value;
    else if (name === 'impersonate-group') wishes.push(wish('groups', value));
    else if (name === 'impersonate-uid') wishes.push(wish('uids', value));
    else if (name.startsWith(extraPrefix))
      wishes.push(wish('userextras', value, { subresource: unescapeKey(name.slice(extraPrefix.length)) }));
  }
  if (userName === '') {
    if (wishes.length > 0) throw statusErrors.badRequest(`requested ${goUser(wishes)} without impersonating a user name`);
    return wishes;
  }
  const account = serviceAccountOf(userName);
  const user = account === undefined ? wish('users', userName) : wish('serviceaccounts', account.name, { namespace: account.namespace });
  return [user, ...wishes];
}

function userFrom(wishes: readonly Wish[]): UserInfo {
  const [who] = wishes;
  const isAccount = who?.resource === 'serviceaccounts';
  const name = who === undefined ? '' : isAccount ? `system:serviceaccount:${who.namespace}:${who.name}` : who.name;
  const said = wishes.filter((w) => w.resource === 'groups').map((w) => w.name);
  const groups =
    said.length > 0 || who === undefined || !isAccount ? said : ['system:serviceaccounts', `system:serviceaccounts:${who.namespace}`];
  const closed = groups.includes('system:unauthenticated') || (name !== 'system:anonymous' && groups.includes('system:authenticated'));
  if (!closed) groups.push(name === 'system:anonymous' ? 'system:unauthenticated' : 'system:authenticated');
  const extra: Record<string, string[]> = {};
  for (const w of wishes.filter((item) => item.resource === 'userextras')) {
    extra[w.subresource] = [...(extra[w.subresource] ?? []), w.name];
  }
  return { name, uid: wishes.find((w) => w.resource === 'uids')?.name ?? '', groups, extra };
}

/** Whether a request asks to impersonate a user. May be true for one that does not. */
export const mayImpersonate = (exchange: Exchange): boolean => {
  if (exchange.node === undefined) return true;
  for (const name in exchange.node.incoming.headers) if (name.startsWith('impersonate-')) return true;
  return false;
};

/** The user that the request acts as: the sender, or the user that it may impersonate. Throws 403 or 400. */
export async function impersonate(exchange: Exchange, user: UserInfo, authorizer: Authorizer): Promise<UserInfo> {
  if (!mayImpersonate(exchange)) return user;
  const wishes = wishesOf(exchange);
  if (wishes.length === 0) return user;
  for (const { resource, apiGroup, namespace, name, subresource } of wishes) {
    const attributes: AuthorizationAttributes = {
      ...{ user, verb: 'impersonate', isResourceRequest: true, namespace, apiGroup, resource, subresource, name, path: '' },
      apiVersion: apiGroup === '' ? '' : 'v1',
    };
    const { allowed, reason } = await authorizer.authorize(attributes);
    if (!allowed) throw forbiddenError(attributes, reason);
  }
  return userFrom(wishes);
}
