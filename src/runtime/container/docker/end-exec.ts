/**
 * Ends the process of an exec that nobody waits for any more; the engine has no call for that. The command leads a session of its own (runc makes it one),
 * so that what it started in the foreground ends with it. Source: containerd's CRI ends an exec at its time-out in the same way.
 */
import { readFile } from 'node:fs/promises';
import { RuntimeError } from '../container-runtime.ts';
import { delay, type RuntimeClock } from '../runtime-clock.ts';
import type { DockerApi } from './docker-api.ts';
import type { HelperContainers } from './helper-container.ts';

/** The processes that this one sees. */
export interface HostProcesses {
  /** The control groups of a process; '' when it is not there. */
  controlGroups(pid: number): Promise<string>;
  /** Kills a process with its group; false when that is not allowed. */
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

/** The engine tells the process a moment after it has answered the start. */
const START_TRIES = 12;

export interface EndExecOptions {
  readonly api: DockerApi;
  readonly helpers: HelperContainers;
  readonly processes: HostProcesses;
  readonly clock: RuntimeClock;
}

/**
 * Kills it from here when its process is one of ours to kill, else by a helper among the processes of the engine's host: the engine may run elsewhere, and
 * without root another user's process is out of reach. Either looks first whether the process still is one of the container.
 */
export async function endExec(options: EndExecOptions, execId: string, containerId: string): Promise<void> {
  const pid = await processOf(options, execId);
  if (pid === undefined) return;
  const { helpers, processes } = options;
  const isHere = (await processes.controlGroups(pid)).includes(containerId);
  if (isHere && processes.kill(pid)) return;
  const hostConfig = { NetworkMode: 'none', PidMode: 'host', UsernsMode: 'host', SecurityOpt: ['apparmor=unconfined', 'label=disable'] };
  // Not 0: it has gone meanwhile.
  await helpers.outcome({ command: ['kill', String(pid), containerId], hostConfig });
}

/** The process of an exec in the engine's numbers; undefined when it has ended. */
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
