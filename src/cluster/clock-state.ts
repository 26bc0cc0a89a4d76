/** The clock of a cluster that is served from a folder: its state outlives the process. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isErrno } from '../api/errno.ts';
import type { ClusterSettings } from '../cli/cluster-port.ts';
import { type Clock, systemClock } from '../client/clock.ts';
import { type ClockState, ClusterClock } from '../client/cluster-clock.ts';

const stateFile = ({ folder }: ClusterSettings): string => join(folder, 'clock.json');

function savedState(settings: ClusterSettings): ClockState | undefined {
  try {
    // Only `saveClock` writes this file, and atomically, so its shape is known.
    return JSON.parse(readFileSync(stateFile(settings), 'utf8')) as ClockState;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}

export function saveClock(settings: ClusterSettings, state: ClockState): void {
  const path = stateFile(settings);
  writeFileSync(`${path}.new`, `${JSON.stringify(state)}\n`, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

/** The clock that all parts of a cluster go by: that of the host, when other programs run its containers. */
export function clusterClock(settings: ClusterSettings): Clock {
  return settings.runtime === 'simulated' ? new ClusterClock({ state: savedState(settings) }) : systemClock;
}
