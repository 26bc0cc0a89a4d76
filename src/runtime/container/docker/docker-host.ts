/**
 * What this user may not do on the host itself, done by short-lived helper containers of the sandbox's image: changing routes, and removing files that
 * belong to containers' users. For minik without root.
 */
import { RuntimeError } from '../container-runtime.ts';
import { removeContainer } from './create-container.ts';
import { DockerApi, type DockerConnection } from './docker-api.ts';
import { LABEL } from './names-and-labels.ts';
import { PauseImage } from './pause-image.ts';

export interface DockerHostOptions extends DockerConnection {
  /** Value of the label `io.minik.cluster` on the helpers, so that a cluster's removal finds those that a crash left. */
  readonly clusterId: string;
}

interface Helper {
  readonly command: readonly string[];
  readonly hostConfig: object;
}

export class DockerHost {
  readonly #api: DockerApi;
  readonly #pause: PauseImage;
  readonly #clusterId: string;

  constructor(options: DockerHostOptions) {
    this.#api = new DockerApi(options);
    this.#pause = new PauseImage(this.#api);
    this.#clusterId = options.clusterId;
  }

  /** Makes an IPv4 range local to the host's network, or takes that back; both are idempotent. Rejects with RuntimeError. */
  async changeRoute(operation: 'add' | 'del', range: string): Promise<void> {
    await this.#run({ command: ['route', operation, range], hostConfig: { NetworkMode: 'host', CapAdd: ['NET_ADMIN'] } });
  }

  /** Removes everything inside a folder of the host, whoever owns it; the folder stays. Rejects with RuntimeError. */
  async emptyFolder(path: string): Promise<void> {
    await this.#run({ command: ['empty'], hostConfig: { NetworkMode: 'none', Mounts: [{ Type: 'bind', Source: path, Target: '/tree' }] } });
  }

  close(): void {
    this.#api.close();
  }

  async #run({ command, hostConfig }: Helper): Promise<void> {
    await this.#pause.ensure();
    const body = { Image: this.#pause.name, Cmd: command, Labels: { [LABEL.cluster]: this.#clusterId }, HostConfig: hostConfig };
    const { Id } = await this.#api.json<{ Id: string }>({ method: 'POST', path: '/containers/create', body });
    try {
      await this.#api.json({ method: 'POST', path: `/containers/${Id}/start` });
      const { StatusCode } = await this.#api.json<{ StatusCode: number }>({ method: 'POST', path: `/containers/${Id}/wait` });
      if (StatusCode !== 0) throw new RuntimeError('Other', `helper container (${command.join(' ')}) ended with ${StatusCode}`);
    } finally {
      await removeContainer(this.#api, Id);
    }
  }
}
