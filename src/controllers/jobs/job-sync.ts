/**
 * One reconcile of a Job: counts its Pods, makes and removes some, and writes its status. Every Pod has a finalizer
 * until it has been counted, so that none is lost or counted twice, whatever comes in between. Source:
 * pkg/controller/job/job_controller.go (syncJob, manageJob, trackJobStatusAndRemoveFinalizers).
 */
import type { Job, JobCondition, JobStatus } from '../../api/generated/batch/v1.ts';
import type { Pod } from '../../api/generated/core/v1.ts';
import { countIndexes, type Interval } from '../../api/kinds/batch/index-intervals.ts';
import { job as jobKind } from '../../api/kinds/batch/job.ts';
import { conditionHolds } from '../../api/kinds/batch/job-conditions.ts';
import { rfc3339 } from '../../api/time.ts';
import { type ControllerContext, type Outcome, settled } from '../controller.ts';
import { createPod, deletePod } from '../pod-control.ts';
import { isPodActive, isPodReady, isPodTerminal, timeOf } from '../pods.ts';
import { podsToDelete } from '../replicas/pods-to-delete.ts';
import { inSlowStart } from '../slow-start.ts';
import { type Failures, finishedMs, remainingMs, withFinished } from './backoff.ts';
import { firstFree, hasIndex, indexesText, indexOf, mergeIntervals, readIndexes, withIndexes } from './indexes.ts';
import { conditionOf, type Ending, failureOf, withJobCondition } from './job-conditions.ts';
import { countCreated, countEnding, countFinished, countHandled, type JobAction } from './job-metrics.ts';
import { allIndexFailures, indexFailures, isTracked, podOfJob, untrack } from './job-pods.ts';
import { isPodFailed, judge, replacesFailedOnly, successMessage } from './policies.ts';

const maxUncounted = 500;
const maxPerSync = 500;

type Draft = { -readonly [K in keyof JobStatus]: JobStatus[K] };

export class JobSync {
  readonly #context: ControllerContext;
  readonly #pods: readonly Pod[];
  readonly #active: readonly Pod[];
  #job: Job;
  #status: Draft;
  #failures: Failures;
  #ending: Ending | undefined;
  #ready: number;
  #terminating: number;
  #succeeded = 0;
  #failed = 0;
  #requeueMs: number | undefined;
  #action: JobAction = 'reconciling';
  #doneIndexes: readonly Interval[] = [];
  #failedIndexes: readonly Interval[] | undefined;
  /** The last failed Pod of an index, which stays until its successor, which carries on its count, is made. */
  readonly #delayed = new Map<number, Pod>();

  constructor(job: Job, pods: readonly Pod[], failures: Failures, context: ControllerContext) {
    this.#context = context;
    this.#job = job;
    this.#pods = pods;
    this.#failures = failures;
    this.#status = { ...job.status, uncountedTerminatedPods: job.status.uncountedTerminatedPods ?? {} };
    this.#active = pods.filter(isPodActive);
    this.#ready = this.#active.filter(isPodReady).length;
    this.#terminating = pods.filter((pod) => pod.metadata.deletionTimestamp !== undefined && !isPodTerminal(pod)).length;
  }

  /** What was done, for the metrics. */
  get action(): JobAction {
    return this.#action;
  }

  /** The failures since the last success, for the next reconcile. */
  get failures(): Failures {
    return this.#failures;
  }

