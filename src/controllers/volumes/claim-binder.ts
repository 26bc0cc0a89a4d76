/** The binder's work for one claim. Source: pkg/controller/volume/persistentvolume/pv_controller.go (syncClaim). */
import type { PersistentVolume, PersistentVolumeClaim, Pod } from '../../api/generated/core/v1.ts';
import type { StorageClass } from '../../api/generated/storage/v1.ts';
import { persistentVolume } from '../../api/kinds/core/persistent-volume.ts';
import { pod } from '../../api/kinds/core/pod.ts';
import { storageClassOf } from '../../api/kinds/core/storage-text.ts';
import { isDefaultStorageClass, storageClass } from '../../api/kinds/storage/storage-class.ts';
import { refOf } from '../../api/object.ts';
import type { ControllerContext } from '../controller.ts';
import { isPodTerminal, podCondition, timeOf } from '../pods.ts';
import {
  annotated,
  annotationOf,
  bestMatch,
  bindCompleted,
  boundByController,
  isBoundTo,
  mismatch,
  namesClass,
  oldStorageProvisioner,
  selectedNode,
  storageProvisioner,
  waitsForConsumer,
} from './binding.ts';
import { BindingWrites, type Written } from './binding-writes.ts';
import { podsByClaimName } from './pod-claims.ts';
import { claimKey, volumesByClassOrClaimName } from './volume-indexes.ts';

const lostReference = 'Bound claim has lost reference to PersistentVolume. Data on the volume is lost!';
const lostVolume = 'Bound claim has lost its PersistentVolume. Data on the volume is lost!';
const misbound = 'Two claims are bound to the same volume, this one is bound incorrectly';
/** After so long at most upstream looks at claims again. Source: kube-controller-manager, pvclaimbinder-sync-period. */
const resyncMs = 15_000;
const noClass = 'no persistent volumes available for this claim and no storage class is set';

export class ClaimBinder {
  readonly #context: ControllerContext;
  readonly #written: Written;
  readonly #writes: BindingWrites;

  constructor(context: ControllerContext, written: Written) {
    this.#context = context;
    this.#written = written;
    this.#writes = new BindingWrites(context, written);
  }

  /** Resolves with how long to wait before the next look, in milliseconds; undefined: until something happens. */
  async sync(claim: PersistentVolumeClaim): Promise<number | undefined> {
    const wasBound = annotationOf(claim, bindCompleted) !== undefined;
    if (!wasBound && (claim.spec.volumeName ?? '') === '') return this.#findVolume(claim);
    await this.#syncNamed(claim);
    return undefined;
  }

