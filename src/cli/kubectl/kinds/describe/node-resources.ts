/** The requests and limits of a node's Pods. Source: kubectl pkg/describe/describe.go (describeNodeResource). */
import type { Node, Pod } from '../../../../api/generated/core/v1.ts';
import { podLimits, podRequests, type ResourceAmounts } from '../../../../api/pod/resources.ts';
import { addQuantity, formatQuantity, type Quantity, toMilli, toUnits, tryParseQuantity, zeroQuantity } from '../../../../api/quantity.ts';
import type { Description } from '../../output/description.ts';
import { since } from './common.ts';

const standard = new Set(['cpu', 'memory', 'ephemeral-storage']);

const measure = (name: string, quantity: Quantity): number => (name === 'cpu' ? toMilli(quantity) : toUnits(quantity));

/** `250m (12%)`. */
function share(name: string, amount: Quantity, allocatable: Quantity): string {
  const whole = measure(name, allocatable);
  const percent = whole === 0 ? 0 : Math.trunc((measure(name, amount) / whole) * 100);
  return `${formatQuantity(amount)} (${percent}%)`;
}

const amountOf = (amounts: ResourceAmounts, name: string): Quantity => amounts.get(name) ?? zeroQuantity;

function total(pods: readonly Pod[], of: (pod: Pod) => ResourceAmounts): ResourceAmounts {
  const sums = new Map<string, Quantity>();
  for (const pod of pods)
    for (const [name, amount] of of(pod)) sums.set(name, addQuantity(sums.get(name) ?? { nanos: 0n, format: amount.format }, amount));
  return sums;
}

export function writeNodeResources(to: Description, node: Node, pods: readonly Pod[], nowMs: number): void {
  const { capacity, allocatable } = node.status;
  const available = new Map(
    Object.entries((Object.keys(allocatable ?? {}).length > 0 ? allocatable : capacity) ?? {}).map(([name, text]) => [
      name,
      tryParseQuantity(text) ?? zeroQuantity,
    ]),
  );
  to.line(0, 'Non-terminated Pods:', `(${pods.length} in total)`);
  to.line(1, 'Namespace', 'Name', '', 'CPU Requests', 'CPU Limits', 'Memory Requests', 'Memory Limits', 'Age');
  to.line(1, '---------', '----', '', '------------', '----------', '---------------', '-------------', '---');
  for (const pod of pods) {
    const [requests, limits] = [podRequests(pod), podLimits(pod)];
    const cells = (['cpu', 'memory'] as const).flatMap((name) =>
      [requests, limits].map((amounts) => share(name, amountOf(amounts, name), amountOf(available, name))),
    );
    to.line(1, pod.metadata.namespace ?? '', pod.metadata.name, '', ...cells, since(pod.metadata.creationTimestamp, nowMs));
  }
  to.write(0, 'Allocated resources:\n  (Total limits may be over 100 percent, i.e., overcommitted.)\n');
  to.line(1, 'Resource', 'Requests', 'Limits');
  to.line(1, '--------', '--------', '------');
  const [requests, limits] = [total(pods, podRequests), total(pods, podLimits)];
  const others = [...available.keys()].filter((name) => !standard.has(name)).sort();
  const huge = others.filter((name) => name.startsWith('hugepages-'));
  for (const name of [...standard, ...huge]) {
    to.line(
      1,
      name,
      share(name, amountOf(requests, name), amountOf(available, name)),
      share(name, amountOf(limits, name), amountOf(available, name)),
    );
  }
  for (const name of others.filter((other) => !huge.includes(other) && other !== 'pods' && other !== 'storage')) {
    to.line(1, name, formatQuantity(amountOf(requests, name)), formatQuantity(amountOf(limits, name)));
  }
}
