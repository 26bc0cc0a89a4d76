/** Builds the message of a Pod that fits on no node. Source: pkg/scheduler/framework/types.go FitError. */
import type { Diagnosis } from './select-node.ts';

/** `0/3 nodes are available: 1 Insufficient cpu, 2 node(s) were unschedulable.` */
export function fitMessage(nodeCount: number, reasons: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  const texts = [...counts].map(([reason, count]) => `${count} ${reason}`).sort();
  const head = `0/${nodeCount} nodes are available:`;
  return texts.length === 0 ? head : `${head} ${texts.join(', ')}.`;
}

/** The whole message, including PostFilter's part. */
export function diagnosisMessage({ nodeCount, statuses, preFilterMessage }: Diagnosis, postFilterReasons: readonly string[]): string {
  const reasons = [...statuses.byNode.values()].flatMap((status) => status.reasons);
  for (const reason of statuses.absent?.reasons ?? []) {
    for (let left = nodeCount - statuses.byNode.size; left > 0; left--) reasons.push(reason);
  }
  const why = preFilterMessage === undefined ? fitMessage(nodeCount, reasons) : `0/${nodeCount} nodes are available: ${preFilterMessage}.`;
  return postFilterReasons.length === 0 ? why : `${why} ${postFilterReasons.join(', ')}`;
}
