/** What strikes simulated containers: what the engine asks of whoever keeps the rules of faults. */
import type { SelectableContainer } from '../../../api/faults/container-selection.ts';

/** The end of a container's run, by a fault. */
export interface ContainerEnd {
  /** Milliseconds. */
  readonly afterMs: number;
  readonly exitCode: number;
  readonly oomKilled: boolean;
  /** Once aborted, it does not come about any more. */
  readonly over: AbortSignal;
}

/** What happens to one run of a container. */
export interface ContainerStrike {
  /** Milliseconds, in addition to what its start takes anyway. */
  readonly startDelayMs: number;
  /** Counts from its start; undefined: it runs as it would without faults. */
  readonly end: ContainerEnd | undefined;
}

export interface ContainerFaults {
  /** Asked once for each run of a container, before it begins. */
  run(container: () => SelectableContainer): ContainerStrike;
  /**
   * Calls back when a rule is new, with what it does to a container that runs already: its end, from now on, or
   * nothing.
   */
  onRule(follower: (endOf: (container: SelectableContainer) => ContainerEnd | undefined) => void): void;
}
