/** How long admission takes, as metrics with upstream's names. Source: apiserver pkg/admission/metrics/metrics.go. */
import type { Histogram } from '../api/histogram.ts';
import type { Labels, MetricSource } from '../api/metric-text.ts';
import type { AdmissionObservations, StepTimes } from '../server/admission/admission-observations.ts';

type Samples = readonly (readonly [Labels, Histogram])[];

const samplesOf = (times: Readonly<Record<'admit' | 'validate', StepTimes>>, more: Labels): Samples =>
  (['admit', 'validate'] as const).flatMap((type) =>
    [...times[type].samples()].map(
      ({ operation, rejected, seconds }) => [{ ...more, operation, rejected: String(rejected), type }, seconds] as const,
    ),
  );

const about = 'broken out for each operation and API resource and';

const ofConditions = 'broken out for each kind containing matchConditions (webhook or policy), operation and';

export const admissionMetrics = ({ steps, plugins, webhookTimes, webhookCalls, conditionTimes }: AdmissionObservations): MetricSource => ({
  write(text) {
    text.histogram(
      'apiserver_admission_controller_admission_duration_seconds',
      `Admission controller latency histogram in seconds, identified by name and ${about} type (validate or admit).`,
      [...plugins].flatMap(([name, times]) => samplesOf(times, { name })),
    );
    text.histogram(
      'apiserver_admission_step_admission_duration_seconds',
      `Admission sub-step latency histogram in seconds, ${about} step type (validate or admit).`,
      samplesOf(steps, {}),
    );
    text.histogram(
      'apiserver_admission_webhook_admission_duration_seconds',
      `Admission webhook latency histogram in seconds, identified by name and ${about} type (validate or admit).`,
      [...webhookTimes.values()].map(({ name, operation, rejected, type, seconds }) => [
        { name, operation, rejected: String(rejected), type },
        seconds,
      ]),
    );
    const conditions = [...conditionTimes.values()].map(
      ({ name, kind, operation, type, ...times }) => [{ kind, name, operation, type }, times] as const,
    );
    const counted = (count: 'errors' | 'exclusions') =>
      conditions.flatMap(([labels, times]) => (times[count] === 0 ? [] : [[labels, times[count]] as const]));
    text.counter(
      'apiserver_admission_match_condition_evaluation_errors_total',
      `Admission match condition evaluation errors count, identified by name of resource containing the match condition and ${ofConditions} admission type (validate or admit).`,
      counted('errors'),
    );
    text.histogram(
      'apiserver_admission_match_condition_evaluation_seconds',
      `Admission match condition evaluation time in seconds, identified by name and ${ofConditions} type (validate or admit).`,
      conditions.map(([labels, { seconds }]) => [labels, seconds]),
    );
    text.counter(
      'apiserver_admission_match_condition_exclusions_total',
      `Admission match condition evaluation exclusions count, identified by name of resource containing the match condition and ${ofConditions} admission type (validate or admit).`,
      counted('exclusions'),
    );
    const calls = [...webhookCalls.values()];
    const refusals = calls.filter(({ refused }) => refused !== undefined);
    const open = calls.filter(({ failedOpen }) => failedOpen);
    text.counter(
      'apiserver_admission_webhook_fail_open_count',
      'Admission webhook fail open count, identified by name and broken out for each admission type (validating or admit).',
      summed(open.map(({ name, type, count }) => [{ name, type }, count])),
    );
    text.counter(
      'apiserver_admission_webhook_rejection_count',
      'Admission webhook rejection count, identified by name and broken out for each admission type (validating or admit) and operation. Additional labels specify an error type (calling_webhook_error or apiserver_internal_error if an error occurred; no_error otherwise) and optionally a non-zero rejection code if the webhook rejects the request with an HTTP status code (honored by the apiserver when the code is greater or equal to 400). Codes greater than 600 are truncated to 600, to keep the metrics cardinality bounded.',
      refusals.map(({ name, type, operation, code, refused = 'no_error', count }) => [
        { error_type: refused, name, operation, rejection_code: String(code), type },
        count,
      ]),
    );
    text.counter(
      'apiserver_admission_webhook_request_total',
      'Admission webhook request total, identified by name and broken out for each admission type (validating or admit) and operation. Additional labels specify whether the request was rejected or not and an HTTP status code. Codes greater than 600 are truncated to 600, to keep the metrics cardinality bounded.',
      summed(
        calls.map(({ name, type, operation, code, refused, count }) => [
          { code: String(code), name, operation, rejected: String(refused !== undefined), type },
          count,
        ]),
      ),
    );
  },
});

/** One sample for all that have the same labels. */
function summed(samples: readonly (readonly [Labels, number])[]): readonly (readonly [Labels, number])[] {
  const sums = new Map<string, [Labels, number]>();
  for (const [labels, count] of samples) {
    const key = JSON.stringify(labels);
    const sum = sums.get(key) ?? [labels, 0];
    sum[1] += count;
    sums.set(key, sum);
  }
  return [...sums.values()];
}
