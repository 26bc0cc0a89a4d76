/** The claims that Pods use. Source: pkg/controller/volume/common/common.go, component-helpers storage/ephemeral. */
import type { PersistentVolumeClaim, Pod, Volume } from '../../api/generated/core/v1.ts';
import { pod } from '../../api/kinds/core/pod.ts';
import { type CacheIndex, indexing } from '../controller.ts';

/** The name of the claim that a volume of a Pod uses; undefined when it uses none. */
export const claimNameOf = ({ metadata }: Pod, { name, persistentVolumeClaim, ephemeral }: Volume): string | undefined =>
  persistentVolumeClaim?.claimName ?? (ephemeral === undefined ? undefined : `${metadata.name}-${name}`);

/** The names of the claims that a Pod uses. */
export const claimNamesOf = (object: Pod): readonly string[] =>
  (object.spec.volumes ?? []).flatMap((volume) => claimNameOf(object, volume) ?? []);

/** True when a claim was made for a Pod, which then owns it. */
export const isClaimOf = ({ metadata }: Pod, claim: PersistentVolumeClaim): boolean =>
  (claim.metadata.ownerReferences ?? []).some(({ uid, controller }) => controller === true && uid === metadata.uid);

/** Of the index of Pods by the claims that they use, as `namespace/claim`. */
export const podsByClaimName = 'pod-pvc-index';

export const podsByClaim: CacheIndex = indexing(pod, podsByClaimName, (object) =>
  claimNamesOf(object).map((name) => `${object.metadata.namespace}/${name}`),
);
