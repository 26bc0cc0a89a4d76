/** Removes all of a cluster from the machine, step by step. */
import { errorText } from '../../api/error-text.ts';
import type { ClusterHost, ClusterSettings } from '../cluster-port.ts';
import type { Progress } from '../terminal.ts';
import { checkKubeconfigRemoval, removeKubeconfigEntry } from './kubeconfig-entry.ts';
import type { Profile } from './profile.ts';
import { stopServer } from './server-process.ts';
import type { VerbContext } from './verb.ts';

/** Performs one step of a removal. Resolves with undefined when it failed and the failure is tolerated. */
export type Attempt = <T>(action: () => Promise<T> | T) => Promise<T | undefined>;

/** Errors are thrown to the caller or, with `--force`, printed on the terminal, each once. */
export function attempts({ terminal }: VerbContext, force: boolean): Attempt {
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

export interface Removal {
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

/** Removes a cluster whose profile the caller has locked. Reads everything that it needs before it removes anything. */
export async function removeCluster(removal: Removal): Promise<void> {
  const { context, profile, progress, attempt } = removal;
  const { name } = profile;
  const cluster = await located(removal);
  const marks = (await attempt(() => profile.marks())) ?? { authorities: [], apiUrls: [] };
  const record = (await attempt(() => profile.kubeconfig)) ?? { previousContext: '', files: [] };
  const entries = { marks, ...record };
  await attempt(() => checkKubeconfigRemoval(context.terminal, entries));
  if ((await attempt(() => profile.server() ?? profile.guard())) !== undefined) progress.step(`Stopping the cluster "${name}"`);
  await attempt(() => stopServer(profile));
  // A server that was still starting may have begun a cluster since.
  const left = cluster ?? (await located(removal));
  if (left !== undefined) {
    progress.step(`Removing containers, networks and routes of "${name}"`);
    await attempt(() => left.host.destroy(left.settings, profile.endedAbruptly));
  }
  progress.step(`Removing the files and the kubeconfig entry of "${name}"`);
  await attempt(() => removeKubeconfigEntry(context.terminal, entries));
  profile.remove();
  progress.done();
}
