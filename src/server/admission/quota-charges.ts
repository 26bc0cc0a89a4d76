/**
 * Charges the quotas of one namespace, so that writes that come in at once never exceed them together. Charges are
 * written to the status of the quotas before the objects are stored; while they are written, further requests gather
 * and are then checked together, against one running total. A charge is returned when its object is not stored after
 * all. Source: apiserver pkg/admission/plugin/resourcequota/controller.go (checkQuotas).
 *
 * Differs: upstream returns no charges, so that they stay until the controller counts again.
 */
import type { ResourceQuota } from '../../api/generated/core/v1.ts';
import { parseAmounts, type ResourceAmounts } from '../../api/pod/resources.ts';
import { addAmounts, equalAmounts, resourceList, subtractAmounts } from '../../api/quota/amounts.ts';
import type { QuotaEvaluator } from '../../api/quota/evaluator.ts';
import { isConflict, isNotFound } from '../../api/status-error.ts';
import type { AdmissionAttributes } from './admission.ts';
import { type Charge, chargeOf, type RunningQuota, runningQuota } from './quota-check.ts';

/** How quotas are read and written. */
export interface QuotaAccess {
  /** The quotas of a namespace as they are stored. */
  list(namespace: string): readonly ResourceQuota[];
  /** Rejects with a conflict when the quota is not at its resource version any more. */
  writeStatus(quota: ResourceQuota): Promise<void>;
}

/** A request that waits to be checked. */
interface Waiter {
  readonly attributes: AdmissionAttributes;
  readonly evaluator: QuotaEvaluator;
  /** By the name of the quota. */
  readonly charged: Map<string, ResourceAmounts>;
  /** Counted in `#unsettled`. */
  held: boolean;
  readonly verdict: PromiseWithResolvers<void>;
}

/** Upstream tries this often again when quotas have changed meanwhile. */
const retries = 3;

export class QuotaCharges {
  readonly #namespace: string;
  readonly #access: QuotaAccess;
  readonly #onIdle: () => void;
  #waiting: Waiter[] = [];
  #returned: ReadonlyMap<string, ResourceAmounts>[] = [];
  #working = false;
  /** How many requests are charged, or about to be, while it is not known yet whether their objects are stored. */
  #unsettled = 0;

  /** `onIdle` is called whenever nothing waits and all is settled. */
  constructor(namespace: string, access: QuotaAccess, onIdle: () => void) {
    this.#namespace = namespace;
    this.#access = access;
    this.#onIdle = onIdle;
  }

  /** Whether quotas may be charged for objects that are not stored yet. */
  get isUnsettled(): boolean {
    return this.#unsettled > 0;
  }

  /**
   * Resolves once all quotas allow a request and have been charged. Rejects with StatusError when one does not, or
   * cannot be written.
   */
  charge(attributes: AdmissionAttributes, evaluator: QuotaEvaluator): Promise<void> {
    const waiter: Waiter = { attributes, evaluator, charged: new Map(), held: false, verdict: Promise.withResolvers() };
    this.#waiting.push(waiter);
    this.#begin();
    return waiter.verdict.promise;
  }

