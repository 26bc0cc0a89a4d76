/**
 * One reconcile of a StatefulSet: makes Pods in the order of their ordinals, removes those that are too many from the
 * last on, and replaces old ones from the last on. Unless the set is Parallel, each step waits for the Pods before.
 * Source: pkg/controller/statefulset/stateful_set_control.go (updateStatefulSet).
 */
import { errorText } from '../../api/error-text.ts';
import type { ControllerRevision, StatefulSet, StatefulSetStatus } from '../../api/generated/apps/v1.ts';
import type { PersistentVolumeClaim, Pod } from '../../api/generated/core/v1.ts';
import { statefulSet } from '../../api/kinds/apps/stateful-set.ts';
import { persistentVolumeClaim } from '../../api/kinds/core/persistent-volume-claim.ts';
import { pod as podKind } from '../../api/kinds/core/pod.ts';
import { refOf } from '../../api/object.ts';
import { withMeta } from '../../api/object-fields.ts';
import { sameJson } from '../../api/same-json.ts';
import { isAlreadyExists, isNotFound } from '../../api/status-error.ts';
import { type ControllerContext, type Outcome, settled } from '../controller.ts';
import { isPodAvailable, isPodReady, isPodTerminal } from '../pods.ts';
import { type CurrentRevision, ensureRevision, revisionsOf, templateOf, truncateRevisions } from '../revisions.ts';
import { inSlowStart } from '../slow-start.ts';
import {
  claimOwners,
  claimsOf,
  hasStorage,
  type NamedClaim,
  ordinalOf,
  podName,
  podOfSet,
  repaired,
  revisionOf,
  startOf,
} from './identity.ts';

const isTerminating = ({ metadata }: Pod): boolean => metadata.deletionTimestamp !== undefined;
const isRunningAndReady = (pod: Pod): boolean => pod.status.phase === 'Running' && isPodReady(pod);

/** Distance of the ordinal from the first one, and the Pod that is there. */
type Place = readonly [place: number, pod: Pod | undefined];

