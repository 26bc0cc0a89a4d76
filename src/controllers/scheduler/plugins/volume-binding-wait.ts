/**
 * Waits until the binder has bound the claims of a Pod, or until it is clear that it will not. Differs: upstream looks
 * once a second; here every change of a claim or volume is looked at. Source: plugins/volumebinding/binder.go
 * (checkBindings).
 */
import type { Node, PersistentVolume, PersistentVolumeClaim, Pod } from '../../../api/generated/core/v1.ts';
import { persistentVolume } from '../../../api/kinds/core/persistent-volume.ts';
import { persistentVolumeClaim } from '../../../api/kinds/core/persistent-volume-claim.ts';
import { pod as podKind } from '../../../api/kinds/core/pod.ts';
import { type KubeObject, refOf } from '../../../api/object.ts';
import { annotationOf, isFullyBound, isReachableFrom, selectedNode } from '../../volumes/binding.ts';
import type { PluginHandle } from '../framework/plugin.ts';

/** The Pod cannot be bound to its node now, and is scheduled again. */
export class VolumesNotBound extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'VolumesNotBound';
  }
}

/** What is to be written when the Pod goes to a node, or was. */
export interface Decisions {
  readonly volumes: readonly { readonly volume: PersistentVolume; readonly claim: PersistentVolumeClaim }[];
  readonly provisions: readonly PersistentVolumeClaim[];
}

export interface WaitFor {
  readonly pod: Pod;
  readonly node: Node;
  /** What was written. */
  readonly decisions: Decisions;
  readonly timeoutMs: number;
}

type Handle = Pick<PluginHandle, 'informers' | 'clock' | 'signal'>;

/** Resolves when all is bound; rejects with `VolumesNotBound`. */
export async function untilBound(wanted: WaitFor, handle: Handle): Promise<void> {
  const { informers, clock, signal } = handle;
  const ended = Promise.withResolvers<void>();
  const look = (): void => {
    try {
      if (isDone(wanted, handle)) ended.resolve();
    } catch (error) {
      ended.reject(error);
    }
  };
  const stop = (): void => ended.reject(new VolumesNotBound('binding volumes: the scheduler stops'));
  const kinds = [informers.informer(persistentVolumeClaim), informers.informer(persistentVolume), informers.informer(podKind)];
  const unsubscribe = kinds.map((informer) => informer.onProgress(look));
  const cancel = clock.setTimer(wanted.timeoutMs, () => ended.reject(new VolumesNotBound('binding volumes: context deadline exceeded')));
  signal.addEventListener('abort', stop, { once: true });
  try {
    if (signal.aborted) stop();
    look();
    await ended.promise;
  } finally {
    cancel();
    signal.removeEventListener('abort', stop);
    for (const end of unsubscribe) end();
  }
}

const isOlder = (cached: KubeObject, written: KubeObject): boolean =>
  Number(cached.metadata.resourceVersion) < Number(written.metadata.resourceVersion);

const failed = (message: string): VolumesNotBound => new VolumesNotBound(`binding volumes: ${message}`);

function isDone({ pod, node, decisions }: WaitFor, { informers }: Handle): boolean {
  const claims = informers.informer(persistentVolumeClaim).cache;
  const volumes = informers.informer(persistentVolume).cache;
  const { name: nodeName } = node.metadata;
  const current = informers.informer(podKind).cache.get(refOf(pod));
  if (current?.metadata.uid !== pod.metadata.uid) {
    throw failed(`pod does not exist any more: pod ${JSON.stringify(pod.metadata.name)} not found`);
  }
  const notReached = (name: string): VolumesNotBound =>
    failed(`pv ${JSON.stringify(name)} node affinity doesn't match node ${JSON.stringify(nodeName)}: no matching NodeSelectorTerms`);
  for (const { volume: written, claim } of decisions.volumes) {
    const { name } = written.metadata;
    const volume = volumes.get(refOf(written));
    const bound = claims.get(refOf(claim));
    if (volume === undefined) throw failed(`failed to check binding: could not find v1.PersistentVolume ${JSON.stringify(name)}`);
    if (bound === undefined)
      throw failed(`failed to check binding: could not find v1.PersistentVolumeClaim ${JSON.stringify(claim.metadata.name)}`);
    if (isOlder(volume, written)) return false;
    if (!isReachableFrom(volume, node)) throw notReached(name);
    if ((volume.spec.claimRef?.uid ?? '') === '') throw failed(`ClaimRef got reset for pv ${JSON.stringify(name)}`);
    if (!isFullyBound(bound)) return false;
  }
  for (const written of decisions.provisions) {
    const claim = claims.get(refOf(written));
    const quoted = JSON.stringify(written.metadata.name);
    if (claim === undefined) throw failed(`failed to check provisioning pvc: could not find v1.PersistentVolumeClaim ${quoted}`);
    if (isOlder(claim, written)) return false;
    if (annotationOf(claim, selectedNode) !== nodeName) throw failed(`provisioning failed for PVC ${quoted}`);
    if (!isFullyBound(claim)) return false;
    const volume = volumes.get({ namespace: '', name: claim.spec.volumeName ?? '' });
    if (volume === undefined) return false;
    if (!isReachableFrom(volume, node)) throw notReached(volume.metadata.name);
  }
  return true;
}
