import { setTimeout as delay } from 'node:timers/promises';
import { RuntimeError } from '../container-runtime.ts';
import { removeContainer } from './create-container.ts';
import type { DockerApi } from './docker-api.ts';
import { statusOf } from './errors.ts';
import { clusterFilter, LABEL } from './names-and-labels.ts';

export interface NetworkOptions {
  /** By convention `minik-<cluster>`. */
  readonly networkName: string;
  /** CIDR of the pods' addresses. */
  readonly subnet: string;
  /** The address of the bridge in the subnet. */
  readonly gateway: string;
  /** Addresses of the subnet that no pod may get (those of virtual nodes); absent: none. */
  readonly reservedIps?: readonly string[];
}

interface InspectedNetwork {
  readonly Id: string;
  readonly Labels: Readonly<Record<string, string>> | null;
  readonly IPAM: { readonly Config: readonly { readonly Subnet?: string; readonly Gateway?: string }[] | null };
  readonly Containers?: Readonly<Record<string, { readonly Name: string }>> | null;
}

/** Longer than an engine that is very busy takes to make a network. */
const outwaitLimitMs = 30_000;
const outwaitStepMs = 100;

/** An engine that is very busy takes seconds to let go of the endpoints of containers that it has removed. */
const releaseLimitMs = 10_000;
const releaseStepMs = 200;

/** How the engine marks an endpoint without a container in the list of a network's containers. */
const leftoverPrefix = 'ep-';

const isOverlap = ({ message }: RuntimeError): boolean => /overlaps|conflicts with network/.test(message);

/** Whether the engine refuses a network for the sake of another one, by its name or by its addresses. */
const isClash = (error: unknown): boolean => error instanceof RuntimeError && (isOverlap(error) || statusOf(error.cause) === 409);

/** The cluster's user-defined bridge network. */
export class ClusterNetwork {
  readonly name: string;
  readonly subnet: string;
  /** Addresses that no pod may get. */
  readonly reservedIps: readonly string[];
  readonly #api: DockerApi;
  readonly #cluster: string;
  readonly #options: NetworkOptions;

  constructor(api: DockerApi, cluster: string, options: NetworkOptions) {
    this.name = options.networkName;
    this.subnet = options.subnet;
    this.reservedIps = options.reservedIps ?? [];
    this.#api = api;
    this.#cluster = cluster;
    this.#options = options;
  }

