/** How controllers find the Pods that use a claim. */
import { pod } from '../../api/kinds/core/pod.ts';
import { claimNamesOf } from '../../api/pod/volume-claims.ts';
import { type CacheIndex, indexing } from '../controller.ts';

/** Of the index of Pods by the claims that they use, as `namespace/claim`. */
export const podsByClaimName = 'pod-pvc-index';

export const podsByClaim: CacheIndex = indexing(pod, podsByClaimName, (object) =>
  claimNamesOf(object).map((name) => `${object.metadata.namespace}/${name}`),
);
