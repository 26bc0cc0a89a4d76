import type { RuntimeClock } from '../runtime-clock.ts';

/** One step of a simulated process. After the last step a process runs until it is stopped. */
export type Step =
  | { readonly do: 'log'; readonly stream: 'stdout' | 'stderr'; readonly text: string }
  | { readonly do: 'wait'; readonly ms: number }
  /** Copies stdin to stdout until it ends. */
  | { readonly do: 'copyStdin' }
  | { readonly do: 'exit'; readonly code: number; readonly oomKilled?: boolean };

/** The surroundings on which a simulated process acts. */
export interface ProcessHost {
  readonly clock: RuntimeClock;
  write(stream: 'stdout' | 'stderr', text: string | Uint8Array): void;
  /** Calls `onEnd` once stdin has been copied to stdout. */
  copyStdin(onEnd: () => void): void;
  exit(code: number, oomKilled: boolean): void;
}

/**
 * Runs the steps. Returns the function that ends the process without reporting an exit. Sets a timer only while a step
 * waits.
 */
export function runProgram(steps: readonly Step[], host: ProcessHost): () => void {
  let index = 0;
  let ended = false;
  let cancelTimer: (() => void) | undefined;
  const advance = (): void => {
    while (!ended) {
      const step = steps[index++];
      if (step === undefined) return;
      if (step.do === 'log') host.write(step.stream, step.text);
      else if (step.do === 'wait') {
        if (step.ms === Number.POSITIVE_INFINITY) return;
        cancelTimer = host.clock.setTimer(step.ms, advance);
        return;
      } else if (step.do === 'copyStdin') {
        host.copyStdin(advance);
        return;
      } else {
        ended = true;
        host.exit(step.code, step.oomKilled ?? false);
      }
    }
  };
  advance();
  return () => {
    ended = true;
    cancelTimer?.();
  };
}
