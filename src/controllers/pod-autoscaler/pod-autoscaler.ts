/**
 * The HorizontalPodAutoscaler controller. Each object is looked at 15 s after it was made and every 15 s from then on,
 * never in between. Without objects it does nothing. Source: pkg/controller/podautoscaler/horizontal.go.
 */
import { errorText } from '../../api/error-text.ts';
import type { HorizontalPodAutoscaler } from '../../api/generated/autoscaling/v2.ts';
import { horizontalPodAutoscaler } from '../../api/kinds/autoscaling/horizontal-pod-autoscaler.ts';
import { pod } from '../../api/kinds/core/pod.ts';
import { controllerAccount } from '../../client/identity.ts';
import type { KindCatalog } from '../../client/kind-catalog.ts';
import { type Controller, type ControllerContext, defineController, settled } from '../controller.ts';
import { autoscalerGauges, countLook } from './autoscaler-metrics.ts';
import { AutoscalerSync } from './autoscaler-sync.ts';
import { MetricProposals } from './metric-proposals.ts';
import { type MetricsApis, MetricsClient } from './metrics-apis.ts';
import { ReplicaCalculator } from './replica-calculator.ts';
import { ScalingHistory } from './scaling-history.ts';

/** `--horizontal-pod-autoscaler-sync-period`. */
const syncPeriodMs = 15_000;

/** Whom the controller is: its role allows what it may do and read. */
export const podAutoscalerAccount = controllerAccount('horizontal-pod-autoscaler');

/** Makes the controller; it reads metrics from `apis`. */
export function podAutoscaler(kinds: KindCatalog, apis: MetricsApis): Controller<HorizontalPodAutoscaler> {
  const histories = new Map<string, ScalingHistory>();
  const metrics = new MetricsClient(apis, kinds);
  const proposalsFor = ({ cache, clock }: ControllerContext): MetricProposals =>
    new MetricProposals(
      new ReplicaCalculator({ metrics, pods: (namespace, selector) => cache(pod).list({ namespace, selector }), now: () => clock.now() }),
    );
  return defineController<HorizontalPodAutoscaler>({
    name: 'horizontal-pod-autoscaler',
    eventSource: 'horizontal-pod-autoscaler',
    identity: podAutoscalerAccount,
    reconciles: horizontalPodAutoscaler,
    reads: [pod],
    gauges: autoscalerGauges,
    reconcile: async (ref, context) => {
      const { clock, log } = context;
      const key = `${ref.namespace}/${ref.name}`;
      const hpa = context.cache(horizontalPodAutoscaler).get(ref);
      if (hpa === undefined) {
        histories.delete(key);
        return settled;
      }
      const history = histories.get(key) ?? new ScalingHistory(clock.now() + syncPeriodMs);
      histories.set(key, history);
      if (clock.now() < history.dueMs) return { requeueAfterMs: history.dueMs - clock.now() };
      const fromMs = clock.now();
      const sync = new AutoscalerSync(hpa, { context, kinds, history, histories, proposals: proposalsFor(context) });
      try {
        await sync.run();
      } catch (error) {
        // The next look is after the usual time, as upstream: an object is never looked at more often.
        log.warn('An autoscaler could not be brought up to date', { autoscaler: key, error: errorText(error) });
      }
      countLook(context.meters, sync.action, sync.error, clock.now() - fromMs);
      history.dueMs = clock.now() + syncPeriodMs;
      return { requeueAfterMs: syncPeriodMs };
    },
  });
}
