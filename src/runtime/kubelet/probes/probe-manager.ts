/**
 * The results of probes of running containers. The pod worker starts and stops a container's probes together with the
 * container, and asks for their verdicts. Source: pkg/kubelet/prober.
 */
import type { Container, Pod } from '../../../api/generated/core/v1.ts';
import type { ProbeRecord } from './probe-records.ts';

export interface ProbedContainer {
  readonly pod: Pod;
  readonly container: Container;
  readonly containerId: string;
  readonly podIp: string;
  readonly startedAtMs: number;
  /**
   * The API's status of a container that was running before this kubelet started. It holds until probes find otherwise.
   */
  readonly before?: { readonly ready: boolean; readonly started: boolean };
}

/** The probe that reached its failure threshold, so that the container must be killed. */
export type FatalProbe = 'liveness' | 'startup';

/** Verdicts by container id. A change of verdict calls `onChange` with the pod's uid. */
export interface ProbeManager {
  /** Starts the probes of a container that runs; idempotent by container id. */
  start(probed: ProbedContainer): void;
  /**
   * From now on runs only the readiness probe, because the container is being stopped. Source: prober_manager.go
   * (StopLivenessAndStartup).
   */
  stopFatal(containerId: string): void;
  /** Stops the probes of a container that ended. */
  stop(containerId: string): void;
  /** Readiness: true without a readiness probe once started. */
  isReady(containerId: string): boolean;
  /** Start-up: true without a startup probe. */
  isStarted(containerId: string): boolean;
  /** The liveness or startup probe that failed, so that the container must be killed; undefined while neither has. */
  failure(containerId: string): FatalProbe | undefined;
  onChange(listener: (podUid: string) => void): void;
  /** What became of the probes of the pods that are not forgotten. */
  records(): readonly ProbeRecord[];
  /** Drops the records of a pod that is gone. */
  forget(podUid: string): void;
}
