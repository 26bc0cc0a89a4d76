/**
 * `minik serve` (hidden): the server process itself, which `minik start` starts in the background. Reports its progress
 * over IPC, then serves until SIGTERM or SIGINT.
 */

import { userInfo } from 'node:os';
import { join } from 'node:path';
import { errorText } from '../../api/error-text.ts';
import type { Logger } from '../../client/logger.ts';
import { type ClusterSettings, isUserError, type RunningCluster, UserError } from '../cluster-port.ts';
import { newNodes } from '../nodes.ts';
import { AddressClaims, type OtherCluster } from './address-claims.ts';
import { crashText } from './crashes.ts';
import { followNodes } from './follow-nodes.ts';
import { GuardWatch } from './guard-watch.ts';
import { processStartOf } from './process-identity.ts';
import { minikHome, Profile, profileNames } from './profile.ts';
import { Ownership } from './run/ownership.ts';
import type { ServeChoices, ServerMessage } from './server-process.ts';
import { openProfile, type VerbContext } from './verb.ts';

/** Resolves when the parent has received the message, or when there is no parent to tell. */
function tell(message: ServerMessage): Promise<void> {
  return new Promise((resolve) => {
    if (!process.connected || process.send === undefined) resolve();
    else process.send(message, undefined, undefined, () => resolve());
  });
}

/** Below the user's home according to the system, which does not depend on HOME. */
function claimFolders(context: VerbContext): readonly string[] {
  const own = minikHome(context.terminal);
  try {
    return [join(userInfo().homedir, '.cache', 'minik'), own];
  } catch {
    return [own]; // the system does not know the user, as in some containers
  }
}

/** The settings of another profile; undefined when its file is damaged, which must not prevent this start. */
function readable(profile: Profile): ClusterSettings | undefined {
  try {
    return profile.settings();
  } catch (error) {
    if (isUserError(error)) return undefined;
    throw error;
  }
}

/** The addresses of the other profiles, including those that do not run. */
function othersThan(context: VerbContext, own: string): readonly OtherCluster[] {
  const home = minikHome(context.terminal);
  return profileNames(home)
    .filter((name) => name !== own)
    .flatMap((name) => {
      const profile = new Profile(home, name);
      const settings = readable(profile);
      return settings === undefined ? [] : [{ ...settings, isGuarded: profile.guard() !== undefined }];
    });
}

/**
 * Throws when the profile's server runs already: a second one, started by hand, would take its place in the profile and
 * change its address.
 */
function refuseSecond(profile: Profile): void {
  const running = profile.server();
  if (running === undefined) return;
  throw new UserError(`profile ${JSON.stringify(profile.name)} is served already, by process ${running.pid}`, [
    `"minik stop -p ${profile.name}" ends it.`,
  ]);
}

/** A server that is started by hand gets no choices: the profile is served with its settings. */
function choicesOf(profile: Profile, json: string): ServeChoices {
  const known = profile.settings();
  // server-process.ts wrote this text.
  const given = JSON.parse(json) as Partial<ServeChoices>;
  const {
    nodePortAddresses,
    auditLogPath,
    auditPolicyFile,
    tokenAuthFile,
    admissionConfigFile,
    schedulerConfigFile,
    kubeletConfigFile,
    behavioursFile,
    legacyApis,
  } = known ?? {};
  return {
    runtime: known?.runtime ?? 'docker',
    ...(nodePortAddresses === undefined ? {} : { nodePortAddresses }),
    auditLogPath,
    auditPolicyFile,
    auditLogMaxSize: known?.auditLogMaxSize,
    auditLogMaxBackup: known?.auditLogMaxBackup,
    auditLogMaxAge: known?.auditLogMaxAge,
    tokenAuthFile,
    admissionConfigFile,
    schedulerConfigFile,
    kubeletConfigFile,
    behavioursFile,
    ...(legacyApis === undefined ? {} : { legacyApis }),
    controllerManager: known?.controllerManager,
    scheduler: known?.scheduler,
    removedLogs: known?.removedLogs,
    ...given,
  };
}

