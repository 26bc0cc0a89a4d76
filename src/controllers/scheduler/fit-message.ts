/** `0/3 nodes are available: 1 Insufficient cpu, 2 node(s) were unschedulable.` Source: pkg/scheduler/framework/types.go FitError. */
export function fitMessage(nodeCount: number, reasons: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  const texts = [...counts].map(([reason, count]) => `${count} ${reason}`).sort();
  const head = `0/${nodeCount} nodes are available:`;
  return texts.length === 0 ? head : `${head} ${texts.join(', ')}.`;
}