  #begin(): void {
    if (this.#working) return;
    this.#working = true;
    this.#work()
      // Only giving back can fail like this, when nothing can be stored. The controller will count anew.
      .catch((error: unknown) => {
        for (const { verdict } of this.#waiting.splice(0)) verdict.reject(error);
      })
      .finally(() => {
        this.#working = false;
        if (this.#waiting.length > 0 || this.#returned.length > 0) this.#begin();
        else if (this.#unsettled === 0) this.#onIdle();
      });
  }

  async #work(): Promise<void> {
    while (this.#waiting.length > 0 || this.#returned.length > 0) {
      for (const charged of this.#returned.splice(0)) await this.#giveBack(charged);
      const waiters = this.#waiting.splice(0);
      if (waiters.length > 0) await this.#check(waiters, this.#access.list(this.#namespace), retries);
    }
  }

  /** Checks requests against quotas, writes what they are charged, and lets them know. */
  async #check(waiters: readonly Waiter[], quotas: readonly ResourceQuota[], retriesLeft: number): Promise<void> {
    const before = quotas.map(runningQuota);
    const running = [...before];
    const undecided = waiters.filter((waiter) => this.#add(waiter, running));
    const failed: string[] = [];
    let failure: unknown;
    for (const [index, { quota, used }] of running.entries()) {
      if (equalAmounts(used, before[index]?.used ?? used)) continue;
      try {
        await this.#access.writeStatus({ ...quota, status: { ...quota.status, used: resourceList(used) } });
      } catch (error) {
        failed.push(quota.metadata.name);
        failure = error;
      }
    }
    for (const { charged } of undecided) for (const name of failed) charged.delete(name);
    if (failed.length === 0) for (const waiter of undecided) this.#accept(waiter);
    else if (retriesLeft === 0) for (const waiter of undecided) this.#refuse(waiter, failure);
    else {
      // One that is gone by now limits nothing any more.
      const current = this.#access.list(this.#namespace).filter(({ metadata }) => failed.includes(metadata.name));
      await this.#check(undecided, current, retriesLeft - 1);
    }
  }

  /** Adds the charge of a request to running quotas. Returns false when its verdict is known. */
  #add(waiter: Waiter, running: RunningQuota[]): boolean {
    const { attributes, evaluator, charged } = waiter;
    let charge: Charge;
    try {
      charge = chargeOf(attributes, evaluator, running);
    } catch (error) {
      this.#refuse(waiter, error);
      return false;
    }
    if (attributes.dryRun || charge.size + charged.size === 0) {
      this.#accept(waiter);
      return false;
    }
    for (const [index, amounts] of charge) {
      const own = running[index];
      if (own === undefined) continue;
      running[index] = { quota: own.quota, used: addAmounts(own.used, amounts) };
      charged.set(own.quota.metadata.name, amounts);
    }
    if (!waiter.held) this.#unsettled++;
    waiter.held = true;
    return true;
  }

  #accept(waiter: Waiter): void {
    const { attributes, verdict } = waiter;
    if (waiter.held && attributes.onSettled !== undefined) attributes.onSettled((stored) => this.#settle(waiter, stored));
    else this.#release(waiter);
    verdict.resolve();
  }

  #refuse(waiter: Waiter, error: unknown): void {
    // Some quotas may have been charged before another turned out to allow it no more.
    if (waiter.charged.size > 0) this.#returned.push(waiter.charged);
    this.#release(waiter);
    waiter.verdict.reject(error);
  }

  #settle(waiter: Waiter, stored: boolean): void {
    this.#release(waiter);
    if (!stored) this.#returned.push(waiter.charged);
    if (!stored) this.#begin();
    else if (!this.#working && this.#unsettled === 0) this.#onIdle();
  }

  #release(waiter: Waiter): void {
    if (waiter.held) this.#unsettled--;
    waiter.held = false;
  }

  async #giveBack(charged: ReadonlyMap<string, ResourceAmounts>): Promise<void> {
    for (const [name, amounts] of charged) {
      for (let done = false; !done; ) {
        const quota = this.#access.list(this.#namespace).find(({ metadata }) => metadata.name === name);
        if (quota === undefined) break;
        done = await this.#reduce(quota, amounts);
      }
    }
  }

  /** False when the quota has changed meanwhile. */
  async #reduce(quota: ResourceQuota, amounts: ResourceAmounts): Promise<boolean> {
    const used = resourceList(subtractAmounts(parseAmounts(quota.status.used), amounts));
    try {
      await this.#access.writeStatus({ ...quota, status: { ...quota.status, used } });
    } catch (error) {
      if (isConflict(error)) return false;
      if (!isNotFound(error)) throw error;
    }
    return true;
  }
}
