/**
 * A plugin's answer about a Pod. Undefined means success. Internal errors are thrown, not returned. Source:
 * k8s.io/kube-scheduler framework/interface.go Status.
 */

import { errorText } from '../../../api/error-text.ts';

/**
 * - `Unschedulable`: not now; removing other Pods may help.
 * - `UnschedulableAndUnresolvable`: not now, and removing other Pods would not help.
 * - `Pending`: not now, for a reason outside the scheduler. The event that ends it makes the Pod active at once,
 *   without a back-off.
 * - `Skip`: the plugin does not apply to this Pod; its following extension point (Filter, Score) is not run.
 * - `Wait`: only from Permit: the Pod keeps its reserved place and waits.
 */
export type Code = 'Unschedulable' | 'UnschedulableAndUnresolvable' | 'Pending' | 'Skip' | 'Wait';

export interface Status {
  readonly code: Code;
  readonly reasons: readonly string[];
  /** Name of the plugin that returned the status; the framework sets it. */
  readonly plugin?: string;
}

/** The answer of a plugin that does not apply to a Pod. */
export const skip: Status = { code: 'Skip', reasons: [] };

export const unschedulable = (...reasons: readonly string[]): Status => ({ code: 'Unschedulable', reasons });

export const unresolvable = (...reasons: readonly string[]): Status => ({ code: 'UnschedulableAndUnresolvable', reasons });

/** True when the Pod is refused, for now. */
export const isRejection = ({ code }: Status): boolean =>
  code === 'Unschedulable' || code === 'UnschedulableAndUnresolvable' || code === 'Pending';

/**
 * Thrown when a plugin failed with an internal error. That does not make the Pod unschedulable: it is tried again after
 * a back-off.
 */
export class PluginError extends Error {
  /** `what`: the operation that failed, in upstream's words. */
  constructor(what: string, cause: unknown) {
    super(`${what}: ${errorText(cause)}`, { cause });
    this.name = 'PluginError';
  }
}
