/** Figures of a benchmark: medians with their spread, and the machine that they were measured on. */
import { execFileSync } from 'node:child_process';
import { cpus, loadavg, release } from 'node:os';

/** The summary of several runs of one measurement. */
export interface Figure {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly runs: number;
}

const rounded = (value: number): number => Number(value.toPrecision(5));

/** The value below which `share` (0…1) of the values lie. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export function figure(values: readonly number[]): Figure {
  const median =
    (percentile(values, 0.5) +
      percentile(
        values.map((value) => -value),
        0.5,
      ) *
        -1) /
    2;
  return { median: rounded(median), min: rounded(Math.min(...values)), max: rounded(Math.max(...values)), runs: values.length };
}

/** Runs a measurement several times and summarizes each of its figures. */
export async function repeated<K extends string>(runs: number, measure: (run: number) => Promise<Readonly<Record<K, number>>>) {
  const values = new Map<string, number[]>();
  for (let run = 0; run < runs; run++) {
    for (const [name, value] of Object.entries<number>(await measure(run))) values.set(name, [...(values.get(name) ?? []), value]);
  }
  // Every key comes from a Record<K, number>.
  return Object.fromEntries([...values].map(([name, all]) => [name, figure(all)])) as Record<K, Figure>;
}

function versionOf(command: string, args: readonly string[]): string {
  try {
    return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return 'not there';
  }
}

/** The machine and the date: absolute figures mean nothing without them. */
export const environment = () => ({
  node: process.version,
  cpus: cpus().length,
  cpuModel: cpus()[0]?.model ?? '',
  kernel: release(),
  docker: versionOf('docker', ['version', '--format', '{{.Server.Version}}']),
  load1m: rounded(loadavg()[0] ?? 0),
  time: new Date().toISOString(),
});

/** Prints progress on standard error, separate from the document on standard output. */
export const note = (text: string): void => void process.stderr.write(`${text}\n`);
