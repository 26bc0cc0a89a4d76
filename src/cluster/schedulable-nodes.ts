/** Tells when pods may be scheduled to nodes that are new, or are back. */
import type { Node } from '../api/generated/core/v1.ts';
import { systemClock } from '../client/clock.ts';
import type { Informer } from '../client/informer.ts';
import { notReadyTaint } from '../controllers/nodes/node-taints.ts';

/** Nodes that have not become schedulable within this time of the host's are not waited for any more. */
const patienceMs = 10_000;

const isTainted = ({ spec }: Node): boolean => (spec.taints ?? []).some(({ key }) => key === notReadyTaint);

/**
 * Resolves when nodes that are Ready have lost the taint that every node begins with, which the node lifecycle
 * controller takes away; without waiting for it, pods that are made at once are refused by all nodes, and tried again
 * after a back-off. Gives up after ten seconds.
 */
export function schedulable(nodes: Informer<Node>, names: readonly string[]): Promise<void> {
  return new Promise((resolve) => {
    const missing = new Set(names);
    const ends: (() => void)[] = [];
    const done = (): void => {
      for (const end of ends.splice(0)) end();
      resolve();
    };
    const look = (node: Node): void => {
      if (isTainted(node) || !missing.delete(node.metadata.name) || missing.size > 0) return;
      done();
    };
    ends.push(systemClock.setTimer(patienceMs, done), nodes.addHandlers({ added: look, updated: look }));
    if (missing.size === 0) done();
  });
}
