/**
 * A cluster's entries in the user's kubeconfig: added by `start`, removed by `delete`, checked by `status`. Entries
 * that are not the cluster's own are never changed; whether that is possible is checked before a cluster is made.
 */
import { connect } from 'node:net';
import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  defaultKubeconfigFile,
  type Kubeconfig,
  KubeconfigError,
  type KubeconfigFile,
  kubeconfigPaths,
  mergeKubeconfigs,
  readKubeconfigs,
} from '../../client/kubeconfig.ts';
import {
  checkKubeconfigEditable,
  editKubeconfig,
  type KubeconfigEditor,
  type KubeconfigList,
  KubeconfigLocked,
} from '../../client/kubeconfig-file.ts';
import { type AdminCredentials, UserError } from '../cluster-port.ts';
import type { Terminal } from '../terminal.ts';
import { type ClusterMarks, leftoverMarks, type OwnEntries, ownEntries } from './own-entries.ts';

const lockAttempts = 100;
const lockRetryMs = 50;
const answerTimeoutMs = 1000;

const base64 = (text: string): string => Buffer.from(text, 'utf8').toString('base64');

/** The current kubeconfig, and the entries in it that belong to the cluster. */
interface View {
  readonly paths: readonly string[];
  readonly files: readonly KubeconfigFile[];
  readonly merged: Kubeconfig;
  readonly own: OwnEntries;
  /** The name that each entry has or will have. */
  readonly names: Readonly<Record<KubeconfigList, string>>;
}

function view(paths: readonly string[], profile: string, marks: ClusterMarks): View {
  const files = readKubeconfigs(paths);
  const merged = mergeKubeconfigs(files.map(({ content }) => content));
  const own = ownEntries(merged, merged, marks);
  const choose = (names: readonly string[]): string => (names.includes(profile) ? profile : (names[0] ?? profile));
  const users = choose(own.users);
  const usable = own.contexts.filter((name) => {
    const user = merged.contexts.get(name)?.user ?? '';
    return own.users.includes(user) || !merged.users.has(user);
  });
  const current = usable.includes(merged.currentContext) ? [merged.currentContext] : [];
  return { paths, files, merged, own, names: { clusters: choose(own.clusters), users, contexts: choose([...current, ...usable]) } };
}

/**
 * The first entry that a write would have to overwrite although it is not the cluster's; undefined when there is none.
 */
function foreignEntry({ merged, own, names }: View): string | undefined {
  const isForeign = (list: KubeconfigList): boolean => {
    const name = names[list];
    const entry = merged[list].get(name);
    if (entry === undefined || own[list].includes(name) || Object.keys(entry).length === 0) return false;
    const context = merged.contexts.get(name);
    // A context whose cluster and user do not exist is unusable, so it may be overwritten.
    return !(list === 'contexts' && !merged.clusters.has(context?.cluster ?? '') && !merged.users.has(context?.user ?? ''));
  };
  const found = (['contexts', 'clusters', 'users'] as const).find(isForeign);
  if (found === undefined) return undefined;
  const name = names[found];
  const cluster = found === 'users' ? '' : found === 'clusters' ? name : (merged.contexts.get(name)?.cluster ?? '');
  const server = merged.clusters.get(cluster)?.server ?? '';
  return `${found.slice(0, -1)} ${JSON.stringify(name)}${server === '' ? '' : ` (${server})`}`;
}

function refuseForeign(seen: View, profile: string): void {
  const foreign = foreignEntry(seen);
  if (foreign === undefined) return;
  throw new UserError(`the kubeconfig has a ${foreign} that is not this cluster's; it would be overwritten`, [
    `Choose another name with -p, or give the cluster a kubeconfig of its own: KUBECONFIG=~/.kube/${profile} minik start -p ${profile}`,
    `Or, if it is not needed: kubectl config delete-context ${profile}; kubectl config delete-cluster ${profile}; kubectl config delete-user ${profile}`,
  ]);
}

/** Whether a program listens at the address of an API. */
async function answers(apiUrl: string | undefined): Promise<boolean> {
  const url = URL.parse(apiUrl ?? '');
  if (url === null) return false;
  const socket = connect({ host: url.hostname, port: Number(url.port || 443), timeout: answerTimeoutMs });
  try {
    return await new Promise((done) => {
      socket.once('connect', () => done(true));
      socket.once('error', () => done(false));
      // A program may be there, so nothing is removed.
      socket.once('timeout', () => done(true));
    });
  } finally {
    socket.destroy();
  }
}

