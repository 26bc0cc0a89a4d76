/** What controllers of nodes count. Source: pkg/controller/{nodelifecycle,tainteviction,podgc}. */
import type { CounterSpec, HistogramSpec } from '../../api/meters.ts';
import type { ControllerGauge } from '../controller.ts';
import type { DisruptionZones } from './disruption-zones.ts';

export const evictedNodes: CounterSpec = {
  name: 'node_collector_evictions_total',
  help: 'Number of Node evictions that happened since current instance of NodeController started.',
};

export const deletedPods: CounterSpec = {
  name: 'taint_eviction_controller_pod_deletions_total',
  help: 'Total number of Pods deleted by TaintEvictionController since its start.',
};

export const deletionDelay: HistogramSpec = {
  name: 'taint_eviction_controller_pod_deletion_duration_seconds',
  help: 'Latency, in seconds, between the time when a taint effect has been activated for the Pod and its deletion via TaintEvictionController.',
  bounds: [0.005, 0.025, 0.1, 0.5, 1, 2.5, 10, 30, 60, 120, 180, 240],
};

export const collectedPods: CounterSpec = {
  name: 'pod_gc_collector_force_delete_pods_total',
  help: 'Number of pods that are being forcefully deleted since the Pod GC Controller started.',
};

export const uncollectedPods: CounterSpec = {
  name: 'pod_gc_collector_force_delete_pod_errors_total',
  help: 'Number of errors encountered when forcefully deleting the pods since the Pod GC Controller started.',
};

/** The state of each zone. */
export const zoneGauges = (zones: DisruptionZones): readonly ControllerGauge[] => [
  {
    name: 'node_collector_zone_health',
    help: 'Gauge measuring percentage of healthy nodes per zone.',
    samples: () => [...zones.sizes()].map(({ zone, ready, notReady }) => [{ zone }, (100 * ready) / (ready + notReady)]),
  },
  {
    name: 'node_collector_zone_size',
    help: 'Gauge measuring number of registered Nodes per zones.',
    samples: () => [...zones.sizes()].map(({ zone, ready, notReady }) => [{ zone }, ready + notReady]),
  },
  {
    name: 'node_collector_unhealthy_nodes_in_zone',
    help: 'Gauge measuring number of not Ready Nodes per zones.',
    samples: () => [...zones.sizes()].map(({ zone, notReady }) => [{ zone }, notReady]),
  },
];
