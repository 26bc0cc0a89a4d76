/**
 * The writes of the binder. Each writes only what differs, and returns the newest version of the object. Source:
 * pkg/controller/volume/persistentvolume/pv_controller.go.
 */
import type { PersistentVolume, PersistentVolumeClaim } from '../../api/generated/core/v1.ts';
import { persistentVolume } from '../../api/kinds/core/persistent-volume.ts';
import { persistentVolumeClaim } from '../../api/kinds/core/persistent-volume-claim.ts';
import { compareQuantity, tryParseQuantity, zeroQuantity } from '../../api/quantity.ts';
import { sameJson } from '../../api/same-json.ts';
import type { ControllerContext } from '../controller.ts';
import type { Assumed } from './assumed.ts';
import { annotated, annotationOf, bindCompleted, boundByController, capacityOf, withClaim } from './binding.ts';

type ClaimPhase = PersistentVolumeClaim['status']['phase'];
type VolumePhase = PersistentVolume['status']['phase'];

/** What was written, and may not be in the caches yet. Shared by the two controllers of the binder. */
export interface Written {
  readonly claims: Assumed<PersistentVolumeClaim>;
  readonly volumes: Assumed<PersistentVolume>;
}

export interface WarningText {
  readonly reason: string;
  readonly message: string;
}

export class BindingWrites {
  readonly #context: ControllerContext;
  readonly #written: Written;

  constructor(context: ControllerContext, written: Written) {
    this.#context = context;
    this.#written = written;
  }

  async updateClaim(claim: PersistentVolumeClaim): Promise<PersistentVolumeClaim> {
    const saved = await this.#context.api(persistentVolumeClaim).update(claim);
    this.#written.claims.assume(saved);
    return saved;
  }

  async updateVolume(volume: PersistentVolume): Promise<PersistentVolume> {
    const saved = await this.#context.api(persistentVolume).update(volume);
    this.#written.volumes.assume(saved);
    return saved;
  }

  /** Sets the phase of a claim, and what it has from its volume. */
  async claimStatus(claim: PersistentVolumeClaim, phase: ClaimPhase, volume?: PersistentVolume): Promise<PersistentVolumeClaim> {
    const { accessModes: _, capacity: __, currentVolumeAttributesClassName: ___, ...rest } = claim.status;
    const status = volume === undefined ? { ...rest, phase } : { ...rest, phase, ...fromVolume(claim, phase, volume) };
    if (sameJson(status, claim.status)) return claim;
    const saved = await this.#context.api(persistentVolumeClaim).updateStatus({ ...claim, status });
    this.#written.claims.assume(saved);
    return saved;
  }

  /** The claim has no volume any more. The Event is recorded only with the change. */
  async loseClaim(claim: PersistentVolumeClaim, { reason, message }: WarningText): Promise<void> {
    if (claim.status.phase === 'Lost') return;
    this.#context.events.event(await this.claimStatus(claim, 'Lost'), 'Warning', reason, message);
  }

  async volumePhase(volume: PersistentVolume, phase: VolumePhase, message?: string): Promise<PersistentVolume> {
    if (volume.status.phase === phase) return volume;
    const { message: _, ...rest } = volume.status;
    const status = { ...rest, phase, ...(message === undefined ? {} : { message }) };
    const saved = await this.#context.api(persistentVolume).updateStatus({ ...volume, status });
    this.#written.volumes.assume(saved);
    return saved;
  }

  /** The volume could not be reclaimed. The Event is recorded only with the change. */
  async failVolume(volume: PersistentVolume, { reason, message }: WarningText): Promise<void> {
    if (volume.status.phase === 'Failed') return;
    this.#context.events.event(await this.volumePhase(volume, 'Failed', message), 'Warning', reason, message);
  }

  /** Binds both sides, the volume first. After an error the next attempt goes on where this one ended. */
  async bind(volume: PersistentVolume, claim: PersistentVolumeClaim): Promise<void> {
    const claimed = withClaim(volume, claim);
    const saved = claimed === volume ? volume : await this.updateVolume(claimed);
    const bound = await this.volumePhase(saved, 'Bound');
    await this.claimStatus(await this.#bindClaim(claim, bound), 'Bound', bound);
  }

  async #bindClaim(claim: PersistentVolumeClaim, { metadata: { name } }: PersistentVolume): Promise<PersistentVolumeClaim> {
    const chosenHere = claim.spec.volumeName !== name;
    if (!chosenHere && annotationOf(claim, bindCompleted) !== undefined) return claim;
    const marks = chosenHere ? { [boundByController]: annotationOf(claim, boundByController) ?? 'yes' } : {};
    const named = chosenHere ? { ...claim, spec: { ...claim.spec, volumeName: name } } : claim;
    return this.updateClaim(annotated(named, { ...marks, [bindCompleted]: annotationOf(claim, bindCompleted) ?? 'yes' }));
  }

  /** Frees a volume; one that a user reserved for a claim stays reserved for the name. */
  async unbind(volume: PersistentVolume): Promise<void> {
    const { claimRef, ...free } = volume.spec;
    const byUser = annotationOf(volume, boundByController) === undefined && claimRef !== undefined;
    const spec = byUser ? { ...free, claimRef: { ...claimRef, uid: undefined } } : free;
    const saved = await this.updateVolume(annotated({ ...volume, spec }, { [boundByController]: undefined }));
    await this.volumePhase(saved, 'Available');
  }
}

/** What a claim shows of its volume. A claim that is bound already keeps its capacity: it may be growing. */
function fromVolume(
  { status }: PersistentVolumeClaim,
  phase: ClaimPhase,
  volume: PersistentVolume,
): Partial<PersistentVolumeClaim['status']> {
  const { accessModes, capacity, volumeAttributesClassName } = volume.spec;
  const own = tryParseQuantity(status.capacity?.storage);
  const takesCapacity = status.phase !== phase && (own === undefined || compareQuantity(own ?? zeroQuantity, capacityOf(volume)) !== 0);
  const current = status.phase === 'Pending' && phase === 'Bound' ? volumeAttributesClassName : status.currentVolumeAttributesClassName;
  const shown = takesCapacity ? capacity : status.capacity;
  return {
    ...(accessModes === undefined ? {} : { accessModes }),
    ...(shown === undefined ? {} : { capacity: shown }),
    ...(current === undefined ? {} : { currentVolumeAttributesClassName: current }),
  };
}
