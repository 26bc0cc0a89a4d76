/**
 * Clusters of one user pick their addresses one after another, whatever homes they are in. The lock lies where no other user can hold it; clusters of
 * different users are told apart by the routes and networks that they claim.
 */
import { join } from 'node:path';
import { makeFoldersSync } from '../../client/make-folders.ts';
import { waitForLock } from './file-lock.ts';

const timeoutMs = 60_000;

/** Waits for its turn, with a lock in the first of these folders of the user's own that can be had; resolves with the function that ends it. */
export async function lockAddresses(folders: readonly string[], purpose: string): Promise<() => void> {
  const [folder = '', ...others] = folders;
  try {
    makeFoldersSync(folder, 0o700);
    return await waitForLock(join(folder, 'addresses.lock'), purpose, timeoutMs);
  } catch (error) {
    // What the system refuses there (root has made the folder, the disk is read-only) may be possible elsewhere; a holder that does not end is one.
    if (others.length > 0 && error instanceof Error && 'code' in error) return lockAddresses(others, purpose);
    throw error;
  }
}