/**
 * Checks, before a cluster is made, whether its entries can be written. Resolves with the marks by which they are
 * recognised: the given ones, and those of a deleted minik cluster that left entries with the same name. Rejects with
 * UserError or KubeconfigError. Changes nothing.
 */
export async function checkKubeconfig(terminal: Terminal, profile: string, marks: ClusterMarks): Promise<ClusterMarks> {
  const paths = kubeconfigPaths(terminal.env, terminal.home);
  let known = marks;
  let seen = view(paths, profile, known);
  if (foreignEntry(seen) !== undefined) {
    const left = leftoverMarks({ content: seen.merged }, profile);
    if (left.authorities.length > 0 && !(await answers(seen.merged.clusters.get(profile)?.server))) {
      known = { ...known, authorities: [...known.authorities, ...left.authorities] };
      seen = view(paths, profile, known);
    }
  }
  refuseForeign(seen, profile);
  for (const file of destinations(seen)) await whenUnlocked(() => checkKubeconfigEditable(file));
  return known;
}

/** The files that a write changes. */
const destinations = (seen: View): readonly string[] => [
  ...new Set([...(['clusters', 'users', 'contexts'] as const).map((list) => fileOf(seen, list)), defaultKubeconfigFile(seen.paths)]),
];

/** The file of an entry: the one that contains it, otherwise the file for new entries. */
const fileOf = ({ files, paths, names }: View, list: KubeconfigList): string =>
  files.find(({ content }) => content[list].has(names[list]))?.path ?? defaultKubeconfigFile(paths);

export interface KubeconfigWrite {
  readonly profile: string;
  readonly apiUrl: string;
  readonly credentials: AdminCredentials;
  /** The marks of the cluster before this start. */
  readonly marks: ClusterMarks;
}

/**
 * What `start` changed: the files, the context that is current now, and the foreign context that was current before (''
 * for none, undefined: it was our own).
 */
export interface KubeconfigChange {
  readonly files: readonly string[];
  readonly context: string;
  /** The namespace of that context. */
  readonly namespace: string;
  readonly previousContext: string | undefined;
}

/** Adds or updates cluster, user and context under their present names, and makes the context current. */
export async function writeKubeconfigEntry(terminal: Terminal, write: KubeconfigWrite): Promise<KubeconfigChange> {
  const { profile, apiUrl, credentials } = write;
  const marks = {
    authorities: [...write.marks.authorities, credentials.caPem],
    apiUrls: [...write.marks.apiUrls, apiUrl],
  };
  const seen = view(kubeconfigPaths(terminal.env, terminal.home), profile, marks);
  refuseForeign(seen, profile);
  const { names, merged } = seen;
  const entries: Readonly<Record<KubeconfigList, Readonly<Record<string, string | undefined>>>> = {
    clusters: {
      ...{ server: apiUrl, 'certificate-authority-data': base64(credentials.caPem) },
      ...{ 'certificate-authority': undefined, 'insecure-skip-tls-verify': undefined },
    },
    users: {
      ...{ 'client-certificate-data': base64(credentials.certificatePem), 'client-key-data': base64(credentials.keyPem) },
      ...{ 'client-certificate': undefined, 'client-key': undefined },
    },
    contexts: {
      ...{ cluster: names.clusters, user: names.users },
      ...(merged.contexts.has(names.contexts) ? {} : { namespace: 'default' }),
    },
  };
  const current = defaultKubeconfigFile(seen.paths);
  const edit = (file: string) => (editor: KubeconfigEditor) => {
    for (const list of ['clusters', 'users', 'contexts'] as const) {
      if (fileOf(seen, list) === file) editor.mergeEntry(list, names[list], entries[list]);
    }
    if (file === current && merged.currentContext !== names.contexts) editor.useContext(names.contexts);
  };
  const files = destinations(seen);
  for (const file of files) await whenUnlocked(() => editKubeconfig(file, edit(file)));
  const previousContext = seen.own.contexts.includes(merged.currentContext) ? undefined : merged.currentContext;
  const namespace = merged.contexts.get(names.contexts)?.namespace || 'default';
  return { files: files.map((file) => resolve(file)), context: names.contexts, namespace, previousContext };
}

export interface KubeconfigRemoval {
  readonly marks: ClusterMarks;
  /** Files that earlier starts wrote to, in addition to those in use. */
  readonly files: readonly string[];
  /** The context that becomes current again if the cluster's context was current. */
  readonly previousContext: string;
}

