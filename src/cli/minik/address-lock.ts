/**
 * Makes the clusters of one user pick their addresses one after another, even if they have different homes. The lock is
 * in a folder where no other user can hold it. Clusters of different users avoid each other by the routes and networks
 * that they claim.
 */
import { join } from 'node:path';
import { makeFoldersSync } from '../../client/make-folders.ts';
import { waitForLock } from './file-lock.ts';

const timeoutMs = 60_000;

/**
 * Waits for the lock, in the first of these folders of the user in which it can be created. Resolves with the function
 * that releases it.
 */
export async function lockAddresses(folders: readonly string[], purpose: string): Promise<() => void> {
  const [folder = '', ...others] = folders;
  try {
    makeFoldersSync(folder, 0o700);
    return await waitForLock(join(folder, 'addresses.lock'), purpose, timeoutMs);
  } catch (error) {
    // If the system refuses the lock in a folder (root owns it, the disk is read-only), another folder may work. If a
    // holder does not release it, that is an error.
    if (others.length > 0 && error instanceof Error && 'code' in error) return lockAddresses(others, purpose);
    throw error;
  }
}
