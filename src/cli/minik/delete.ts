/** `minik delete`: ends the cluster and removes everything of it from the machine. */
import { UserError } from '../cluster-port.ts';
import { Progress } from '../terminal.ts';
import { checkKubeconfigRemoval, removeKubeconfigEntry } from './kubeconfig-entry.ts';
import { minikHome, profileNames } from './profile.ts';
import { stopServer } from './server-process.ts';
import { type CommonOptions, openProfile, printJson, type VerbContext } from './verb.ts';

export interface DeleteOptions extends CommonOptions {
  /** Every profile. */
  readonly all: boolean;
}

async function deleteProfile(context: VerbContext, name: string, progress: Progress): Promise<void> {
  const profile = openProfile(context, name);
  const settings = profile.settings();
  const release = profile.lock('delete');
  try {
    const removal = { marks: profile.marks(), ...profile.kubeconfig };
    await checkKubeconfigRemoval(context.terminal, removal);
    const server = profile.server();
    if (server !== undefined) {
      progress.step(`Stopping the cluster "${name}"`);
      await stopServer(server.pid, server.processStart);
      profile.forgetServer();
    }
    if (settings !== undefined) {
      progress.step(`Removing containers, networks and routes of "${name}"`);
      await (await context.loadClusterHost()).destroy(settings);
    }
    progress.step(`Removing the files and the kubeconfig entry of "${name}"`);
    await removeKubeconfigEntry(context.terminal, removal);
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
  const progress = new Progress(terminal, options.output === 'json');
  try {
    for (const name of names) await deleteProfile(context, name, progress);
  } catch (error) {
    progress.abandon();
    throw error;
  }
  if (options.output === 'json') printJson(terminal, { deleted: names });
  return 0;
}
