/**
 * The registry: the plugins of the default profile, in the order in which they run. A new plugin is a file beside this
 * one and a line here. Source: pkg/scheduler/apis/config/v1/default_plugins.go.
 */
import type { PluginChoice } from '../configuration/profile.ts';
import type { PluginEntry } from '../framework/plugin.ts';
import { balancedAllocation } from './balanced-allocation.ts';
import { defaultBinder } from './default-binder.ts';
import { defaultPreemption } from './default-preemption.ts';
import { dynamicResources } from './dynamic-resources.ts';
import { imageLocality } from './image-locality.ts';
import { interPodAffinity } from './inter-pod-affinity.ts';
import { nodeAffinity } from './node-affinity.ts';
import { nodeDeclaredFeatures } from './node-declared-features.ts';
import { nodeName } from './node-name.ts';
import { nodePorts } from './node-ports.ts';
import { nodeResourcesFit } from './node-resources-fit.ts';
import { nodeUnschedulable } from './node-unschedulable.ts';
import { nodeVolumeLimits } from './node-volume-limits.ts';
import { podTopologySpread } from './pod-topology-spread.ts';
import { prioritySort } from './priority-sort.ts';
import { schedulingGates } from './scheduling-gates.ts';
import { taintToleration } from './taint-toleration.ts';
import { volumeBinding } from './volume-binding.ts';
import { volumeRestrictions } from './volume-restrictions.ts';
import { volumeZone } from './volume-zone.ts';

export const defaultPlugins: readonly (PluginEntry & PluginChoice)[] = [
  { name: 'SchedulingGates', create: () => schedulingGates },
  { name: 'PrioritySort', create: () => prioritySort },
  { name: 'NodeUnschedulable', create: () => nodeUnschedulable },
  { name: 'NodeName', create: () => nodeName },
  { name: 'TaintToleration', create: () => taintToleration, weight: 3 },
  { name: 'NodeAffinity', create: nodeAffinity, weight: 2 },
  { name: 'NodePorts', create: () => nodePorts },
  { name: 'NodeResourcesFit', create: nodeResourcesFit, weight: 1 },
  { name: 'VolumeRestrictions', create: volumeRestrictions },
  { name: 'NodeVolumeLimits', create: nodeVolumeLimits },
  { name: 'VolumeBinding', create: volumeBinding },
  { name: 'VolumeZone', create: volumeZone },
  { name: 'PodTopologySpread', create: podTopologySpread, weight: 2 },
  { name: 'InterPodAffinity', create: interPodAffinity, weight: 2 },
  { name: 'DynamicResources', create: () => dynamicResources },
  { name: 'DefaultPreemption', create: defaultPreemption },
  { name: 'NodeResourcesBalancedAllocation', create: balancedAllocation, weight: 1 },
  { name: 'ImageLocality', create: () => imageLocality, weight: 1 },
  { name: 'DefaultBinder', create: defaultBinder },
  { name: 'NodeDeclaredFeatures', create: () => nodeDeclaredFeatures },
];
