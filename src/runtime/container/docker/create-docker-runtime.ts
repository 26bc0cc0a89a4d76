/**
 * The container runtime on a Docker daemon. Pause containers hold the pods' namespaces, names and labels are
 * dockershim's, and all calls go through docker-api.ts. Many clusters may share a daemon; each sees and removes only
 * what carries its label.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { ContainerRuntime } from '../container-runtime.ts';
import type { RuntimeClock } from '../runtime-clock.ts';
import { DockerContainers } from './containers.ts';
import { removeContainer } from './create-container.ts';
import { DockerApi, type DockerConnection } from './docker-api.ts';
import { hostProcesses } from './end-exec.ts';
import { Endpoints } from './endpoints.ts';
import { DockerEvents } from './events.ts';
import { HelperContainers, removeForgottenHelpers } from './helper-container.ts';
import { DockerImages } from './images.ts';
import { inParallel } from './in-parallel.ts';
import { engineInfo } from './info.ts';
import { clusterFilter, LABEL } from './names-and-labels.ts';
import { ClusterNetwork, type NetworkOptions } from './network.ts';
import { PauseImage } from './pause-image.ts';
import { SandboxTraitsCache } from './sandbox-traits.ts';
import { DockerSandboxes } from './sandboxes.ts';
import { DockerStreams } from './streams.ts';

export interface DockerRuntimeOptions extends NetworkOptions, DockerConnection {
  /** Value of the label `io.minik.cluster`: unique on this daemon. */
  readonly clusterId: string;
  readonly clock: RuntimeClock;
  /** How long `destroy()` waits for each answer of the daemon; default: two minutes. */
  readonly removalLimitMs?: number;
}

const REMOVALS_AT_ONCE = 8;
/** How often `destroy()` repeats the removal: a create that was in progress when it began may still take effect. */
const DESTROY_ROUNDS = 3;

/** Longer than a daemon that is very busy takes to remove one container. */
const removalLimitMs = 120_000;

/** The engine makes a container also when the client that asked for it has died: within this time. */
const settleMs = 3000;

/** Makes the runtime of one cluster; it connects at the first call. */
export function createDockerRuntime(options: DockerRuntimeOptions): ContainerRuntime {
  const { clusterId, clock } = options;
  const api = new DockerApi(options);
  const network = new ClusterNetwork(api, clusterId, options);
  const pause = new PauseImage(api);
  const traits = new SandboxTraitsCache(api);
  const endpoints = new Endpoints(api, options.networkName);
  const events = new DockerEvents(api, clusterId, clock);
  const helpers = new HelperContainers({ api, pause, cluster: clusterId });
  return {
    readsHostFiles: true,
    sandboxes: new DockerSandboxes({ api, cluster: clusterId, network, pause, traits, endpoints }),
    containers: new DockerContainers({ api, cluster: clusterId, clock, traits, helpers }),
    streams: new DockerStreams({ api, clock, helpers, processes: hostProcesses }),
    images: new DockerImages({ api, clock, helpers }),
    info: () => engineInfo(api),
    events: (signal, node) => events.subscribe(signal, node),
    prepare: async () => {
      // When one fails, the others have ended, too, before what is left is removed.
      const made = await Promise.allSettled([network.ensure(), pause.ensure(), removeForgottenHelpers(api, clusterId)]);
      for (const each of made) if (each.status === 'rejected') throw each.reason;
    },
    destroy: async (abrupt = false) => {
      const bounded = new DockerApi(options, options.removalLimitMs ?? removalLimitMs);
      await destroy(bounded, options, abrupt).finally(() => bounded.close());
    },
    close: async () => {
      events.close();
      endpoints.close();
      api.close();
    },
  };
}

async function destroy(api: DockerApi, options: DockerRuntimeOptions, abrupt: boolean): Promise<void> {
  const { clusterId } = options;
  const network = new ClusterNetwork(api, clusterId, options);
  const endpoints = new Endpoints(api, options.networkName);
  try {
    await removeAll(api, clusterId, endpoints);
    await network.remove();
    if (!abrupt) return;
    await Promise.all([network.outwait(), delay(settleMs)]);
    await removeAll(api, clusterId, endpoints);
    await network.remove();
  } finally {
    endpoints.close();
  }
}

interface Found {
  readonly Id: string;
  readonly Labels?: Readonly<Record<string, string>> | null;
}

async function removeAll(api: DockerApi, clusterId: string, endpoints: Endpoints): Promise<void> {
  for (let round = 0; round < DESTROY_ROUNDS; round++) {
    const query = { all: true, filters: clusterFilter(clusterId) };
    const found = await api.json<readonly Found[]>({ method: 'GET', path: '/containers/json', query });
    if (found.length === 0) return;
    await inParallel(REMOVALS_AT_ONCE, found, async ({ Id, Labels }) => {
      if (Labels?.[LABEL.type] === 'podsandbox') await endpoints.leave(Id);
      await removeContainer(api, Id);
    });
  }
}
