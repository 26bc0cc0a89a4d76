/** What quotas count of Services. Source: pkg/quota/v1/evaluator/core/services.go. */
import type { Service } from '../generated/core/v1.ts';
import { quantityOf } from '../quantity.ts';
import { objectCountName, one, type QuotaEvaluator } from './evaluator.ts';

const names: ReadonlySet<string> = new Set([objectCountName('services'), 'services', 'services.nodeports', 'services.loadbalancers']);

/** Node ports as intended: they may not be allocated yet. */
function nodePorts({ spec: { type, ports = [], allocateLoadBalancerNodePorts } }: Service): number {
  if (type === 'LoadBalancer' && allocateLoadBalancerNodePorts === false) return ports.filter(({ nodePort = 0 }) => nodePort !== 0).length;
  return type === 'NodePort' || type === 'LoadBalancer' ? ports.length : 0;
}

export const serviceEvaluator: QuotaEvaluator = {
  counts: (name) => names.has(name),
  usage: (object) => {
    // Only Services are passed to this evaluator.
    const service = object as Service;
    return new Map([
      [objectCountName('services'), one],
      ['services', one],
      ['services.nodeports', quantityOf(nodePorts(service))],
      ['services.loadbalancers', quantityOf(service.spec.type === 'LoadBalancer' ? 1 : 0)],
    ]);
  },
  isCharged: ({ operation, subresource }) => subresource === '' && (operation === 'CREATE' || operation === 'UPDATE'),
};
