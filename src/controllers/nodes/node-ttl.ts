/**
 * Tells kubelets for how many seconds they may keep ConfigMaps and Secrets that they do not watch: the larger the
 * cluster, the longer. A node learns of a new figure when it changes next. Source: pkg/controller/ttl.
 */
import type { Node } from '../../api/generated/core/v1.ts';
import { node } from '../../api/kinds/core/node.ts';
import { type Controller, defineController, settled } from '../controller.ts';

const annotation = 'node.alpha.kubernetes.io/ttl';

/** The figure holds for so many nodes. The ranges overlap, so that a node more or less does not change it for all. */
const sizes = [
  { least: 0, most: 100, seconds: 0 },
  { least: 90, most: 500, seconds: 15 },
  { least: 450, most: 1000, seconds: 30 },
  { least: 900, most: 2000, seconds: 60 },
  { least: 1800, most: Number.POSITIVE_INFINITY, seconds: 300 },
] as const;

export function nodeTtlController(): Controller<Node> {
  let size = 0;
  const secondsFor = (nodes: number): number => {
    while (nodes > (sizes[size]?.most ?? nodes)) size++;
    while (nodes < (sizes[size]?.least ?? nodes)) size--;
    return sizes[size]?.seconds ?? 0;
  };
  return defineController<Node>({
    name: 'ttl',
    reconciles: node,
    reconcile: async (ref, { api, cache }) => {
      const object = cache(node).get(ref);
      const wanted = String(secondsFor(cache(node).list().length));
      if (object === undefined || object.metadata.annotations?.[annotation] === wanted) return settled;
      await api(node).patch(ref, { type: 'strategic', body: { metadata: { annotations: { [annotation]: wanted } } } });
      return settled;
    },
  });
}
