/** The types of `metrics.k8s.io`. Source: k8s.io/metrics pkg/apis/metrics/v1beta1/types.go; metrics-server pkg/api. */
import type { NodeMetrics, PodMetrics } from '../../api/generated/metrics/v1beta1.ts';
import { defineKind } from '../../api/kind.ts';
import { addQuantity, formatQuantity, parseQuantity, zeroQuantity } from '../../api/quantity.ts';
import type { Column } from '../../api/table.ts';

export const metricsGroup = 'metrics.k8s.io';
const model = (name: string): string => `io.k8s.metrics.pkg.apis.metrics.v1beta1.${name}`;

type Usage = Readonly<Record<string, string>>;
type Measured = NodeMetrics | PodMetrics;

/** A resource of all containers together. */
const total = (usages: readonly Usage[], resource: string): string =>
  formatQuantity(
    usages
      .map((usage) => usage[resource])
      .filter((amount) => amount !== undefined)
      .map((amount) => parseQuantity(amount))
      .reduce((sum, amount) => (sum === zeroQuantity ? amount : addQuantity(sum, amount)), zeroQuantity),
  );

/** Source: metrics-server pkg/api/table.go. */
const columns = <T extends Measured>(usagesOf: (object: T) => readonly Usage[]): readonly Column<T>[] => [
  { name: 'Name', type: 'string', format: 'name', description: 'Name of the resource', value: ({ metadata }) => metadata.name },
  { name: 'cpu', type: 'string', format: 'quantity', value: (object) => total(usagesOf(object), 'cpu') },
  { name: 'memory', type: 'string', format: 'quantity', value: (object) => total(usagesOf(object), 'memory') },
  { name: 'Window', type: 'string', format: 'duration', value: ({ window }) => window },
];

export const nodeMetricsKind = defineKind<NodeMetrics>({
  group: metricsGroup,
  version: 'v1beta1',
  kind: 'NodeMetrics',
  plural: 'nodes',
  names: { singular: '' },
  scope: 'Cluster',
  codec: { schema: model('NodeMetrics') },
  table: { columns: columns(({ usage }) => [usage]) },
});

export const podMetricsKind = defineKind<PodMetrics>({
  group: metricsGroup,
  version: 'v1beta1',
  kind: 'PodMetrics',
  plural: 'pods',
  names: { singular: '' },
  scope: 'Namespaced',
  codec: { schema: model('PodMetrics') },
  table: { columns: columns(({ containers }) => containers.map(({ usage }) => usage)) },
});
