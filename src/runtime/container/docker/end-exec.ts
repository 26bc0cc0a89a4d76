/**
 * Ends the process of an exec whose client is gone; the engine has no call for that. runc makes the command the leader
 * of a session, so processes that it started in the foreground end with it. Source: containerd's CRI ends an exec at
 * its time-out in the same way.
 */
import { readFile } from 'node:fs/promises';
import { RuntimeError } from '../container-runtime.ts';
import { delay, type RuntimeClock } from '../runtime-clock.ts';
import type { DockerApi } from './docker-api.ts';
import type { HelperContainers } from './helper-container.ts';

/** Access to processes that this process can see. */
export interface HostProcesses {
  /** The control groups of a process; '' when there is no such process. */
  controlGroups(pid: number): Promise<string>;
  /** Kills a process and its group; false when this is not permitted. */
  kill(pid: number): boolean;
}

export const hostProcesses: HostProcesses = {
  controlGroups: (pid) => readFile(`/proc/${pid}/cgroup`, 'utf8').catch(() => ''),
  kill: (pid) => {
    try {
      process.kill(-pid, 'SIGKILL');
      return true;
    } catch (error) {
      return error instanceof Error && 'code' in error && error.code === 'ESRCH';
    }
  },
};

/** The engine knows the process only some time after it has answered the start. */
const START_TRIES = 12;

export interface EndExecOptions {
  readonly api: DockerApi;
  readonly helpers: HelperContainers;
  readonly processes: HostProcesses;
  readonly clock: RuntimeClock;
}

/**
 * Kills the process directly when this process may do so. Otherwise a helper container on the engine's host kills it:
 * the engine may run on another machine, and without root privileges another user's process cannot be killed. In both
 * cases the process is first checked to be still one of the container.
 */
export async function endExec(options: EndExecOptions, execId: string, containerId: string): Promise<void> {
  const pid = await processOf(options, execId);
  if (pid === undefined) return;
  const { helpers, processes } = options;
  const isHere = (await processes.controlGroups(pid)).includes(containerId);
  if (isHere && processes.kill(pid)) return;
  const hostConfig = { NetworkMode: 'none', PidMode: 'host', UsernsMode: 'host', SecurityOpt: ['apparmor=unconfined', 'label=disable'] };
  // A non-zero code means that the process has gone meanwhile.
  await helpers.outcome({ command: ['kill', String(pid), containerId], hostConfig });
}

/** The process of an exec, by the engine's pid; undefined when it has ended. */
async function processOf({ api, clock }: EndExecOptions, execId: string): Promise<number | undefined> {
  for (let tries = 0; tries < START_TRIES; tries++) {
    const found = await api.find<{ Running: boolean; ExitCode: number | null; Pid: number }>({
      method: 'GET',
      path: `/exec/${execId}/json`,
    });
    if (found === undefined || (!found.Running && found.ExitCode !== null)) return undefined;
    if (found.Pid > 0) return found.Pid;
    await delay(clock, Math.min(2 ** tries, 500));
  }
  throw new RuntimeError('Other', `the process of exec ${execId} is unknown`);
}
