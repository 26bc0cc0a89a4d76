/**
 * What this user may not do on the host itself, done by short-lived helper containers of the sandbox's image: changing routes, and removing files that
 * belong to containers' users. For minik without root.
 */
import { DockerApi, type DockerConnection } from './docker-api.ts';
import { HelperContainers } from './helper-container.ts';
import { PauseImage } from './pause-image.ts';

export interface DockerHostOptions extends DockerConnection {
  /** Value of the label `io.minik.cluster` on the helpers, so that a cluster's removal finds those that a crash left. */
  readonly clusterId: string;
}

export class DockerHost {
  readonly #api: DockerApi;
  readonly #helpers: HelperContainers;

  constructor(options: DockerHostOptions) {
    this.#api = new DockerApi(options);
    this.#helpers = new HelperContainers({ api: this.#api, pause: new PauseImage(this.#api), cluster: options.clusterId });
  }

  /** Makes an IPv4 range local to the host's network, or takes that back; both are idempotent. Rejects with RuntimeError. */
  async changeRoute(operation: 'add' | 'del', range: string): Promise<void> {
    await this.#helpers.run({ command: ['route', operation, range], hostConfig: { NetworkMode: 'host', CapAdd: ['NET_ADMIN'] } });
  }

  /** Removes everything inside a folder of the host, whoever owns it; the folder stays. Rejects with RuntimeError. */
  async emptyFolder(path: string): Promise<void> {
    await this.#helpers.run({
      command: ['empty'],
      hostConfig: { NetworkMode: 'none', Mounts: [{ Type: 'bind', Source: path, Target: '/tree' }] },
    });
  }

  /** What the daemon calls itself: the same for as long as it keeps its data. Rejects with RuntimeError. */
  async identity(): Promise<string> {
    return (await this.#api.json<{ readonly ID: string }>({ method: 'GET', path: '/info' })).ID;
  }

  close(): void {
    this.#api.close();
  }
}
