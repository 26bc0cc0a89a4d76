/** Source: kubectl pkg/describe/describe.go (describeQuota, DescribeResourceQuotas). */
import type { ResourceQuota } from '../../../../api/generated/core/v1.ts';
import { canonicalQuantity, formatQuantity, parseQuantity, toUnits } from '../../../../api/quantity.ts';
import { Description } from '../../output/description.ts';
import { sortedEntries } from './common.ts';
import type { Describer } from './context.ts';

const scopeHelp: Readonly<Record<string, string>> = {
  Terminating:
    'Matches all pods that have an active deadline. These pods have a limited lifespan on a node before being actively terminated by the system.',
  NotTerminating:
    'Matches all pods that do not have an active deadline. These pods usually include long running pods whose container command is not expected to terminate.',
  BestEffort: 'Matches all pods that do not have resource requirements set. These pods have a best effort quality of service.',
  NotBestEffort:
    'Matches all pods that have at least one resource requirement set. These pods have a burstable or guaranteed quality of service.',
};

function writeScopes(to: Description, { spec }: ResourceQuota, level: number, bullet: string): void {
  const scopes = (spec?.scopes ?? []).toSorted();
  if (scopes.length > 0) to.line(level, 'Scopes:', scopes.join(', '));
  for (const scope of scopes) if (scopeHelp[scope] !== undefined) to.write(level, `${bullet} ${scopeHelp[scope]}\n`);
}

/** The quotas of a namespace. */
export function writeQuotas(to: Description, quotas: readonly ResourceQuota[]): void {
  to.write(0, quotas.length === 0 ? 'No resource quota.\n' : 'Resource Quotas\n');
  for (const quota of quotas.toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))) {
    const { metadata, status } = quota;
    to.line(1, 'Name:', metadata.name);
    writeScopes(to, quota, 1, '*');
    to.line(1, 'Resource', 'Used', 'Hard');
    to.line(1, '--------', '---', '---');
    for (const [name, hard] of sortedEntries(status?.hard))
      to.line(1, name, canonicalQuantity(status?.used?.[name] ?? '0'), canonicalQuantity(hard));
  }
}

/** What is used, in the format of what may be. */
function usedAs(used: string, hard: string): string {
  const [amount, { format }] = [parseQuantity(used), parseQuantity(hard)];
  return amount.format === format ? canonicalQuantity(used) : formatQuantity({ nanos: BigInt(toUnits(amount)) * 1_000_000_000n, format });
}

export const describeResourceQuota: Describer = async (object) => {
  const quota = object as unknown as ResourceQuota; // the API's answer for this resource
  const to = new Description();
  to.line(0, 'Name:', quota.metadata.name);
  to.line(0, 'Namespace:', quota.metadata.namespace ?? '');
  writeScopes(to, quota, 0, ' *');
  to.line(0, 'Resource', 'Used', 'Hard');
  to.line(0, '--------', '----', '----');
  for (const [name, hard] of sortedEntries(quota.status?.hard))
    to.line(0, name, usedAs(quota.status?.used?.[name] ?? '0', hard), canonicalQuantity(hard));
  return to.toString();
};
