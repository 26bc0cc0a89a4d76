/** What kubectl does differently for a kind; the table is in kinds.ts. Model: kubectl pkg/polymorphichelpers, in one place instead of thirteen. */
import type { JsonObject } from '../../../api/json.ts';
import type { ApiObject, Session } from '../command/session.ts';
import type { Info } from '../resources/infos.ts';
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

export interface Revision {
  readonly number: number;
  readonly changeCause: string;
  /** What keeps the revision, and its kind. */
  readonly object: ApiObject;
  readonly kind: string;
}

/** The revisions of a workload, and how one is brought back. */
export interface RolloutHistory {
  /** All revisions, oldest first. Rejects with StatusError. */
  revisionsOf(session: Session, info: Info): Promise<readonly Revision[]>;
  /** The revision to go back to: the one asked for, or with 0 the one before the latest. Throws CommandError. */
  revisionToRestore(revisions: readonly Revision[], wanted: number, name: string): Revision;
  /** The JSON patch that brings a revision back; undefined when the object is already that. Throws CommandError when it cannot be. */
  restorePatch(object: ApiObject, revision: Revision): readonly JsonObject[] | undefined;
  /** A revision's pod template as text. */
  revisionText(revision: Revision): string;
}
