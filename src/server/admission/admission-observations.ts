/**
 * How long admission takes, by plugin and by step, and how webhooks answer: counted with little work on each write,
 * read when metrics are asked for. Source: apiserver pkg/admission/metrics/metrics.go.
 */
import { Histogram } from '../../api/histogram.ts';
import type { AdmissionOperation } from './operation.ts';

export type AdmissionStep = 'admit' | 'validate';

const pluginBounds: readonly number[] = [0.005, 0.025, 0.1, 0.5, 1, 2.5];
const webhookBounds: readonly number[] = [...pluginBounds, 10, 25];
const conditionBounds: readonly number[] = [0.001, 0.005, 0.01, 0.025, 0.1, 0.2, 0.25];

const operations: readonly AdmissionOperation[] = ['CREATE', 'UPDATE', 'DELETE', 'CONNECT'];
const indexOf: Readonly<Record<AdmissionOperation, number>> = { CREATE: 0, UPDATE: 2, DELETE: 4, CONNECT: 6 };

interface StepSample {
  readonly operation: AdmissionOperation;
  readonly rejected: boolean;
  readonly seconds: Histogram;
}

/** The durations of one plugin, or of all, in one step. */
export class StepTimes {
  readonly #byOperation: (Histogram | undefined)[] = new Array<Histogram | undefined>(operations.length * 2);

  add(operation: AdmissionOperation, rejected: boolean, ms: number): void {
    const index = indexOf[operation] + (rejected ? 1 : 0);
    const times = this.#byOperation[index] ?? new Histogram(pluginBounds);
    this.#byOperation[index] = times;
    times.add(ms / 1000);
  }

  *samples(): Iterable<StepSample> {
    for (const operation of operations) {
      for (const rejected of [false, true]) {
        const seconds = this.#byOperation[indexOf[operation] + (rejected ? 1 : 0)];
        if (seconds !== undefined) yield { operation, rejected, seconds };
      }
    }
  }
}

/** A call of a webhook that has ended. */
export interface WebhookCallOutcome {
  readonly name: string;
  readonly type: 'admit' | 'validating';
  readonly operation: AdmissionOperation;
  readonly ms: number;
  /** The code of the answer; that of the error when there was none. */
  readonly code: number;
  /** Why the request was refused; undefined: it was not. */
  readonly refused: 'apiserver_internal_error' | 'calling_webhook_error' | 'no_error' | undefined;
  /** The webhook could not be asked, and its policy ignores that. */
  readonly failedOpen: boolean;
}

/** How the match conditions of a webhook or policy answered for a request. */
export interface ConditionsOutcome {
  /** The webhook's or the policy's. */
  readonly name: string;
  readonly kind: 'policy' | 'webhook';
  readonly type: AdmissionStep;
  readonly operation: AdmissionOperation;
  readonly ms: number;
  /** Conditions that could not be evaluated. */
  readonly errors: number;
  /** Whether the webhook is therefore not called. */
  readonly excluded: boolean;
}

export interface ConditionTimes extends Pick<ConditionsOutcome, 'kind' | 'name' | 'operation' | 'type'> {
  readonly seconds: Histogram;
  errors: number;
  exclusions: number;
}

type WebhookKey = Pick<WebhookCallOutcome, 'name' | 'operation' | 'type'>;

/** The calls of a webhook with one outcome. */
export interface WebhookCalls extends WebhookKey {
  readonly code: number;
  readonly refused: WebhookCallOutcome['refused'];
  readonly failedOpen: boolean;
  count: number;
}

export interface WebhookTimes extends WebhookKey {
  readonly rejected: boolean;
  readonly seconds: Histogram;
}

/** Bounds the memory that ever new webhooks can take. */
const maxKeys = 2000;
const maxCode = 600;

export class AdmissionObservations {
  /** Milliseconds of a monotonic clock. */
  readonly nowMs: () => number;
  readonly steps: Readonly<Record<AdmissionStep, StepTimes>> = { admit: new StepTimes(), validate: new StepTimes() };
  readonly plugins = new Map<string, Readonly<Record<AdmissionStep, StepTimes>>>();
  readonly webhookTimes = new Map<string, WebhookTimes>();
  readonly webhookCalls = new Map<string, WebhookCalls>();
  readonly conditionTimes = new Map<string, ConditionTimes>();

  constructor(nowMs: () => number) {
    this.nowMs = nowMs;
  }

  plugin(name: string): Readonly<Record<AdmissionStep, StepTimes>> {
    const times = this.plugins.get(name) ?? { admit: new StepTimes(), validate: new StepTimes() };
    this.plugins.set(name, times);
    return times;
  }

  conditions({ name, kind, type, operation, ms, errors, excluded }: ConditionsOutcome): void {
    const key = JSON.stringify([name, kind, type, operation]);
    let times = this.conditionTimes.get(key);
    if (times === undefined) {
      if (this.conditionTimes.size >= maxKeys) return;
      times = { name, kind, type, operation, seconds: new Histogram(conditionBounds), errors: 0, exclusions: 0 };
      this.conditionTimes.set(key, times);
    }
    times.seconds.add(ms / 1000);
    times.errors += errors;
    if (excluded) times.exclusions++;
  }

  webhook({ name, type, operation, ms, code: answered, refused, failedOpen }: WebhookCallOutcome): void {
    const code = Math.min(answered, maxCode);
    const rejected = refused !== undefined;
    const key = JSON.stringify([name, type, operation, rejected]);
    const full = JSON.stringify([key, code, refused, failedOpen]);
    if (this.webhookCalls.size >= maxKeys && !this.webhookCalls.has(full)) return;
    const times = this.webhookTimes.get(key) ?? { name, type, operation, rejected, seconds: new Histogram(webhookBounds) };
    times.seconds.add(ms / 1000);
    this.webhookTimes.set(key, times);
    const calls = this.webhookCalls.get(full) ?? { name, type, operation, code, refused, failedOpen, count: 0 };
    calls.count++;
    this.webhookCalls.set(full, calls);
  }
}
