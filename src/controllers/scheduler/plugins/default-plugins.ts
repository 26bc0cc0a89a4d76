/** The plugins of the default profile, in the order in which they run. Source: pkg/scheduler/apis/config/v1/default_plugins.go. */
import type { Plugin, PostFilterPlugin } from '../framework.ts';
import { balancedAllocation } from './balanced-allocation.ts';
import { defaultPreemption } from './default-preemption.ts';
import { dynamicResources } from './dynamic-resources.ts';
import { imageLocality } from './image-locality.ts';
import { nodeAffinity } from './node-affinity.ts';
import { nodeName } from './node-name.ts';
import { nodePorts } from './node-ports.ts';
import { nodeResourcesFit } from './node-resources-fit.ts';
import { nodeUnschedulable } from './node-unschedulable.ts';
import { taintToleration } from './taint-toleration.ts';

export const defaultPlugins: readonly Plugin[] = [
  nodeUnschedulable,
  nodeName,
  taintToleration,
  nodeAffinity,
  nodePorts,
  nodeResourcesFit,
  balancedAllocation,
  imageLocality,
];

export const defaultPostFilters: readonly PostFilterPlugin[] = [dynamicResources, defaultPreemption];
