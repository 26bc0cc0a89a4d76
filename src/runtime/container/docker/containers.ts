import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import {
  type Container,
  type ContainerConfig,
  type ContainerResources,
  type ContainerSecurity,
  type ContainerState,
  type ContainerStats,
  type Containers,
  type ProcessUser,
  RuntimeError,
  START_FAILURE,
} from '../container-runtime.ts';
import type { RuntimeClock } from '../runtime-clock.ts';
import { readCgroup } from './cgroup-stats.ts';
import { containerBody, resourceFields } from './container-body.ts';
import { createNamed, removeContainer } from './create-container.ts';
import type { DockerApi } from './docker-api.ts';
import type { HelperContainers } from './helper-container.ts';
import { ImageAccounts, identityOf, needsAccounts, processUser } from './image-accounts.ts';
import { inParallel } from './in-parallel.ts';
import { clusterFilter, containerName, LABEL, readLabels } from './names-and-labels.ts';
import { OomScores } from './oom-scores.ts';
import type { SandboxTraitsCache } from './sandbox-traits.ts';
import { type EngineStats, engineUsage } from './stats.ts';

interface InspectedContainer {
  readonly Id: string;
  readonly Created: string;
  readonly Image: string;
  readonly SizeRw?: number;
  readonly LogPath?: string;
  readonly State: {
    readonly Status: string;
    readonly Pid: number;
    readonly OOMKilled: boolean;
    readonly ExitCode: number;
    readonly Error: string;
    readonly StartedAt: string;
    readonly FinishedAt: string;
  };
  readonly Config: { readonly Image: string; readonly Labels: Readonly<Record<string, string>> | null };
}

/** How many inspections `list()` runs at a time: more would only wait inside the daemon. */
const PARALLEL = 8;

export interface DockerContainersOptions {
  readonly api: DockerApi;
  readonly cluster: string;
  readonly clock: RuntimeClock;
  readonly traits: SandboxTraitsCache;
  readonly helpers: HelperContainers;
}

/** The cluster's containers on Docker. */
export class DockerContainers implements Containers {
  readonly #api: DockerApi;
  readonly #cluster: string;
  readonly #clock: RuntimeClock;
  readonly #traits: SandboxTraitsCache;
  readonly #accounts: ImageAccounts;
  readonly #oomScores: OomScores;

  constructor({ api, cluster, clock, traits, helpers }: DockerContainersOptions) {
    this.#api = api;
    this.#cluster = cluster;
    this.#clock = clock;
    this.#traits = traits;
    this.#accounts = new ImageAccounts(api, cluster);
    this.#oomScores = new OomScores(helpers);
  }

