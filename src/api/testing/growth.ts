/** For tests: how the work of a function grows with its input, without a look at any clock on the wall. */

/** Microseconds of this process' own work. */
function cost(times: number, run: () => void): number {
  const before = process.cpuUsage();
  for (let i = 0; i < times; i++) run();
  return process.cpuUsage(before).user;
}

/** Below this the system's count of it is too coarse. */
const measurableMicros = 25_000;

/** How many times the cost rises when the size rises eightfold: 8 for linear work, 64 for quadratic. */
export function growthOfEight(size: number, prepare: (size: number) => () => void): number {
  const small = prepare(size);
  const large = prepare(size * 8);
  // Once for the compiler.
  small();
  let times = 1;
  while (cost(8 * times, small) < measurableMicros) times *= 2;
  // Equal work if it is linear; the lesser of two, since others may collect their garbage meanwhile.
  const ratios = [1, 2].map(() => cost(times, large) / Math.max(1, cost(8 * times, small)));
  return 8 * Math.min(...ratios);
}
