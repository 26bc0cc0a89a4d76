import type { DockerApi } from './docker-api.ts';

/** The settings that a pod's containers inherit from its sandbox. */
export interface SandboxTraits {
  readonly hostIpc: boolean;
  readonly cgroupParent: string;
  /** '' for the engine's default. */
  readonly runtimeHandler: string;
}

interface InspectedTraits {
  readonly HostConfig: { readonly IpcMode: string; readonly CgroupParent: string; readonly Runtime?: string };
}

/** Remembers the traits of sandboxes that this process made; asks the engine about older ones. */
export class SandboxTraitsCache {
  readonly #api: DockerApi;
  readonly #known = new Map<string, SandboxTraits>();

  constructor(api: DockerApi) {
    this.#api = api;
  }

  set(sandboxId: string, traits: SandboxTraits): void {
    this.#known.set(sandboxId, traits);
  }

  forget(sandboxId: string): void {
    this.#known.delete(sandboxId);
  }

  /** Throws RuntimeError 'NotFound' when there is no such sandbox. */
  async get(sandboxId: string): Promise<SandboxTraits> {
    const known = this.#known.get(sandboxId);
    if (known !== undefined) return known;
    const { HostConfig } = await this.#api.json<InspectedTraits>({ method: 'GET', path: `/containers/${sandboxId}/json` });
    const { IpcMode, CgroupParent, Runtime = '' } = HostConfig;
    const traits = { hostIpc: IpcMode === 'host', cgroupParent: CgroupParent, runtimeHandler: Runtime };
    this.#known.set(sandboxId, traits);
    return traits;
  }
}
