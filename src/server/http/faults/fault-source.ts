/** Which requests are struck by faults: what the server asks of whoever keeps the rules. */
import type { FaultRule } from '../../../api/faults/fault-order.ts';
import type { SelectableRequest } from '../../../api/faults/request-selection.ts';

/** A rule strikes a request. */
export interface Strike {
  readonly rule: FaultRule;
  /** The rule's name. */
  readonly name: string;
  /** In [0, 1): which of the values that the rule allows is meant. */
  readonly chance: number;
  /** The store's; for `stale-read`, that of what is read. */
  readonly revision: number;
  /** Aborts when the rule is removed, or its time has passed. */
  readonly over: AbortSignal;
}

/** Decides which requests are struck. */
export interface RequestFaults {
  /** The strikes on a request, in the order of their rules; counts them. */
  strikes(request: SelectableRequest): readonly Strike[];
}

export interface FaultSource {
  /** Undefined while no rule is about requests. */
  readonly requests: RequestFaults | undefined;
}
