/**
 * How long the plugins of an extension point take together, and how often each of them runs. Source:
 * pkg/scheduler/metrics/metrics.go, pkg/scheduler/framework/runtime/{framework,instrumented_plugins}.go.
 */
import type { Histogram } from '../../../api/histogram.ts';
import { type Counter, type CounterSpec, exponentialBounds, type HistogramSpec, type Meters } from '../../../api/meters.ts';
import type { Clock } from '../../../client/clock.ts';
import type { Code, Status } from './status.ts';

const pointSeconds: HistogramSpec = {
  name: 'scheduler_framework_extension_point_duration_seconds',
  help: 'Latency for running all plugins of a specific extension point.',
  bounds: exponentialBounds(0.0001, 2, 12),
};
const evaluations: CounterSpec = {
  name: 'scheduler_plugin_evaluation_total',
  help: 'Number of attempts to schedule pods by each plugin and the extension point (available only in PreFilter, Filter, PreScore, and Score).',
};

type Outcome = Code | 'Success' | 'Error';

/** What a status is called; success has none. */
export const outcomeOf = (status: Status | undefined): Outcome => status?.code ?? 'Success';

const success = (): Outcome => 'Success';

/** A plugin, and the count of its runs at one extension point. */
export interface Counted<P> {
  readonly plugin: P;
  readonly runs: Counter;
}

/** Those of one profile. */
export class FrameworkMetrics {
  readonly #meters: Meters;
  readonly #clock: Clock;
  readonly #profile: string;
  readonly #series = new Map<string, Histogram>();

  constructor({ meters, clock }: { readonly meters: Meters; readonly clock: Clock }, profile: string) {
    this.#meters = meters;
    this.#clock = clock;
    this.#profile = profile;
  }

  /** The plugins, with their counts from now on. */
  counted<P extends { readonly name: string }>(point: string, plugins: readonly P[]): readonly Counted<P>[] {
    return plugins.map((plugin) => {
      const labels = { plugin: plugin.name, extension_point: point, profile: this.#profile };
      return { plugin, runs: this.#meters.counter(evaluations, labels) };
    });
  }

  /** Runs the plugins of an extension point. `outcome` says what came of it; what throws is an error. */
  timed<T>(point: string, run: () => T, outcome: (result: T) => Outcome = success): T {
    const beganMs = this.#clock.now();
    try {
      const result = run();
      this.#note(point, outcome(result), beganMs);
      return result;
    } catch (error) {
      this.#note(point, 'Error', beganMs);
      throw error;
    }
  }

  /** The same for what takes a while. */
  async timedAsync<T>(point: string, run: () => Promise<T>, outcome: (result: T) => Outcome): Promise<T> {
    const beganMs = this.#clock.now();
    try {
      const result = await run();
      this.#note(point, outcome(result), beganMs);
      return result;
    } catch (error) {
      this.#note(point, 'Error', beganMs);
      throw error;
    }
  }

  #note(point: string, status: Outcome, beganMs: number): void {
    const key = `${point} ${status}`;
    let series = this.#series.get(key);
    if (series === undefined) {
      series = this.#meters.histogram(pointSeconds, { extension_point: point, status, profile: this.#profile });
      this.#series.set(key, series);
    }
    series.add((this.#clock.now() - beganMs) / 1000);
  }
}
