/**
 * What plugins look at in a Pod, computed once and shared: Pods of one template have the same facts, so that a node can
 * count Pods by them instead of looking at each Pod again for every Pod that is scheduled.
 */
import type { Pod } from '../../api/generated/core/v1.ts';
import { LruMap } from '../../client/lru-map.ts';
import { affinitiesOf, type Kin, type PodAffinities } from './affinity-terms.ts';
import { hostPorts, type PodInfo } from './node-info.ts';
import { type PodRequests, podRequests, requestsKey } from './pod-requests.ts';

/** How many different values of each fact are remembered. */
const maxRemembered = 1000;

export class PodFacts {
  readonly #requests = new LruMap<string, PodRequests>(maxRemembered);
  readonly #affinities = new LruMap<string, PodAffinities | undefined>(maxRemembered);
  readonly #kin = new LruMap<string, Kin>(maxRemembered);

  readonly #infos = new WeakMap<Pod, PodInfo>();

  /** The `PodInfo` of a Pod. */
  of(pod: Pod): PodInfo {
    let info = this.#infos.get(pod);
    if (info === undefined) {
      info = this.#compute(pod);
      this.#infos.set(pod, info);
    }
    return info;
  }

  #compute(pod: Pod): PodInfo {
    const requests = remembered(this.#requests, requestsKey(pod), () => podRequests(pod));
    return { pod, requests, ports: hostPorts(pod), affinities: this.#affinitiesOf(pod), kin: this.#kinOf(pod) };
  }

  #affinitiesOf(pod: Pod): PodAffinities | undefined {
    const { podAffinity, podAntiAffinity } = pod.spec.affinity ?? {};
    if (podAffinity === undefined && podAntiAffinity === undefined) return undefined;
    const key = JSON.stringify([pod.metadata.namespace, podAffinity, podAntiAffinity]);
    return remembered(this.#affinities, key, () => affinitiesOf(pod));
  }

  #kinOf({ metadata }: Pod): Kin {
    const { namespace = '', labels = {} } = metadata;
    const terminating = metadata.deletionTimestamp !== undefined;
    const key = JSON.stringify([namespace, terminating, labels]);
    return remembered(this.#kin, key, () => ({ namespace, labels, terminating }));
  }
}

function remembered<V>(known: LruMap<string, V>, key: string, compute: () => V): V {
  let value = known.get(key);
  if (value === undefined) {
    value = compute();
    known.set(key, value);
  }
  return value;
}
