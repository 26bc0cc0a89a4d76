/** The text format of Prometheus. https://prometheus.io/docs/instrumenting/exposition_formats/ */

import type { Histogram } from './histogram.ts';

export type Labels = Readonly<Record<string, string>>;

/** A value, and when it was measured if that is not now. */
export type Sample = readonly [labels: Labels, value: number, timestampMs?: number];

/** Writes metrics when it is asked for them; counts all the time, if at all. */
export interface MetricSource {
  write(text: MetricText): void;
}

/** A number as Go's strconv writes the shortest one: `1e+06`, `0.001`, `1e-08`. */
function goNumber(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
  const [digits = '0', power = '0'] = value.toExponential().split('e');
  const exponent = Number(power);
  if (exponent >= -4 && exponent < 6) return value.toFixed(Math.max(digits.replace(/[-.]/g, '').length - 1 - exponent, 0));
  return `${digits}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
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
  counter(name: string, help: string, samples: Iterable<Sample>): void {
    this.#family(name, help, 'counter', samples);
  }

  gauge(name: string, help: string, samples: Iterable<Sample>): void {
    this.#family(name, help, 'gauge', samples);
  }

  histogram(name: string, help: string, samples: Iterable<readonly [Labels, Histogram]>): void {
    let first = true;
    for (const [labels, histogram] of samples) {
      if (first) this.#head(name, help, 'histogram');
      first = false;
      for (const [bound, count] of histogram.cumulative()) this.#sample(`${name}_bucket`, { ...labels, le: goNumber(bound) }, count);
      this.#sample(`${name}_bucket`, { ...labels, le: '+Inf' }, histogram.count);
      this.#sample(`${name}_sum`, labels, histogram.sum);
      this.#sample(`${name}_count`, labels, histogram.count);
    }
  }

  toString(): string {
    return this.#lines.map((line) => `${line}\n`).join('');
  }

  #family(name: string, help: string, type: string, samples: Iterable<Sample>): void {
    let first = true;
    for (const [labels, value, timestampMs] of samples) {
      if (first) this.#head(name, help, type);
      first = false;
      this.#sample(name, labels, value, timestampMs);
    }
  }

  #head(name: string, help: string, type: string): void {
    this.#lines.push(`# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}`, `# TYPE ${name} ${type}`);
  }

  #sample(name: string, labels: Labels, value: number, timestampMs?: number): void {
    const time = timestampMs === undefined ? '' : ` ${Math.round(timestampMs)}`;
    this.#lines.push(`${name}${labelText(labels)} ${goNumber(value)}${time}`);
  }
}
