/**
 * One reconcile of a CronJob: removes old Jobs, notes which have ended, and starts the one that is due. A Job's name is
 * made of its time, so that none is started twice. Source: pkg/controller/cronjob/cronjob_controllerv2.go.
 */
import { parseSchedule } from '../../api/cron/cron-schedule.ts';
import type { Schedule } from '../../api/cron/next-time.ts';
import { zoneProblem } from '../../api/cron/time-zone.ts';
import { errorText } from '../../api/error-text.ts';
import type { CronJob, CronJobStatus, Job } from '../../api/generated/batch/v1.ts';
import type { ObjectReference } from '../../api/generated/core/v1.ts';
import { cronJob as cronJobKind } from '../../api/kinds/batch/cron-job.ts';
import { job as jobKind } from '../../api/kinds/batch/job.ts';
import { conditionHolds, isFinished } from '../../api/kinds/batch/job-conditions.ts';
import { type Received, refOf } from '../../api/object.ts';
import { isAlreadyExists, isNotFound } from '../../api/status-error.ts';
import { rfc3339 } from '../../api/time.ts';
import { type ControllerContext, type Outcome, settled } from '../controller.ts';
import { noteSkew } from '../jobs/job-metrics.ts';
import { controllerOf, newControllerRef } from '../owner-refs.ts';
import { timeOf } from '../pods.ts';
import { lastDue, untilNext, zonedTime, zoneOf } from './schedule-times.ts';

type Draft = { -readonly [K in keyof CronJobStatus]: CronJobStatus[K] };

const isSucceeded = ({ status }: Job): boolean => conditionHolds(status, 'Complete');

/** Jobs that have not started come last. */
const startOf = ({ status }: Job): number => (status.startTime === undefined ? Number.POSITIVE_INFINITY : timeOf(status.startTime));

export class CronJobSync {
  readonly #cronJob: CronJob;
  readonly #jobs: readonly Job[];
  readonly #context: ControllerContext;
  readonly #status: Draft;
  #changed = false;

  constructor(cronJob: CronJob, jobs: readonly Job[], context: ControllerContext) {
    this.#cronJob = cronJob;
    this.#jobs = jobs;
    this.#context = context;
    this.#status = { ...cronJob.status };
  }

  async run(): Promise<Outcome> {
    const { successfulJobsHistoryLimit, failedJobsHistoryLimit } = this.#cronJob.spec;
    await this.#removeOldest(this.#jobs.filter(isSucceeded), successfulJobsHistoryLimit);
    await this.#removeOldest(
      this.#jobs.filter(({ status }) => conditionHolds(status, 'Failed')),
      failedJobsHistoryLimit,
    );
    try {
      return await this.#start();
    } finally {
      if (this.#changed) await this.#context.api(cronJobKind).updateStatus({ ...this.#cronJob, status: this.#status });
    }
  }

