/** Compares the scheduler's decisions in generated clusters with those of upstream's (scripts/placement). */
import { AssertionError, deepStrictEqual } from 'node:assert';
import { join } from 'node:path';
import { type Decision, decide } from './decide.ts';
import { generateCluster } from './generated-clusters.ts';

/** What upstream decides about each Pod of one cluster. */
export type UpstreamDecisions = Readonly<Record<string, Decision>>;

/** Upstream's decisions in the clusters of the seeds from 1 on, a line each. */
export const recordedDecisions = join(import.meta.dirname, '../../../../testdata/placement/decisions.jsonl');
export const recordedClusters = 300;

/**
 * Each plugin's scores as differences to its worst node: a plugin that has nothing to say may rate all nodes alike by
 * any number. Such plugins are left out.
 */
function relative(scores: Decision['scores'] = {}): Readonly<Record<string, Readonly<Record<string, number>>>> {
  const plugins = new Set(Object.values(scores).flatMap((byPlugin) => Object.keys(byPlugin)));
  const nodes = Object.entries(scores);
  const result: Record<string, Readonly<Record<string, number>>> = {};
  for (const plugin of plugins) {
    const least = Math.min(...nodes.map(([, byPlugin]) => byPlugin[plugin] ?? 0));
    const differences = nodes.map(([node, byPlugin]) => [node, (byPlugin[plugin] ?? 0) - least] as const);
    if (differences.some(([, difference]) => difference !== 0)) result[plugin] = Object.fromEntries(differences);
  }
  return result;
}

/** What is different in the cluster of a seed, as a text; undefined when nothing is. */
export async function compareDecisions(seed: number, expected: UpstreamDecisions): Promise<string | undefined> {
  const cluster = generateCluster(seed);
  for (const pod of cluster.pods) {
    const { scores, ...rest } = expected[pod] ?? {};
    const { scores: ours, ...ourRest } = await decide(cluster, pod);
    const comparable = (fitting: Decision['scores']) => ({
      pod,
      fitting: Object.keys(fitting ?? {}).toSorted(),
      scores: relative(fitting),
    });
    try {
      deepStrictEqual({ ...comparable(ours), ...ourRest }, { ...comparable(scores), ...rest });
    } catch (error) {
      if (error instanceof AssertionError) return error.message;
      throw error;
    }
  }
  return undefined;
}
