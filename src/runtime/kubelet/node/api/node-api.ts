/**
 * The HTTP API that a kubelet serves on its port, and through the API server's `nodes/{name}/proxy`; these decide who
 * may ask. Source: pkg/kubelet/server/server.go.
 */
import type { Readable } from 'node:stream';
import type { Pod } from '../../../../api/generated/core/v1.ts';
import type { ContainerRuntime, RuntimeInfo } from '../../../container/container-runtime.ts';
import { type KubeletConfig, shownConfiguration } from '../../config/kubelet-config.ts';
import type { TerminationCount } from '../../pods/termination-counts.ts';
import type { ProbeRecord } from '../../probes/probe-records.ts';
import type { NodeIdentity } from '../node-status.ts';
import { cadvisorMetrics, kubeletMetrics, probeMetrics, resourceMetrics } from './exposition.ts';
import { summary } from './summary.ts';
import { readSystemLog } from './system-logs.ts';
import { type MachineUsage, type PodUsage, podUsages } from './usage.ts';

export interface NodeApiOptions {
  readonly identity: NodeIdentity;
  readonly config: KubeletConfig;
  readonly info: RuntimeInfo;
  readonly runtime: ContainerRuntime;
  /** The pods bound to the node. */
  pods(): readonly Pod[];
  machine(): Promise<MachineUsage>;
  probes(): readonly ProbeRecord[];
  terminations(): readonly TerminationCount[];
  readonly clusterDomain: string;
  readonly clusterDns: string;
  /** Folder of the machine's logs; undefined: none are served. */
  readonly logFolder: string | undefined;
}

export interface NodeAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly location?: string;
  readonly body: string | Readable;
}

const text = (body: string, status = 200): NodeAnswer => ({ status, contentType: 'text/plain; charset=utf-8', body });
const json = (object: unknown): NodeAnswer => ({ status: 200, contentType: 'application/json', body: JSON.stringify(object) });
const metrics = (body: string): NodeAnswer => ({ status: 200, contentType: 'text/plain; version=0.0.4; charset=utf-8', body });
const notFound = text('404 page not found\n', 404);

const healthChecks: readonly string[] = ['ping', 'log', 'syncloop'];

export class NodeApi {
  readonly #options: NodeApiOptions;

  constructor(options: NodeApiOptions) {
    this.#options = options;
  }

  get node(): string {
    return this.#options.identity.name;
  }

  /** Measures the machine and the running containers. Rejects when the engine does not answer. */
  async usage(): Promise<{ readonly machine: MachineUsage; readonly pods: readonly PodUsage[] }> {
    const [machine, pods] = await Promise.all([this.#options.machine(), this.#usages()]);
    return { machine, pods };
  }

  /** Answers a GET. `path` is decoded and starts with a slash. */
  async get(path: string, query: URLSearchParams): Promise<NodeAnswer> {
    if (path === '/healthz' || path.startsWith('/healthz/')) return this.#health(path.slice('/healthz/'.length), query);
    if (path === '/logs' || path.startsWith('/logs/')) return this.#logs(path.slice('/logs'.length));
    switch (path) {
      case '/pods':
      case '/pods/':
        return json({ kind: 'PodList', apiVersion: 'v1', metadata: {}, items: this.#options.pods().map(withoutType) });
      case '/runningpods':
      case '/runningpods/':
        return json({ kind: 'PodList', apiVersion: 'v1', metadata: {}, items: (await this.#usages()).map(({ pod }) => withoutType(pod)) });
      case '/configz':
        return json(this.#config());
      case '/stats/summary':
        return this.#summary(['true', '1'].includes(query.get('only_cpu_and_memory') ?? ''));
      case '/metrics':
        return this.#kubeletMetrics();
      case '/metrics/probes':
        return metrics(probeMetrics(this.#options.probes()));
      case '/metrics/resource':
        return metrics(resourceMetrics(await this.#options.machine(), await this.#usages()));
      case '/metrics/cadvisor': {
        const { cpus, memoryBytes } = this.#options.info;
        return metrics(cadvisorMetrics(await this.#options.machine(), await this.#usages(), cpus, memoryBytes));
      }
      default:
        return notFound;
    }
  }

  #usages(): ReturnType<typeof podUsages> {
    return podUsages(this.#options.runtime, this.node, this.#options.pods());
  }

  #health(check: string, query: URLSearchParams): NodeAnswer {
    if (check !== '') return healthChecks.includes(check) ? text('ok') : notFound;
    return text(query.has('verbose') ? `${healthChecks.map((name) => `[+]${name} ok\n`).join('')}healthz check passed\n` : 'ok');
  }

  async #logs(path: string): Promise<NodeAnswer> {
    const { logFolder } = this.#options;
    const found = logFolder === undefined ? undefined : await readSystemLog(logFolder, path);
    if (found === undefined) return notFound;
    if (found.type === 'file') return { status: 200, contentType: 'text/plain; charset=utf-8', body: found.content };
    if (path.endsWith('/')) return { status: 200, contentType: 'text/html; charset=utf-8', body: found.page };
    return { ...text('', 301), location: `${path.slice(path.lastIndexOf('/') + 1) || 'logs'}/` };
  }

  async #summary(onlyCpuAndMemory: boolean): Promise<NodeAnswer> {
    return json(summary(this.node, await this.#options.machine(), await this.#usages(), onlyCpuAndMemory));
  }

  async #kubeletMetrics(): Promise<NodeAnswer> {
    const { runtime, identity } = this.#options;
    const [sandboxes, containers] = await Promise.all([runtime.sandboxes.list(this.node), runtime.containers.list(this.node)]);
    const states = new Map<string, number>();
    for (const { state } of containers) states.set(state, (states.get(state) ?? 0) + 1);
    const running = sandboxes.filter(({ state }) => state === 'ready').length;
    return metrics(kubeletMetrics(this.node, identity.kubeletVersion, running, states, this.#options.terminations()));
  }

  /**
   * The fields of upstream's kubelet configuration that have a meaning here. Source: kubelet config/v1beta1 types.go.
   */
  #config(): unknown {
    const { identity, config, clusterDomain, clusterDns } = this.#options;
    return {
      kubeletconfig: {
        address: identity.ip,
        port: identity.daemonPort,
        clusterDomain,
        ...(clusterDns === '' ? {} : { clusterDNS: [clusterDns] }),
        ...shownConfiguration(config),
        nodeStatusReportFrequency: '5m0s',
        nodeLeaseDurationSeconds: 40,
        enableServer: true,
        enableSystemLogHandler: this.#options.logFolder !== undefined,
        kind: 'KubeletConfiguration',
        apiVersion: 'kubelet.config.k8s.io/v1beta1',
      },
    };
  }
}

/** Drops `apiVersion` and `kind`, which items of a list do not have. */
function withoutType(pod: Pod): unknown {
  const { apiVersion: _apiVersion, kind: _kind, ...rest } = pod as Pod & { readonly apiVersion?: string; readonly kind?: string };
  return rest;
}