/** How many Pods one reconcile makes at most; each that is made causes another. Differs: upstream has no bound. */
const burst = 500;

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
    const { minReadySeconds = 0 } = this.#set.spec;
    const waits = minReadySeconds > 0 && status.availableReplicas !== (status.readyReplicas ?? 0);
    const wait = waits ? { requeueAfterMs: minReadySeconds * 1000 } : settled;
    if (failure !== undefined) return { ...wait, failure };
    // Pods are labelled with the whole name of their revision.
    const live = new Set([...this.#pods.map(revisionOf), this.#current.metadata.name, this.#updateName]);
    await truncateRevisions(this.#set, revisions, live, this.#context);
    return wait;
  }

  get #ordered(): boolean {
    return this.#set.spec.podManagementPolicy !== 'Parallel';
  }

  #isAvailable(pod: Pod): boolean {
    return isPodAvailable(pod, this.#set.spec.minReadySeconds ?? 0, this.#context.clock.now());
  }

  /**
   * What the set wants: its Pods, and places without one, in the order of their ordinals; those that it does not want,
   * the last first. Of the places without a Pod only the first `burst` are there.
   */
  #sorted(): { readonly wanted: readonly Place[]; readonly condemned: readonly Pod[] } {
    const { replicas } = this.#set.spec;
    const pods = new Map<number, Pod>();
    const condemned: { readonly pod: Pod; readonly ordinal: number }[] = [];
    for (const pod of this.#pods) {
      const ordinal = ordinalOf(this.#set, pod);
      if (ordinal === undefined) continue;
      const place = ordinal - startOf(this.#set);
      if (place >= 0 && place < replicas) pods.set(place, pod);
      else condemned.push({ pod, ordinal });
    }
    const empty: Place[] = [];
    for (let place = 0; place < replicas && empty.length < burst; place += 1) if (!pods.has(place)) empty.push([place, undefined]);
    return {
      wanted: [...pods, ...empty].toSorted(([a], [b]) => a - b),
      condemned: condemned.toSorted((a, b) => b.ordinal - a.ordinal).map(({ pod }) => pod),
    };
  }

  async #step(): Promise<void> {
    const { wanted, condemned } = this.#sorted();
    if ((await this.#forAll(wanted, ([place, pod]) => this.#keep(place, pod))) === 'wait') return;
    for (const pod of condemned) await this.#ownClaims(pod, ordinalOf(this.#set, pod) ?? -1, true);
    const kept = wanted.flatMap(([, pod]) => pod ?? []);
    const firstUnavailable = [...kept, ...condemned.toReversed()].find((pod) => this.#isUnavailable(pod));
    if ((await this.#forAll(condemned, (pod) => this.#dismiss(pod, firstUnavailable))) === 'wait') return;
    await this.#roll(wanted);
  }

  /**
   * One after the other, until one has to be waited for; or in batches of 1, 2, 4 …, until one fails. Rejects with the
   * first error.
   */
  async #forAll<T>(items: readonly T[], act: (item: T) => Promise<Step>): Promise<Step> {
    if (this.#ordered) {
      for (const item of items) if ((await act(item)) === 'wait') return 'wait';
      return 'go on';
    }
    const left = items.values();
    let outcome: Step = 'go on';
    const done = await inSlowStart(items.length, async () => {
      const next = left.next();
      if (next.done !== true && (await act(next.value)) === 'wait') outcome = 'wait';
    });
    if ('error' in done) throw done.error;
    return outcome;
  }

  #isUnavailable(pod: Pod): boolean {
    return isTerminating(pod) || !isRunningAndReady(pod) || !this.#isAvailable(pod);
  }

  /** Makes the Pod of a place, or waits until it is there. */
  async #keep(place: number, pod: Pod | undefined): Promise<Step> {
    const ordinal = place + startOf(this.#set);
    if (pod === undefined) return (await this.#create(ordinal)) && !this.#ordered ? 'go on' : 'wait';
    if (isPodTerminal(pod)) {
      if (!isTerminating(pod)) await this.#delete(pod);
      return 'wait';
    }
    if (pod.status.phase === 'Pending') await this.#ensureClaims(ordinal, pod.metadata.name);
    if (this.#ordered && this.#isUnavailable(pod)) return 'wait';
    await this.#repair(pod, ordinal);
    return 'go on';
  }

  /**
   * Gives a Pod back what makes it the Pod of its ordinal, and its claims their owners. Source: stateful_pod_control.go
   * (UpdateStatefulPod).
   */
  async #repair(pod: Pod, ordinal: number): Promise<void> {
    const next = repaired(this.#set, pod, ordinal);
    if (next === pod && this.#staleOwners(pod, ordinal, false).length === 0) return;
    await this.#tell('Update', `Pod ${pod.metadata.name}`, 'successful', async () => {
      if (!hasStorage(this.#set, pod, ordinal)) await this.#ensureClaims(ordinal, pod.metadata.name);
      await this.#ownClaims(pod, ordinal, false);
      await this.#context.api(podKind).update(next);
    });
  }

  async #dismiss(pod: Pod, firstUnavailable: Pod | undefined): Promise<Step> {
    if (isTerminating(pod)) return this.#ordered ? 'wait' : 'go on';
    const unhealthy = !isRunningAndReady(pod) || !this.#isAvailable(pod);
    if (this.#ordered && unhealthy && pod !== firstUnavailable) return 'wait';
    await this.#delete(pod);
    return this.#ordered ? 'wait' : 'go on';
  }

  /** Replaces the last Pod of an old revision, once those after it are healthy. */
  async #roll(wanted: readonly Place[]): Promise<void> {
    const { type, rollingUpdate } = this.#set.spec.updateStrategy;
    if (type === 'OnDelete' || wanted.length < this.#set.spec.replicas) return;
    for (const [place, pod] of wanted.toReversed()) {
      if (pod === undefined || place < (rollingUpdate?.partition ?? 0)) return;
      if (revisionOf(pod) !== this.#updateName && !isTerminating(pod)) {
        await this.#delete(pod);
        return;
      }
      if (this.#isUnavailable(pod)) return;
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
    await this.#tell('Create', `Pod ${name}`, 'successful', async () => {
      await this.#context.api(podKind).create(object);
    });
    return true;
  }

  async #delete(pod: Pod): Promise<void> {
    await this.#tell('Delete', `Pod ${pod.metadata.name}`, 'successful', async () => {
      try {
        await this.#context.api(podKind).delete(refOf(pod), { preconditions: { uid: pod.metadata.uid } });
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
    });
  }

  /** Does something and says so in an Event. */
  async #tell(verb: 'Create' | 'Update' | 'Delete', what: string, success: string, act: () => Promise<void>): Promise<void> {
    const { events } = this.#context;
    const set = `StatefulSet ${this.#set.metadata.name}`;
    try {
      await act();
    } catch (error) {
      events.event(this.#set, 'Warning', `Failed${verb}`, `${verb} ${what} in ${set} failed error: ${errorText(error)}`);
      throw error;
    }
    events.event(this.#set, 'Normal', `Successful${verb}`, `${verb} ${what} in ${set} ${success}`);
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
    await this.#tell('Create', `Claim ${name} Pod ${pod}`, 'success', async () => {
      try {
        await this.#context.api(persistentVolumeClaim).create({ ...object, metadata: { ...object.metadata, ...owners } });
      } catch (error) {
        if (!isAlreadyExists(error)) throw error;
      }
    });
  }

  /** Sets the owners of a Pod's claims as the retention policy says. */
  async #ownClaims(pod: Pod, ordinal: number, condemned: boolean): Promise<void> {
    for (const claim of this.#staleOwners(pod, ordinal, condemned)) await this.#context.api(persistentVolumeClaim).update(claim);
  }

  /** The Pod's claims whose owners are not those of the retention policy, with the right ones. */
  #staleOwners(pod: Pod, ordinal: number, condemned: boolean): readonly PersistentVolumeClaim[] {
    const claims = this.#context.cache(persistentVolumeClaim);
    return claimsOf(this.#set, ordinal).flatMap(({ name }) => {
      const known = claims.get({ namespace: this.#set.metadata.namespace ?? '', name });
      if (known === undefined) return [];
      const before = known.metadata.ownerReferences ?? [];
      const ownerReferences = claimOwners(this.#set, pod, before, condemned);
      return sameJson(before, ownerReferences) ? [] : [withMeta(known, { ownerReferences })];
    });
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
