/**
 * The marks of clusters that belong to a `minik run`. A mark is an empty file in the folder `runs` of minik's home,
 * whose name says whose the cluster is. It is made before anything else of the cluster and removed after everything
 * else, so whatever a run that died has left behind is found by its mark.
 */
import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, openSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { makeFoldersSync } from '../../../client/make-folders.ts';
import { hasCode } from '../file-lock.ts';
import { processStartOf } from '../process-identity.ts';
import type { ProcessIdentity } from '../profile.ts';

/** Whose a cluster is: the process of the `minik run`. */
export interface RunMark extends ProcessIdentity {
  /** The cluster's profile. */
  readonly profile: string;
}

const folderOf = (home: string): string => join(home, 'runs');

/** The name is one file name, so that making the file makes the mark: there is no half of one. */
const fileOf = (home: string, { profile, pid, processStart }: RunMark): string =>
  join(folderOf(home), [profile, pid, processStart].join('.'));

/** Five random bytes: no two clusters of a machine get the same name. */
const newName = (): string => `run-${randomBytes(5).toString('hex')}`;

/** Marks a new cluster as this process's, and so decides its name. */
export function makeMark(home: string): RunMark {
  const mark: RunMark = { profile: newName(), pid: process.pid, processStart: processStartOf(process.pid) };
  makeFoldersSync(folderOf(home), 0o700);
  closeSync(openSync(fileOf(home, mark), 'wx', 0o600));
  return mark;
}

/** After this, the cluster is nobody's: it is gone, or stays. */
export const removeMark = (home: string, mark: RunMark): void => rmSync(fileOf(home, mark), { force: true });

export const isMarked = (home: string, mark: RunMark): boolean => existsSync(fileOf(home, mark));

/** All marks, of living and of dead runs. */
export function marksIn(home: string): readonly RunMark[] {
  let names: readonly string[];
  try {
    names = readdirSync(folderOf(home));
  } catch (error) {
    // Where there was never a run, or is no home.
    if (hasCode(error, 'ENOENT') || hasCode(error, 'ENOTDIR')) return [];
    throw error;
  }
  return names.flatMap((name) => {
    const [profile = '', pid = '', processStart = '', ...more] = name.split('.');
    return /^\d+$/.test(pid) && processStart !== '' && more.length === 0 ? [{ profile, pid: Number(pid), processStart }] : [];
  });
}

/** Whether the run is still going. */
export const isAlive = ({ pid, processStart }: ProcessIdentity): boolean => processStartOf(pid) === processStart;