  async run(): Promise<Outcome> {
    this.#count();
    this.#ending = this.#endingBefore() ?? this.#failure();
    if (this.#indexed) this.#countIndexes();
    let active = this.#active.length;
    let error: unknown;
    let suspension = false;
    if (this.#ending !== undefined) {
      const removed = await this.#remove(this.#active, deletePod);
      if (removed.count !== active) this.#ending = undefined;
      active -= removed.count;
      error = removed.error;
    } else {
      if (this.#job.metadata.deletionTimestamp === undefined) {
        const managed = await this.#manage();
        active = managed.active;
        error = managed.error;
      }
      if (this.#isComplete(active)) {
        this.#ending = { type: 'SuccessCriteriaMet', reason: 'CompletionsReached', message: 'Reached expected number of succeeded pods' };
      } else if (this.#job.metadata.deletionTimestamp === undefined) suspension = this.#noteSuspension();
    }
    const { status } = this.#job;
    const changed =
      suspension || active !== (status.active ?? 0) || this.#ready !== status.ready || this.#terminating !== status.terminating;
    this.#status = { ...this.#status, active, ready: this.#ready, terminating: this.#terminating };
    await this.#track(changed || status.startTime !== this.#status.startTime);
    if (error !== undefined) throw error;
    return this.#requeueMs === undefined ? settled : { requeueAfterMs: Math.max(1, this.#requeueMs) };
  }

  get #spec() {
    return this.#job.spec;
  }

  get #indexed(): boolean {
    return this.#spec.completionMode === 'Indexed';
  }

