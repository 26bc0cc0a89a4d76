/** `minik start`: makes the cluster of a profile, or starts an existing one, and makes it kubectl's current context. */
import { type ClusterSettings, type RuntimeName, UserError } from '../cluster-port.ts';
import { Progress } from '../terminal.ts';
import { crashText } from './crashes.ts';
import { checkKubeconfig, writeKubeconfigEntry } from './kubeconfig-entry.ts';
import type { Profile } from './profile.ts';
import { askHealth, healthLimitMs } from './server-health.ts';
import { Interrupted, launchServer, type ServeChoices, stopServer } from './server-process.ts';
import { type CommonOptions, InterruptedVerb, openProfile, printJson, type VerbContext } from './verb.ts';

export interface StartOptions extends CommonOptions {
  readonly runtime?: RuntimeName | undefined;
  readonly nodes?: number | undefined;
  readonly zones?: readonly string[] | undefined;
  readonly apiPort?: number | undefined;
  readonly serviceCidr?: string | undefined;
  readonly podCidr?: string | undefined;
  readonly nodePortAddresses?: readonly string[] | undefined;
  readonly auditLogPath?: string | undefined;
  readonly auditLogMaxSize?: number | undefined;
  readonly auditLogMaxBackup?: number | undefined;
  readonly auditLogMaxAge?: number | undefined;
  readonly tokenAuthFile?: string | undefined;
  readonly auditPolicyFile?: string | undefined;
  readonly admissionConfigFile?: string | undefined;
  readonly schedulerConfigFile?: string | undefined;
  readonly kubeletConfigFile?: string | undefined;
  readonly behavioursFile?: string | undefined;
  readonly legacyApis?: boolean | undefined;
  readonly controllerManager?: boolean | undefined;
  readonly scheduler?: boolean | undefined;
}

const unchangeable = ['runtime', 'serviceCidr', 'podCidr'] as const;

/** The user's choices, checked against the settings with which the profile was made. Throws UserError. */
export function choicesOf(profile: Profile, options: StartOptions): ServeChoices {
  const known = profile.settings();
  for (const key of unchangeable) {
    const chosen = options[key];
    if (known !== undefined && chosen !== undefined && chosen !== known[key]) {
      throw new UserError(
        `profile ${JSON.stringify(profile.name)} was made with ${key} ${known[key]}, which cannot be changed to ${chosen}`,
        [`Run "minik delete -p ${profile.name}" first, or choose another profile with -p.`],
      );
    }
  }
  if (known !== undefined) refuseOtherNodes(profile, known, options);
  const { apiPort, serviceCidr, podCidr, nodes, zones } = options;
  return {
    runtime: options.runtime ?? known?.runtime ?? 'docker',
    nodes,
    zones,
    apiPort,
    serviceCidr,
    podCidr,
    nodePortAddresses: options.nodePortAddresses ?? known?.nodePortAddresses,
    auditLogPath: options.auditLogPath ?? known?.auditLogPath,
    auditPolicyFile: options.auditPolicyFile ?? known?.auditPolicyFile,
    auditLogMaxSize: options.auditLogMaxSize ?? known?.auditLogMaxSize,
    auditLogMaxBackup: options.auditLogMaxBackup ?? known?.auditLogMaxBackup,
    auditLogMaxAge: options.auditLogMaxAge ?? known?.auditLogMaxAge,
    tokenAuthFile: options.tokenAuthFile ?? known?.tokenAuthFile,
    admissionConfigFile: options.admissionConfigFile ?? known?.admissionConfigFile,
    schedulerConfigFile: options.schedulerConfigFile ?? known?.schedulerConfigFile,
    kubeletConfigFile: options.kubeletConfigFile ?? known?.kubeletConfigFile,
    behavioursFile: options.behavioursFile ?? known?.behavioursFile,
    legacyApis: options.legacyApis ?? known?.legacyApis,
    controllerManager: options.controllerManager ?? known?.controllerManager,
    scheduler: options.scheduler ?? known?.scheduler,
    removedLogs: known?.removedLogs,
  };
}

/** The nodes of a cluster are changed by `minik node`; a start may name those that there are. */
function refuseOtherNodes(profile: Profile, { nodes }: ClusterSettings, options: StartOptions): void {
  const present = nodes.filter(({ wanted }) => wanted !== 'deleted');
  const sameZones =
    options.zones === undefined || present.every(({ index, zone }) => zone === options.zones?.[index % options.zones.length]);
  if ((options.nodes ?? present.length) === present.length && sameZones) return;
  const zones = new Set(present.flatMap(({ zone }) => (zone === undefined ? [] : [zone])));
  throw new UserError(
    `profile ${JSON.stringify(profile.name)} has ${present.length} ${present.length === 1 ? 'node' : 'nodes'}${zones.size === 0 ? '' : ` in ${[...zones].join(', ')}`}, which a start does not change`,
    [`"minik node add -p ${profile.name}" and "minik node delete -p ${profile.name}" do.`],
  );
}

