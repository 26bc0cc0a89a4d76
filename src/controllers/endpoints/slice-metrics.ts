/** What the EndpointSlice controller counts. Source: k8s.io/endpointslice/metrics/metrics.go. */
import type { EndpointSlice } from '../../api/generated/discovery/v1.ts';
import { endpointSlice } from '../../api/kinds/discovery/endpoint-slice.ts';
import type { CounterSpec } from '../../api/meters.ts';
import type { ControllerContext, ControllerGauge } from '../controller.ts';
import { portsKey } from './service-pods.ts';
import { managedByLabel, serviceNameLabel } from './slices.ts';

const prefix = 'endpoint_slice_controller';

/** `result`: `success` or `error`. */
export const sliceSyncs: CounterSpec = { name: `${prefix}_syncs`, help: 'Number of EndpointSlice syncs' };

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
  ];
}
