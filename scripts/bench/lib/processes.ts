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