interface Launch {
  readonly profile: Profile;
  readonly choices: ServeChoices;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** A start that is interrupted is undone, and this is reported. */
async function launch(context: VerbContext, { profile, choices, progress, signal }: Launch): Promise<void> {
  const isNew = profile.settings() === undefined;
  try {
    if (profile.guard() !== undefined) {
      progress.step('Ending the attempts to start it again');
      await stopServer(profile);
    }
    progress.step(isNew ? 'Preparing a new cluster' : 'Preparing the cluster');
    await launchServer({
      profile,
      choices,
      command: context.selfCommand,
      env: context.terminal.env,
      signal,
      onStep: (text) => progress.step(text),
    });
  } catch (error) {
    progress.abandon();
    if (error instanceof Interrupted) {
      progress.step('Undoing the start');
      await stopServer(profile);
    }
    if (isNew) await undo(context, profile);
    progress.done();
    if (!(error instanceof Interrupted)) throw error;
    throw new InterruptedVerb(
      isNew
        ? `interrupted: nothing is left of the new cluster ${JSON.stringify(profile.name)}`
        : `interrupted: the cluster ${JSON.stringify(profile.name)} is stopped, as it was before`,
    );
  }
}

/** Removes everything of a cluster whose first start failed. The error of the start is the one that is shown. */
async function undo(context: VerbContext, profile: Profile): Promise<void> {
  const settings = profile.settings();
  if (settings !== undefined) {
    const host = await context.loadClusterHost();
    await host
      .destroy(settings, profile.endedAbruptly)
      .catch((error: unknown) => context.terminal.err(`minik: not everything could be removed again: ${String(error)}\n`));
  }
  profile.remove();
}

/** Throws when the running server hangs: it cannot be used. */
async function refuseUnresponsive(profile: Profile): Promise<void> {
  const server = profile.server();
  if (server === undefined) return;
  const [caPem] = profile.marks().authorities;
  const health = await askHealth({ apiUrl: server.apiUrl, caPem, pid: server.pid, limitMs: healthLimitMs });
  if (health.answers) return;
  throw new UserError(`profile ${JSON.stringify(profile.name)} has a server (pid ${server.pid}) that does not answer: ${health.detail}`, [
    `"minik stop -p ${profile.name}" ends it, by force if need be; "minik logs -p ${profile.name}" may say why.`,
  ]);
}

/**
 * Starts the cluster, or reports that it runs already. Until the server is ready, the signal undoes the start. Returns
 * the exit code.
 */
export async function start(context: VerbContext, options: StartOptions, signal: AbortSignal): Promise<number> {
  const { terminal } = context;
  const profile = openProfile(context, options.profile);
  const quiet = options.output === 'json';
  const progress = new Progress(terminal, quiet);
  const release = profile.lock('start');
  let already = false;
  try {
    const choices = choicesOf(profile, options);
    already = profile.server() !== undefined;
    await refuseUnresponsive(profile);
    // Read first, because a launch deletes the record.
    const lastCrash = profile.crashes().at(-1);
    // All files of the profile are read before anything is made, so that a damaged file is reported now.
    const before = profile.kubeconfig;
    const marks = await checkKubeconfig(terminal, profile.name, profile.marks());
    if (!already) await launch(context, { profile, choices, progress, signal });
    progress.step('Pointing kubectl at the cluster');
    const settings = profile.settings();
    const server = profile.server();
    if (settings === undefined || server === undefined)
      throw new UserError('the server ended right after it had started', [`See ${profile.logFile}.`]);
    const credentials = profile.credentials();
    const change = await writeKubeconfigEntry(terminal, { profile: profile.name, apiUrl: server.apiUrl, credentials, marks });
    profile.saveKubeconfig({
      previousContext: change.previousContext ?? before.previousContext,
      files: [...new Set([...before.files, ...change.files])],
    });
    progress.done();
    if (lastCrash !== undefined && !quiet)
      terminal.err(
        `minik: the server had ${crashText(lastCrash)}${already ? ' and was started again' : ''}; "minik logs -p ${profile.name}" has more.\n`,
      );
    if (quiet)
      printJson(terminal, {
        profile: profile.name,
        state: 'Running',
        alreadyRunning: already,
        pid: server.pid,
        apiUrl: server.apiUrl,
        runtime: settings.runtime,
        kubeconfig: change.files[0] ?? null,
        context: change.context,
        lastCrash: lastCrash === undefined ? null : { at: lastCrash.at, why: lastCrash.why },
      });
    else if (already) terminal.err(`minik: profile ${JSON.stringify(profile.name)} is already running; kubectl is configured to use it.\n`);
    else terminal.err(`Done: kubectl now uses the cluster "${profile.name}" at ${server.apiUrl} (namespace "${change.namespace}").\n`);
    return 0;
  } catch (error) {
    progress.abandon();
    throw error;
  } finally {
    release();
    if (!profile.exists) profile.remove();
  }
}
