/**
 * What probes say about running containers. The pod worker starts and stops them with the container and asks for their verdicts.
 * Source: pkg/kubelet/prober.
 */
import type { Container, Pod } from '../../../api/generated/core/v1.ts';

export interface ProbedContainer {
  readonly pod: Pod;
  readonly container: Container;
  readonly containerId: string;
  readonly podIp: string;
  readonly startedAtMs: number;
  /** What the API says of a container that ran before this kubelet: true until probes find otherwise. */
  readonly before?: { readonly ready: boolean; readonly started: boolean };
}

/** The probe that failed so often that the container must be killed. */
export type FatalProbe = 'liveness' | 'startup';

/** Verdicts by container id. A change of verdict calls `onChange` with the pod's uid. */
export interface ProbeManager {
  /** Starts the probes of a container that runs; idempotent by container id. */
  start(probed: ProbedContainer): void;
  /** From now on only asks whether the container is ready: it is being stopped. Source: prober_manager.go (StopLivenessAndStartup). */
  stopFatal(containerId: string): void;
  /** Stops the probes of a container that ended. */
  stop(containerId: string): void;
  /** Readiness: true without a readiness probe once started. */
  isReady(containerId: string): boolean;
  /** Start-up: true without a startup probe. */
  isStarted(containerId: string): boolean;
  /** Liveness or startup failed and the container must be killed; undefined while it lives. */
  failure(containerId: string): FatalProbe | undefined;
  onChange(listener: (podUid: string) => void): void;
}
