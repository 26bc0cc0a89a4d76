/**
 * The probes of one running container: startup first, then liveness and readiness concurrently, each with its own
 * period. Source: pkg/kubelet/prober/worker.go.
 */
import type { Probe } from '../../../api/generated/core/v1.ts';
import { type Clock, sleep } from '../../../client/clock.ts';
import type { EventRecorder } from '../../../client/event-recorder.ts';
import type { Streams } from '../../container/container-runtime.ts';
import { attemptProbe, type ProbeAttempt } from './probe-actions.ts';
import type { FatalProbe, ProbedContainer } from './probe-manager.ts';
import type { ProbeOutcome } from './probe-outcome.ts';
import type { ProbeKind, ProbeRecords, ProbeResult } from './probe-records.ts';

const probeNames = { Startup: 'startup', Liveness: 'liveness', Readiness: 'readiness' } as const;

export interface ContainerProbesOptions {
  readonly probed: ProbedContainer;
  readonly streams: Streams;
  readonly clock: Clock;
  readonly events: EventRecorder;
  readonly records: ProbeRecords;
  onChange(): void;
  /** Replaced in tests. */
  attempt?(attempt: ProbeAttempt): Promise<ProbeOutcome>;
}

/** How long it takes a probe to notice a change and to be sure of it. */
const untilVerdictMs = ({ periodSeconds, failureThreshold, successThreshold }: Probe): number =>
  periodSeconds * 1000 * (Math.max(failureThreshold, successThreshold) + 1);

const resultOf = ({ success }: ProbeOutcome): ProbeResult => (success === 'unknown' ? success : success ? 'successful' : 'failed');

export class ContainerProbes {
  readonly #options: ContainerProbesOptions;
  readonly #stop = new AbortController();
  /** Ends liveness and startup probes. `#stop` ends all probes. */
  readonly #stopFatal = new AbortController();
  #started: boolean;
  #ready: boolean;
  #failure: FatalProbe | undefined;

  constructor(options: ContainerProbesOptions) {
    this.#options = options;
    const { startupProbe, readinessProbe } = options.probed.container;
    // Source: the feature gate ChangeContainerStatusOnKubeletRestart, off by default.
    this.#started = startupProbe === undefined || options.probed.before?.started === true;
    this.#ready = readinessProbe === undefined || options.probed.before?.ready === true;
  }

  get started(): boolean {
    return this.#started;
  }

  get ready(): boolean {
    return this.#started && this.#ready;
  }

  get failure(): FatalProbe | undefined {
    return this.#failure;
  }

  get podUid(): string {
    return this.#options.probed.pod.metadata.uid;
  }

  /** Runs the probes until `stop` is called, then resolves. */
  async run(): Promise<void> {
    const { startupProbe, livenessProbe, readinessProbe } = this.#options.probed.container;
    if (startupProbe !== undefined && !this.#started) {
      await this.#loop('Startup', startupProbe, (success) => {
        if (success) {
          this.#started = true;
          this.#changed();
          return false;
        }
        return this.#fail('startup');
      });
    }
    if (!this.#started) return;
    const loops: Promise<void>[] = [];
    if (livenessProbe !== undefined) {
      loops.push(this.#loop('Liveness', livenessProbe, (success) => success || this.#fail('liveness')));
    }
    if (readinessProbe !== undefined) {
      loops.push(
        this.#loop('Readiness', readinessProbe, (success) => {
          if (this.#ready !== success) {
            this.#ready = success;
            this.#changed();
          }
          return true;
        }),
      );
    }
    await Promise.all(loops);
  }

  /** Ends the liveness and startup probes; readiness probes continue. */
  stopFatal(): void {
    this.#stopFatal.abort();
  }

  stop(): void {
    this.#stop.abort();
    this.#stopFatal.abort();
  }

  #fail(failure: FatalProbe): false {
    this.#failure = failure;
    this.#changed();
    return false;
  }

  #changed(): void {
    if (!this.#stop.signal.aborted) this.#options.onChange();
  }

  /** Calls `verdict` each time a threshold is reached; ends when it returns false. */
  async #loop(kind: ProbeKind, probe: Probe, verdict: (success: boolean) => boolean): Promise<void> {
    const { clock, probed, records } = this.#options;
    const { signal } = kind === 'Readiness' ? this.#stop : this.#stopFatal;
    const initialMs = probed.startedAtMs + (probe.initialDelaySeconds ?? 0) * 1000 - clock.now();
    if (initialMs > 0) await sleep(clock, initialMs, signal);
    let run = 0;
    let last: boolean | undefined;
    while (!signal.aborted) {
      const begunMs = clock.now();
      const outcome = await this.#attempt(kind, probe, signal);
      if (signal.aborted) return;
      records.add(probed, kind, resultOf(outcome), clock.now() - begunMs);
      if (outcome.success === 'unknown') this.#report(`${kind} probe errored and resulted in Unknown state: ${outcome.output}`);
      else {
        if (!outcome.success) this.#report(`${kind} probe failed: ${outcome.output}`);
        else if (outcome.warning !== undefined) this.#report(`${kind} probe warning: ${outcome.warning}`, 'ProbeWarning');
        run = outcome.success === last ? run + 1 : 1;
        last = outcome.success;
        if (run >= (outcome.success ? probe.successThreshold : probe.failureThreshold) && !verdict(outcome.success)) return;
      }
      await sleep(clock, probe.periodSeconds * 1000, signal, { quietMs: untilVerdictMs(probe) });
    }
  }

  #attempt(kind: ProbeKind, probe: Probe, signal: AbortSignal): Promise<ProbeOutcome> {
    const { probed, streams, attempt = attemptProbe } = this.#options;
    const { container, containerId, podIp } = probed;
    return attempt({ kind: probeNames[kind], probe, container, containerId, podIp, streams, signal });
  }

  #report(message: string, reason = 'Unhealthy'): void {
    const { events, probed } = this.#options;
    const init = probed.pod.spec.initContainers?.some((c) => c.name === probed.container.name) === true;
    const fieldPath = `spec.${init ? 'initContainers' : 'containers'}{${probed.container.name}}`;
    events.event({ object: probed.pod, fieldPath }, 'Warning', reason, message);
  }
}
