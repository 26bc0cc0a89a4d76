/**
 * What a plugin says about a Pod. Nothing at all is success; what a plugin cannot do it throws. Source: k8s.io/kube-scheduler framework/interface.go Status.
 */

import { errorText } from '../../../api/error-text.ts';

/**
 * - `Unschedulable`: not now; removing other Pods may help.
 * - `UnschedulableAndUnresolvable`: not now, and removing other Pods would not help.
 * - `Pending`: not now, for a reason outside of the scheduler; what ends it makes the Pod active at once, without a back-off.
 * - `Skip`: the plugin has nothing to do with this Pod; what follows of it (Filter, Score) is not run.
 * - `Wait`: Permit alone: the Pod keeps its place and waits.
 */
export type Code = 'Unschedulable' | 'UnschedulableAndUnresolvable' | 'Pending' | 'Skip' | 'Wait';

export interface Status {
  readonly code: Code;
  readonly reasons: readonly string[];
  /** Who said it; the framework fills it in. */
  readonly plugin?: string;
}

/** The answer of a plugin that is not concerned with a Pod. */
export const skip: Status = { code: 'Skip', reasons: [] };

export const unschedulable = (...reasons: readonly string[]): Status => ({ code: 'Unschedulable', reasons });

export const unresolvable = (...reasons: readonly string[]): Status => ({ code: 'UnschedulableAndUnresolvable', reasons });

/** True when the Pod is refused, for now. */
export const isRejection = ({ code }: Status): boolean =>
  code === 'Unschedulable' || code === 'UnschedulableAndUnresolvable' || code === 'Pending';

/** Thrown when a plugin failed, which says nothing about the Pod: it is tried again after a back-off. */
export class PluginError extends Error {
  /** `what` was done, in upstream's words. */
  constructor(what: string, cause: unknown) {
    super(`${what}: ${errorText(cause)}`, { cause });
    this.name = 'PluginError';
  }
}
