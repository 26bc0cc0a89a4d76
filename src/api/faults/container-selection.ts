/** Which containers a rule is about. */

import { matchesAny } from '../simulated/glob.ts';
import type { FaultRule } from './fault-order.ts';

/** A container as rules see it. */
export interface SelectableContainer {
  readonly namespace: string;
  readonly pod: string;
  /** Undefined for a volume, whose image is pulled. */
  readonly container: string | undefined;
  /** The forms of the image's name: as it is given, with its registry, without its tag. */
  readonly images: readonly string[];
  /** Those of its pod. */
  readonly labels: Readonly<Record<string, string>>;
  readonly node: string;
}

export function selectsContainer(rule: FaultRule, { namespace, pod, container, images, labels, node }: SelectableContainer): boolean {
  return (
    (rule.images.length === 0 || images.some((image) => matchesAny(rule.images, image))) &&
    (rule.selector === undefined || rule.selector.matches(labels)) &&
    (rule.namespaces.length === 0 || matchesAny(rule.namespaces, namespace)) &&
    (rule.pods.length === 0 || matchesAny(rule.pods, pod)) &&
    (rule.containers.length === 0 || (container !== undefined && matchesAny(rule.containers, container))) &&
    (rule.nodes.length === 0 || matchesAny(rule.nodes, node))
  );
}

/** How a container is told of: `container web of team/web-1 on minik`. */
export function containerText({ namespace, pod, container, images, node }: SelectableContainer): string {
  return `${container === undefined ? `image ${images[0] ?? ''}` : `container ${container}`} of ${namespace}/${pod} on ${node}`;
}
