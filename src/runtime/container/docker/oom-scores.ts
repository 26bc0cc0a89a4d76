import { RuntimeError } from '../container-runtime.ts';
import type { HelperContainers } from './helper-container.ts';

/** The lowest score that the kubelet gives; a daemon that may set this one may set all. */
const LOWEST = -998;

/**
 * The OOM scores that this daemon can set. Scores below its own need a privilege that a daemon inside a container or a
 * user's session has not. A short-lived container finds that out, once and only when a score is negative.
 */
export class OomScores {
  readonly #helpers: Pick<HelperContainers, 'outcome'>;
  #lowers: Promise<boolean> | undefined;

  constructor(helpers: Pick<HelperContainers, 'outcome'>) {
    this.#helpers = helpers;
  }

  /** The score to set for the wanted one; 0 when that cannot be set. Rejects when the engine does not answer. */
  async allowed(wanted: number | undefined): Promise<number | undefined> {
    if (wanted === undefined || wanted >= 0) return wanted;
    this.#lowers ??= this.#try();
    return (await this.#lowers) ? wanted : 0;
  }

  async #try(): Promise<boolean> {
    try {
      await this.#helpers.outcome({ command: ['empty'], hostConfig: { NetworkMode: 'none', OomScoreAdj: LOWEST, Tmpfs: { '/tree': '' } } });
      return true;
    } catch (error) {
      this.#lowers = undefined;
      if (!(error instanceof RuntimeError) || error.code === 'Unavailable') throw error;
      this.#lowers = Promise.resolve(false);
      return false;
    }
  }
}
