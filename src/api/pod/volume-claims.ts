/** The claims that Pods use. Source: pkg/controller/volume/common/common.go, component-helpers storage/ephemeral. */
import type { PersistentVolumeClaim, Pod, Volume } from '../generated/core/v1.ts';

/** The name of the claim that a volume of a Pod uses; undefined when it uses none. */
export const claimNameOf = ({ metadata }: Pod, { name, persistentVolumeClaim, ephemeral }: Volume): string | undefined =>
  persistentVolumeClaim?.claimName ?? (ephemeral === undefined ? undefined : `${metadata.name}-${name}`);

/** The names of the claims that a Pod uses. */
export const claimNamesOf = (object: Pod): readonly string[] =>
  (object.spec.volumes ?? []).flatMap((volume) => claimNameOf(object, volume) ?? []);

/** True when a claim was made for a Pod, which then owns it. */
export const isClaimOf = ({ metadata }: Pod, claim: PersistentVolumeClaim): boolean =>
  (claim.metadata.ownerReferences ?? []).some(({ uid, controller }) => controller === true && uid === metadata.uid);

/** Why a Pod may not use a claim that has the name of its ephemeral volume's; undefined when the claim is its own. */
export const notForPod = (object: Pod, claim: PersistentVolumeClaim): string | undefined =>
  isClaimOf(object, claim)
    ? undefined
    : `PVC ${claim.metadata.namespace}/${claim.metadata.name} was not created for pod ${object.metadata.namespace}/${object.metadata.name} (pod is not owner)`;