  get #active(): readonly ObjectReference[] {
    return this.#status.active ?? [];
  }

  #setActive(active: readonly ObjectReference[]): void {
    const { active: _, ...others } = this.#status;
    Object.assign(this.#status, others);
    if (active.length === 0) delete this.#status.active;
    else this.#status.active = active;
    this.#changed = true;
  }

  #event(type: 'Normal' | 'Warning', reason: string, message: string): void {
    this.#context.events.event(this.#cronJob, type, reason, message);
  }

  async #removeOldest(jobs: readonly Job[], limit: number): Promise<void> {
    const order = (a: Job, b: Job): number => startOf(a) - startOf(b) || (a.metadata.name < b.metadata.name ? -1 : 1);
    for (const one of jobs.toSorted(order).slice(0, Math.max(0, jobs.length - limit))) await this.#delete(one);
  }

  async #delete(one: Job): Promise<boolean> {
    const { name, uid } = one.metadata;
    try {
      await this.#context.api(jobKind).delete(refOf(one), { propagationPolicy: 'Background' });
    } catch (error) {
      this.#event('Warning', 'FailedDelete', `Deleted job: ${errorText(error)}`);
      return false;
    }
    this.#setActive(this.#active.filter((ref) => ref.uid !== uid));
    this.#event('Normal', 'SuccessfulDelete', `Deleted job ${name}`);
    return true;
  }

  /** Notes which Jobs have ended or vanished, and starts one when it is time. */
  async #start(): Promise<Outcome> {
    for (const one of this.#jobs) this.#note(one);
    await this.#dropMissing();
    const { metadata, spec } = this.#cronJob;
    if (metadata.deletionTimestamp !== undefined) return settled;
    const problem = spec.timeZone === undefined ? undefined : zoneProblem(spec.timeZone);
    if (problem !== undefined) {
      this.#event('Warning', 'UnknownTimeZone', `invalid timeZone: ${JSON.stringify(spec.timeZone)}: ${problem}`);
      return settled;
    }
    if (spec.suspend) return settled;
    if (spec.schedule.includes('TZ')) {
      const text =
        'CRON_TZ or TZ used in schedule "%s" is not officially supported, see https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details';
      this.#event('Warning', 'UnsupportedSchedule', text.replace('"%s"', JSON.stringify(spec.schedule)));
    }
    const parsed = parseSchedule(spec.schedule);
    if ('problem' in parsed) {
      this.#event('Warning', 'UnparseableSchedule', `unparseable schedule: ${JSON.stringify(spec.schedule)} : ${parsed.problem}`);
      return settled;
    }
    return this.#startDue(parsed.schedule);
  }

  #note(one: Job): void {
    const { name, uid } = one.metadata;
    const found = this.#active.some((ref) => ref.uid === uid);
    if (!isFinished(one.status)) {
      if (!found) this.#event('Warning', 'UnexpectedJob', `Saw a job that the controller did not create or forgot: ${name}`);
      return;
    }
    if (found) {
      this.#setActive(this.#active.filter((ref) => ref.uid !== uid));
      this.#event('Normal', 'SawCompletedJob', `Saw completed job: ${name}, condition: ${isSucceeded(one) ? 'Complete' : 'Failed'}`);
    }
    const { completionTime } = one.status;
    if (!isSucceeded(one) || completionTime === undefined) return;
    if (timeOf(completionTime) <= timeOf(this.#status.lastSuccessfulTime)) return;
    this.#status.lastSuccessfulTime = completionTime;
    this.#changed = true;
  }

  /** Drops Jobs from the list that do not exist any more; the API is asked, since the cache may be late. */
  async #dropMissing(): Promise<void> {
    const known = new Set(this.#jobs.map(({ metadata }) => metadata.uid));
    for (const { name = '', namespace = '', uid = '' } of this.#active) {
      if (known.has(uid)) continue;
      try {
        await this.#context.api(jobKind).get({ namespace, name });
      } catch (error) {
        if (!isNotFound(error)) throw error;
        this.#event('Normal', 'MissingJob', `Active job went missing: ${name}`);
        this.#setActive(this.#active.filter((ref) => ref.uid !== uid));
      }
    }
  }

  async #startDue(schedule: Schedule): Promise<Outcome> {
    const { spec, status } = this.#cronJob;
    const nowMs = this.#context.clock.now();
    const due = lastDue(this.#cronJob, schedule, nowMs, true);
    if (due === undefined) {
      this.#event(
        'Warning',
        'InvalidSchedule',
        `invalid schedule: ${spec.schedule} : time difference between two schedules is less than 1 second`,
      );
      return settled;
    }
    const { lastMs } = due;
    if (lastMs === undefined) return this.#later(schedule, nowMs);
    if (due.missed === 'many') {
      const text = 'too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew';
      this.#event('Warning', 'TooManyMissedTimes', text);
    }
    const { startingDeadlineSeconds: deadline } = spec;
    if (deadline !== undefined && lastMs + deadline * 1000 < nowMs) {
      this.#event('Warning', 'MissSchedule', `Missed scheduled time to start a job: ${rfc1123(lastMs)}`);
      return this.#later(schedule, nowMs);
    }
    const name = this.#nameAt(lastMs);
    if (this.#active.some((ref) => ref.name === name) || timeOf(status.lastScheduleTime) === lastMs) return this.#later(schedule, nowMs);
    if (spec.concurrencyPolicy === 'Forbid' && this.#active.length > 0) {
      const text = 'Not starting job because prior execution is running and concurrency policy is Forbid';
      this.#event('Normal', 'JobAlreadyActive', text);
      return this.#later(schedule, nowMs);
    }
    if (spec.concurrencyPolicy === 'Replace') await this.#stopActive();
    const created = await this.#create(lastMs);
    if (created === undefined) return settled;
    noteSkew(this.#context.meters, this.#context.clock.now() - lastMs);
    const { uid, resourceVersion, namespace } = created.metadata;
    this.#setActive([...this.#active, { apiVersion: 'batch/v1', kind: 'Job', name, namespace, uid, resourceVersion }]);
    this.#status.lastScheduleTime = rfc3339(lastMs);
    return this.#later(schedule, nowMs, { ...this.#cronJob, status: this.#status });
  }

  #later(schedule: Schedule, nowMs: number, cronJob: CronJob = this.#cronJob): Outcome {
    const delay = untilNext(cronJob, schedule, nowMs);
    return delay === undefined ? settled : { requeueAfterMs: Math.max(1, delay) };
  }

  async #stopActive(): Promise<void> {
    for (const { name = '', namespace = '' } of this.#active) {
      let running: Job;
      try {
        running = await this.#context.api(jobKind).get({ namespace, name });
      } catch (error) {
        this.#event('Warning', 'FailedGet', `Get job: ${errorText(error)}`);
        throw error;
      }
      if (!(await this.#delete(running))) throw new Error(`could not replace job ${namespace}/${name}`);
    }
  }

  #nameAt = (epochMs: number): string => `${this.#cronJob.metadata.name}-${Math.floor(epochMs / 60_000)}`;

  /** The Job of a time; undefined when another made it, or when it is in the list already. */
  async #create(epochMs: number): Promise<Job | undefined> {
    const { metadata, spec } = this.#cronJob;
    const { metadata: template, spec: jobSpec } = spec.jobTemplate;
    const name = this.#nameAt(epochMs);
    const object: Received<Job> = {
      apiVersion: jobKind.apiVersion,
      kind: jobKind.kind,
      metadata: {
        name,
        namespace: metadata.namespace,
        ...(template.labels === undefined ? {} : { labels: template.labels }),
        annotations: {
          ...template.annotations,
          'batch.kubernetes.io/cronjob-scheduled-timestamp': zonedTime(epochMs, zoneOf(this.#cronJob)),
        },
        ownerReferences: [newControllerRef(this.#cronJob, cronJobKind)],
      },
      spec: jobSpec,
    };
    try {
      const created = await this.#context.api(jobKind).create(object);
      this.#event('Normal', 'SuccessfulCreate', `Created job ${name}`);
      return created;
    } catch (error) {
      if (isAlreadyExists(error)) return this.#existing(name);
      this.#event('Warning', 'FailedCreate', `Error creating job: ${errorText(error)}`);
      throw error;
    }
  }

  /** A Job that was made before, and whose entry was lost. */
  async #existing(name: string): Promise<Job | undefined> {
    const found = await this.#context.api(jobKind).get({ namespace: this.#cronJob.metadata.namespace ?? '', name });
    const { uid } = found.metadata;
    const own = controllerOf(found)?.uid === this.#cronJob.metadata.uid;
    return own && !this.#active.some((ref) => ref.uid === uid) ? found : undefined;
  }
}

const weekdays = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

/** `Mon, 02 Jan 2006 15:04:05 +0000`: Go's RFC1123Z, in UTC. */
function rfc1123(epochMs: number): string {
  const date = new Date(epochMs);
  return `${weekdays[date.getUTCDay()]}${date.toUTCString().slice(3).replace('GMT', '+0000')}`;
}
