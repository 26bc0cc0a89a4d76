/** `metrics.k8s.io`: the usage of nodes and pods, as metrics-server serves it. */
import type { KubeObject } from '../../../api/object.ts';
import { asJson } from '../../../api/object-fields.ts';
import { nodeMetricsKind, podMetricsKind } from '../../resource-metrics/metrics-kinds.ts';
import type { ResourceMetrics } from '../../resource-metrics/resource-metrics.ts';
import type { VirtualResource } from './virtual-resource.ts';

const asObjects = (metrics: readonly KubeObject[]) => metrics.map((object) => asJson(object));

/** Both resources. */
export const resourceMetrics = (metrics: ResourceMetrics): readonly VirtualResource[] => [
  { kind: nodeMetricsKind, verbs: ['get', 'list'], query: async (query) => asObjects(await metrics.nodes(query)) },
  { kind: podMetricsKind, verbs: ['get', 'list'], query: async (query) => asObjects(await metrics.pods(query)) },
];
