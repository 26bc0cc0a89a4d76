/**
 * One reconcile of one Deployment: its ReplicaSets, and the writes that all strategies share. Source:
 * pkg/controller/deployment/sync.go.
 */
import { errorText } from '../../api/error-text.ts';
import type { Deployment, DeploymentStatus, ReplicaSet } from '../../api/generated/apps/v1.ts';
import { podTemplateHash } from '../../api/hash.ts';
import { deployment as deployments } from '../../api/kinds/apps/deployment.ts';
import { replicaSet } from '../../api/kinds/apps/replica-set.ts';
import { type Received, refOf } from '../../api/object.ts';
import { sameJson } from '../../api/same-json.ts';
import { isAlreadyExists, isNotFound } from '../../api/status-error.ts';
import { isNamespaceTerminating } from '../../client/namespace-terminating.ts';
import type { ControllerContext } from '../controller.ts';
import { controllerOf, newControllerRef } from '../owner-refs.ts';
import { hasSizeAnnotations, maxRevision, newSetAnnotations, revisionAnnotation, revisionOf, sizeAnnotations } from './annotations.ts';
import {
  baseStatus,
  conditionOf,
  hasDeadline,
  type NewCondition,
  progressCheckInMs,
  reasons,
  rolloutStatus,
  withCondition,
} from './conditions.ts';
import { activeSets, findNewSet, newSetReplicas, podTemplateHashLabel, sameTemplate } from './replica-sets.ts';

/** The state of a reconcile. Writes replace the objects here, so that later steps see them. */
export class DeploymentSync {
  readonly context: ControllerContext;
  deployment: Deployment;
  newSet: ReplicaSet | undefined;
  oldSets: readonly ReplicaSet[];
  /** When to reconcile again, in milliseconds. */
  checkAgainInMs: number | undefined;

  constructor(context: ControllerContext, deployment: Deployment, sets: readonly ReplicaSet[]) {
    this.context = context;
    this.deployment = deployment;
    this.newSet = findNewSet(deployment, sets);
    this.oldSets = sets.filter((set) => set !== this.newSet);
  }

  get allSets(): readonly ReplicaSet[] {
    return this.newSet === undefined ? this.oldSets : [...this.oldSets, this.newSet];
  }

  get activeOldSets(): readonly ReplicaSet[] {
    return activeSets(this.oldSets);
  }

  /**
   * Gives the new set its revision and the Deployment's annotations. Creates the set when it is absent and
   * `createIfAbsent` is true.
   */
  async syncNewSet(createIfAbsent: boolean): Promise<void> {
    const revision = maxRevision(this.oldSets) + 1n;
    if (this.newSet !== undefined) await this.#adoptNewSet(this.newSet, revision);
    else if (createIfAbsent) await this.#createNewSet(revision);
  }

  /** Resizes a set and records an Event. Returns whether the size changed. */
  async scale(set: ReplicaSet, replicas: number): Promise<boolean> {
    const changed = set.spec.replicas !== replicas;
    if (!changed && hasSizeAnnotations(this.deployment, set)) return false;
    const annotations = { ...set.metadata.annotations, ...sizeAnnotations(this.deployment) };
    const next: Received<ReplicaSet> = { ...set, metadata: { ...set.metadata, annotations }, spec: { ...set.spec, replicas } };
    this.#replace(set, await this.context.api(replicaSet).update(next));
    if (changed) {
      const direction = set.spec.replicas < replicas ? 'up' : 'down';
      const message = `Scaled ${direction} replica set ${set.metadata.name} from ${set.spec.replicas} to ${replicas}`;
      this.context.events.event(this.deployment, 'Normal', 'ScalingReplicaSet', message);
    }
    return changed;
  }

  /** Deletes old sets beyond the history limit, lowest revision first. */
  async cleanUp(): Promise<void> {
    const limit = this.deployment.spec.revisionHistoryLimit;
    const alive = this.oldSets.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    const surplus = alive.toSorted((a, b) => Number(revisionOf(a) - revisionOf(b))).slice(0, Math.max(0, alive.length - limit));
    for (const set of surplus) {
      const settledSet = (set.metadata.generation ?? 0) <= (set.status.observedGeneration ?? 0);
      if (set.status.replicas !== 0 || set.spec.replicas !== 0 || !settledSet) continue;
      await this.context.api(replicaSet).delete(refOf(set)).catch(ignoreNotFound);
    }
  }

  /** Writes the status without progress. */
  async writeStatus(): Promise<void> {
    await this.#write(baseStatus(this.deployment, this.allSets, this.newSet, this.context.clock.now()));
  }

  /** Writes status and progress. If there is no progress, schedules the next check. */
  async writeRolloutStatus(): Promise<void> {
    const nowMs = this.context.clock.now();
    const status = rolloutStatus(this.deployment, this.allSets, this.newSet, nowMs);
    await this.#write(status);
    this.checkAgainInMs = progressCheckInMs(this.deployment, status, nowMs);
  }

