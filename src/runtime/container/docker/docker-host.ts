/**
 * Changes on the host that this user may not make, for minik without root privileges: changing routes, and removing
 * files that belong to users of containers. They are made by short-lived helper containers of the sandbox's image.
 */
import { DockerApi, type DockerConnection } from './docker-api.ts';
import { HelperContainers } from './helper-container.ts';
import { PauseImage } from './pause-image.ts';

export interface DockerHostOptions extends DockerConnection {
  /**
   * Value of the label `io.minik.cluster` on the helpers, so that deleting a cluster also removes helpers that a crash
   * has left behind.
   */
  readonly clusterId: string;
}

export class DockerHost {
  readonly #api: DockerApi;
  readonly #helpers: HelperContainers;

  constructor(options: DockerHostOptions) {
    this.#api = new DockerApi(options);
    this.#helpers = new HelperContainers({ api: this.#api, pause: new PauseImage(this.#api), cluster: options.clusterId });
  }

  /**
   * Makes an IPv4 range local to the host's network, or undoes that; both are idempotent. Rejects with RuntimeError.
   */
  async changeRoute(operation: 'add' | 'del', range: string): Promise<void> {
    await this.#helpers.run({ command: ['route', operation, range], hostConfig: { NetworkMode: 'host', CapAdd: ['NET_ADMIN'] } });
  }

  /**
   * Removes everything in a folder of the host, whoever owns it. The folder itself stays. Rejects with RuntimeError.
   */
  async emptyFolder(path: string): Promise<void> {
    await this.#helpers.run({
      command: ['empty'],
      hostConfig: { NetworkMode: 'none', Mounts: [{ Type: 'bind', Source: path, Target: '/tree' }] },
    });
  }

  /** The daemon's identity, which stays the same as long as it keeps its data. Rejects with RuntimeError. */
  async identity(): Promise<string> {
    return (await this.#api.json<{ readonly ID: string }>({ method: 'GET', path: '/info' })).ID;
  }

  close(): void {
    this.#api.close();
  }
}
