/** `minik delete`: stops the cluster and removes all of it from the machine. */
import { errorText } from '../../api/error-text.ts';
import { type ClusterHost, type ClusterSettings, UserError } from '../cluster-port.ts';
import { Progress } from '../terminal.ts';
import { checkKubeconfigRemoval, removeKubeconfigEntry } from './kubeconfig-entry.ts';
import { minikHome, type Profile, profileNames } from './profile.ts';
import { stopServer } from './server-process.ts';
import { type CommonOptions, openProfile, printJson, type VerbContext } from './verb.ts';

export interface DeleteOptions extends CommonOptions {
  /** Delete every profile. */
  readonly all: boolean;
  /** Continue when something cannot be removed, and report it. */
  readonly force: boolean;
}

/** Performs one step of a removal. Resolves with undefined when it failed and the failure is tolerated. */
type Attempt = <T>(action: () => Promise<T> | T) => Promise<T | undefined>;

/** Errors are thrown to the caller or, with `--force`, printed on the terminal, each once. */
function attempts({ terminal }: VerbContext, force: boolean): Attempt {
  const said = new Set<string>();
  return async (action) => {
    try {
      return await action();
    } catch (error) {
      if (!force) throw error;
      const text = errorText(error);
      if (!said.has(text)) terminal.err(`minik: not everything is removed: ${text}\n`);
      said.add(text);
      return undefined;
    }
  };
}

interface Removal {
  readonly context: VerbContext;
  readonly profile: Profile;
  readonly progress: Progress;
  readonly attempt: Attempt;
}

/**
 * What is left of the cluster on the host, and the parts that can remove it. The engine is asked before anything is
 * changed.
 */
async function located({ context, profile, attempt }: Removal): Promise<{ host: ClusterHost; settings: ClusterSettings } | undefined> {
  const known = await attempt(() => profile.settings());
  if (known === undefined) return undefined;
  const host = await context.loadClusterHost();
  return { host, settings: (await attempt(() => host.locate(known))) ?? known };
}

/** Reads everything that the removal needs before it removes anything. */
async function deleteProfile(removal: Removal): Promise<void> {
  const { context, profile, progress, attempt } = removal;
  const { name } = profile;
  const release = profile.lock('delete');
  try {
    const cluster = await located(removal);
    const marks = (await attempt(() => profile.marks())) ?? { authorities: [], apiUrls: [] };
    const record = (await attempt(() => profile.kubeconfig)) ?? { previousContext: '', files: [] };
    const entries = { marks, ...record };
    await attempt(() => checkKubeconfigRemoval(context.terminal, entries));
    if ((await attempt(() => profile.server() ?? profile.guard())) !== undefined) progress.step(`Stopping the cluster "${name}"`);
    await attempt(() => stopServer(profile));
    if (cluster !== undefined) {
      progress.step(`Removing containers, networks and routes of "${name}"`);
      await attempt(() => cluster.host.destroy(cluster.settings));
    }
    progress.step(`Removing the files and the kubeconfig entry of "${name}"`);
    await attempt(() => removeKubeconfigEntry(context.terminal, entries));
    profile.remove();
    progress.done();
  } finally {
    release();
  }
}

export async function deleteCluster(context: VerbContext, options: DeleteOptions): Promise<number> {
  const { terminal } = context;
  const known = profileNames(minikHome(terminal));
  const names = options.all ? known : [options.profile];
  if (!options.all && !known.includes(options.profile)) {
    throw new UserError(
      `there is no profile ${JSON.stringify(options.profile)}`,
      known.length === 0 ? [] : [`Profiles: ${known.join(', ')}.`],
    );
  }
  const attempt = attempts(context, options.force);
  const deleted: string[] = [];
  const failures: unknown[] = [];
  // If one profile cannot be deleted, the others still are.
  for (const name of names) {
    const progress = new Progress(terminal, options.output === 'json');
    try {
      await deleteProfile({ context, profile: openProfile(context, name), progress, attempt });
      deleted.push(name);
    } catch (error) {
      progress.abandon();
      failures.push(error);
    }
  }
  if (options.output === 'json') printJson(terminal, { deleted });
  const [first, ...others] = failures;
  if (first === undefined) return 0;
  for (const other of others) terminal.err(`minik: ${errorText(other)}\n`);
  throw first;
}
