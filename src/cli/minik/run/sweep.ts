/** Removes what `minik run`s that died have left on the machine. */
import { existsSync } from 'node:fs';
import { Progress, type Terminal } from '../../terminal.ts';
import { minikHome, type Profile } from '../profile.ts';
import { type Attempt, removeCluster } from '../remove-cluster.ts';
import { openProfile, type VerbContext } from '../verb.ts';
import { isAlive, isMarked, marksIn, type RunMark, removeMark } from './mark.ts';

export interface SweepOptions {
  readonly attempt: Attempt;
  /** Whether to wait for other commands that are at it; otherwise what they remove is left to them. */
  readonly waits: boolean;
}

export interface Swept {
  /** The clusters of which something was left. */
  readonly deleted: readonly string[];
  readonly failures: readonly unknown[];
}

/**
 * The cluster's own kubeconfig is the only one that has entries of it, unless a later `start` has added them to others.
 */
const withOwnKubeconfig = (terminal: Terminal, profile: Profile): Terminal => ({
  ...terminal,
  env: { ...terminal.env, KUBECONFIG: profile.ownKubeconfig },
});

/** Removes one run's cluster, then its mark. False when another command is at it, or has done it. */
export async function removeRun(context: VerbContext, mark: RunMark, { attempt, waits }: SweepOptions): Promise<boolean> {
  const { terminal } = context;
  const home = minikHome(terminal);
  const profile = openProfile(context, mark.profile);
  if (existsSync(profile.folder)) {
    const release = waits ? await profile.waitForLock('delete') : profile.tryLock('delete');
    if (typeof release !== 'function') return false;
    const own = { ...context, terminal: withOwnKubeconfig(terminal, profile) };
    await removeCluster({ context: own, profile, progress: new Progress(terminal, true), attempt }).finally(release);
  }
  const wasMarked = isMarked(home, mark);
  removeMark(home, mark);
  return wasMarked;
}

/** Removes the clusters of all dead runs. If one cannot be removed, the others still are. */
export async function sweep(context: VerbContext, options: SweepOptions): Promise<Swept> {
  const deleted: string[] = [];
  const failures: unknown[] = [];
  for (const mark of marksIn(minikHome(context.terminal))) {
    if (isAlive(mark)) continue;
    try {
      if (await removeRun(context, mark, options)) deleted.push(mark.profile);
    } catch (error) {
      failures.push(error);
    }
  }
  return { deleted, failures };
}
