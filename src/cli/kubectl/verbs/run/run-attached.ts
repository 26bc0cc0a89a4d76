/**
 * `kubectl run --attach`: attaches to the created pod and returns its exit code. Source: kubectl pkg/cmd/run/run.go.
 */

import { errorText } from '../../../../api/error-text.ts';
import { CommandError } from '../../command/command.ts';
import type { Session } from '../../command/session.ts';
import { resourcePath } from '../../resources/discovery.ts';
import type { Info } from '../../resources/infos.ts';
import { findResource } from '../../resources/resource-args.ts';
import { chunksOf } from '../../streams/answer-body.ts';
import { podTimeoutMs } from '../../streams/pod-streams.ts';
import { asPod, attachablePod, type PodObject, podName } from '../../streams/pods.ts';
import { watchUntil } from '../../waiting/watch-until.ts';
import { attachTo } from '../attach.ts';
import { restartPolicyOf } from './run-generators.ts';

/** The outcome of an attached run. */
export interface Ended {
  readonly code: number;
  readonly text: string;
}

/** Attaches to what `run` created and waits for its end. */
export class AttachedRun {
  readonly #session: Session;
  readonly #created: Info;

  constructor(session: Session, created: Info) {
    this.#session = session;
    this.#created = created;
  }

  /** Resolves with the exit code and the text to print about it. */
  async run(): Promise<Ended> {
    const { flags } = this.#session;
    const timeoutMs = podTimeoutMs(flags);
    const pod = await attachablePod(this.#session, this.#created.resource, this.#created.object, timeoutMs);
    await this.#follow(await this.#until(podName(pod), readyOrDone, timeoutMs));
    const policy = restartPolicyOf(flags);
    if (flags.bool('leave-stdin-open') || policy === 'Always') return { code: 0, text: '' };
    const ended = (p: PodObject): boolean => p.status.phase === 'Succeeded' || (policy === 'Never' && p.status.phase === 'Failed');
    return this.#exitCode(await this.#until(podName(pod), ended, timeoutMs));
  }

  async #until(name: string, done: (pod: PodObject) => boolean, timeoutMs: number): Promise<PodObject> {
    const pods = await findResource(this.#session, 'pods');
    let last: PodObject | undefined;
    const reached = await watchUntil(
      this.#session,
      { resource: pods, namespace: this.#session.namespace, name },
      (object) => {
        if (object === undefined) throw new CommandError(`pods ${JSON.stringify(name)} not found`);
        last = asPod(object);
        return done(last);
      },
      timeoutMs,
    );
    if (!reached || last === undefined) throw new CommandError('timed out waiting for the condition');
    return last;
  }

  /** Attaches while the pod runs. Output from before that is read from the pod's log. */
  async #follow(pod: PodObject): Promise<void> {
    const { flags } = this.#session;
    if (pod.status.phase === 'Succeeded' || pod.status.phase === 'Failed') return this.#log(pod);
    const quiet = flags.bool('quiet');
    await this.#log(pod);
    const since = new Date().toISOString();
    try {
      await attachTo(this.#session, pod, { container: '', stdin: flags.bool('stdin'), tty: flags.bool('tty'), quiet });
    } catch (error) {
      if (this.#session.signal.aborted) throw error;
      this.#session.err(`warning: couldn't attach to pod/${podName(pod)}, falling back to streaming logs: ${errorText(error)}\n`);
      await this.#log(pod, since);
    }
  }

  async #log(pod: PodObject, sinceTime = ''): Promise<void> {
    const pods = await findResource(this.#session, 'pods');
    const params = new URLSearchParams({ container: pod.spec.containers[0]?.name ?? '', ...(sinceTime === '' ? {} : { sinceTime }) });
    const path = `${resourcePath(pods, this.#session.namespace, podName(pod), 'log')}?${params}`;
    const body = await this.#session.transport.stream({ method: 'GET', path, signal: this.#session.signal });
    for await (const chunk of chunksOf(body)) this.#session.terminal.stdout.write(chunk);
  }

  #exitCode(pod: PodObject): Ended {
    if (pod.status.phase === 'Succeeded') return { code: 0, text: '' };
    const where = `${this.#session.namespace}/${podName(pod)}`;
    const terminated = pod.status.containerStatuses?.[0]?.state?.terminated;
    if (terminated === undefined || terminated.exitCode === 0) throw new CommandError(`pod ${where} failed with unknown exit code`);
    return { code: terminated.exitCode, text: `pod ${where} terminated (${terminated.reason ?? ''})\n${terminated.message ?? ''}` };
  }
}

function readyOrDone(pod: PodObject): boolean {
  const { phase, conditions = [] } = pod.status;
  return (
    phase === 'Succeeded' ||
    phase === 'Failed' ||
    (phase === 'Running' && conditions.some((c) => c.type === 'Ready' && c.status === 'True'))
  );
}