  async #syncNamed(claim: PersistentVolumeClaim): Promise<void> {
    const wasBound = annotationOf(claim, bindCompleted) !== undefined;
    const volumeName = claim.spec.volumeName ?? '';
    if (!wasBound) return this.#bindTo(claim, this.#volume(volumeName));
    if (volumeName === '') return this.#writes.loseClaim(claim, { reason: 'ClaimLost', message: lostReference });
    const volume = this.#volume(volumeName);
    if (volume === undefined) return this.#writes.loseClaim(claim, { reason: 'ClaimLost', message: lostVolume });
    const { claimRef } = volume.spec;
    if (claimRef !== undefined && claimRef.uid !== claim.metadata.uid) {
      return this.#writes.loseClaim(claim, { reason: 'ClaimMisbound', message: misbound });
    }
    return this.#writes.bind(volume, claim);
  }

  #volume(name: string): PersistentVolume | undefined {
    const found = this.#context.cache(persistentVolume).get({ namespace: '', name });
    return found === undefined ? undefined : this.#written.volumes.newest(found);
  }

  /** Any suitable volume will do. */
  async #findVolume(claim: PersistentVolumeClaim): Promise<number | undefined> {
    const className = storageClassOf(claim);
    const found = className === '' ? undefined : this.#context.cache(storageClass).get({ namespace: '', name: className });
    const waits = waitsForConsumer(found);
    const candidates = this.#context.cache(persistentVolume).byIndex(volumesByClassOrClaimName, className);
    // A volume that is reserved for the claim may be of another class.
    const reserved = this.#context.cache(persistentVolume).byIndex(volumesByClassOrClaimName, claimKey(claim));
    const newest = [...new Set([...reserved, ...candidates])].map((volume) => this.#written.volumes.newest(volume));
    const volume = bestMatch(claim, newest, { onlyReserved: waits });
    let againMs: number | undefined;
    if (volume !== undefined) await this.#writes.bind(volume, claim);
    else if (await this.#giveDefaultClass(claim)) return undefined;
    else if (waits && annotationOf(claim, selectedNode) === undefined) {
      againMs = this.#tellThatItWaits(claim);
      await this.#writes.claimStatus(claim, 'Pending');
    } else if (className !== '') await this.#provision(claim, className, found);
    else {
      this.#context.events.event(claim, 'Normal', 'FailedBinding', noClass);
      await this.#writes.claimStatus(claim, 'Pending');
    }
    return againMs;
  }

  /** Gives a claim that was made before there was a default class the one that there is now. */
  async #giveDefaultClass(claim: PersistentVolumeClaim): Promise<boolean> {
    if (namesClass(claim)) return false;
    const time = ({ metadata }: StorageClass): string => metadata.creationTimestamp ?? '';
    const [newest] = this.#context
      .cache(storageClass)
      .list()
      .filter(isDefaultStorageClass)
      .toSorted((a, b) => (time(a) === time(b) ? (a.metadata.name < b.metadata.name ? -1 : 1) : time(a) > time(b) ? -1 : 1));
    if (newest === undefined) return false;
    await this.#writes.updateClaim({ ...claim, spec: { ...claim.spec, storageClassName: newest.metadata.name } });
    return true;
  }

  /** Of a Pod that is scheduled at once nobody is told. */
  #tellThatItWaits(claim: PersistentVolumeClaim): number | undefined {
    const { namespace, name } = refOf(claim);
    const { events, clock } = this.#context;
    const unscheduled = this.#context
      .cache(pod)
      .byIndex(podsByClaimName, `${namespace}/${name}`)
      .filter((object) => !isPodTerminal(object) && (object.spec.nodeName ?? '') === '');
    const patienceMs = (object: Pod): number =>
      podCondition(object, 'PodScheduled') === undefined ? timeOf(object.metadata.creationTimestamp) + resyncMs - clock.now() : 0;
    if (unscheduled.length === 0) {
      events.event(claim, 'Normal', 'WaitForFirstConsumer', 'waiting for first consumer to be created before binding');
      return undefined;
    }
    const leastMs = Math.min(...unscheduled.map(patienceMs));
    if (leastMs > 0) return leastMs;
    const waiting = unscheduled.map(({ metadata }) => metadata.name);
    const who = waiting.length === 1 ? 'pod' : 'pods';
    events.event(claim, 'Normal', 'WaitForPodScheduled', `waiting for ${who} ${waiting.join(',')} to be scheduled`);
    return undefined;
  }

  /** Asks the class's provisioner for a volume. No provisioner is part of the binder: all are external to it. */
  async #provision(claim: PersistentVolumeClaim, className: string, found: StorageClass | undefined): Promise<void> {
    const { events } = this.#context;
    const failed = (message: string): void => events.event(claim, 'Warning', 'ProvisioningFailed', message);
    if (found === undefined) {
      failed(`storageclass.storage.k8s.io ${JSON.stringify(className)} not found`);
      return;
    }
    const { provisioner } = found;
    if (provisioner.startsWith('kubernetes.io/')) {
      failed(`no volume plugin matched name: ${provisioner}`);
      return;
    }
    const marks = { [storageProvisioner]: provisioner, [oldStorageProvisioner]: provisioner };
    if (annotationOf(claim, storageProvisioner) !== provisioner) await this.#writes.updateClaim(annotated(claim, marks));
    const message = `Waiting for a volume to be created either by the external provisioner '${provisioner}' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered.`;
    events.event(claim, 'Normal', 'ExternalProvisioning', message);
  }

  /** The user asked for this volume. */
  async #bindTo(claim: PersistentVolumeClaim, volume: PersistentVolume | undefined): Promise<void> {
    const { events } = this.#context;
    if (volume === undefined) {
      await this.#writes.claimStatus(claim, 'Pending');
      return;
    }
    const { name } = volume.metadata;
    if (volume.spec.claimRef === undefined) {
      const why = mismatch(volume, claim);
      if (why === undefined) return this.#writes.bind(volume, claim);
      events.event(claim, 'Warning', 'VolumeMismatch', `Cannot bind to requested volume ${JSON.stringify(name)}: ${why}`);
      await this.#writes.claimStatus(claim, 'Pending');
      return;
    }
    if (isBoundTo(volume, claim)) return this.#writes.bind(volume, claim);
    events.event(claim, 'Warning', 'FailedBinding', `volume ${JSON.stringify(name)} already bound to a different claim.`);
    if (annotationOf(claim, boundByController) === undefined) await this.#writes.claimStatus(claim, 'Pending');
  }
}
