/** What the scheduler counts. Source: pkg/scheduler/metrics/metrics.go. */
import type { Pod } from '../../api/generated/core/v1.ts';
import { type CounterSpec, exponentialBounds, type HistogramSpec, type MeterLabels, type Meters } from '../../api/meters.ts';
import type { Code } from './framework/status.ts';
import type { SchedulerCache } from './scheduler-cache.ts';
import type { QueuedPod, QueueName, SchedulingQueue } from './scheduling-queue.ts';

const attempts: CounterSpec = {
  name: 'scheduler_schedule_attempts_total',
  help: "Number of attempts to schedule pods, by the result. 'unschedulable' means a pod could not be scheduled, while 'error' means an internal scheduler problem.",
};
const attemptSeconds: HistogramSpec = {
  name: 'scheduler_scheduling_attempt_duration_seconds',
  help: 'Scheduling attempt latency in seconds (scheduling algorithm + binding)',
  bounds: exponentialBounds(0.001, 2, 15),
};
const podSeconds: HistogramSpec = {
  name: 'scheduler_pod_scheduling_sli_duration_seconds',
  help: 'E2e latency for a pod being scheduled, from the time the pod enters the scheduling queue and might involve multiple scheduling attempts.',
  bounds: exponentialBounds(0.01, 2, 20),
};
const algorithmSeconds: HistogramSpec = {
  name: 'scheduler_scheduling_algorithm_duration_seconds',
  help: 'Scheduling algorithm latency in seconds',
  bounds: exponentialBounds(0.001, 2, 15),
};
const incoming: CounterSpec = {
  name: 'scheduler_queue_incoming_pods_total',
  help: 'Number of pods added to scheduling queues by event and queue type.',
};
const permitSeconds: HistogramSpec = {
  name: 'scheduler_permit_wait_duration_seconds',
  help: 'Duration of waiting on permit.',
  bounds: exponentialBounds(0.001, 2, 15),
};
const podAttempts: HistogramSpec = {
  name: 'scheduler_pod_scheduling_attempts',
  help: 'Number of attempts to successfully schedule a pod.',
  bounds: exponentialBounds(1, 2, 5),
};

export const preemptionAttempts: CounterSpec = {
  name: 'scheduler_preemption_attempts_total',
  help: 'Total preemption attempts in the cluster till now',
};

export const preemptionVictims: HistogramSpec = {
  name: 'scheduler_preemption_victims',
  help: 'Number of selected preemption victims',
  bounds: exponentialBounds(1, 2, 7),
};

const profileOf = ({ spec }: Pod): string => spec.schedulerName ?? '';
/** Labels for all numbers would be too many. */
const mostAttempts = 15;

/** Counts an attempt that has ended. */
export function countAttempt(meters: Meters, result: 'scheduled' | 'unschedulable' | 'error', queued: QueuedPod, nowMs: number): void {
  const labels = { result, profile: profileOf(queued.pod) };
  meters.count(attempts, labels);
  meters.observe(attemptSeconds, (nowMs - queued.poppedAtMs) / 1000, labels);
  if (result !== 'scheduled') return;
  const shown = queued.attempts >= mostAttempts ? `${mostAttempts}+` : String(queued.attempts);
  meters.observe(podSeconds, (nowMs - (queued.firstActiveAtMs ?? nowMs)) / 1000, { attempts: shown });
  meters.observe(podAttempts, queued.attempts);
}

/** `event`: what brought a Pod into a queue. */
export const countIncoming = (meters: Meters, queue: QueueName, event: string): void => meters.count(incoming, { queue, event });

/** How long it took to find a node, or that there is none. */
export const noteAlgorithm = (meters: Meters, ms: number): void => meters.observe(algorithmSeconds, ms / 1000);

export const notePermitWait = (meters: Meters, result: Code | 'Success' | 'Error', ms: number): void =>
  meters.observe(permitSeconds, ms / 1000, { result });

/** What waits, what the cache holds, and how many Pods are being bound, looked up when somebody asks. */
export function watchQueue(meters: Meters, queue: SchedulingQueue, cache: SchedulerCache, bindings: () => number): void {
  meters.gauge({
    name: 'scheduler_goroutines',
    help: 'Number of running goroutines split by the work they do such as binding.',
    samples: () => [[{ operation: 'binding' }, bindings()]],
  });
  meters.gauge({
    name: 'scheduler_pending_pods',
    help: "Number of pending pods, by the queue type. 'active' means number of pods in activeQ; 'backoff' means number of pods in backoffQ; 'unschedulable' means number of pods in unschedulablePods that the scheduler attempted to schedule and failed; 'gated' is the number of unschedulable pods that the scheduler never attempted to schedule because they are gated.",
    samples: () => Object.entries(queue.sizes).map(([name, size]) => [{ queue: name }, size]),
  });
  meters.gauge({
    name: 'scheduler_unschedulable_pods',
    help: 'The number of unschedulable pods broken down by plugin name. A pod will increment the gauge for all plugins that caused it to not schedule and so this metric have meaning only when broken down by plugin.',
    samples: () => refusals(queue),
  });
  meters.gauge({
    name: 'scheduler_cache_size',
    help: 'Number of nodes, pods, and assumed (bound) pods in the scheduler cache.',
    samples: () => Object.entries(cache.sizes).map(([type, size]) => [{ type }, size]),
  });
}

function refusals(queue: SchedulingQueue): Iterable<readonly [MeterLabels, number]> {
  const counts = new Map<string, readonly [MeterLabels, number]>();
  for (const { pod, rejectors } of queue.unschedulable()) {
    for (const plugin of rejectors.plugins) {
      const labels = { plugin, profile: profileOf(pod) };
      const key = `${plugin} ${labels.profile}`;
      counts.set(key, [labels, (counts.get(key)?.[1] ?? 0) + 1]);
    }
  }
  return counts.values();
}
