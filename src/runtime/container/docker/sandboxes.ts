import type { Duplex } from 'node:stream';
import { RuntimeError, type Sandbox, type SandboxConfig, type Sandboxes } from '../container-runtime.ts';
import { IpPool } from '../ip-pool.ts';
import { unknownHandler } from '../unknown-handler.ts';
import { createNamed, removeContainer } from './create-container.ts';
import { dialPod } from './dial.ts';
import type { DockerApi } from './docker-api.ts';
import type { Endpoints } from './endpoints.ts';
import { clusterFilter, LABEL, readLabels, sandboxLabels, sandboxName } from './names-and-labels.ts';
import type { ClusterNetwork } from './network.ts';
import type { PauseImage } from './pause-image.ts';
import { SandboxAddresses } from './sandbox-addresses.ts';
import type { SandboxTraitsCache } from './sandbox-traits.ts';

interface NetworkEndpoints {
  readonly Networks?: Readonly<Record<string, { readonly IPAddress?: string } | null>>;
}

interface InspectedSandbox {
  readonly Id: string;
  readonly Created: string;
  readonly State: { readonly Running: boolean };
  readonly Config: { readonly Labels: Readonly<Record<string, string>> | null };
  readonly NetworkSettings: NetworkEndpoints;
}

interface DaemonFeatures {
  readonly Runtimes?: Readonly<Record<string, unknown>> | null;
  readonly SecurityOptions?: readonly string[] | null;
}

interface ListedSandbox {
  readonly Id: string;
  /** Seconds since the epoch. */
  readonly Created: number;
  readonly State: string;
  readonly Labels: Readonly<Record<string, string>> | null;
  readonly NetworkSettings: NetworkEndpoints;
}

/** The pause program exits on TERM at once; this limit is for a daemon under load. */
const STOP_SECONDS = 10;

/** Only containers that are not ours have addresses that we do not know of. */
const maxAddressesTried = 8;

const isAddressTaken = (error: unknown): boolean => error instanceof RuntimeError && /Address already in use/i.test(error.message);

export interface DockerSandboxesOptions {
  readonly api: DockerApi;
  readonly cluster: string;
  readonly network: ClusterNetwork;
  readonly pause: PauseImage;
  readonly traits: SandboxTraitsCache;
  readonly endpoints: Endpoints;
}

/** Pod sandboxes as pause containers on the cluster's bridge network. */
export class DockerSandboxes implements Sandboxes {
  readonly #api: DockerApi;
  readonly #cluster: string;
  readonly #network: ClusterNetwork;
  readonly #pause: PauseImage;
  readonly #traits: SandboxTraitsCache;
  readonly #addresses: SandboxAddresses;
  readonly #endpoints: Endpoints;

  constructor({ api, cluster, network, pause, traits, endpoints }: DockerSandboxesOptions) {
    this.#api = api;
    this.#cluster = cluster;
    this.#network = network;
    this.#pause = pause;
    this.#traits = traits;
    this.#endpoints = endpoints;
    this.#addresses = new SandboxAddresses(new IpPool(network.subnet, network.reservedIps), () => this.list());
  }

