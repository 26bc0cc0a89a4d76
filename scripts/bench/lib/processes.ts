/** Resource usage of processes, from the operating system. Linux only. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

const ticksPerSecond = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

export interface Usage {
  readonly residentMiB: number;
  readonly cpuSeconds: number;
}

/** The server and everything it has started. */
function processesOf(pid: number): readonly number[] {
  const parents = new Map<number, number>();
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      parents.set(Number(entry), Number(fieldsOf(Number(entry))[1]));
    } catch {
      // The process has ended since the folder was read.
    }
  }
  const found = [pid];
  for (const parent of found) for (const [child, of] of parents) if (of === parent) found.push(child);
  return found;
}

/** /proc/<pid>/stat after the program's name, which may contain anything: state, parent, … */
function fieldsOf(pid: number): readonly string[] {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

/** Memory and processor time of a process and all that it has started. */
export function usageOf(pid: number): Usage {
  let residentMiB = 0;
  let cpuSeconds = 0;
  for (const each of processesOf(pid)) {
    const fields = fieldsOf(each);
    cpuSeconds += (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
    const resident = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${each}/status`, 'utf8'))?.[1];
    residentMiB += Number(resident ?? 0) / 1024;
  }
  return { residentMiB, cpuSeconds };
}

/** Seconds of processor time that ended children of this process have used. */
export const childrenCpuSeconds = (): number => childSeconds(process.pid);

const childSeconds = (pid: number): number => {
  const fields = fieldsOf(pid);
  return (Number(fields[13]) + Number(fields[14])) / ticksPerSecond;
};

/** Programs of the Docker engine; containers' own processes are not among them. */
const enginePrograms = new Set(['dockerd', 'containerd', 'containerd-shim']);

/** Seconds of processor time that the Docker engine of this machine has used, for everybody. */
export function engineCpuSeconds(): number {
  let seconds = 0;
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const name = readFileSync(`/proc/${entry}/comm`, 'utf8').trim();
      if (!enginePrograms.has(name)) continue;
      const fields = fieldsOf(Number(entry));
      seconds += (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
      // `docker cp` lets helpers of dockerd pack and unpack.
      if (name === 'dockerd') seconds += childSeconds(Number(entry));
    } catch {
      // The process has ended since the folder was read.
    }
  }
  return seconds;
}