  async create(config: ContainerConfig): Promise<string> {
    const { resources, security } = config;
    const body = await containerBody(config, {
      cluster: this.#cluster,
      traits: await this.#traits.get(config.sandboxId),
      identity: needsAccounts(security) ? identityOf(security, await this.#accounts.of(config.image)) : security,
      oomScoreAdj: await this.#oomScores.allowed(resources.oomScoreAdj),
    });
    return (await createNamed(this.#api, this.#cluster, containerName(config), body)).id;
  }

  async start(id: string): Promise<void> {
    await this.#api.json({ method: 'POST', path: `/containers/${id}/start`, failure: 'StartFailed' });
  }

  async stop(id: string, graceSeconds: number): Promise<void> {
    if (graceSeconds > 0) {
      await this.#api.find({ method: 'POST', path: `/containers/${id}/stop`, query: { t: Math.ceil(graceSeconds) } });
      return;
    }
    try {
      await this.#api.find({ method: 'POST', path: `/containers/${id}/kill`, query: { signal: 'KILL' } });
    } catch (error) {
      if (!(error instanceof RuntimeError) || !/is not running/.test(error.message)) throw error;
    }
  }

  remove(id: string): Promise<void> {
    return removeContainer(this.#api, id);
  }

  async inspect(id: string): Promise<Container | undefined> {
    const found = await this.#api.find<InspectedContainer>({ method: 'GET', path: `/containers/${id}/json` });
    const labels = found?.Config.Labels ?? {};
    if (found === undefined || labels[LABEL.cluster] !== this.#cluster || labels[LABEL.type] !== 'container') return undefined;
    return toContainer(found);
  }

  async list(node?: string): Promise<readonly Container[]> {
    const query = { all: true, filters: clusterFilter(this.#cluster, 'container', node) };
    const found = await this.#api.json<readonly { Id: string }[]>({ method: 'GET', path: '/containers/json', query });
    // Docker's list does not contain exit codes and times.
    const inspected = await inParallel(PARALLEL, found, ({ Id }) => this.inspect(Id));
    return inspected.filter((container) => container !== undefined);
  }

  async updateResources(id: string, resources: ContainerResources): Promise<void> {
    await this.#api.json({ method: 'POST', path: `/containers/${id}/update`, body: resourceFields(resources) });
  }

  async userOf(imageId: string, security: ContainerSecurity): Promise<ProcessUser | undefined> {
    return processUser(security, await this.#accounts.of(imageId));
  }

  async stats(id: string): Promise<ContainerStats> {
    const {
      State,
      SizeRw,
      LogPath = '',
    } = await this.#api.json<InspectedContainer>({
      method: 'GET',
      path: `/containers/${id}/json`,
      query: { size: true },
    });
    const usage = (await readCgroup(id, State.Pid)) ?? engineUsage(await this.#engineStats(id));
    return { timestampMs: this.#clock.now(), ...usage, writableLayerBytes: SizeRw ?? 0, logBytes: await logBytes(LogPath) };
  }

  /** The engine's own stats; the call takes up to a second. */
  #engineStats(id: string): Promise<EngineStats> {
    return this.#api.json<EngineStats>({ method: 'GET', path: `/containers/${id}/stats`, query: { stream: false, 'one-shot': true } });
  }
}

/** The total size of a log and its rotated files. */
async function logBytes(path: string): Promise<number> {
  if (path === '') return 0;
  try {
    const folder = dirname(path);
    const names = (await readdir(folder)).filter((name) => name.startsWith(basename(path)));
    const sizes = await Promise.all(names.map(async (name) => (await stat(join(folder, name))).size));
    return sizes.reduce((sum, size) => sum + size, 0);
  } catch {
    return 0; // the daemon's own folder, elsewhere or not for this user
  }
}

/**
 * After a failed start, Docker shows a container as `created` with exit code 126, 127 or 128. It is reported as exited
 * the way containerd does. Differs: the message is Docker's; and the start is when the container was made, not 1970.
 */
function toContainer({ Id, Created, Image, State, Config }: InspectedContainer): Container {
  const createdAtMs = timeMs(Created);
  const all = Config.Labels ?? {};
  const cannotRun = State.Status === 'created' && State.ExitCode !== 0;
  const finishedAtMs = timeMs(State.FinishedAt);
  const state = cannotRun ? 'exited' : stateOf(State.Status);
  return {
    id: Id,
    sandboxId: all[LABEL.sandboxId] ?? '',
    name: all[LABEL.containerName] ?? '',
    image: Config.Image,
    imageId: Image,
    state,
    createdAtMs,
    startedAtMs: cannotRun ? createdAtMs : timeMs(State.StartedAt),
    finishedAtMs: cannotRun ? createdAtMs : state === 'exited' ? finishedAtMs : 0,
    exitCode: cannotRun ? START_FAILURE.exitCode : State.ExitCode,
    reason: cannotRun ? START_FAILURE.reason : state === 'exited' ? exitReason(State.OOMKilled, State.ExitCode) : '',
    message: State.Error,
    ...readLabels(all),
  };
}

/** Source: pkg/kubelet/dockershim/docker_container.go, ContainerStatus. */
function exitReason(oomKilled: boolean, exitCode: number): string {
  return oomKilled ? 'OOMKilled' : exitCode === 0 ? 'Completed' : 'Error';
}

function stateOf(status: string): ContainerState {
  switch (status) {
    case 'created':
      return 'created';
    case 'running':
    case 'paused':
    case 'restarting':
      return 'running';
    case 'exited':
    case 'dead':
    case 'removing':
      return 'exited';
    default:
      return 'unknown';
  }
}

/** Milliseconds since the epoch; Docker writes the year 1 for "never". */
function timeMs(text: string): number {
  return Math.max(Date.parse(text), 0) || 0;
}