async function run(context: VerbContext, profile: Profile, choices: ServeChoices, log: Logger): Promise<RunningCluster> {
  const host = await context.loadClusterHost();
  const claims = new AddressClaims({
    folders: claimFolders(context),
    cluster: profile.folder,
    others: () => othersThan(context, profile.name),
  });
  refuseSecond(profile);
  try {
    const known = profile.settings();
    const nodes = known?.nodes ?? newNodes(choices.nodes ?? 1, choices.zones);
    const claim: AddressClaims['claim'] = (pick) => claims.claim(pick);
    const settings = await host.plan({ ...choices, nodes, profile: profile.name, folder: profile.folder, known, claim });
    profile.saveSettings(settings);
    profile.beginServing();
    const onListening = (): void => claims.release();
    const cluster = await host.start(settings, { log, known, onStep: (text) => void tell({ type: 'step', text }), onListening });
    profile.saveCredentials(cluster.admin);
    profile.saveServer({
      pid: process.pid,
      processStart: processStartOf(process.pid),
      apiUrl: cluster.apiUrl,
      startedAt: new Date().toISOString(),
      version: context.version,
    });
    return cluster;
  } catch (error) {
    profile.endServing();
    throw error;
  } finally {
    claims.release();
  }
}

/**
 * An uncaught error ends the process, because the state that it left is unknown. It is logged with its stack and
 * recorded for `minik status`, and the guard restarts the server. Errors of a single connection do not get here
 * (client/error-boundary.ts).
 */
function endOnUncaught(profile: Profile, log: Logger): void {
  process.on('uncaughtException', (error: unknown, origin) => {
    log.error('The server ends: nothing handled an error', { origin, error });
    profile.saveLastWords({ pid: process.pid, error: error instanceof Error ? `${error.name}: ${error.message}` : String(error) });
    process.exit(uncaughtExitCode);
  });
}

const uncaughtExitCode = 1;

/** The watch over the guard that has started this server with these words. */
function guardWatch(context: VerbContext, profile: Profile, choicesJson: string, log: Logger): GuardWatch {
  const onLostStart = (): void => {
    log.error('The server ends: its guard has ended before it was ready');
    process.exit(lostStartExitCode);
  };
  return new GuardWatch({ profile, command: [...context.selfCommand, 'serve', profile.name, choicesJson], log, onLostStart });
}

const lostStartExitCode = 1;

/** Serves; resolves with the exit code after a signal, or when the cluster's run is gone. */
export async function serve(context: VerbContext, profileName: string, choicesJson: string): Promise<number> {
  const profile = openProfile(context, profileName);
  const log = context.openLog();
  endOnUncaught(profile, log);
  const stopping = Promise.withResolvers<string>();
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => stopping.resolve(signal));
  const choices = choicesOf(profile, choicesJson);
  const watch = choices.isGuarded === true ? guardWatch(context, profile, choicesJson, log) : undefined;
  const { loadClusterHost, terminal } = context;
  const ownership = new Ownership({ loadClusterHost, home: minikHome(terminal), profile, mark: choices.owner, log });
  await ownership.watch(() => stopping.resolve('the end of its run'));
  if (ownership.isOver) {
    log.info('The run of this cluster is gone: it is removed, not started again');
    await ownership.removeIfOver();
    return 0;
  }
  const crash = profile.crashes().at(-1);
  if (crash !== undefined) log.warn(`The server ${crashText(crash)} and is started again`, { crashes: profile.crashes().length });
  const startedMs = performance.now();
  log.info('The server starts', { pid: process.pid, version: context.version, runtime: choices.runtime });
  let cluster: RunningCluster;
  try {
    cluster = await run(context, profile, choices, log);
  } catch (error) {
    const known = isUserError(error);
    log.error('The server could not start', { error: known ? error.message : error, ...(known ? { hints: error.hints } : {}) });
    await tell({
      type: 'failed',
      message: errorText(error),
      hints: known ? error.hints : [`See ${profile.logFile}.`],
    });
    await ownership.removeIfOver();
    return 1;
  }
  log.info('The cluster is ready', { apiUrl: cluster.apiUrl, afterMs: Math.round(performance.now() - startedMs) });
  const stopFollowing = followNodes(profile, cluster, log);
  watch?.ready();
  await tell({ type: 'ready' });
  if (process.connected) process.disconnect();
  profile.markGuarded();
  const reason = await stopping.promise;
  watch?.close();
  log.info(ownership.isOver ? 'The server stops, and its cluster is removed' : 'The server stops', { reason });
  await stopFollowing();
  await cluster.stop();
  profile.forgetServer();
  profile.endServing();
  log.info('The server has stopped');
  await ownership.removeIfOver();
  return 0;
}
