/**
 * The Pods that are nominated to a node: they wait there for the Pods that were evicted for them to end. Other Pods of
 * lower or equal priority do not take their place. Known before the API has the nomination. Source:
 * pkg/scheduler/backend/queue/nominator.go
 */
import type { Pod } from '../../api/generated/core/v1.ts';
import type { PodInfo } from './node-info.ts';

/** What plugins see. */
export interface NominatedPods {
  /** In the order of their nomination. */
  on(nodeName: string): readonly PodInfo[];
}

const none: readonly PodInfo[] = [];

export const nominatedNode = ({ status }: Pod): string => status.nominatedNodeName ?? '';

export class Nominator implements NominatedPods {
  readonly #byNode = new Map<string, PodInfo[]>();
  readonly #nodeOf = new Map<string, string>();

  on(nodeName: string): readonly PodInfo[] {
    return this.#byNode.get(nodeName) ?? none;
  }

  /** Nominates a Pod to a node; to none when the name is empty. */
  set(info: PodInfo, nodeName: string): void {
    const { uid } = info.pod.metadata;
    this.delete(uid);
    if (nodeName === '') return;
    this.#nodeOf.set(uid, nodeName);
    const pods = this.#byNode.get(nodeName);
    if (pods === undefined) this.#byNode.set(nodeName, [info]);
    else pods.push(info);
  }

  /** Takes over an update by the API. */
  update(info: PodInfo, previous: Pod | undefined): void {
    const said = nominatedNode(info.pod);
    // An update that does not know of the nomination yet does not end it.
    const kept = said === '' && (previous === undefined || nominatedNode(previous) === '');
    this.set(info, kept ? (this.#nodeOf.get(info.pod.metadata.uid) ?? '') : said);
  }

  delete(uid: string): void {
    const nodeName = this.#nodeOf.get(uid);
    if (nodeName === undefined) return;
    this.#nodeOf.delete(uid);
    const left = this.on(nodeName).filter(({ pod }) => pod.metadata.uid !== uid);
    if (left.length === 0) this.#byNode.delete(nodeName);
    else this.#byNode.set(nodeName, left);
  }
}
