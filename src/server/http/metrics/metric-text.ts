/** The text format of Prometheus. https://prometheus.io/docs/instrumenting/exposition_formats/ */

export type Labels = Readonly<Record<string, string>>;

/** Writes metrics when it is asked for them; counts all the time, if at all. */
export interface MetricSource {
  write(text: MetricText): void;
}

/** Amounts by upper bound. Each amount is in the first bucket whose bound it does not exceed. */
export class Histogram {
  readonly bounds: readonly number[];
  readonly #counts: number[];
  sum = 0;
  count = 0;

  /** `bounds` rise. */
  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.#counts = bounds.map(() => 0);
  }

  add(amount: number): void {
    this.sum += amount;
    this.count++;
    const index = this.bounds.findIndex((bound) => amount <= bound);
    if (index >= 0) this.#counts[index] = (this.#counts[index] ?? 0) + 1;
  }

  /** How many amounts do not exceed each bound. */
  *cumulative(): Iterable<readonly [bound: number, count: number]> {
    let below = 0;
    for (const [index, bound] of this.bounds.entries()) {
      below += this.#counts[index] ?? 0;
      yield [bound, below];
    }
  }
}

const escaped = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"');

/** `{a="b",c="d"}`; '' without labels. */
function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

export class MetricText {
  readonly #lines: string[] = [];

  /** Only grows. Writes nothing when there are no samples. */
  counter(name: string, help: string, samples: Iterable<readonly [Labels, number]>): void {
    this.#family(name, help, 'counter', samples);
  }

  gauge(name: string, help: string, samples: Iterable<readonly [Labels, number]>): void {
    this.#family(name, help, 'gauge', samples);
  }

  histogram(name: string, help: string, samples: Iterable<readonly [Labels, Histogram]>): void {
    let first = true;
    for (const [labels, histogram] of samples) {
      if (first) this.#head(name, help, 'histogram');
      first = false;
      for (const [bound, count] of histogram.cumulative()) this.#sample(`${name}_bucket`, { ...labels, le: String(bound) }, count);
      this.#sample(`${name}_bucket`, { ...labels, le: '+Inf' }, histogram.count);
      this.#sample(`${name}_sum`, labels, histogram.sum);
      this.#sample(`${name}_count`, labels, histogram.count);
    }
  }

  toString(): string {
    return `${this.#lines.join('\n')}\n`;
  }

  #family(name: string, help: string, type: string, samples: Iterable<readonly [Labels, number]>): void {
    let first = true;
    for (const [labels, value] of samples) {
      if (first) this.#head(name, help, type);
      first = false;
      this.#sample(name, labels, value);
    }
  }

  #head(name: string, help: string, type: string): void {
    this.#lines.push(`# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}`, `# TYPE ${name} ${type}`);
  }

  #sample(name: string, labels: Labels, value: number): void {
    this.#lines.push(`${name}${labelText(labels)} ${value}`);
  }
}