  get #completions(): number {
    return this.#spec.completions ?? 0;
  }

  get #nowMs(): number {
    return this.#context.clock.now();
  }

  #requeueAfter(delayMs: number): void {
    this.#requeueMs = Math.min(this.#requeueMs ?? delayMs, delayMs);
  }

  /** Whether a Pod has an index that the Job wants; without indexes every Pod has. */
  #isWanted(pod: Pod): boolean {
    if (!this.#indexed) return true;
    const index = indexOf(pod);
    return index !== undefined && index < this.#completions;
  }

  /** Pods that have ended and are in no counter yet. */
  #count(): void {
    const { succeeded = [], failed = [] } = this.#status.uncountedTerminatedPods ?? {};
    const fresh = (known: readonly string[], ended: (pod: Pod) => boolean): readonly Pod[] =>
      this.#pods.filter((pod) => isTracked(pod) && !known.includes(pod.metadata.uid) && this.#isWanted(pod) && ended(pod));
    const newSucceeded = fresh(succeeded, (pod) => pod.status.phase === 'Succeeded');
    const newFailed = fresh(failed, (pod) => isPodFailed(pod, this.#job));
    const counted = newFailed.filter((pod) => judge(this.#spec.podFailurePolicy, pod).counts);
    this.#succeeded = (this.#status.succeeded ?? 0) + newSucceeded.length + succeeded.length;
    this.#failed = (this.#status.failed ?? 0) + counted.length + failed.length;
    if (this.#status.startTime === undefined && this.#spec.suspend !== true) this.#status.startTime = rfc3339(this.#nowMs);
    this.#failures = withFinished(this.#failures, newSucceeded, newFailed);
  }

  /** What an earlier reconcile has decided. */
  #endingBefore(): Ending | undefined {
    const holding = (type: string): JobCondition | undefined =>
      (this.#status.conditions ?? []).find((condition) => condition.type === type && condition.status === 'True');
    const [met, target] = [holding('SuccessCriteriaMet'), holding('FailureTarget')];
    if (met !== undefined) return { type: 'SuccessCriteriaMet', reason: met.reason ?? '', message: met.message ?? '' };
    return target === undefined ? undefined : { type: 'Failed', reason: target.reason ?? '', message: target.message ?? '' };
  }

  #failure(): Ending | undefined {
    const { podFailurePolicy, backoffLimit = 6, activeDeadlineSeconds: deadline, suspend } = this.#spec;
    const failed = podFailurePolicy === undefined ? [] : this.#pods.filter((pod) => isPodFailed(pod, this.#job));
    for (const pod of failed) {
      const { failJob } = judge(podFailurePolicy, pod);
      if (failJob !== undefined) return failureOf('PodFailurePolicy', failJob);
    }
    if (this.#failed > backoffLimit || this.#restartsExceed(backoffLimit)) {
      return failureOf('BackoffLimitExceeded', 'Job has reached the specified backoff limit');
    }
    if (deadline === undefined || suspend === true || this.#status.startTime === undefined) return undefined;
    const leftMs = deadline * 1000 - (this.#nowMs - timeOf(this.#status.startTime));
    if (leftMs <= 0) return failureOf('DeadlineExceeded', 'Job was active longer than specified deadline');
    this.#requeueAfter(leftMs);
    return undefined;
  }

  /** Containers that are restarted in place count too. */
  #restartsExceed(limit: number): boolean {
    if (this.#spec.template.spec.restartPolicy !== 'OnFailure') return false;
    const running = this.#pods.filter(({ status }) => status.phase === 'Running' || status.phase === 'Pending');
    const restarts = running
      .flatMap(({ status }) => [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])])
      .reduce((sum, { restartCount }) => sum + restartCount, 0);
    return limit === 0 ? restarts > 0 : restarts >= limit;
  }

  #countIndexes(): void {
    const { backoffLimitPerIndex, maxFailedIndexes, successPolicy } = this.#spec;
    const tracked = this.#pods.filter((pod) => isTracked(pod) && this.#isWanted(pod));
    const done = tracked.filter(({ status }) => status.phase === 'Succeeded').map((pod) => indexOf(pod) ?? 0);
    this.#doneIndexes = withIndexes(readIndexes(this.#status.completedIndexes, this.#completions), done);
    this.#succeeded = countIndexes(this.#doneIndexes);
    if (backoffLimitPerIndex !== undefined) {
      const lost = tracked.filter((pod) => this.#isIndexFailed(pod, backoffLimitPerIndex)).map((pod) => indexOf(pod) ?? 0);
      this.#failedIndexes = withIndexes(readIndexes(this.#status.failedIndexes, this.#completions), lost);
      const total = countIndexes(this.#failedIndexes);
      if (maxFailedIndexes !== undefined && total > maxFailedIndexes) {
        this.#ending ??= failureOf('MaxFailedIndexesExceeded', 'Job has exceeded the specified maximal number of failed indexes');
      } else if (total > 0 && total + this.#succeeded >= this.#completions) {
        this.#ending ??= failureOf('FailedIndexes', 'Job has failed indexes');
      }
      this.#delayRemovals();
    }
    const message = successMessage(successPolicy, this.#completions, this.#doneIndexes);
    if (message !== undefined) this.#ending ??= { type: 'SuccessCriteriaMet', reason: 'SuccessPolicy', message };
  }

  #isIndexFailed(pod: Pod, limit: number): boolean {
    if (!isPodFailed(pod, this.#job)) return false;
    const { failIndex, counts } = judge(this.#spec.podFailurePolicy, pod);
    return failIndex || (counts && indexFailures(pod) >= limit);
  }

  #delayRemovals(): void {
    const running = new Set(this.#active.map(indexOf));
    for (const pod of this.#pods) {
      const index = indexOf(pod);
      if (index === undefined || !isTracked(pod) || !this.#isWanted(pod) || !isPodFailed(pod, this.#job) || running.has(index)) continue;
      if (hasIndex(this.#doneIndexes, index) || hasIndex(this.#failedIndexes ?? [], index)) continue;
      const last = this.#delayed.get(index);
      const later = last === undefined || (allIndexFailures(last) <= allIndexFailures(pod) && finishedMs(last) <= finishedMs(pod));
      if (later) this.#delayed.set(index, pod);
    }
  }

  #isComplete(active: number): boolean {
    const { completions } = this.#spec;
    return active === 0 && (completions === undefined ? this.#succeeded > 0 : this.#succeeded >= completions);
  }

  /** Deletes Pods at once. Those that are gone count as removed. */
  async #remove(
    pods: readonly Pod[],
    remove: (owner: Job, pod: Pod, context: ControllerContext) => Promise<void>,
  ): Promise<{ readonly count: number; readonly error?: unknown }> {
    const results = await Promise.allSettled(pods.map((pod) => remove(this.#job, pod, this.#context)));
    const failed = results.find((result) => result.status === 'rejected');
    const count = results.filter(({ status }) => status === 'fulfilled').length;
    this.#ready -= pods.filter(isPodReady).length;
    this.#terminating += count;
    return { count, ...(failed === undefined ? {} : { error: failed.reason }) };
  }

  /** Pods that are too many, of the same index first. */
  #superfluous(atLeast: number): readonly Pod[] {
    const ranked = (pods: readonly Pod[], count: number): readonly Pod[] => podsToDelete(pods, this.#active, count, this.#nowMs);
    if (!this.#indexed) return atLeast === 0 ? [] : ranked(this.#active, atLeast);
    const groups = Map.groupBy(this.#active, (pod) => (this.#isWanted(pod) ? indexOf(pod) : undefined));
    const repeated = [...groups].flatMap(([index, pods]) => (index === undefined ? pods : ranked(pods, pods.length - 1)));
    const left = this.#active.filter((pod) => !repeated.includes(pod));
    return [...repeated, ...ranked(left, Math.min(left.length, Math.max(0, atLeast - repeated.length)))];
  }

  /** Makes or removes Pods, and answers how many are active then. */
  async #manage(): Promise<{ readonly active: number; readonly error?: unknown }> {
    const active = this.#active.length;
    const { completions, parallelism = 1, suspend } = this.#spec;
    const left = completions === undefined ? (this.#succeeded > 0 ? active : parallelism) : completions - this.#succeeded;
    const wanted = suspend === true ? 0 : Math.max(0, completions === undefined ? left : Math.min(left, parallelism));
    const victims = this.#superfluous(Math.max(0, active - wanted)).slice(0, suspend === true ? undefined : maxPerSync);
    if (victims.length > 0) {
      this.#action = 'pods_deleted';
      const removed = await this.#remove(victims, async (owner, pod, context) => {
        if (isTracked(pod)) await untrack(pod, context);
        await deletePod(owner, pod, context);
      });
      return { active: active - removed.count, ...('error' in removed ? { error: removed.error } : {}) };
    }
    this.#action = 'tracking';
    const missing = wanted - active - (replacesFailedOnly(this.#job) ? this.#terminating : 0);
    return missing > 0 ? this.#create(Math.min(missing, maxPerSync)) : { active };
  }

  async #create(count: number): Promise<{ readonly active: number; readonly error?: unknown }> {
    const active = this.#active.length;
    const perIndex = this.#spec.backoffLimitPerIndex !== undefined;
    const waitMs = perIndex ? 0 : remainingMs(this.#failures, this.#nowMs);
    if (waitMs > 0) {
      this.#requeueAfter(waitMs);
      return { active };
    }
    const indexes = this.#indexed ? this.#dueIndexes(count) : Array.from({ length: count }, () => undefined);
    const due = indexes.values();
    if (indexes.length > 0) this.#action = 'pods_created';
    const { successes, error } = await inSlowStart(indexes.length, async () => {
      const index = due.next().value;
      const replaced = index === undefined ? undefined : this.#delayed.get(index);
      await createPod(this.#job, podOfJob(this.#job, index, replaced), this.#context);
    });
    countCreated(
      this.#context.meters,
      this.#job,
      { failed: this.#failed > 0, terminating: this.#terminating > 0 },
      { succeeded: successes, failed: error === undefined ? 0 : 1 },
    );
    return { active: active + successes, ...(error === undefined ? {} : { error }) };
  }

  /** The first indexes without a Pod whose wait after a failure is over. */
  #dueIndexes(count: number): readonly number[] {
    const busy = this.#pods.filter(
      (pod) => isPodActive(pod) || (replacesFailedOnly(this.#job) && pod.metadata.deletionTimestamp !== undefined && !isPodTerminal(pod)),
    );
    const taken = withIndexes(
      this.#doneIndexes,
      busy.flatMap((pod) => indexOf(pod) ?? []),
    );
    const free = firstFree(mergeIntervals(taken, this.#failedIndexes ?? []), count, this.#completions);
    if (this.#spec.backoffLimitPerIndex === undefined) return free;
    const waits = free.map((index) => {
      const last = this.#delayed.get(index);
      return last === undefined ? 0 : remainingMs({ count: allIndexFailures(last) + 1, lastMs: finishedMs(last) }, this.#nowMs);
    });
    const due = free.filter((_, i) => waits[i] === 0);
    if (due.length === 0 && waits.length > 0) this.#requeueAfter(Math.min(...waits));
    return due;
  }

  /** Whether the condition Suspended has changed. */
  #noteSuspension(): boolean {
    const suspended = this.#spec.suspend === true;
    const [reason, message] = suspended ? ['JobSuspended', 'Job suspended'] : ['JobResumed', 'Job resumed'];
    const next = conditionOf('Suspended', suspended ? 'True' : 'False', reason ?? '', message ?? '', this.#nowMs);
    const conditions = withJobCondition(this.#status.conditions ?? [], next);
    if (conditions === undefined) return false;
    const { startTime: _, ...others } = this.#status;
    // The deadline does not run while the Job is suspended.
    this.#status = { ...others, conditions, ...(suspended ? {} : { startTime: rfc3339(this.#nowMs) }) };
    this.#context.events.event(this.#job, 'Normal', suspended ? 'Suspended' : 'Resumed', message ?? '');
    return true;
  }

  /** Counts Pods that have ended, lets them go, and writes the status before and after. */
  async #track(changed: boolean): Promise<void> {
    const kept = new Set(this.#pods.filter(isTracked).map(({ metadata }) => metadata.uid));
    let flush = this.#moveCounted(kept) || changed;
    const counted = this.#countEnded();
    flush = this.#noteIndexes() || counted.changed || flush;
    flush = this.#noteEnding() || flush;
    if (flush) await this.#write();
    countHandled(this.#context.meters, counted.actions);
    const results = await Promise.allSettled(counted.pods.map((pod) => untrack(pod, this.#context)));
    counted.pods.forEach(({ metadata }, i) => {
      if (results[i]?.status === 'fulfilled') kept.delete(metadata.uid);
    });
    const moved = this.#moveCounted(kept);
    const failed = results.find((result) => result.status === 'rejected');
    const finished = failed === undefined && !counted.limited ? this.#finish() : undefined;
    if (moved || finished !== undefined) await this.#write();
    if (finished !== undefined) this.#tell(finished);
    if (failed !== undefined) throw failed.reason;
  }

  /** Moves Pods that have been let go from the list of the uncounted into the counters. */
  #moveCounted(kept: ReadonlySet<string>): boolean {
    const { succeeded = [], failed = [] } = this.#status.uncountedTerminatedPods ?? {};
    const still = (uids: readonly string[]): readonly string[] => uids.filter((uid) => kept.has(uid));
    const [left, lost] = [still(succeeded), still(failed)];
    if (left.length === succeeded.length && lost.length === failed.length) return false;
    this.#setUncounted(left, lost);
    this.#status.succeeded = (this.#status.succeeded ?? 0) + succeeded.length - left.length;
    this.#status.failed = (this.#status.failed ?? 0) + failed.length - lost.length;
    return true;
  }

  #setUncounted(succeeded: readonly string[], failed: readonly string[]): void {
    this.#status.uncountedTerminatedPods = {
      ...(succeeded.length === 0 ? {} : { succeeded }),
      ...(failed.length === 0 ? {} : { failed }),
    };
  }

  /** `actions`: those of the failure policy, one for each Pod that it was asked about. */
  #countEnded() {
    const { succeeded = [], failed = [] } = this.#status.uncountedTerminatedPods ?? {};
    const [won, lost] = [[...succeeded], [...failed]];
    const known = readIndexes(this.#job.status.completedIndexes, this.#completions);
    const pods: Pod[] = [];
    const actions: string[] = [];
    let changed = false;
    for (const pod of this.#pods.filter(isTracked)) {
      if (!this.#mayGo(pod)) continue;
      pods.push(pod);
      const { uid } = pod.metadata;
      if (pod.status.phase === 'Succeeded' && !lost.includes(uid)) {
        // Of an indexed Job the indexes are counted.
        if (this.#indexed) changed = (this.#isWanted(pod) && !hasIndex(known, indexOf(pod) ?? 0)) || changed;
        else if (!won.includes(uid)) won.push(uid);
      } else if (this.#failsWithJob(pod) && !lost.includes(uid)) {
        const { counts, action } = judge(this.#spec.podFailurePolicy, pod);
        if (action !== undefined) actions.push(action);
        if (counts) lost.push(uid);
      }
      if (won.length + lost.length >= maxUncounted) break;
    }
    if (won.length + lost.length > succeeded.length + failed.length) {
      this.#setUncounted(won, lost);
      changed = true;
    }
    return { pods, actions, changed, limited: won.length + lost.length >= maxUncounted };
  }

  /** Whether a Pod has been, or is about to be, counted. */
  #mayGo(pod: Pod): boolean {
    if (this.#job.metadata.deletionTimestamp !== undefined || this.#ending !== undefined || pod.status.phase === 'Succeeded') return true;
    if (!isPodFailed(pod, this.#job)) return false;
    return this.#delayed.get(indexOf(pod) ?? -1)?.metadata.uid !== pod.metadata.uid;
  }

  /** When the Job has failed, every Pod that has not ended has too. */
  #failsWithJob(pod: Pod): boolean {
    const ended = this.#ending !== undefined && this.#ending.type !== 'SuccessCriteriaMet';
    return this.#isWanted(pod) && (isPodFailed(pod, this.#job) || ended);
  }

  #noteIndexes(): boolean {
    if (!this.#indexed) return false;
    const completedIndexes = indexesText(this.#doneIndexes);
    const failedIndexes = this.#failedIndexes === undefined ? undefined : indexesText(this.#failedIndexes);
    const { completedIndexes: before = '', failedIndexes: failedBefore } = this.#status;
    this.#status.succeeded = countIndexes(this.#doneIndexes);
    // A Job that wants fewer indexes than before may have none left that is done.
    if (completedIndexes === '') delete this.#status.completedIndexes;
    else this.#status.completedIndexes = completedIndexes;
    if (failedIndexes !== undefined) this.#status.failedIndexes = failedIndexes;
    return completedIndexes !== before || failedIndexes !== failedBefore;
  }

  /** Says why the Job ends before its Pods are let go, and turns the ending into the last one. */
  #noteEnding(): boolean {
    const ending = this.#ending;
    if (ending === undefined) return false;
    const { type, reason, message } = ending;
    if (type === 'FailureTarget') this.#ending = { type: 'Failed', reason, message };
    if (type === 'SuccessCriteriaMet') this.#ending = { type: 'Complete', reason, message };
    const before = this.#status.conditions ?? [];
    const interim = type === 'FailureTarget' || (type === 'SuccessCriteriaMet' && !conditionHolds({ conditions: before }, type));
    if (interim) this.#status.conditions = [...before, conditionOf(type, 'True', reason, message, this.#nowMs)];
    return interim;
  }

  /** The ending, once no Pod is left to count or to wait for. */
  #finish(): Ending | undefined {
    const { succeeded = [], failed = [] } = this.#status.uncountedTerminatedPods ?? {};
    const ending = this.#ending;
    if (ending === undefined || succeeded.length + failed.length > 0 || this.#terminating > 0) return undefined;
    const condition = conditionOf(ending.type, 'True', ending.reason, ending.message, this.#nowMs);
    this.#status.conditions = withJobCondition(this.#status.conditions ?? [], condition) ?? this.#status.conditions;
    if (ending.type === 'Complete') this.#status.completionTime = rfc3339(this.#nowMs);
    return ending;
  }

  #tell(ending: Ending): void {
    const { type, reason, message } = ending;
    const { events, meters } = this.#context;
    countEnding(meters, this.#job, ending);
    if (type !== 'Complete') events.event(this.#job, 'Warning', reason, message);
    else {
      if (this.#spec.completions !== undefined && (this.#status.succeeded ?? 0) > this.#spec.completions) {
        const text = 'Too many succeeded pods running after completion count reached';
        events.event(this.#job, 'Warning', 'TooManySucceededPods', text);
      }
      events.event(this.#job, 'Normal', 'Completed', 'Job completed');
    }
  }

  async #write(): Promise<void> {
    const { status: before } = this.#job;
    this.#job = await this.#context.api(jobKind).updateStatus({ ...this.#job, status: this.#status });
    countFinished(this.#context.meters, this.#job, before, this.#job.status);
    this.#status = { ...this.#job.status };
  }
}
