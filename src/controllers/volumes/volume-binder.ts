/** The binder's work for one volume. Source: pkg/controller/volume/persistentvolume/pv_controller.go (syncVolume). */

import { errorText } from '../../api/error-text.ts';
import type { PersistentVolume, PersistentVolumeClaim } from '../../api/generated/core/v1.ts';
import { persistentVolume } from '../../api/kinds/core/persistent-volume.ts';
import { persistentVolumeClaim } from '../../api/kinds/core/persistent-volume-claim.ts';
import { pod } from '../../api/kinds/core/pod.ts';
import { refOf } from '../../api/object.ts';
import { isNotFound } from '../../api/status-error.ts';
import type { ControllerContext } from '../controller.ts';
import { isPodTerminal } from '../pods.ts';
import { annotationOf, provisionedBy } from './binding.ts';
import { BindingWrites, type Written } from './binding-writes.ts';
import { podsByClaimName } from './pod-claims.ts';
import type { VolumeFolders } from './volume-folders.ts';

/** Of the volumes that users made, only such folders are deleted. Source: pkg/volume/hostpath/host_path.go. */
const deletablePath = /^\/tmp\/.+/;

export class VolumeBinder {
  readonly #context: ControllerContext;
  readonly #folders: VolumeFolders;
  readonly #written: Written;
  readonly #writes: BindingWrites;

  constructor(context: ControllerContext, written: Written, folders: VolumeFolders) {
    this.#context = context;
    this.#folders = folders;
    this.#written = written;
    this.#writes = new BindingWrites(context, written);
  }

  async sync(volume: PersistentVolume): Promise<void> {
    const { claimRef } = volume.spec;
    if (claimRef === undefined || (claimRef.uid ?? '') === '') {
      await this.#writes.volumePhase(volume, 'Available');
      return;
    }
    const claim = await this.#claimOf(volume);
    if (claim === undefined) return this.#release(volume);
    const { volumeName = '' } = claim.spec;
    // The claim's own sync finishes the binding; the claim is queued whenever its volume changes.
    if (volumeName === '') this.#tellWhatHinders(volume, claim);
    else if (volumeName === volume.metadata.name) await this.#writes.volumePhase(volume, 'Bound');
    else if (annotationOf(volume, provisionedBy) !== undefined && volume.spec.persistentVolumeReclaimPolicy === 'Delete') {
      await this.#release(volume);
    } else await this.#writes.unbind(volume);
  }

  #tellWhatHinders(volume: PersistentVolume, claim: PersistentVolumeClaim): void {
    if (claim.spec.volumeMode === volume.spec.volumeMode) return;
    const end = 'due to incompatible volumeMode.';
    const { events } = this.#context;
    const aboutClaim = `Cannot bind PersistentVolume to requested PersistentVolumeClaim ${JSON.stringify(claim.metadata.name)} ${end}`;
    const aboutVolume = `Cannot bind PersistentVolume ${JSON.stringify(volume.metadata.name)} to requested PersistentVolumeClaim ${end}`;
    events.event(volume, 'Warning', 'VolumeMismatch', aboutClaim);
    events.event(claim, 'Warning', 'VolumeMismatch', aboutVolume);
  }

  /** The claim that the volume is bound to; undefined when it is gone. The API is asked before a volume is released. */
  async #claimOf({ spec: { claimRef } }: PersistentVolume): Promise<PersistentVolumeClaim | undefined> {
    const ref = { namespace: claimRef?.namespace ?? '', name: claimRef?.name ?? '' };
    const cached = this.#context.cache(persistentVolumeClaim).get(ref);
    if (cached?.metadata.uid === claimRef?.uid) return cached === undefined ? undefined : this.#written.claims.newest(cached);
    try {
      const current = await this.#context.api(persistentVolumeClaim).get(ref);
      return current.metadata.uid === claimRef?.uid ? current : undefined;
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  async #release(volume: PersistentVolume): Promise<void> {
    const { phase } = volume.status;
    const released = phase === 'Released' || phase === 'Failed' ? volume : await this.#writes.volumePhase(volume, 'Released');
    const policy = volume.spec.persistentVolumeReclaimPolicy;
    if (policy === 'Delete') await this.#delete(released);
    else if (policy === 'Recycle') await this.#recycle(released);
  }

  /** Deletes a volume that a user made. What a provisioner made, it deletes itself. */
  async #delete(volume: PersistentVolume): Promise<void> {
    const provisioner = annotationOf(volume, provisionedBy) ?? '';
    const { name } = volume.metadata;
    const { hostPath, csi } = volume.spec;
    if ((provisioner !== '' && !provisioner.startsWith('kubernetes.io/')) || csi !== undefined) return;
    const failed = (message: string): Promise<void> => this.#writes.failVolume(volume, { reason: 'VolumeFailedDelete', message });
    if (hostPath === undefined) {
      return failed(`error getting deleter volume plugin for volume ${JSON.stringify(name)}: no deletable volume plugin matched`);
    }
    const { path } = hostPath;
    if (!deletablePath.test(path)) return failed(`host_path deleter only supports /tmp/.+ but received provided ${path}`);
    try {
      await this.#folders.remove(path);
    } catch (error) {
      await failed(errorText(error));
      throw error;
    }
    await this.#context.api(persistentVolume).delete(refOf(volume));
  }

  /**
   * Empties a volume and makes it available again. Differs: upstream runs a Pod that deletes the files, for which it
   * pulls an image.
   */
  async #recycle(volume: PersistentVolume): Promise<void> {
    const { claimRef, hostPath } = volume.spec;
    const { events } = this.#context;
    const key = `${claimRef?.namespace ?? ''}/${claimRef?.name ?? ''}`;
    const users = this.#context
      .cache(pod)
      .byIndex(podsByClaimName, key)
      .filter((object) => !isPodTerminal(object));
    const again = this.#context.cache(persistentVolumeClaim).get({ namespace: claimRef?.namespace ?? '', name: claimRef?.name ?? '' });
    if (users.length > 0 && again === undefined) {
      const names = users.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`).toSorted();
      events.event(volume, 'Normal', 'VolumeFailedRecycle', `Volume is used by pods: ${names.join(',')}`);
      return;
    }
    const failed = (message: string): Promise<void> => this.#writes.failVolume(volume, { reason: 'VolumeFailedRecycle', message });
    if (hostPath === undefined) return failed('No recycler plugin found for the volume!');
    try {
      await this.#folders.empty(hostPath.path);
    } catch (error) {
      await failed(`Recycle failed: ${errorText(error)}`);
      throw error;
    }
    events.event(volume, 'Normal', 'VolumeRecycled', 'Volume recycled');
    await this.#writes.unbind(volume);
  }
}
