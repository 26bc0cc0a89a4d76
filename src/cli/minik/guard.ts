/**
 * The guard of a server (scripts/programs/guard.c): a static program that uses a few pages of memory. It is the
 * server's parent and restarts the server after a crash. On platforms without a guard program, the server runs without
 * one.
 */
import { chmodSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GUARD_PROGRAMS } from './guard-programs.ts';
import type { Profile } from './profile.ts';

/** The name of the guard program's file. */
export const guardName = 'guard';

/** Whether servers have guards on this machine. */
export const hasGuard = (): boolean => guardProgram() !== undefined;

/** The guard program for this machine; undefined when there is none. */
function guardProgram(): Buffer | undefined {
  if (process.platform !== 'linux') return undefined;
  const architecture = { x64: 'amd64', arm64: 'arm64' }[process.arch as string];
  return architecture === undefined ? undefined : Buffer.from(GUARD_PROGRAMS[architecture as keyof typeof GUARD_PROGRAMS], 'base64');
}

/**
 * The server's command, preceded by its guard. The guard program is written to the profile's folder at every start.
 * With the pid of a running server, the guard is to be started by that server, waits for its end, and uses the command
 * only after a crash.
 */
export function guarded(profile: Profile, command: readonly string[], runningPid = 0): readonly string[] {
  const program = guardProgram();
  if (program === undefined) return command;
  const path = join(profile.folder, guardName);
  const fresh = `${path}.new`;
  rmSync(fresh, { force: true });
  writeFileSync(fresh, program, { mode: 0o700, flag: 'wx' });
  chmodSync(fresh, 0o700);
  renameSync(fresh, path);
  return [path, profile.guardedFile, profile.crashFile, String(runningPid), ...command];
}
