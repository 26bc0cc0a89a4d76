/**
 * How many containers have ended, by kind, exit code and reason, for `/metrics`. Source: pkg/kubelet/status
 * status_manager.go (checkAndRecordTerminations).
 */
import type { ContainerStatus, PodStatus } from '../../../api/generated/core/v1.ts';

export interface TerminationCount {
  readonly containerType: 'container' | 'init_container' | 'ephemeral_container';
  readonly exitCode: number;
  readonly reason: string;
  readonly count: number;
}

const kinds = [
  ['init_container', 'initContainerStatuses'],
  ['container', 'containerStatuses'],
  ['ephemeral_container', 'ephemeralContainerStatuses'],
] as const;

const hasEnded = (statuses: readonly ContainerStatus[] | undefined, wanted: string): boolean =>
  statuses?.find(({ name }) => name === wanted)?.state?.terminated !== undefined;

export class TerminationCounts {
  readonly #counts = new Map<string, TerminationCount>();

  /** Counts the containers that have ended between two statuses of a pod. */
  add(before: PodStatus, after: PodStatus): void {
    for (const [containerType, key] of kinds) {
      for (const { name, state } of after[key] ?? []) {
        if (state?.terminated === undefined || hasEnded(before[key], name)) continue;
        const { exitCode, reason = '' } = state.terminated;
        const id = `${containerType}/${exitCode}/${reason}`;
        this.#counts.set(id, { containerType, exitCode, reason, count: (this.#counts.get(id)?.count ?? 0) + 1 });
      }
    }
  }

  all(): readonly TerminationCount[] {
    return [...this.#counts.values()];
  }
}