  /**
   * Creates the network unless it exists with this subnet. Throws RuntimeError 'Other' when the name or the addresses
   * belong to another network.
   */
  async ensure(): Promise<void> {
    const found = await this.#find();
    if (found !== undefined && this.#fits(found)) return;
    if (found !== undefined) await this.#makeWay(found);
    try {
      await this.#create();
    } catch (error) {
      const again = statusOf(error instanceof RuntimeError ? error.cause : error) === 409 ? await this.#find() : undefined;
      if (again === undefined || !this.#fits(again)) throw this.#explain(error);
    }
  }

  async remove(): Promise<void> {
    const query = { filters: clusterFilter(this.#cluster) };
    const found = await this.#api.json<readonly { Id: string }[]>({ method: 'GET', path: '/networks', query });
    for (const { Id } of found) await this.#delete(Id);
  }

  /**
   * Waits until the engine makes no network of this cluster any more, and removes what it has made. The engine does not
   * say what it is making, and goes on when the client is gone; but it refuses the addresses of a network that it is
   * making for another one. So the network is made once more.
   */
  async outwait(): Promise<void> {
    const deadline = performance.now() + outwaitLimitMs;
    for (;;) {
      try {
        await this.#create();
        break;
      } catch (error) {
        if (!isClash(error) || (await this.#isForeign()) || performance.now() > deadline) return;
        await this.remove();
        await delay(outwaitStepMs);
      }
    }
    await this.remove();
  }

  /** Whether the addresses belong to a network that is not of this cluster. */
  async #isForeign(): Promise<boolean> {
    const all = await this.#api.json<readonly InspectedNetwork[]>({ method: 'GET', path: '/networks' });
    const { subnet } = this.#options;
    return all.some(
      ({ Labels, IPAM }) => Labels?.[LABEL.cluster] !== this.#cluster && IPAM.Config?.some(({ Subnet }) => Subnet === subnet),
    );
  }

  /** By name or id. */
  async #find(network = this.name): Promise<InspectedNetwork | undefined> {
    try {
      return await this.#api.json<InspectedNetwork>({ method: 'GET', path: `/networks/${network}` });
    } catch (error) {
      if (error instanceof RuntimeError && statusOf(error.cause) === 404) return undefined;
      throw error;
    }
  }

  #fits({ Labels, IPAM }: InspectedNetwork): boolean {
    const { subnet, gateway } = this.#options;
    const same = IPAM.Config?.some((range) => range.Subnet === subnet && (range.Gateway ?? gateway) === gateway) ?? false;
    return same && Labels?.[LABEL.cluster] === this.#cluster;
  }

  /**
   * Removes a network of this cluster that has another subnet, together with dead containers that still refer to it.
   * Refuses while pods run on it.
   */
  async #makeWay(found: InspectedNetwork): Promise<void> {
    const subnet = found.IPAM.Config?.[0]?.Subnet ?? 'unknown';
    if (found.Labels?.[LABEL.cluster] !== this.#cluster) {
      throw new RuntimeError(
        'Other',
        `network ${this.name} exists already and is not of cluster ${this.#cluster}: remove it with "docker network rm ${this.name}"`,
      );
    }
    const attached = Object.keys(found.Containers ?? {});
    if (attached.length > 0) {
      throw new RuntimeError(
        'Other',
        `network ${this.name} has subnet ${subnet} with ${attached.length} running pods, not ${this.#options.subnet}`,
      );
    }
    const query = { all: true, filters: clusterFilter(this.#cluster, 'podsandbox') };
    const dead = await this.#api.json<readonly { Id: string }[]>({ method: 'GET', path: '/containers/json', query });
    for (const { Id } of dead) await removeContainer(this.#api, Id);
    await this.#delete(found.Id);
  }

  async #create(): Promise<void> {
    const { networkName, subnet, gateway } = this.#options;
    const reserved = Object.fromEntries(this.reservedIps.map((ip, index) => [`reserved-${index}`, ip]));
    await this.#api.json({
      method: 'POST',
      path: '/networks/create',
      body: {
        Name: networkName,
        Driver: 'bridge',
        CheckDuplicate: true,
        IPAM: { Driver: 'default', Config: [{ Subnet: subnet, Gateway: gateway, AuxiliaryAddresses: reserved }] },
        Labels: { [LABEL.cluster]: this.#cluster },
      },
    });
  }

  /**
   * Removes a network that no container of this cluster uses any more. The engine may still be taking endpoints of
   * ended containers away, or have forgotten to: those are waited for, and taken away by name.
   */
  async #delete(id: string): Promise<void> {
    const deadline = performance.now() + releaseLimitMs;
    for (;;) {
      try {
        await this.#api.json({ method: 'DELETE', path: `/networks/${id}` });
        return;
      } catch (error) {
        if (!(error instanceof RuntimeError)) throw error;
        if (statusOf(error.cause) === 404) return;
        if (!/has active endpoints/.test(error.message)) throw error;
        const users = await this.#users(id);
        if (users.containers.length > 0 || performance.now() > deadline) throw this.#explainBusy(error, users.containers);
        for (const name of users.leftovers) await this.#release(id, name);
        await delay(releaseStepMs);
      }
    }
  }

  /** The names of what uses a network: containers, and endpoints whose container is gone. */
  async #users(id: string): Promise<{ readonly containers: readonly string[]; readonly leftovers: readonly string[] }> {
    const found = await this.#find(id);
    const endpoints = Object.entries(found?.Containers ?? {});
    const names = (ofContainers: boolean): string[] =>
      endpoints.filter(([key]) => key.startsWith(leftoverPrefix) !== ofContainers).map(([, { Name }]) => Name);
    return { containers: names(true), leftovers: names(false) };
  }

  /** Takes an endpoint away. One that is gone by now is none of the caller's concern. */
  async #release(id: string, name: string): Promise<void> {
    try {
      await this.#api.json({ method: 'POST', path: `/networks/${id}/disconnect`, body: { Container: name, Force: true } });
    } catch (error) {
      if (!(error instanceof RuntimeError) || error.code === 'Unavailable') throw error;
    }
  }

  /** Other containers use the network, or the engine lost track, which only its restart corrects. */
  #explainBusy(cause: RuntimeError, containers: readonly string[]): RuntimeError {
    const advice =
      containers.length > 0
        ? `is still used by ${containers.join(', ')}: disconnect or remove what is not of this cluster`
        : 'is used by no container, but the Docker daemon believes so: restart the daemon';
    return new RuntimeError('Other', `network ${this.name} ${advice}, then try again (${cause.message})`, { cause });
  }

  #explain(error: unknown): unknown {
    if (!(error instanceof RuntimeError) || !isOverlap(error)) return error;
    return new RuntimeError('Other', `pod subnet ${this.#options.subnet} overlaps with another network on this host: ${error.message}`, {
      cause: error,
    });
  }
}
