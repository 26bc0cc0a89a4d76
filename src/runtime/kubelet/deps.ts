/**
 * The dependencies that all parts of one kubelet share: its node, its engine, the API, the clock. They are made once
 * per kubelet.
 */
import type { Pod } from '../../api/generated/core/v1.ts';
import type { Client } from '../../client/client.ts';
import type { Clock } from '../../client/clock.ts';
import type { EventRecorder } from '../../client/event-recorder.ts';
import type { Logger } from '../../client/logger.ts';
import type { ContainerRuntime } from '../container/container-runtime.ts';
import type { Limiter } from '../container/limiter.ts';
import type { KubeletConfig } from './config/kubelet-config.ts';
import type { GpuPool } from './containers/gpus.ts';
import type { ImageManager } from './images/image-manager.ts';
import type { NodeLogs } from './logs/node-logs.ts';
import type { ResolverConfig } from './pods/dns-files.ts';
import type { PodSources } from './pods/pod-sources.ts';
import type { StatusManager } from './pods/status-manager.ts';
import type { TerminationCounts } from './pods/termination-counts.ts';
import type { ProbeManager } from './probes/probe-manager.ts';
import type { VolumeManager } from './volumes/volume-manager.ts';

/** The node as its pods see it. */
export interface NodeFacts {
  readonly name: string;
  readonly ip: string;
  readonly memoryBytes: number;
  /** Whether the engine can make mounts recursively read-only. */
  readonly recursiveReadOnly: boolean;
  readonly allocatable: Readonly<Record<string, string>>;
  /** The range of its pods' addresses; undefined until it has one. */
  readonly podCidr: string | undefined;
  readonly clusterDomain: string;
  /** '' when the cluster has no DNS. */
  readonly clusterDns: string;
  readonly hostResolver: ResolverConfig;
  /** Absolute path of the folder with the seccomp profiles that pods may name. */
  readonly seccompFolder: string;
}

export interface KubeletDeps {
  readonly config: Pick<KubeletConfig, 'podPidsLimit' | 'seccompDefault' | 'maxContainerRestartPeriodMs'>;
  readonly node: NodeFacts;
  readonly client: Client;
  readonly runtime: ContainerRuntime;
  readonly sources: PodSources;
  readonly terminations: TerminationCounts;
  readonly volumes: VolumeManager;
  readonly logs: NodeLogs;
  readonly images: ImageManager;
  readonly statuses: StatusManager;
  readonly probes: ProbeManager;
  readonly gpus: GpuPool;
  /** All pods that use the node's resources, except the pod with this uid. */
  podsBeside(uid: string): readonly Pod[];
  /** Bounds how many calls change containers on the engine at once. */
  readonly engineLimiter: Limiter;
  /**
   * Bounds how many pods start at once, so that the first of many runs nearly as early as a single one. A pod has a
   * place from before its sandbox is made until its containers are started, or until it waits for something else than
   * the engine: an image, a hook, its next pass.
   */
  readonly startLimiter: Limiter;
  /**
   * Bounds concurrent removals. Removals mostly wait for the engine, so a higher bound than that of `engineLimiter` is
   * faster.
   */
  readonly removalLimiter: Limiter;
  /**
   * Reports that the engine did not answer a call. The engine is then checked, and the node's Ready condition changes
   * if it is really down.
   */
  engineAway(): void;
  /** Aborts when the kubelet stops. */
  readonly closing: AbortSignal;
  readonly events: EventRecorder;
  readonly clock: Clock;
  readonly log: Logger;
}
