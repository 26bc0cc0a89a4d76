/**
 * What plugins can be configured with, complete with defaults. Source: k8s.io/kube-scheduler
 * config/v1/types_pluginargs.go, pkg/scheduler/apis/config/v1/defaults.go.
 */
import type { NodeAffinity, TopologySpreadConstraint } from '../../../api/generated/core/v1.ts';

export interface WeightedResource {
  readonly name: string;
  readonly weight: number;
}

/** How much a node is worth at a utilization, both from 0: up to 10 at up to 100 %. */
export interface ShapePoint {
  readonly utilization: number;
  readonly score: number;
}

export const scoringTypes = ['LeastAllocated', 'MostAllocated', 'RequestedToCapacityRatio'] as const;

export interface ScoringStrategy {
  readonly type: (typeof scoringTypes)[number];
  readonly resources: readonly WeightedResource[];
  readonly requestedToCapacityRatio?: { readonly shape?: readonly ShapePoint[] };
}

export interface PluginArgs {
  readonly DefaultPreemption: { readonly minCandidateNodesPercentage: number; readonly minCandidateNodesAbsolute: number };
  /** Nothing of it matters here: no devices are allocated. */
  readonly DynamicResources: { readonly filterTimeout?: string; readonly bindingTimeout?: string };
  readonly InterPodAffinity: {
    /** Of a required term of a Pod that is there, in the score for a Pod that it selects; 0 to 100. */
    readonly hardPodAffinityWeight: number;
    readonly ignorePreferredTermsOfExistingPods: boolean;
  };
  /** `addedAffinity` holds for all Pods of the profile, besides their own. */
  readonly NodeAffinity: { readonly addedAffinity?: NodeAffinity };
  readonly NodeResourcesBalancedAllocation: { readonly resources: readonly WeightedResource[] };
  readonly NodeResourcesFit: {
    /** Extended resources, and prefixes of such, that need not fit. */
    readonly ignoredResources: readonly string[];
    readonly ignoredResourceGroups: readonly string[];
    readonly scoringStrategy: ScoringStrategy;
  };
  readonly PodTopologySpread: {
    /** For Pods without constraints; only for the type `List`. */
    readonly defaultConstraints: readonly TopologySpreadConstraint[];
    readonly defaultingType: 'System' | 'List';
  };
  readonly VolumeBinding: { readonly bindTimeoutSeconds: number };
}

export type ConfigurablePlugin = keyof PluginArgs;

export const defaultResources: readonly WeightedResource[] = [
  { name: 'cpu', weight: 1 },
  { name: 'memory', weight: 1 },
];

export const defaultArgs: PluginArgs = {
  DefaultPreemption: { minCandidateNodesPercentage: 10, minCandidateNodesAbsolute: 100 },
  DynamicResources: {},
  InterPodAffinity: { hardPodAffinityWeight: 1, ignorePreferredTermsOfExistingPods: false },
  NodeAffinity: {},
  NodeResourcesBalancedAllocation: { resources: defaultResources },
  NodeResourcesFit: {
    ignoredResources: [],
    ignoredResourceGroups: [],
    scoringStrategy: { type: 'LeastAllocated', resources: defaultResources },
  },
  PodTopologySpread: { defaultConstraints: [], defaultingType: 'System' },
  VolumeBinding: { bindTimeoutSeconds: 600 },
};
