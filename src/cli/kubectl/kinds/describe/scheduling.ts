/** The scheduling constraints of a Pod: tolerations and topology spread. Source: kubectl pkg/describe/describe.go. */
import type { Taint, Toleration, TopologySpreadConstraint } from '../../../../api/generated/core/v1.ts';
import { formatLabelSelector } from '../../../../api/selector.ts';
import type { DescriptionWriter } from '../../output/description.ts';
import { writeList } from './common.ts';

const set = (text: string | undefined): text is string => text !== undefined && text !== '';

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function tolerationText({ key, value, effect, operator, tolerationSeconds }: Toleration): string {
  const subject = `${key ?? ''}${set(value) ? `=${value}` : ''}${set(effect) ? `:${effect}` : ''}`;
  const exists = operator === 'Exists' && !set(value) ? (set(key) || set(effect) ? ' op=Exists' : 'op=Exists') : '';
  return `${subject}${exists}${tolerationSeconds === undefined ? '' : ` for ${tolerationSeconds}s`}`;
}

export function writeTolerations(to: DescriptionWriter, title: string, tolerations: readonly Toleration[] | undefined): void {
  writeList(to, title, (tolerations ?? []).toSorted((a, b) => compareText(a.key ?? '', b.key ?? '')).map(tolerationText));
}

export function writeTaints(to: DescriptionWriter, title: string, taints: readonly Taint[] | undefined): void {
  const order = (taint: Taint): string => `${taint.effect},${taint.key}`;
  const text = ({ key, value, effect }: Taint): string =>
    set(value) ? `${key}=${value}:${effect}` : set(effect) ? `${key}:${effect}` : key;
  writeList(to, title, (taints ?? []).toSorted((a, b) => compareText(order(a), order(b))).map(text));
}

export function writeSpread(to: DescriptionWriter, constraints: readonly TopologySpreadConstraint[] | undefined, indent = ''): void {
  for (const [i, constraint] of (constraints ?? []).toSorted((a, b) => compareText(a.topologyKey, b.topologyKey)).entries()) {
    const title = i === 0 ? `${indent}Topology Spread Constraints:` : indent;
    const selector = constraint.labelSelector === undefined ? '' : ` for selector ${formatLabelSelector(constraint.labelSelector)}`;
    to.write(
      0,
      `${title}\t${constraint.topologyKey}:${constraint.whenUnsatisfiable} when max skew ${constraint.maxSkew} is exceeded${selector}\n`,
    );
  }
}
