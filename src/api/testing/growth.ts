/**
 * For tests: measures how the work of a function grows with its input, by how often V8 runs each block of its code. The
 * counts are the same on every machine and under every load. Work inside built-in functions is not counted.
 */
import { type Profiler, Session } from 'node:inspector';

// Counting begins as this module is loaded: V8 counts the blocks only of those functions that it compiles later, at
// their first call.
const session = new Session();
session.connect();
session.post('Profiler.enable');
session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });

/** How many blocks of code have been run since the last call. */
function blocksRun(): number {
  let count = 0;
  session.post('Profiler.takePreciseCoverage', (error, { result }: Profiler.TakePreciseCoverageReturnType) => {
    if (error !== null) throw error;
    for (const { functions } of result) for (const { ranges } of functions) for (const range of ranges) count += range.count;
  });
  return count;
}

function work(run: () => void): number {
  blocksRun();
  run();
  return blocksRun();
}

/** How many times the work rises when the size rises eightfold: 8 for linear work, 64 for quadratic. */
export function growthOfEight(size: number, prepare: (size: number) => () => void): number {
  const first = prepare(size);
  first(); // what is made once and kept is not counted
  const small = work(first);
  if (small < size) throw new Error(`${small} blocks are run for a size of ${size}: the work is not where it is counted`);
  return work(prepare(size * 8)) / small;
}
