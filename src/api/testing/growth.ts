/** For tests: measures how the work of a function grows with its input, by CPU time rather than elapsed time. */

/** CPU time of this process, in microseconds. */
function cost(times: number, run: () => void): number {
  const before = process.cpuUsage();
  for (let i = 0; i < times; i++) run();
  return process.cpuUsage(before).user;
}

/** Below this, the operating system's measure of CPU time is too coarse. */
const measurableMicros = 25_000;

/** How many times the cost rises when the size rises eightfold: 8 for linear work, 64 for quadratic. */
export function growthOfEight(size: number, prepare: (size: number) => () => void): number {
  const small = prepare(size);
  const large = prepare(size * 8);
  // Runs once first, so that compilation is not measured.
  small();
  let times = 1;
  while (cost(8 * times, small) < measurableMicros) times *= 2;
  // Does the same amount of work if it is linear. Takes the smaller of two ratios, because garbage collection may fall
  // into one.
  const ratios = [1, 2].map(() => cost(times, large) / Math.max(1, cost(8 * times, small)));
  return 8 * Math.min(...ratios);
}