  async run(config: SandboxConfig): Promise<Sandbox> {
    await this.#refuse(config);
    try {
      return await this.#runOnce(config);
    } catch (error) {
      // If our image or network was pruned, they are created again, once.
      const pruned = error instanceof RuntimeError && (error.code === 'ImageNotFound' || /network .* not found/.test(error.message));
      if (!pruned) throw error;
      await Promise.all([this.#network.ensure(), this.#pause.ensure()]);
      return this.#runOnce(config);
    }
  }

  async inspect(id: string): Promise<Sandbox | undefined> {
    const found = await this.#api.find<InspectedSandbox>({ method: 'GET', path: `/containers/${id}/json` });
    const labels = found?.Config.Labels ?? {};
    if (found === undefined || labels[LABEL.cluster] !== this.#cluster || labels[LABEL.type] !== 'podsandbox') return undefined;
    return toSandbox(found.Id, found.State.Running, Date.parse(found.Created), labels, found.NetworkSettings);
  }

  /** Lists with a single call; `createdAtMs` has a precision of whole seconds here. */
  async list(node?: string): Promise<readonly Sandbox[]> {
    const query = { all: true, filters: clusterFilter(this.#cluster, 'podsandbox', node) };
    const found = await this.#api.json<readonly ListedSandbox[]>({ method: 'GET', path: '/containers/json', query });
    return found.map(({ Id, State, Created, Labels, NetworkSettings }) =>
      toSandbox(Id, State === 'running', Created * 1000, Labels ?? {}, NetworkSettings),
    );
  }

  async stop(id: string): Promise<void> {
    this.#addresses.release(id);
    await this.#endpoints.leave(id);
    await this.#api.find({ method: 'POST', path: `/containers/${id}/stop`, query: { t: STOP_SECONDS } });
  }

  async remove(id: string): Promise<void> {
    this.#traits.forget(id);
    this.#addresses.release(id);
    await this.#endpoints.leave(id);
    await removeContainer(this.#api, id);
  }

  async dial(id: string, port: number): Promise<Duplex> {
    const sandbox = await this.inspect(id);
    if (sandbox === undefined) throw new RuntimeError('NotFound', `No such container: ${id}`);
    return dialPod(this.#api, sandbox, port);
  }

  /**
   * Rejects with RuntimeError when the daemon has not what the pod asks for. Docker makes no user namespace for one
   * pod, but a daemon may run all of its containers in one.
   */
  async #refuse(config: SandboxConfig): Promise<void> {
    if (config.hostUsers && config.runtimeHandler === '') return;
    const { Runtimes, SecurityOptions } = await this.#api.json<DaemonFeatures>({ method: 'GET', path: '/info' });
    if (config.runtimeHandler !== '' && Runtimes?.[config.runtimeHandler] === undefined) throw unknownHandler(config.runtimeHandler);
    const hasUserNamespace = SecurityOptions?.some((option) => /^name=(userns|rootless)\b/.test(option));
    if (!config.hostUsers && hasUserNamespace !== true) throw new RuntimeError('Other', hostUsersRefusal(config));
  }

  /**
   * Asks for an address of the node's range. One that is in use after all, because the engine has given it to another
   * container, is not asked for again; when none is left, the engine chooses.
   */
  async #runOnce(config: SandboxConfig): Promise<Sandbox> {
    for (let tried = 0; !config.hostNetwork && config.podCidr !== undefined && tried < maxAddressesTried; tried++) {
      const ip = (await this.#addresses.known()).takeIn(config.podCidr);
      if (ip === undefined) break;
      try {
        const sandbox = await this.#start(config, ip);
        this.#addresses.assign(sandbox.id, sandbox.ip);
        return sandbox;
      } catch (error) {
        // An address in use stays taken note of; of any other failure the address is free again.
        if (!isAddressTaken(error)) {
          this.#addresses.giveBack(ip);
          throw error;
        }
      }
    }
    return this.#start(config, '');
  }

  async #start(config: SandboxConfig, ip: string): Promise<Sandbox> {
    const body = sandboxBody(this.#cluster, config, { image: this.#pause.name, network: this.#network.name, ip });
    const id = await this.#endpoints.join(async (starts) => {
      const { id } = await createNamed(this.#api, this.#cluster, sandboxName(config), body);
      starts(id);
      try {
        await this.#api.json({ method: 'POST', path: `/containers/${id}/start`, failure: 'StartFailed' });
      } catch (error) {
        await removeContainer(this.#api, id);
        throw error;
      }
      return id;
    });
    const sandbox = await this.inspect(id);
    this.#traits.set(id, { hostIpc: config.hostIpc, cgroupParent: config.cgroupParent, runtimeHandler: config.runtimeHandler });
    if (sandbox?.state !== 'ready') throw new RuntimeError('StartFailed', `sandbox container ${id} is not running`);
    return sandbox;
  }
}

/** Source: pkg/kubelet/userns/userns_manager.go (GetOrCreateUserNamespaceMappings). */
function hostUsersRefusal({ runtimeHandler }: SandboxConfig): string {
  const who = runtimeHandler === '' ? 'runtime' : `RuntimeClass handler ${JSON.stringify(runtimeHandler)}`;
  return `can't set \`spec.hostUsers: false\`, ${who} does not support user namespaces`;
}

function toSandbox(
  id: string,
  running: boolean,
  createdAtMs: number,
  labels: Readonly<Record<string, string>>,
  endpoints: NetworkEndpoints,
): Sandbox {
  const addresses = Object.values(endpoints.Networks ?? {}).map((endpoint) => endpoint?.IPAddress ?? '');
  const ip = running ? (addresses.find((address) => address !== '') ?? '') : '';
  return { id, state: running ? 'ready' : 'notReady', ip, createdAtMs, ...readLabels(labels) };
}

interface SandboxPlace {
  readonly image: string;
  readonly network: string;
  /** '': any. */
  readonly ip: string;
}

/** Body of the create call. Source: pkg/kubelet/dockershim/docker_sandbox.go, makeSandboxDockerConfig. */
function sandboxBody(cluster: string, config: SandboxConfig, { image, network, ip }: SandboxPlace): object {
  const published = config.hostNetwork ? [] : config.portMappings.filter(({ hostPort }) => hostPort > 0);
  const bindings: Record<string, { HostIp: string; HostPort: string }[]> = {};
  for (const { hostIp, hostPort, containerPort, protocol } of published) {
    const key = `${containerPort}/${protocol.toLowerCase()}`;
    bindings[key] = [...(bindings[key] ?? []), { HostIp: hostIp, HostPort: String(hostPort) }];
  }
  return {
    Image: image,
    Hostname: config.hostname,
    Labels: sandboxLabels(cluster, config),
    ExposedPorts: Object.fromEntries(Object.keys(bindings).map((key) => [key, {}])),
    HostConfig: {
      NetworkMode: config.hostNetwork ? 'host' : network,
      PidMode: config.hostPid ? 'host' : '',
      // Shareable, because the pod's containers join it.
      IpcMode: config.hostIpc ? 'host' : 'shareable',
      PortBindings: bindings,
      Sysctls: config.sysctls,
      CgroupParent: config.cgroupParent,
      ...(config.runtimeHandler === '' ? {} : { Runtime: config.runtimeHandler }),
      SecurityOpt: ['no-new-privileges'],
      LogConfig: { Type: 'none' },
      RestartPolicy: { Name: 'no' },
    },
    ...(ip === '' ? {} : { NetworkingConfig: { EndpointsConfig: { [network]: { IPAMConfig: { IPv4Address: ip } } } } }),
  };
}
