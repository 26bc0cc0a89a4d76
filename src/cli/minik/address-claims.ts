/**
 * How clusters that start at once choose different addresses. A start picks its own under a lock of the user's and
 * claims them in a file beside that lock; the next one avoids what is claimed. The lock is held only while one picks,
 * which takes milliseconds: what takes longer (networks, routes, the server itself) happens under the claim. A claim
 * ends when it is released, at the latest with the process that made it.
 *
 * The folder is one where no other user can hold the lock. Clusters of different users avoid each other by the routes
 * and networks that they make.
 */
import { randomBytes } from 'node:crypto';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeFoldersSync } from '../../client/make-folders.ts';
import type { ClusterAddresses, TakenAddresses } from '../cluster-port.ts';
import { hasCode, waitForLock } from './file-lock.ts';
import { processStartOf } from './process-identity.ts';
import { readText } from './read-text.ts';

const timeoutMs = 60_000;

/** What a file of a claim contains. */
interface Claim extends ClusterAddresses {
  readonly pid: number;
  readonly processStart: string;
  /** The folder of the cluster. */
  readonly folder: string;
}

export interface ClaimOptions {
  /** Folders of the user, in order of preference: the first in which files can be made is used. */
  readonly folders: readonly string[];
  /** Who claims: the cluster's own folder. */
  readonly cluster: string;
  /** The clusters that are not starting; asked under the lock. */
  readonly others: () => readonly OtherCluster[];
}

/** What another cluster of the user has. */
export interface OtherCluster extends ClusterAddresses {
  /** It runs, or is restarted in a while. */
  readonly isGuarded: boolean;
}

/** Waits for the lock, in the first of the folders where it can be made; resolves with that folder and the release. */
async function lockIn(folders: readonly string[], purpose: string): Promise<{ readonly folder: string; readonly unlock: () => void }> {
  const [folder = '', ...others] = folders;
  try {
    makeFoldersSync(folder, 0o700);
    return { folder, unlock: await waitForLock(join(folder, 'addresses.lock'), purpose, timeoutMs) };
  } catch (error) {
    // If the system refuses the lock in a folder (root owns it, the disk is read-only), another folder may work. If a
    // holder does not release it, that is an error.
    if (others.length > 0 && error instanceof Error && 'code' in error) return lockIn(others, purpose);
    throw error;
  }
}

const prefix = 'addresses.claim.';

/** A claim; undefined when it was released meanwhile, or its writer died while it wrote. */
function read(path: string): Claim | undefined {
  try {
    return JSON.parse(readText(path));
  } catch (error) {
    if (error instanceof SyntaxError || hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** The claims in a folder whose processes live. Files of others are removed. */
function liveClaims(folder: string): readonly Claim[] {
  return readdirSync(folder)
    .filter((name) => name.startsWith(prefix))
    .flatMap((name) => {
      const path = join(folder, name);
      const claim = read(path);
      if (claim !== undefined && claim.processStart !== '' && processStartOf(claim.pid) === claim.processStart) return [claim];
      rmSync(path, { force: true });
      return [];
    });
}

/** The addresses that one cluster has claimed. */
export class AddressClaims {
  readonly #options: ClaimOptions;
  #file: string | undefined;

  constructor(options: ClaimOptions) {
    this.#options = options;
  }

  /**
   * Picks addresses while no other process of the user picks, and claims them. `pick` gets what is taken. Rejects with
   * what `pick` rejects with; then nothing is claimed.
   */
  async claim<T extends ClusterAddresses>(pick: (taken: TakenAddresses) => Promise<T>): Promise<T> {
    const { folders, cluster, others } = this.#options;
    const { folder, unlock } = await lockIn(folders, `start ${cluster}`);
    try {
      this.release();
      const claims = liveClaims(folder);
      const onRecord = others();
      const guarded = onRecord.filter(({ isGuarded }) => isGuarded);
      const picked = await pick({
        cidrs: [...onRecord, ...claims].flatMap(({ serviceCidr, podCidr }) => [serviceCidr, podCidr]),
        ports: new Set([...guarded, ...claims].map(({ apiPort }) => apiPort)),
        recordedPorts: new Set(onRecord.map(({ apiPort }) => apiPort)),
        clusters: new Set(claims.map((each) => each.folder)),
      });
      const { apiPort, serviceCidr, podCidr } = picked;
      const { pid } = process;
      const claim: Claim = { pid, processStart: processStartOf(pid), folder: cluster, apiPort, serviceCidr, podCidr };
      const file = join(folder, `${prefix}${pid}.${randomBytes(4).toString('hex')}`);
      writeFileSync(file, JSON.stringify(claim), { mode: 0o600 });
      this.#file = file;
      return picked;
    } finally {
      unlock();
    }
  }

  /** From now on, the addresses are in use, or not needed. */
  release(): void {
    if (this.#file !== undefined) rmSync(this.#file, { force: true });
    this.#file = undefined;
  }
}
