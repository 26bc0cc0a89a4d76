/**
 * The kind-specific behaviour of kubectl; the table of kinds is in kinds.ts. It gathers in one place what upstream
 * spreads over the files of kubectl pkg/polymorphichelpers.
 */
import type { ApiObject, Session } from '../command/session.ts';
import type { Info } from '../resources/infos.ts';
import type { PatchCall } from '../writing/writing.ts';
import type { Describer } from './describe/context.ts';

export interface KindTraits {
  readonly kind: string;
  /**
   * The API groups of the kind: the current one first, then former ones. The row applies to every version of these
   * groups, and to no other group's kind of the same name.
   */
  readonly groups: readonly [today: string, ...former: string[]];
  /** The path of the pod spec, for kinds with a pod template and for pods. */
  readonly podSpecPath?: readonly string[];
  /** The label selector of its pods, as text. Throws CommandError when it has none. */
  podSelector?(object: ApiObject): string;
  /**
   * Labels by which a Service selects its pods, so that it can be exposed. Throws CommandError with the reason why not.
   */
  exposedLabels?(object: ApiObject): Readonly<Record<string, string>>;
  /** The field by which an environment variable refers to one of its keys. */
  readonly environmentSource?: 'configMapKeyRef' | 'secretKeyRef';
  /** For kinds whose changes are rolled out: how to follow, restart and undo a rollout. */
  readonly rollout?: RolloutTraits;
  /** Loads the kind's describer. Objects of former groups are described generically, as upstream. */
  describer?(): Promise<Describer>;
}

export interface RolloutTraits {
  readonly pausable?: true;
  status(): Promise<RolloutStatus>;
  history?(): Promise<RolloutHistory>;
}

export interface RolloutProgress {
  readonly text: string;
  readonly done: boolean;
}

/**
 * The progress of a rollout. `revision` is the one to wait for; 0: the latest. Throws CommandError when the rollout
 * failed.
 */
export type RolloutStatus = (object: ApiObject, revision: number) => RolloutProgress;

/** One revision of a workload. */
export interface Revision {
  readonly number: number;
  /** The change-cause annotation; '' when there is none. */
  readonly changeCause: string;
  /** The object that `-o` prints for the revision, and its kind. */
  readonly object: ApiObject;
  readonly kind: string;
  /** Its pod template as text. */
  text(): string;
  /**
   * The patch that restores the revision; undefined when the workload is at this revision already. Throws CommandError
   * when it cannot be restored.
   */
  restoring(workload: ApiObject): PatchCall | undefined;
}

/** The revisions of a workload. */
export interface RolloutHistory {
  /** Printed before a revision's text in a dry run of `undo`. */
  readonly trial: string;
  /** All revisions, oldest first. Rejects with StatusError. */
  revisionsOf(session: Session, info: Info): Promise<readonly Revision[]>;
  /** The error text when there is no revision before the latest. */
  noneBefore(name: string): string;
}
