/** Determines whether a process is still the one that recorded its pid. */
import { existsSync, readFileSync } from 'node:fs';

function pidAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/**
 * The start time of a process, from the kernel; '' when the process does not exist. Where the system has no /proc, the
 * pid alone must suffice.
 */
export function processStartOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? '' : (fields[19] ?? '');
  } catch {
    return existsSync('/proc/self/stat') ? '' : pidAlive(pid) ? 'alive' : ''; // no such process
  }
}
