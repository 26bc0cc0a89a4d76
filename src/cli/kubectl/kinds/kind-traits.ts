/** What kubectl does differently for a kind; the table is in kinds.ts. Model: kubectl pkg/polymorphichelpers, in one place instead of thirteen. */
import type { ApiObject, Session } from '../command/session.ts';
import type { Info } from '../resources/infos.ts';
import type { PatchCall } from '../writing/writing.ts';
import type { Describer } from './describe/context.ts';

export interface KindTraits {
  readonly kind: string;
  /** The API groups whose kind of this name is meant, today's first. Every version of them counts; another group's kind never does. */
  readonly groups: readonly [today: string, ...former: string[]];
  /** Where its pod spec stands: it has a pod template, or is a pod. */
  readonly podSpecPath?: readonly string[];
  /** The label selector of its pods, as text. Throws CommandError when it has none. */
  podSelector?(object: ApiObject): string;
  /** Labels by which a Service selects its pods, so that it can be exposed. Throws CommandError with the reason why not. */
  exposedLabels?(object: ApiObject): Readonly<Record<string, string>>;
  /** The field by which an environment variable refers to one of its keys. */
  readonly environmentSource?: 'configMapKeyRef' | 'secretKeyRef';
  /** Its changes are rolled out: they can be followed, and started anew. */
  readonly rollout?: RolloutTraits;
  /** Loads what describes it; the kinds of former groups have no description of their own, as upstream. */
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

/** How far a rollout is; `revision` is the one that is waited for, 0 for the latest. Throws CommandError when the rollout failed. */
export type RolloutStatus = (object: ApiObject, revision: number) => RolloutProgress;

/** One state that a workload was in. */
export interface Revision {
  readonly number: number;
  /** '' when nobody said why. */
  readonly changeCause: string;
  /** What is printed for it as an object, and its kind. */
  readonly object: ApiObject;
  readonly kind: string;
  /** Its pod template as text. */
  text(): string;
  /** What brings it back; undefined when the workload is already that. Throws CommandError when it cannot be brought back. */
  restoring(workload: ApiObject): PatchCall | undefined;
}

/** The revisions of a workload. */
export interface RolloutHistory {
  /** Stands before a revision's text when that is only tried. */
  readonly trial: string;
  /** All revisions, oldest first. Rejects with StatusError. */
  revisionsOf(session: Session, info: Info): Promise<readonly Revision[]>;
  /** Why there is none before the latest. */
  noneBefore(name: string): string;
}
