/** What `Cluster` needs of a cluster, which is in this process or in one of its own. */
import type { ClockOrder, ClockReading } from '../api/cluster-time.ts';
import type { JsonValue } from '../api/json.ts';
import type { AnyKind } from '../api/kind.ts';
import type { Client } from '../client/client.ts';
import type { HttpClientConfig } from '../client/http-transport.ts';

/** A state to which a cluster can be brought back. */
export interface SavedState {
  restore(): Promise<void>;
}

export interface Backend {
  readonly name: string;
  /** As the administrator. */
  readonly client: Client;
  /** The Kind by its group, version and name; undefined when the cluster serves none of it. */
  kind(group: string, version: string, kind: string): Promise<AnyKind | undefined>;
  /** All Kinds, custom ones included. */
  kinds(): Promise<readonly AnyKind[]>;
  /** The address and the administrator's credentials; begins to listen if the cluster does not yet. */
  access(): Promise<HttpClientConfig>;
  readClock(): Promise<ClockReading>;
  moveClock(order: ClockOrder): Promise<ClockReading>;
  /**
   * Moves a clock that stands still to its next timer, at most to a time (milliseconds since the epoch). Resolves with
   * false when the clock runs, or cannot be moved.
   */
  passTimer(untilMs: number): Promise<boolean>;
  /** Asks `/minik/faults`, or a rule below it by its name. Rejects with StatusError. */
  askFaults(call: { readonly method: 'GET' | 'POST' | 'DELETE'; readonly name?: string; readonly body?: JsonValue }): Promise<JsonValue>;
  /** The rules that simulated containers go by; see docs/simulated.md. Each resolves with those that hold then. */
  readonly behaviours: {
    list(): Promise<JsonValue>;
    apply(rules: JsonValue): Promise<JsonValue>;
    /** All, unless one is named. */
    remove(name?: string): Promise<JsonValue>;
  };
  save(): Promise<SavedState>;
  /** Ends the cluster and removes everything that it had on the machine. */
  stop(): Promise<void>;
}
