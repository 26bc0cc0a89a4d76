/**
 * Changes on the host that this user may not make, for minik without root privileges: changing routes, mounting memory,
 * and removing files that belong to users of containers. They are made by short-lived helper containers of the
 * sandbox's image.
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

/** Less than privileged: what it takes to enter the mount namespace of the helper's parent, and to mount there. */
const mountingHost = {
  ...{ NetworkMode: 'none', PidMode: 'host', UsernsMode: 'host' },
  CapAdd: ['SYS_ADMIN', 'SYS_CHROOT', 'SYS_PTRACE'],
  SecurityOpt: ['apparmor=unconfined', 'label=disable'],
};

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

  /**
   * Mounts memory at a folder of the host, with options as the kernel takes them, where the daemon finds what it gives
   * to containers. Rejects with RuntimeError, whose message ends with the kernel's error number.
   */
  async mountMemory(path: string, options: string): Promise<void> {
    await this.#helpers.run({ command: ['mount', path, options], hostConfig: mountingHost });
  }

  /** The opposite; also when nothing is mounted. */
  async unmount(path: string): Promise<void> {
    await this.#helpers.run({ command: ['unmount', path], hostConfig: mountingHost });
  }

  /** The daemon's identity, which stays the same as long as it keeps its data. Rejects with RuntimeError. */
  async identity(): Promise<string> {
    return (await this.#api.json<{ readonly ID: string }>({ method: 'GET', path: '/info' })).ID;
  }

  close(): void {
    this.#api.close();
  }
}
