/**
 * `minik serve` (hidden): the server process itself, started detached by `minik start`. Says over IPC what it does, then serves until SIGTERM or SIGINT.
 */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RunningCluster, UserError } from '../cluster-port.ts';
import { waitForLock } from './file-lock.ts';
import { processStartOf } from './process-identity.ts';
import { minikHome, Profile, profileNames } from './profile.ts';
import type { ServeChoices, ServerMessage } from './server-process.ts';
import { openProfile, type VerbContext } from './verb.ts';

/** Resolves when the parent has the message, or there is none to tell. */
function tell(message: ServerMessage): Promise<void> {
  return new Promise((resolve) => {
    if (!process.connected || process.send === undefined) resolve();
    else process.send(message, undefined, undefined, () => resolve());
  });
}

/** Clusters of all users and homes pick their addresses one after another. */
const addressLock = join(tmpdir(), 'minik-addresses.lock');
const addressLockTimeoutMs = 60_000;

/** Ranges of the other profiles, which may not run right now. */
function rangesOfOthers(context: VerbContext, own: string): readonly string[] {
  const home = minikHome(context.terminal);
  return profileNames(home)
    .filter((name) => name !== own)
    .map((name) => new Profile(home, name).settings())
    .flatMap((settings) => (settings === undefined ? [] : [settings.serviceCidr, settings.podCidr]));
}

async function run(context: VerbContext, profile: Profile, choices: ServeChoices): Promise<RunningCluster> {
  const host = await context.loadClusterHost();
  const release = await waitForLock(addressLock, `start ${profile.name}`, addressLockTimeoutMs);
  try {
    const takenCidrs = rangesOfOthers(context, profile.name);
    const settings = await host.plan({ ...choices, profile: profile.name, folder: profile.folder, known: profile.settings(), takenCidrs });
    profile.saveSettings(settings);
    const cluster = await host.start(settings, { onStep: (text) => void tell({ type: 'step', text }), onListening: release });
    profile.saveCredentials(cluster.admin);
    profile.saveServer({
      pid: process.pid,
      processStart: processStartOf(process.pid),
      apiUrl: cluster.apiUrl,
      startedAt: new Date().toISOString(),
      version: context.version,
    });
    return cluster;
  } finally {
    release();
  }
}

/** Serves; resolves with the exit code after a signal. */
export async function serve(context: VerbContext, profileName: string, choicesJson: string): Promise<number> {
  const profile = openProfile(context, profileName);
  const stopping = Promise.withResolvers<void>();
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => stopping.resolve());
  // Written by our own parent, server-process.ts.
  const choices = JSON.parse(choicesJson) as ServeChoices;
  let cluster: RunningCluster;
  try {
    cluster = await run(context, profile, choices);
  } catch (error) {
    const known = error instanceof UserError;
    await tell({
      type: 'failed',
      message: error instanceof Error ? error.message : String(error),
      hints: known ? error.hints : [`See ${profile.logFile}.`],
    });
    throw error;
  }
  await tell({ type: 'ready' });
  if (process.connected) process.disconnect();
  await stopping.promise;
  await cluster.stop();
  profile.forgetServer();
  return 0;
}
