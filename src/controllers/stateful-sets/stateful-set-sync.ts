/**
 * One reconcile of a StatefulSet: makes Pods in the order of their ordinals, removes those that are too many from the
 * last on, and replaces old ones from the last on. Unless the set is Parallel, each step waits for the Pods before.
 * Source: pkg/controller/statefulset/stateful_set_control.go (updateStatefulSet).
 */
import { errorText } from '../../api/error-text.ts';
import type { ControllerRevision, StatefulSet, StatefulSetStatus } from '../../api/generated/apps/v1.ts';
import type { Pod } from '../../api/generated/core/v1.ts';
import { statefulSet } from '../../api/kinds/apps/stateful-set.ts';
import { persistentVolumeClaim } from '../../api/kinds/core/persistent-volume-claim.ts';
import { pod as podKind } from '../../api/kinds/core/pod.ts';
import { refOf } from '../../api/object.ts';
import { sameJson } from '../../api/same-json.ts';
import { isAlreadyExists, isNotFound } from '../../api/status-error.ts';
import { type ControllerContext, type Outcome, settled } from '../controller.ts';
import { isPodAvailable, isPodReady, isPodTerminal } from '../pods.ts';
import { type CurrentRevision, ensureRevision, revisionsOf, templateOf, truncateRevisions } from '../revisions.ts';
import { claimOwners, claimsOf, type NamedClaim, ordinalOf, podName, podOfSet, revisionOf, startOf } from './identity.ts';

const isTerminating = ({ metadata }: Pod): boolean => metadata.deletionTimestamp !== undefined;
const isRunningAndReady = (pod: Pod): boolean => pod.status.phase === 'Running' && isPodReady(pod);

/** Whether the next step may follow at once. */
type Step = 'go on' | 'wait';

export class StatefulSetSync {
  readonly #set: StatefulSet;
  readonly #pods: readonly Pod[];
  readonly #context: ControllerContext;
  #current: ControllerRevision | undefined;
  #update: CurrentRevision | undefined;

  constructor(set: StatefulSet, pods: readonly Pod[], context: ControllerContext) {
    this.#set = set;
    this.#pods = pods;
    this.#context = context;
  }