  /** Writes the Progressing condition. */
  async writeProgressing(status: NewCondition['status'], reason: string, message: string): Promise<void> {
    const fresh: NewCondition = { type: 'Progressing', status, reason, message };
    const conditions = withCondition(this.deployment.status.conditions ?? [], fresh, this.context.clock.now());
    await this.#write({ ...this.deployment.status, conditions });
  }

  async #write(status: DeploymentStatus): Promise<void> {
    if (sameJson(status, this.deployment.status)) return;
    const next: Received<Deployment> = { ...this.deployment, status };
    this.deployment = await this.context.api(deployments).updateStatus(next);
  }

  async #adoptNewSet(set: ReplicaSet, revision: bigint): Promise<void> {
    const { deployment } = this;
    const annotations = newSetAnnotations(deployment, set.metadata.annotations ?? {}, revision, true);
    const { minReadySeconds } = deployment.spec;
    if (!sameJson(annotations, set.metadata.annotations ?? {}) || (minReadySeconds ?? 0) !== (set.spec.minReadySeconds ?? 0)) {
      const spec = { ...set.spec, minReadySeconds };
      this.#replace(set, await this.context.api(replicaSet).update({ ...set, metadata: { ...set.metadata, annotations }, spec }));
      return;
    }
    await this.#writeRevision(annotations[revisionAnnotation]);
    if (hasDeadline(deployment) && conditionOf(deployment.status, 'Progressing') === undefined) {
      await this.writeProgressing('True', reasons.foundSet, `Found new replica set "${set.metadata.name}"`);
    }
  }

  async #createNewSet(revision: bigint): Promise<void> {
    const { context } = this;
    const draft = this.#draftNewSet(revision);
    const name = draft.metadata.name;
    let found = false;
    try {
      this.newSet = await context.api(replicaSet).create(draft);
    } catch (error) {
      if (isNamespaceTerminating(error)) throw error;
      if (!isAlreadyExists(error)) {
        if (hasDeadline(this.deployment)) {
          const message = `Failed to create new replica set "${name}": ${errorText(error)}`;
          await this.writeProgressing('False', reasons.createError, message);
        }
        throw error;
      }
      this.newSet = await this.#existingSet(name, error);
      found = true;
    }
    const replicas = this.newSet.spec.replicas;
    if (!found && replicas > 0) {
      context.events.event(this.deployment, 'Normal', 'ScalingReplicaSet', `Scaled up replica set ${name} from 0 to ${replicas}`);
    }
    await this.#writeRevision(this.newSet.metadata.annotations?.[revisionAnnotation]);
    if (!found && hasDeadline(this.deployment)) await this.writeProgressing('True', reasons.newSet, `Created new replica set "${name}"`);
  }

  #draftNewSet(revision: bigint) {
    const { metadata, spec, status } = this.deployment;
    const hash = podTemplateHash(spec.template, status.collisionCount);
    const labels = { ...spec.template.metadata.labels, [podTemplateHashLabel]: hash };
    return {
      apiVersion: replicaSet.apiVersion,
      kind: replicaSet.kind,
      metadata: {
        name: `${metadata.name}-${hash}`,
        namespace: metadata.namespace ?? '',
        labels,
        annotations: newSetAnnotations(this.deployment, {}, revision, false),
        ownerReferences: [newControllerRef(this.deployment, deployments)],
      },
      spec: {
        replicas: newSetReplicas(this.deployment, this.oldSets, 0),
        ...(spec.minReadySeconds === undefined ? {} : { minReadySeconds: spec.minReadySeconds }),
        selector: { ...spec.selector, matchLabels: { ...spec.selector.matchLabels, [podTemplateHashLabel]: hash } },
        template: { ...spec.template, metadata: { ...spec.template.metadata, labels } },
      },
    };
  }

  /**
   * A set with the new name exists already. It is either ours, and the cache was late, or a hash collision, which is
   * counted so that the next name differs.
   */
  async #existingSet(name: string, cause: unknown): Promise<ReplicaSet> {
    const { deployment, context } = this;
    const set = await context.api(replicaSet).get({ namespace: deployment.metadata.namespace ?? '', name });
    if (controllerOf(set)?.uid === deployment.metadata.uid && sameTemplate(deployment.spec.template, set.spec.template)) return set;
    await this.#write({ ...deployment.status, collisionCount: (deployment.status.collisionCount ?? 0) + 1 });
    throw cause;
  }

  /**
   * Written through the status, as upstream: an annotation written to the Deployment itself would increment its
   * generation.
   */
  async #writeRevision(revision: string | undefined): Promise<void> {
    const { metadata } = this.deployment;
    if (revision === undefined || metadata.annotations?.[revisionAnnotation] === revision) return;
    const annotations = { ...metadata.annotations, [revisionAnnotation]: revision };
    this.deployment = await this.context.api(deployments).updateStatus({ ...this.deployment, metadata: { ...metadata, annotations } });
  }

  #replace(set: ReplicaSet, next: ReplicaSet): void {
    if (this.newSet === set) this.newSet = next;
    this.oldSets = this.oldSets.map((old) => (old === set ? next : old));
  }
}

function ignoreNotFound(error: unknown): void {
  if (!isNotFound(error)) throw error;
}
