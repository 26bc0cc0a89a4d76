/** The server's side of a `minik run`: when the run is gone, its server removes the cluster by itself. */
import { errorText } from '../../../api/error-text.ts';
import type { Logger } from '../../../client/logger.ts';
import type { LoadClusterHost } from '../../cluster-port.ts';
import type { Profile } from '../profile.ts';
import { watchOwner } from './channel.ts';
import { type RunMark, removeMark } from './mark.ts';

export interface OwnershipOptions {
  readonly loadClusterHost: LoadClusterHost;
  /** The folder of all profiles and marks. */
  readonly home: string;
  readonly profile: Profile;
  /** Absent: the cluster belongs to no run. */
  readonly mark: RunMark | undefined;
  readonly log: Logger;
}

/** Whether the cluster's run still wants it. */
export class Ownership {
  readonly #options: OwnershipOptions;
  #gone = false;

  constructor(options: OwnershipOptions) {
    this.#options = options;
  }

  /** Finds out whether the run lives, and calls back when it is gone or no longer wants the cluster. */
  async watch(onOver: () => void): Promise<void> {
    const { mark } = this.#options;
    if (mark === undefined) return;
    const alive = await watchOwner(mark, () => {
      this.#gone = true;
      if (this.isOver) onOver();
    });
    this.#gone ||= !alive;
  }

  /** Nobody wants the cluster any more: its run has ended without saying that it stays. */
  get isOver(): boolean {
    return this.#gone && !this.#options.profile.isKept;
  }

  /**
   * If nobody wants it, removes everything of the cluster, which this process no longer serves; its mark last. Does
   * nothing when a command removes it already. What fails is logged, and left to the next command.
   */
  async removeIfOver(): Promise<void> {
    const { loadClusterHost, home, profile, mark, log } = this.#options;
    if (mark === undefined || !this.isOver) return;
    const release = profile.tryLock('delete');
    if (typeof release !== 'function') return;
    try {
      const settings = profile.settings();
      if (settings !== undefined) await (await loadClusterHost()).destroy(settings, false);
      profile.remove();
      removeMark(home, mark);
    } catch (error) {
      log.error('The cluster could not be removed: the next minik command tries again', { error: errorText(error) });
    } finally {
      release();
    }
  }
}
