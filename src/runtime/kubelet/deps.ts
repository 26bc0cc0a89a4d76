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
import type { ImageManager } from './images/image-manager.ts';
import type { Limiter } from './limiter.ts';
import type { ResolverConfig } from './pods/dns-files.ts';
import type { PodSources } from './pods/pod-sources.ts';
import type { StatusManager } from './pods/status-manager.ts';
import type { ProbeManager } from './probes/probe-manager.ts';
import type { VolumeManager } from './volumes/volume-manager.ts';

/** The node as its pods see it. */
export interface NodeFacts {
  readonly name: string;
  readonly ip: string;
  readonly memoryBytes: number;
  readonly allocatable: Readonly<Record<string, string>>;
  readonly clusterDomain: string;
  /** '' when the cluster has no DNS. */
  readonly clusterDns: string;
  readonly hostResolver: ResolverConfig;
}

export interface KubeletDeps {
  readonly node: NodeFacts;
  readonly client: Client;
  readonly runtime: ContainerRuntime;
  readonly sources: PodSources;
  readonly volumes: VolumeManager;
  readonly images: ImageManager;
  readonly statuses: StatusManager;
  readonly probes: ProbeManager;
  /** All pods that use the node's resources, except the pod with this uid. */
  podsBeside(uid: string): readonly Pod[];
  /**
   * Bounds how many pods change containers on the engine at once. Pods that already have a sandbox come before pods
   * that need a new one.
   */
  readonly engineLimiter: Limiter;
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
