/** The classes that every cluster has. Source: pkg/apis/scheduling/v1/helpers.go, pkg/apis/scheduling/types.go. */

/** Values above this one are the system's. */
export const highestUserPriority = 1_000_000_000;
const critical = 2 * highestUserPriority;

export interface SystemPriorityClass {
  readonly name: string;
  readonly value: number;
  readonly description: string;
}

export const systemPriorityClasses: readonly SystemPriorityClass[] = [
  {
    name: 'system-node-critical',
    value: critical + 1000,
    description: 'Used for system critical pods that must not be moved from their current node.',
  },
  {
    name: 'system-cluster-critical',
    value: critical,
    description: 'Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.',
  },
];
