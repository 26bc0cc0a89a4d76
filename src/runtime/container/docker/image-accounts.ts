/**
 * The users and groups of images, read from their /etc/passwd and /etc/group. Docker adds the groups that an image
 * gives to a user only when no group is asked for, while Kubernetes decides that by the pod's policy.
 */
import type { ContainerSecurity, ProcessUser } from '../container-runtime.ts';
import { removeContainer } from './create-container.ts';
import type { DockerApi } from './docker-api.ts';
import { helperLabels } from './helper-container.ts';
import { firstFile } from './tar.ts';

export interface Accounts {
  /** The user of the image's config; '' is root. */
  readonly user: string;
  readonly users: readonly { readonly name: string; readonly uid: number; readonly gid: number }[];
  readonly groups: readonly { readonly name: string; readonly gid: number; readonly members: readonly string[] }[];
}

/** What the process of a container is started as, beside the groups that the engine adds by itself. */
export type Identity = Pick<ContainerSecurity, 'runAsUser' | 'runAsGroup' | 'supplementalGroups'>;

interface InspectedImage {
  readonly Id: string;
  readonly Config?: { readonly User?: string } | null;
}

const linesOf = (text: string): string[][] => text.split('\n').map((line) => line.split(':'));

/** Reads both files; lines that are malformed count as absent, as in libcontainer. */
export function parseAccounts(passwd: string, group: string, user = ''): Accounts {
  return {
    user,
    users: linesOf(passwd)
      .filter(([, , uid, gid]) => /^\d+$/.test(uid ?? '') && /^\d+$/.test(gid ?? ''))
      .map(([name = '', , uid, gid]) => ({ name, uid: Number(uid), gid: Number(gid) })),
    groups: linesOf(group)
      .filter(([, , gid]) => /^\d+$/.test(gid ?? ''))
      .map(([name = '', , gid, members = '']) => ({ name, gid: Number(gid), members: members.split(',').map((member) => member.trim()) })),
  };
}

/**
 * Whether the engine would start the process with other groups than the pod's policy says. Docker adds the image's
 * groups of a user exactly when no group is named.
 */
export const needsAccounts = ({ runAsUser, runAsGroup, imageGroups }: ContainerSecurity): boolean =>
  runAsUser !== undefined && imageGroups === (runAsGroup !== undefined);

/**
 * The identity by which the engine gives the process the groups that the policy says: a group by name keeps the
 * image's groups away, and those that are wanted are added one by one. Source: containerd's WithAdditionalGIDs.
 */
export function identityOf(security: ContainerSecurity, { users, groups }: Accounts): Identity {
  const { runAsUser = 0, runAsGroup, supplementalGroups, imageGroups } = security;
  const user = users.find(({ name, uid }) => name === runAsUser || String(uid) === String(runAsUser));
  const member = user === undefined ? [] : groups.filter(({ members }) => members.includes(user.name)).map(({ gid }) => gid);
  return {
    runAsUser,
    runAsGroup: runAsGroup ?? user?.gid ?? 0,
    supplementalGroups: imageGroups ? [...new Set([...supplementalGroups, ...member])] : supplementalGroups,
  };
}

/** How the engine is told a user and its group. */
export function userText({ runAsUser, runAsGroup }: Identity): string {
  return runAsUser === undefined ? '' : runAsGroup === undefined ? String(runAsUser) : `${runAsUser}:${runAsGroup}`;
}

const isNumber = (text: string): boolean => /^\d+$/.test(text);

/**
 * Whom the engine starts a process as; undefined when it refuses to, because the image does not know a name. Source:
 * libcontainer's user.GetExecUser; Docker's daemon/oci_linux.go (getUser).
 */
export function processUser(security: ContainerSecurity, accounts: Accounts): ProcessUser | undefined {
  const identity = needsAccounts(security) ? identityOf(security, accounts) : security;
  const [user = '', group = ''] = (userText(identity) || accounts.user).split(':');
  const known = accounts.users.find(({ name, uid }) => (user === '' ? uid === 0 : isNumber(user) ? uid === Number(user) : name === user));
  if (known === undefined && user !== '' && !isNumber(user)) return undefined;
  const own = accounts.groups.find(({ name, gid }) => (isNumber(group) ? gid === Number(group) : name === group));
  if (group !== '' && own === undefined && !isNumber(group)) return undefined;
  const gid = group === '' ? (known?.gid ?? 0) : (own?.gid ?? Number(group));
  const member = group === '' && known !== undefined ? accounts.groups.filter(({ members }) => members.includes(known.name)) : [];
  const groups = new Set([gid, ...member.map((each) => each.gid), ...identity.supplementalGroups]);
  return { uid: known?.uid ?? Number(user), gid, supplementalGroups: [...groups].sort((a, b) => a - b) };
}

/** Reads the accounts of images, each once: what an image id stands for never changes. */
export class ImageAccounts {
  readonly #api: DockerApi;
  readonly #cluster: string;
  readonly #known = new Map<string, Promise<Accounts>>();

  constructor(api: DockerApi, cluster: string) {
    this.#api = api;
    this.#cluster = cluster;
  }

  /** By name or id. Rejects with RuntimeError, 'ImageNotFound' when there is no such image. */
  async of(image: string): Promise<Accounts> {
    const known = this.#known.get(image);
    if (known !== undefined) return known;
    const { Id, Config } = await this.#api.json<InspectedImage>({ method: 'GET', path: `/images/${image}/json` });
    const reading = this.#known.get(Id) ?? this.#read(Id, Config?.User ?? '');
    this.#known.set(Id, reading);
    reading.catch(() => this.#known.delete(Id));
    return reading;
  }

  /** Files of an image can be read only through a container; this one is never started. */
  async #read(image: string, user: string): Promise<Accounts> {
    const body = { Image: image, Cmd: ['none'], Labels: helperLabels(this.#cluster), HostConfig: { NetworkMode: 'none' } };
    const { Id } = await this.#api.json<{ Id: string }>({ method: 'POST', path: '/containers/create', body });
    try {
      return parseAccounts(await this.#file(Id, '/etc/passwd'), await this.#file(Id, '/etc/group'), user);
    } finally {
      await removeContainer(this.#api, Id);
    }
  }

  /** '' when there is no such file. */
  async #file(id: string, path: string): Promise<string> {
    const call = { method: 'GET', path: `/containers/${id}/archive`, query: { path } } as const;
    const found = await this.#api.findStream(call);
    if (found === undefined) return '';
    const chunks: Buffer[] = [];
    for await (const chunk of found) chunks.push(chunk as Buffer); // the engine's answers are bytes
    return firstFile(Buffer.concat(chunks)).toString('utf8');
  }
}