interface Removal {
  /** The files that the removal changes, each with the cluster's entries in it. */
  readonly found: readonly (OwnEntries & { readonly path: string })[];
  /** Contexts that must not be current afterwards. */
  readonly leaving: ReadonlySet<string>;
  /** Contexts that remain. */
  readonly kept: ReadonlySet<string>;
}

/** Plans the removal. Throws KubeconfigError when one of the kubeconfig's files cannot be read. */
function planRemoval(terminal: Terminal, { marks, files }: KubeconfigRemoval): Removal {
  const paths = kubeconfigPaths(terminal.env, terminal.home);
  const used = new Set(paths.map((path) => resolve(path)));
  const read = readKubeconfigs([...paths, ...files.filter((file) => !used.has(file))]);
  const merged = mergeKubeconfigs(read.map(({ content }) => content));
  const all = read.map(({ path, content }) => ({ path, content, own: ownEntries(content, merged, marks) }));
  const kept = new Set(all.flatMap(({ content, own }) => [...content.contexts.keys()].filter((name) => !own.contexts.includes(name))));
  // A later file may have a different context of the same name. Once the cluster's own is removed, the name must not
  // select that one.
  const current = ownEntries(merged, merged, marks).contexts.filter((name) => name === merged.currentContext);
  const leaving = new Set([...current, ...all.flatMap(({ own }) => own.contexts.filter((name) => !kept.has(name)))]);
  return {
    found: all
      .filter(({ content, own }) => Object.values(own).some((names) => names.length > 0) || leaving.has(content.currentContext))
      .map(({ path, own }) => ({ path, ...own })),
    leaving,
    kept,
  };
}

/** Checks whether `removeKubeconfigEntry` would succeed; changes nothing. */
export async function checkKubeconfigRemoval(terminal: Terminal, removal: KubeconfigRemoval): Promise<void> {
  for (const { path } of planRemoval(terminal, removal).found) await whenUnlocked(() => checkKubeconfigEditable(path));
}

/**
 * Removes the cluster's entries from every file, whatever their present names. The context that was current before
 * becomes current again.
 */
export async function removeKubeconfigEntry(terminal: Terminal, removal: KubeconfigRemoval): Promise<void> {
  const { found, leaving, kept } = planRemoval(terminal, removal);
  const fallback = kept.has(removal.previousContext) && !leaving.has(removal.previousContext) ? removal.previousContext : '';
  for (const { path, ...own } of found) {
    await whenUnlocked(() =>
      editKubeconfig(path, (editor) => {
        for (const list of ['clusters', 'users', 'contexts'] as const) for (const name of own[list]) editor.removeEntry(list, name);
        if (leaving.has(editor.currentContext)) editor.useContext(fallback);
      }),
    );
  }
}

/** Several clusters may start at once, so this waits for the file's lock, which is held only briefly. */
async function whenUnlocked(edit: () => void): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      edit();
      return;
    } catch (error) {
      if (!(error instanceof KubeconfigLocked) || attempt >= lockAttempts) throw error;
    }
    await delay(lockRetryMs);
  }
}

export interface KubectlState {
  readonly state: 'Correctly configured' | 'Misconfigured' | 'Not current' | 'Not configured';
  readonly detail: string;
}

/** Whether a plain `kubectl` command reaches this cluster. */
export function kubectlState(
  terminal: Terminal,
  profile: string,
  { marks, apiUrl }: { marks: ClusterMarks; apiUrl: string },
): KubectlState {
  let seen: View;
  try {
    seen = view(kubeconfigPaths(terminal.env, terminal.home), profile, marks);
  } catch (error) {
    if (!(error instanceof KubeconfigError)) throw error;
    return { state: 'Misconfigured', detail: error.message };
  }
  const { merged, own, names } = seen;
  const serverOf = (context: string): string => merged.clusters.get(merged.contexts.get(context)?.cluster ?? '')?.server ?? '';
  const context = own.contexts.includes(merged.currentContext) ? merged.currentContext : names.contexts;
  if (!own.contexts.includes(context)) {
    if (merged.contexts.has(profile))
      return { state: 'Misconfigured', detail: `context ${JSON.stringify(profile)} is another cluster's (${serverOf(profile)})` };
    return { state: 'Not configured', detail: `no context ${JSON.stringify(profile)}` };
  }
  if (serverOf(context) !== apiUrl)
    return { state: 'Misconfigured', detail: `context ${JSON.stringify(context)} points to ${serverOf(context)}` };
  if (merged.currentContext !== context)
    return { state: 'Not current', detail: `the current context is ${JSON.stringify(merged.currentContext)}` };
  return { state: 'Correctly configured', detail: `pointing to ${context} at ${apiUrl}` };
}
