/**
 * Short-lived containers of the sandbox's image. They do on the engine's host what this process is not permitted to do,
 * or cannot do from where it runs.
 */
import { randomUUID } from 'node:crypto';
import { RuntimeError } from '../container-runtime.ts';
import { removeContainer } from './create-container.ts';
import type { DockerApi } from './docker-api.ts';
import { clusterFilter, LABEL } from './names-and-labels.ts';
import type { PauseImage } from './pause-image.ts';

/** This process, which removes its helpers itself. */
const owner: string = randomUUID();

/** The labels of a helper of a cluster. */
export const helperLabels = (cluster: string): Readonly<Record<string, string>> => ({
  [LABEL.cluster]: cluster,
  [LABEL.type]: 'helper',
  [LABEL.helper]: owner,
});

/** Removes the helpers that other processes of the cluster have left behind: they were killed. */
export async function removeForgottenHelpers(api: DockerApi, cluster: string): Promise<void> {
  const query = { all: true, filters: clusterFilter(cluster, 'helper') };
  const helpers = await api.json<readonly { Id: string; Labels: Readonly<Record<string, string>> }[]>({
    ...{ method: 'GET', path: '/containers/json', query },
  });
  const forgotten = helpers.filter(({ Labels }) => Labels[LABEL.helper] !== owner);
  await Promise.all(forgotten.map(({ Id }) => removeContainer(api, Id)));
}

export interface Helper {
  /** Default: the sandbox's image. */
  readonly image?: string;
  /** Arguments of the sandbox's program. */
  readonly command: readonly string[];
  readonly hostConfig: object;
}

export interface HelperContainersOptions {
  readonly api: DockerApi;
  readonly pause: PauseImage;
  /**
   * Value of the label `io.minik.cluster` on the helpers, so that deleting a cluster also removes helpers that a crash
   * has left behind.
   */
  readonly cluster: string;
}

export class HelperContainers {
  readonly #options: HelperContainersOptions;

  constructor(options: HelperContainersOptions) {
    this.#options = options;
  }

  /** Runs a helper to its end, removes it, and resolves with its exit code. Rejects with RuntimeError. */
  outcome(helper: Helper): Promise<number> {
    const { api } = this.#options;
    return this.made(helper, async (id) => {
      await api.json({ method: 'POST', path: `/containers/${id}/start` });
      return (await api.json<{ StatusCode: number }>({ method: 'POST', path: `/containers/${id}/wait` })).StatusCode;
    });
  }

  /** Makes a helper without starting it, for as long as `use` needs it. */
  async made<T>({ image, command, hostConfig }: Helper, use: (id: string) => Promise<T>): Promise<T> {
    const { api, pause, cluster } = this.#options;
    if (image === undefined) await pause.ensure();
    const body = { Image: image ?? pause.name, Cmd: command, Labels: helperLabels(cluster), HostConfig: hostConfig };
    const { Id } = await api.json<{ Id: string }>({ method: 'POST', path: '/containers/create', body });
    try {
      return await use(Id);
    } finally {
      await removeContainer(api, Id);
    }
  }

  /** The same for a helper that must exit with code 0. */
  async run(helper: Helper): Promise<void> {
    const code = await this.outcome(helper);
    if (code !== 0) throw new RuntimeError('Other', `helper container (${helper.command.join(' ')}) ended with ${code}`);
  }
}
