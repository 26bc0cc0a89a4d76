/** What the controller of autoscalers counts. Source: pkg/controller/podautoscaler/monitor/metrics.go. */
import type { HorizontalPodAutoscaler } from '../../api/generated/autoscaling/v2.ts';
import { horizontalPodAutoscaler } from '../../api/kinds/autoscaling/horizontal-pod-autoscaler.ts';
import { type CounterSpec, exponentialBounds, type HistogramSpec, type Meters } from '../../api/meters.ts';
import type { ControllerGauge } from '../controller.ts';

export type ScaleAction = 'scale_up' | 'scale_down' | 'none';
/** Whether something failed. What upstream calls `spec`, a fault of the object, its validation finds before. */
export type ErrorLabel = 'internal' | 'none';

const prefix = 'horizontal_pod_autoscaler_controller';
const bounds = exponentialBounds(0.001, 2, 15);
const labelHelp =
  "The label 'action' should be either 'scale_down', 'scale_up', or 'none'. Also, the label 'error' should be either 'spec', 'internal', or 'none'. Note that if both spec and internal errors happen during a reconciliation, the first one to occur is reported in `error` label.";

const looks: CounterSpec = { name: `${prefix}_reconciliations_total`, help: `Number of reconciliations of HPA controller. ${labelHelp}` };
const lookSeconds: HistogramSpec = {
  name: `${prefix}_reconciliation_duration_seconds`,
  help: `The time(seconds) that the HPA controller takes to reconcile once. ${labelHelp}`,
  bounds,
};
const computations: CounterSpec = {
  name: `${prefix}_metric_computation_total`,
  help: "Number of metric computations. The label 'action' should be either 'scale_down', 'scale_up', or 'none'. Also, the label 'error' should be either 'spec', 'internal', or 'none'. The label 'metric_type' corresponds to HPA.spec.metrics[*].type",
};
const computationSeconds: HistogramSpec = {
  name: `${prefix}_metric_computation_duration_seconds`,
  help: "The time(seconds) that the HPA controller takes to calculate one metric. The label 'action' should be either 'scale_down', 'scale_up', or 'none'. The label 'error' should be either 'spec', 'internal', or 'none'. The label 'metric_type' corresponds to HPA.spec.metrics[*].type",
  bounds,
};

/** What going from so many replicas to so many is called. */
export const actionOf = (from: number, to: number): ScaleAction => (to > from ? 'scale_up' : to < from ? 'scale_down' : 'none');

export function countLook(meters: Meters, action: ScaleAction, error: ErrorLabel, ms: number): void {
  meters.count(looks, { action, error });
  meters.observe(lookSeconds, ms / 1000, { action, error });
}

export function countComputation(meters: Meters, action: ScaleAction, error: ErrorLabel, type: string, ms: number): void {
  const labels = { action, error, metric_type: type };
  meters.count(computations, labels);
  meters.observe(computationSeconds, ms / 1000, labels);
}

const all = ({ cache }: Parameters<ControllerGauge['samples']>[0]): readonly HorizontalPodAutoscaler[] =>
  cache(horizontalPodAutoscaler).list();

export const autoscalerGauges: readonly ControllerGauge[] = [
  {
    name: `${prefix}_num_horizontal_pod_autoscalers`,
    help: 'Current number of controlled HPA objects.',
    samples: (context) => [[{}, all(context).length]],
  },
  {
    name: `${prefix}_desired_replicas`,
    help: 'Current desired replica count for HPA objects.',
    samples: (context) =>
      all(context).map(({ metadata, status }) => [
        { namespace: metadata.namespace ?? '', hpa_name: metadata.name },
        status.desiredReplicas ?? 0,
      ]),
  },
];
