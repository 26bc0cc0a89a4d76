/**
 * How `minik node` and the running server agree on the nodes of a cluster. The command writes which nodes are wanted
 * (`nodes.json`), with a number that rises with every change; the server follows that file, and writes up to which
 * number it has come, and what it could not do (`nodes-done.json`).
 */
import type { NodeSettings } from '../nodes.ts';

export const wantedFile = 'nodes.json';
export const doneFile = 'nodes-done.json';

export interface WantedNodes {
  readonly revision: number;
  readonly nodes: readonly NodeSettings[];
}

export interface DoneNodes {
  readonly revision: number;
  /** Errors by the node's name. */
  readonly failures: Readonly<Record<string, string>>;
}
