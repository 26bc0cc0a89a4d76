/** The tables of `kubectl top`. Source: kubectl pkg/metricsutil/{metrics_printer,metrics_sorter}.go. */
import type { NodeMetrics, PodMetrics } from '../../../../api/generated/metrics/v1beta1.ts';
import { addQuantity, type Quantity, toMilli, toUnits, tryParseQuantity, zeroQuantity } from '../../../../api/quantity.ts';
import { alignCells, escapeTerminal } from '../../../print/table.ts';

export type Amounts = Readonly<Record<string, string>>;
export type SortKey = '' | 'cpu' | 'memory';

const megabyte = 1024 ** 2;
const unknown = '<unknown>';

const amountOf = (amounts: Amounts, resource: string): Quantity => tryParseQuantity(amounts[resource]) ?? zeroQuantity;

const resources = (withSwap: boolean): readonly string[] => (withSwap ? ['cpu', 'memory', 'swap'] : ['cpu', 'memory']);

const shownAmount = (resource: string, amount: Quantity): string =>
  resource === 'cpu' ? `${toMilli(amount)}m` : `${Math.trunc(toUnits(amount) / megabyte)}Mi`;

const compareNames = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Larger first; by `otherwise` when nothing is to be sorted by. */
const bySize =
  <T>(key: SortKey, amounts: (item: T) => Amounts, otherwise: (a: T, b: T) => number) =>
  (a: T, b: T): number => {
    if (key === '') return otherwise(a, b);
    const size = (item: T): number => (key === 'cpu' ? toMilli(amountOf(amounts(item), key)) : toUnits(amountOf(amounts(item), key)));
    return size(b) - size(a);
  };

/** Every cell is padded, also the last one of a line. */
const rendered = (lines: readonly (readonly string[])[]): string =>
  lines.length === 0
    ? ''
    : alignCells(lines.map((cells) => cells.map((cell) => `${escapeTerminal(cell)}\t`).join('')).join('\n'), { minWidth: 6, padding: 3 }) +
      '\n';

export interface NodeTableOptions {
  /** What the nodes have, by their name. */
  readonly available: ReadonlyMap<string, Amounts>;
  readonly headers: boolean;
  readonly sortBy: SortKey;
  readonly swap: boolean;
}

/** Usage of nodes, in amounts and as a part of what they have. */
export function nodeTable(metrics: readonly NodeMetrics[], { available, headers, sortBy, swap }: NodeTableOptions): string {
  const names = resources(swap);
  const head = ['NAME', 'CPU(cores)', 'CPU(%)', 'MEMORY(bytes)', 'MEMORY(%)', ...(swap ? ['SWAP(bytes)', 'SWAP(%)'] : [])];
  const sorted = metrics.toSorted(
    bySize(
      sortBy,
      ({ usage }) => usage,
      (a, b) => compareNames(a.metadata.name, b.metadata.name),
    ),
  );
  const measured = new Set(sorted.map(({ metadata }) => metadata.name));
  const missing = [...available.keys()].filter((name) => !measured.has(name));
  return rendered([
    ...(headers ? [head] : []),
    ...sorted.map(({ metadata: { name }, usage }) => [
      name,
      ...names.flatMap((resource) => nodeCells(resource, usage, available.get(name))),
    ]),
    ...missing.map((name) => [name, ...names.flatMap(() => [unknown, unknown])]),
  ]);
}

function nodeCells(resource: string, usage: Amounts, available: Amounts | undefined): readonly string[] {
  if (resource === 'swap' && available !== undefined && available.swap === undefined) return [unknown, unknown];
  const used = amountOf(usage, resource);
  const cell = shownAmount(resource, used);
  if (available?.[resource] === undefined) return [cell];
  const whole = toMilli(amountOf(available, resource));
  return [cell, `${whole === 0 ? 0 : Math.trunc((toMilli(used) / whole) * 100)}%`];
}

export interface PodTableOptions {
  readonly containers: boolean;
  readonly namespaces: boolean;
  readonly headers: boolean;
  readonly sortBy: SortKey;
  readonly sum: boolean;
  readonly swap: boolean;
}

const sumOf = (usages: readonly Amounts[], resource: string): Quantity =>
  usages.reduce((sum, usage) => addQuantity(sum, amountOf(usage, resource)), zeroQuantity);

const usagesOf = ({ containers }: PodMetrics): readonly Amounts[] => (containers ?? []).map(({ usage }) => usage);

/** Usage of pods or of their containers. */
export function podTable(metrics: readonly PodMetrics[], options: PodTableOptions): string {
  const { headers, namespaces, sum, swap } = options;
  const names = resources(swap);
  const lead = [...(namespaces ? ['NAMESPACE'] : []), ...(options.containers ? ['POD'] : [])];
  const head = [...lead, 'NAME', 'CPU(cores)', 'MEMORY(bytes)', ...(swap ? ['SWAP(bytes)'] : [])];
  // Upstream counts the columns of the headers that it has printed.
  const columns = head.length - (headers ? 0 : lead.length);
  const cells = (usages: readonly Amounts[]) => names.map((resource) => shownAmount(resource, sumOf(usages, resource)));
  const empty = (count: number) => Array.from({ length: count }, () => '');
  const total = [
    [...empty(columns - 2), '________', '________'],
    [...empty(columns - 3), '', ...cells(metrics.flatMap(usagesOf))],
  ];
  return rendered([
    ...(headers ? [head] : []),
    ...sortedPods(metrics, options).flatMap((pod) => podLines(pod, options, cells)),
    ...(sum ? total : []),
  ]);
}

function sortedPods(metrics: readonly PodMetrics[], { sortBy, namespaces }: PodTableOptions): readonly PodMetrics[] {
  const whole = (pod: PodMetrics): Amounts => {
    const sum = sumOf(usagesOf(pod), sortBy).nanos;
    return { [sortBy]: `${sum}n` };
  };
  return metrics.toSorted(
    bySize(
      sortBy,
      whole,
      ({ metadata: a }, { metadata: b }) =>
        (namespaces ? compareNames(a.namespace ?? '', b.namespace ?? '') : 0) || compareNames(a.name, b.name),
    ),
  );
}

function podLines(
  pod: PodMetrics,
  { containers, namespaces, sortBy }: PodTableOptions,
  cells: (usages: readonly Amounts[]) => readonly string[],
): readonly (readonly string[])[] {
  const { name, namespace = '' } = pod.metadata;
  const lead = namespaces ? [namespace] : [];
  if (!containers) return [[...lead, name, ...cells(usagesOf(pod))]];
  const sorted = (pod.containers ?? []).toSorted(
    bySize(
      sortBy,
      ({ usage }) => usage,
      (a, b) => compareNames(a.name, b.name),
    ),
  );
  return sorted.map((container) => [...lead, name, container.name, ...cells([container.usage])]);
}
