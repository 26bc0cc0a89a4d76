/** What the EndpointSlice controller counts. Source: k8s.io/endpointslice/metrics/metrics.go. */
import type { EndpointSlice } from '../../api/generated/discovery/v1.ts';
import { service } from '../../api/kinds/core/service.ts';
import { endpointSlice } from '../../api/kinds/discovery/endpoint-slice.ts';
import { type CounterSpec, exponentialBounds, type HistogramSpec, type Meters } from '../../api/meters.ts';
import type { ControllerContext, ControllerGauge } from '../controller.ts';
import { portsKey } from './service-pods.ts';
import { managedByLabel, type SliceChange, serviceNameLabel } from './slices.ts';

const prefix = 'endpoint_slice_controller';

/** `result`: `success` or `error`. */
export const sliceSyncs: CounterSpec = { name: `${prefix}_syncs`, help: 'Number of EndpointSlice syncs' };

const bounds = exponentialBounds(2, 2, 15);
const added: HistogramSpec = { name: `${prefix}_endpoints_added_per_sync`, help: 'Number of endpoints added on each Service sync', bounds };
const removed: HistogramSpec = {
  name: `${prefix}_endpoints_removed_per_sync`,
  help: 'Number of endpoints removed on each Service sync',
  bounds,
};

export function noteSliceChange(meters: Meters, change: SliceChange): void {
  meters.observe(added, change.added);
  meters.observe(removed, change.removed);
}

/** How many Services ask for which distribution of their traffic. */
function distributions({ cache }: ControllerContext): ReturnType<ControllerGauge['samples']> {
  const counts = new Map<string, number>();
  for (const { spec } of cache(service).list()) {
    const { trafficDistribution: wish } = spec;
    if (wish !== undefined) counts.set(wish, (counts.get(wish) ?? 0) + 1);
  }
  return [...counts].map(([wish, count]) => [{ traffic_distribution: wish }, count]);
}

/** `capacity`: of a slice. */
export function sliceGauges(manager: string, capacity: number): readonly ControllerGauge[] {
  const slices = ({ cache }: ControllerContext): readonly EndpointSlice[] =>
    cache(endpointSlice)
      .list()
      .filter(({ metadata }) => metadata.labels?.[managedByLabel] === manager);
  const size = ({ endpoints }: EndpointSlice): number => endpoints?.length ?? 0;
  /** With as few slices as the ports of each Service allow. */
  const fewest = (all: readonly EndpointSlice[]): number => {
    const counts = new Map<string, number>();
    for (const slice of all) {
      const { namespace, labels } = slice.metadata;
      const key = `${namespace}/${labels?.[serviceNameLabel]} ${slice.addressType} ${portsKey(slice.ports ?? [])}`;
      counts.set(key, (counts.get(key) ?? 0) + size(slice));
    }
    return [...counts.values()].reduce((sum, count) => sum + Math.max(1, Math.ceil(count / capacity)), 0);
  };
  return [
    {
      name: `${prefix}_endpoints_desired`,
      help: 'Number of endpoints desired',
      samples: (context) => [[{}, slices(context).reduce((sum, slice) => sum + size(slice), 0)]],
    },
    { name: `${prefix}_num_endpoint_slices`, help: 'Number of EndpointSlices', samples: (context) => [[{}, slices(context).length]] },
    {
      name: `${prefix}_desired_endpoint_slices`,
      help: 'Number of EndpointSlices that would exist with perfect endpoint allocation',
      samples: (context) => [[{}, fewest(slices(context))]],
    },
    {
      name: `${prefix}_services_count_by_traffic_distribution`,
      help: 'Number of Services using some specific trafficDistribution',
      samples: distributions,
    },
  ];
}
