/**
 * `minik stop`: ends the server. The pods' containers keep running, and the next start adopts them; or its nodes shut
 * down gracefully before, when the kubelets are configured to do so, or when that is asked for.
 */
import { type ShutdownOutcome, shutdownPath } from '../../api/cluster-shutdown.ts';
import { errorText } from '../../api/error-text.ts';
import type { JsonObject } from '../../api/json.ts';
import { UserError } from '../cluster-port.ts';
import { Progress } from '../terminal.ts';
import { askServer } from './control-request.ts';
import type { Profile } from './profile.ts';
import { stopServer } from './server-process.ts';
import { type CommonOptions, InterruptedVerb, openProfile, printJson, type VerbContext } from './verb.ts';

export interface StopOptions extends CommonOptions {
  /** What becomes of the pods; `as configured`: what the kubelets' `shutdownGracePeriod` says. */
  readonly pods: 'as configured' | 'end' | 'run on';
}

/** Signals end the wait for pods; the cluster then goes on. */
export async function stop(context: VerbContext, options: StopOptions, signal: AbortSignal): Promise<number> {
  const { terminal } = context;
  const profile = openProfile(context, options.profile);
  const settings = profile.settings();
  if (settings === undefined)
    throw new UserError(`there is no profile ${JSON.stringify(profile.name)}`, [`"minik start -p ${profile.name}" makes one.`]);
  const progress = new Progress(terminal, options.output === 'json');
  const release = profile.lock('stop');
  try {
    if (profile.server() !== undefined || profile.guard() !== undefined) progress.step(`Stopping the cluster "${profile.name}"`);
    const outcome = await shutDown(context, profile, options, signal);
    const wasRunning = await stopServer(profile);
    progress.done();
    if (options.output === 'json') printJson(terminal, { profile: profile.name, state: 'Stopped', wasRunning, ...known(outcome) });
    else if (!wasRunning) terminal.err(`minik: profile ${JSON.stringify(profile.name)} was not running.\n`);
    else if (settings.runtime === 'docker') terminal.err(`minik: ${becameOf(outcome, profile)}\n`);
    return 0;
  } finally {
    release();
  }
}

/** What became of the pods, or why that is unknown; undefined when there is no server to ask. */
type Answer = ShutdownOutcome | { readonly problem: string } | undefined;

/** A server that does not say within this time what runs is not asked for more. */
const answerMs = 3000;

async function shutDown(context: VerbContext, profile: Profile, { pods }: StopOptions, signal: AbortSignal): Promise<Answer> {
  if (profile.server() === undefined) return undefined;
  const ask = async (call: { method: 'GET' } | { method: 'POST'; body: JsonObject }, until: AbortSignal): Promise<ShutdownOutcome> => {
    const answer = await askServer(context, profile.name, { ...call, path: shutdownPath, signal: AbortSignal.any([signal, until]) });
    return answer as unknown as ShutdownOutcome; // the server's (src/cluster/shutdown-control.ts)
  };
  try {
    const now = await ask({ method: 'GET' }, AbortSignal.timeout(answerMs));
    if (pods === 'run on' || (pods === 'as configured' && now.configuredSeconds === 0)) return now;
    return await ask({ method: 'POST', body: { always: pods === 'end' } }, signal);
  } catch (error) {
    if (signal.aborted)
      throw new InterruptedVerb('the stop was interrupted', ['The cluster runs; pods that had ended already stay ended.']);
    if (pods === 'end') throw error;
    return { problem: errorText(error) };
  }
}

function known(outcome: Answer): Partial<ShutdownOutcome> {
  if (outcome === undefined || 'problem' in outcome) return {};
  const { endedPods, runningContainers } = outcome;
  return { endedPods, runningContainers };
}

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;

function becameOf(outcome: Answer, { name }: Profile): string {
  if (outcome === undefined) return 'its containers run on';
  if ('problem' in outcome) return `its containers run on, since the server did not answer: ${outcome.problem}`;
  const { endedPods, runningContainers } = outcome;
  const ended = endedPods > 0 ? [`${counted(endedPods, 'pod')} ended`] : [];
  const running =
    runningContainers > 0
      ? [
          `${counted(runningContainers, 'container')} ${runningContainers === 1 ? 'runs' : 'run'} on until "minik start -p ${name}" takes over, or "minik delete -p ${name}"`,
        ]
      : [];
  return ended.length + running.length === 0 ? 'no container runs on' : [...ended, ...running].join(', ');
}