  async run(): Promise<Outcome> {
    const revisions = await revisionsOf(this.#set, statefulSet, this.#context);
    const { collisionCount, currentRevision } = this.#set.status;
    this.#update = await ensureRevision({
      owner: this.#set,
      kind: statefulSet,
      label: 'controller.kubernetes.io/hash',
      revisions,
      collisionCount,
      context: this.#context,
    });
    this.#current = revisions.find(({ metadata }) => metadata.name === currentRevision) ?? this.#update.revision;
    let failure: { readonly error: unknown } | undefined;
    if (this.#set.metadata.deletionTimestamp === undefined) {
      try {
        await this.#step();
      } catch (error) {
        failure = { error };
      }
    }
    const status = this.#status();
    if (!sameJson(status, this.#set.status)) await this.#context.api(statefulSet).updateStatus({ ...this.#set, status });
    if (failure !== undefined) throw failure.error;
    // Pods are labelled with the whole name of their revision.
    const live = new Set([...this.#pods.map(revisionOf), this.#current.metadata.name, this.#updateName]);
    await truncateRevisions(this.#set, revisions, live, this.#context);
    const { minReadySeconds = 0 } = this.#set.spec;
    const waits = minReadySeconds > 0 && status.availableReplicas !== (status.readyReplicas ?? 0);
    return waits ? { requeueAfterMs: minReadySeconds * 1000 } : settled;
  }

  get #ordered(): boolean {
    return this.#set.spec.podManagementPolicy !== 'Parallel';
  }

  #isAvailable(pod: Pod): boolean {
    return isPodAvailable(pod, this.#set.spec.minReadySeconds ?? 0, this.#context.clock.now());
  }

  /** A Pod for each ordinal that the set wants, those that it does not want, the last first. */
  #sorted(): { readonly wanted: readonly (Pod | undefined)[]; readonly condemned: readonly Pod[] } {
    const wanted: (Pod | undefined)[] = Array.from({ length: this.#set.spec.replicas }, () => undefined);
    const condemned: { readonly pod: Pod; readonly ordinal: number }[] = [];
    for (const pod of this.#pods) {
      const ordinal = ordinalOf(this.#set, pod);
      if (ordinal === undefined) continue;
      const place = ordinal - startOf(this.#set);
      if (place >= 0 && place < wanted.length) wanted[place] = pod;
      else condemned.push({ pod, ordinal });
    }
    return { wanted, condemned: condemned.toSorted((a, b) => b.ordinal - a.ordinal).map(({ pod }) => pod) };
  }

  async #step(): Promise<void> {
    const { wanted, condemned } = this.#sorted();
    if ((await this.#forAll([...wanted.entries()], ([place, pod]) => this.#keep(place, pod))) === 'wait') return;
    for (const pod of [...wanted, ...condemned]) {
      const ordinal = pod === undefined ? undefined : ordinalOf(this.#set, pod);
      if (pod !== undefined && ordinal !== undefined) await this.#ownClaims(pod, ordinal, condemned.includes(pod));
    }
    const firstUnhealthy = [...wanted, ...condemned.toReversed()].find((pod) => pod !== undefined && !this.#isHealthy(pod));
    if ((await this.#forAll(condemned, (pod) => this.#dismiss(pod, firstUnhealthy))) === 'wait') return;
    await this.#roll(wanted);
  }

  /** One after the other, until one has to be waited for; or all at once. Rejects with the first error. */
  async #forAll<T>(items: readonly T[], act: (item: T) => Promise<Step>): Promise<Step> {
    if (this.#ordered) {
      for (const item of items) if ((await act(item)) === 'wait') return 'wait';
      return 'go on';
    }
    const results = await Promise.allSettled(items.map(act));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    return results.some((result) => result.status === 'fulfilled' && result.value === 'wait') ? 'wait' : 'go on';
  }

  #isHealthy = (pod: Pod): boolean => isRunningAndReady(pod) && !isTerminating(pod);

  /** Makes the Pod of a place, or waits until it is there. */
  async #keep(place: number, pod: Pod | undefined): Promise<Step> {
    const ordinal = place + startOf(this.#set);
    if (pod === undefined) return (await this.#create(ordinal)) && !this.#ordered ? 'go on' : 'wait';
    if (isPodTerminal(pod)) {
      if (!isTerminating(pod)) await this.#delete(pod);
      return 'wait';
    }
    if (pod.status.phase === 'Pending') await this.#ensureClaims(ordinal, pod.metadata.name);
    if (!this.#ordered) return 'go on';
    return isTerminating(pod) || !isRunningAndReady(pod) || !this.#isAvailable(pod) ? 'wait' : 'go on';
  }

  async #dismiss(pod: Pod, firstUnhealthy: Pod | undefined): Promise<Step> {
    if (isTerminating(pod)) return this.#ordered ? 'wait' : 'go on';
    const unhealthy = !isRunningAndReady(pod) || !this.#isAvailable(pod);
    if (this.#ordered && unhealthy && pod !== firstUnhealthy) return 'wait';
    await this.#delete(pod);
    return this.#ordered ? 'wait' : 'go on';
  }

  /** Replaces the last Pod of an old revision, once those after it are healthy. */
  async #roll(wanted: readonly (Pod | undefined)[]): Promise<void> {
    const { type, rollingUpdate } = this.#set.spec.updateStrategy;
    if (type === 'OnDelete') return;
    for (let place = wanted.length - 1; place >= (rollingUpdate?.partition ?? 0); place--) {
      const pod = wanted[place];
      if (pod === undefined) return;
      if (revisionOf(pod) !== this.#updateName && !isTerminating(pod)) {
        await this.#delete(pod);
        return;
      }
      if (!this.#isHealthy(pod) || !this.#isAvailable(pod)) return;
    }
  }

  get #updateName(): string {
    return this.#update?.revision.metadata.name ?? '';
  }

  /** Below the partition, Pods are made of the revision that the set has now. */
  #revisionAt(ordinal: number): ControllerRevision | undefined {
    const { type, rollingUpdate } = this.#set.spec.updateStrategy;
    if (type !== 'RollingUpdate') return this.#update?.revision;
    const current = rollingUpdate === undefined ? (this.#set.status.currentReplicas ?? 0) : (rollingUpdate.partition ?? 0);
    return ordinal < startOf(this.#set) + current ? this.#current : this.#update?.revision;
  }

  /** False: the Pod cannot be made yet. */
  async #create(ordinal: number): Promise<boolean> {
    const revision = this.#revisionAt(ordinal);
    if (revision === undefined) return false;
    const object = podOfSet(this.#set, templateOf(revision), revision.metadata.name, ordinal);
    const name = podName(this.#set, ordinal);
    if (!(await this.#ensureClaims(ordinal, name))) return false;
    await this.#tell('create', `Pod ${name}`, 'successful', async () => {
      await this.#context.api(podKind).create(object);
    });
    return true;
  }

  async #delete(pod: Pod): Promise<void> {
    await this.#tell('delete', `Pod ${pod.metadata.name}`, 'successful', async () => {
      try {
        await this.#context.api(podKind).delete(refOf(pod), { preconditions: { uid: pod.metadata.uid } });
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
    });
  }

  /** Does something and says so in an Event. */
  async #tell(verb: 'create' | 'delete', what: string, success: string, act: () => Promise<void>): Promise<void> {
    const { events } = this.#context;
    const set = `StatefulSet ${this.#set.metadata.name}`;
    const reason = verb === 'create' ? 'Create' : 'Delete';
    try {
      await act();
    } catch (error) {
      events.event(this.#set, 'Warning', `Failed${reason}`, `${verb} ${what} in ${set} failed error: ${errorText(error)}`);
      throw error;
    }
    events.event(this.#set, 'Normal', `Successful${reason}`, `${verb} ${what} in ${set} ${success}`);
  }

  /** Creates the claims of a Pod that are missing. False: one is about to go, and has to be gone first. */
  async #ensureClaims(ordinal: number, podName: string): Promise<boolean> {
    const claims = this.#context.cache(persistentVolumeClaim);
    const namespace = this.#set.metadata.namespace ?? '';
    let ready = true;
    for (const claim of claimsOf(this.#set, ordinal)) {
      const { name } = claim;
      const known = claims.get({ namespace, name });
      if (known?.metadata.deletionTimestamp !== undefined) ready = false;
      if (known === undefined) await this.#createClaim(claim, podName);
    }
    return ready;
  }

  async #createClaim({ name, object }: NamedClaim, pod: string): Promise<void> {
    const { whenDeleted } = this.#set.spec.persistentVolumeClaimRetentionPolicy;
    const owners = whenDeleted === 'Delete' ? { ownerReferences: claimOwners(this.#set, undefined, [], false) } : {};
    await this.#tell('create', `Claim ${name} Pod ${pod}`, 'success', async () => {
      try {
        await this.#context.api(persistentVolumeClaim).create({ ...object, metadata: { ...object.metadata, ...owners } });
      } catch (error) {
        if (!isAlreadyExists(error)) throw error;
      }
    });
  }

  /** Sets the owners of a Pod's claims as the retention policy says. */
  async #ownClaims(pod: Pod, ordinal: number, condemned: boolean): Promise<void> {
    const claims = this.#context.cache(persistentVolumeClaim);
    for (const { name } of claimsOf(this.#set, ordinal)) {
      const known = claims.get({ namespace: this.#set.metadata.namespace ?? '', name });
      if (known === undefined) continue;
      const before = known.metadata.ownerReferences ?? [];
      const ownerReferences = claimOwners(this.#set, pod, before, condemned);
      if (sameJson(before, ownerReferences)) continue;
      await this.#context.api(persistentVolumeClaim).update({ ...known, metadata: { ...known.metadata, ownerReferences } });
    }
  }

  /** Source: updateStatus, completeRollingUpdate. */
  #status(): StatefulSetStatus {
    const { replicas } = this.#set.spec;
    const count = (of: (pod: Pod) => boolean): number => this.#pods.filter(of).length;
    const ofRevision = (name: string): number => count((pod) => !isTerminating(pod) && revisionOf(pod) === name);
    const currentName = this.#current?.metadata.name ?? '';
    const counts = {
      replicas: this.#pods.length,
      ready: count(isRunningAndReady),
      available: count((pod) => isRunningAndReady(pod) && this.#isAvailable(pod)),
      current: ofRevision(currentName),
      updated: ofRevision(this.#updateName),
    };
    const rolling = this.#set.spec.updateStrategy.type === 'RollingUpdate';
    const complete = rolling && [counts.updated, counts.ready, counts.replicas].every((number) => number === replicas);
    const positive = (name: string, value: number): Readonly<Record<string, number>> => (value === 0 ? {} : { [name]: value });
    const { conditions } = this.#set.status;
    const collisionCount = this.#update?.collisionCount ?? 0;
    return {
      observedGeneration: this.#set.metadata.generation ?? 0,
      replicas: counts.replicas,
      ...positive('readyReplicas', counts.ready),
      ...positive('currentReplicas', complete ? counts.updated : counts.current),
      ...positive('updatedReplicas', counts.updated),
      currentRevision: complete ? this.#updateName : currentName,
      updateRevision: this.#updateName,
      collisionCount,
      ...(conditions === undefined ? {} : { conditions }),
      availableReplicas: counts.available,
    };
  }
}
