/** Source: kubectl pkg/describe/describe.go (describeLimitRange, DescribeLimitRanges). */
import type { LimitRange } from '../../../../api/generated/core/v1.ts';
import { canonicalQuantity } from '../../../../api/quantity.ts';
import { Description } from '../../output/description.ts';
import type { Texts } from './common.ts';
import type { Describer } from './context.ts';

const columns = ['Resource', 'Min', 'Max', 'Default Request', 'Default Limit', 'Max Limit/Request Ratio'];
const lines = ['--------', '---', '---', '---------------', '-------------', '-----------------------'];

function writeItems(to: Description, { spec }: LimitRange, indent: string): void {
  for (const item of spec?.limits ?? []) {
    const lists: readonly (Texts | undefined)[] = [item.min, item.max, item.defaultRequest, item.default, item.maxLimitRequestRatio];
    const names = new Set(lists.flatMap((list) => Object.keys(list ?? {})));
    for (const name of [...names].sort()) {
      to.line(0, `${indent}${item.type}`, name, ...lists.map((list) => (list?.[name] === undefined ? '-' : canonicalQuantity(list[name]))));
    }
  }
}

/** The limit ranges of a namespace. */
export function writeLimitRanges(to: Description, ranges: readonly LimitRange[]): void {
  if (ranges.length === 0) {
    to.write(0, 'No LimitRange resource.\n');
    return;
  }
  to.write(0, 'Resource Limits\n');
  to.line(0, ' Type', ...columns);
  to.line(0, ' ----', ...lines);
  for (const range of ranges) writeItems(to, range, ' ');
}

export const describeLimitRange: Describer = async (object) => {
  const range = object as unknown as LimitRange; // the API's answer for this resource
  const to = new Description();
  to.line(0, 'Name:', range.metadata.name);
  to.line(0, 'Namespace:', range.metadata.namespace ?? '');
  to.line(0, 'Type', ...columns);
  to.line(0, '----', ...lines);
  writeItems(to, range, '');
  return to.toString();
};
