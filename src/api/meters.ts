/**
 * What parts count of their work, for metrics. Counting costs a look-up; all else is done when somebody asks. Each
 * cluster has its own.
 */
import { Histogram } from './histogram.ts';

export type MeterLabels = Readonly<Record<string, string>>;
type Samples<V> = Iterable<readonly [MeterLabels, V]>;

/** A metric that only grows, or amounts by their size. Each is one object, by which it is known. */
export interface CounterSpec {
  readonly name: string;
  readonly help: string;
}

export interface HistogramSpec extends CounterSpec {
  /** They rise. */
  readonly bounds: readonly number[];
}

/** A figure that is looked up when somebody asks for it. */
export interface GaugeSpec extends CounterSpec {
  samples(): Samples<number>;
}

/** Who writes metrics down. */
export interface MeterWriter {
  counter(name: string, help: string, samples: Samples<number>): void;
  gauge(name: string, help: string, samples: Samples<number>): void;
  histogram(name: string, help: string, samples: Samples<Histogram>): void;
}

/** `count` bounds: the first, and each `factor` times the one before. Source: component-base metrics/buckets.go. */
export const exponentialBounds = (first: number, factor: number, count: number): readonly number[] =>
  // Rounded: powers of fractions are a little off.
  Array.from({ length: count }, (_, power) => Number((first * factor ** power).toPrecision(12)));

/** One series of a counter, for whoever counts often. */
export interface Counter {
  count: number;
}

interface Series<V> {
  readonly labels: MeterLabels;
  readonly value: V;
}

class Family<V> {
  readonly #series = new Map<string, Series<V>>();

  of(labels: MeterLabels, create: () => V): V {
    const key = Object.values(labels).join('\0');
    const known = this.#series.get(key);
    if (known !== undefined) return known.value;
    const value = create();
    this.#series.set(key, { labels, value });
    return value;
  }

  *samples(): Samples<V> {
    for (const { labels, value } of this.#series.values()) yield [labels, value];
  }
}

function familyOf<S, V>(families: Map<S, Family<V>>, spec: S): Family<V> {
  const known = families.get(spec);
  if (known !== undefined) return known;
  const family = new Family<V>();
  families.set(spec, family);
  return family;
}

export class Meters {
  readonly #counters = new Map<CounterSpec, Family<Counter>>();
  readonly #histograms = new Map<HistogramSpec, Family<Histogram>>();
  readonly #gauges = new Map<string, GaugeSpec>();

  /** Labels of one metric are given in the same order each time. */
  count(spec: CounterSpec, labels: MeterLabels = {}, by = 1): void {
    this.counter(spec, labels).count += by;
  }

  /** The series with these labels, which is there from now on. */
  counter(spec: CounterSpec, labels: MeterLabels = {}): Counter {
    return familyOf(this.#counters, spec).of(labels, () => ({ count: 0 }));
  }

  observe(spec: HistogramSpec, amount: number, labels: MeterLabels = {}): void {
    this.histogram(spec, labels).add(amount);
  }

  /** The series with these labels, which is there from now on. */
  histogram(spec: HistogramSpec, labels: MeterLabels = {}): Histogram {
    return familyOf(this.#histograms, spec).of(labels, () => new Histogram(spec.bounds));
  }

  /** Takes the place of the one with the same name. */
  gauge(spec: GaugeSpec): void {
    this.#gauges.set(spec.name, spec);
  }

  write(to: MeterWriter): void {
    for (const [{ name, help }, family] of this.#counters)
      to.counter(
        name,
        help,
        [...family.samples()].map(([labels, { count }]) => [labels, count] as const),
      );
    for (const [{ name, help }, family] of this.#histograms) to.histogram(name, help, family.samples());
    for (const gauge of this.#gauges.values()) to.gauge(gauge.name, gauge.help, gauge.samples());
  }
}
