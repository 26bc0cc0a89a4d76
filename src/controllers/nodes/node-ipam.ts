/**
 * Gives each node the range of addresses that its pods have: `spec.podCIDR`. A node that has a range keeps it; the
 * range of a deleted node is given to another. Source: pkg/controller/nodeipam/ipam/range_allocator.go.
 */
import type { Node } from '../../api/generated/core/v1.ts';
import { node as nodeKind } from '../../api/kinds/core/node.ts';
import { controllerAccount } from '../../client/identity.ts';
import { type Controller, type ControllerContext, type ControllerGauge, defineController, settled } from '../controller.ts';
import { PodRanges, type PodRangesOptions } from './pod-ranges.ts';

const cidrsOf = ({ spec }: Node): readonly string[] => (spec.podCIDR ? [spec.podCIDR] : (spec.podCIDRs ?? []));

/** The only controller of kube-controller-manager that says that it runs. */
const running: ControllerGauge = {
  name: 'running_managed_controllers',
  help: 'Indicates where instances of a controller are currently running',
  samples: () => [[{ name: 'nodeipam', manager: 'kube-controller-manager' }, 1]],
};

export function nodeIpamController(options: PodRangesOptions): Controller<Node> {
  const ranges = new PodRanges(options);
  let known = false;
  /** Before a range is given away, those of all nodes are taken note of. */
  const learn = ({ cache }: ControllerContext): void => {
    if (known) return;
    for (const node of cache(nodeKind).list()) for (const cidr of cidrsOf(node)) ranges.occupy(node.metadata.name, cidr);
    known = true;
  };
  return defineController<Node>({
    name: 'node-ipam',
    // Source: pkg/controller/nodeipam/ipam/cidr_allocator.go (cidrUpdateWorkers).
    workers: 30,
    identity: controllerAccount('node-controller'),
    eventSource: 'cidrAllocator',
    reconciles: nodeKind,
    gauges: [running],
    reconcile: async (ref, context) => {
      learn(context);
      const node = context.cache(nodeKind).get(ref);
      if (node === undefined) {
        ranges.release(ref.name);
        return settled;
      }
      const [own] = cidrsOf(node);
      if (own !== undefined) {
        ranges.occupy(ref.name, own);
        return settled;
      }
      const podCIDR = ranges.take(ref.name);
      if (podCIDR === undefined) {
        context.events.event(node, 'Normal', 'CIDRNotAvailable', `Node ${ref.name} status is now: CIDRNotAvailable`);
        throw new Error(
          'failed to allocate cidr from cluster cidr: CIDR allocation failed; there are no remaining CIDRs left to allocate in the accepted range',
        );
      }
      await context.api(nodeKind).patch(ref, { type: 'strategic', body: { spec: { podCIDR, podCIDRs: [podCIDR] } } });
      return settled;
    },
  });
}
