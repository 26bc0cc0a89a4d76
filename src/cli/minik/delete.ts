/** `minik delete`: stops the cluster and removes all of it from the machine. */
import { errorText } from '../../api/error-text.ts';
import { UserError } from '../cluster-port.ts';
import { Progress } from '../terminal.ts';
import { minikHome, profileNames } from './profile.ts';
import { attempts, type Removal, removeCluster } from './remove-cluster.ts';
import { marksIn } from './run/mark.ts';
import { sweep } from './run/sweep.ts';
import { type CommonOptions, openProfile, printJson, type VerbContext } from './verb.ts';

export interface DeleteOptions extends CommonOptions {
  /** Delete every profile, except those of runs that are still going. */
  readonly all: boolean;
  /** Delete what dead runs have left, and nothing else. */
  readonly ephemeral: boolean;
  /** Continue when something cannot be removed, and report it. */
  readonly force: boolean;
}

async function deleteProfile(removal: Removal): Promise<void> {
  const release = removal.profile.lock('delete');
  await removeCluster(removal).finally(release);
}

/** Deletes what dead runs have left, and says which clusters these were. */
async function deleteDeadRuns(context: VerbContext, { output, force }: DeleteOptions): Promise<number> {
  const { deleted, failures } = await sweep(context, { attempt: attempts(context, force), waits: true });
  if (output === 'json') printJson(context.terminal, { deleted });
  else if (failures.length === 0)
    context.terminal.err(
      deleted.length === 0 ? 'minik: no dead run has left anything.\n' : `minik: removed what is left of ${deleted.join(', ')}.\n`,
    );
  return outcomeOf(context, failures);
}

/** Throws the first failure, after it has printed the others. */
function outcomeOf({ terminal }: VerbContext, [first, ...others]: readonly unknown[]): number {
  if (first === undefined) return 0;
  for (const other of others) terminal.err(`minik: ${errorText(other)}\n`);
  throw first;
}

export async function deleteCluster(context: VerbContext, options: DeleteOptions): Promise<number> {
  const { terminal } = context;
  if (options.ephemeral) return deleteDeadRuns(context, options);
  const home = minikHome(terminal);
  const known = profileNames(home);
  const ofRuns = new Set(marksIn(home).map((mark) => mark.profile));
  const names = options.all ? known.filter((name) => !ofRuns.has(name)) : [options.profile];
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
  return outcomeOf(context, failures);
}
