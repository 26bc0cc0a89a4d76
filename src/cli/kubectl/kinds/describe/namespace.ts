/** Source: kubectl pkg/describe/describe.go (describeNamespace, DescribeResourceQuotas, DescribeLimitRanges). */
import type { LimitRange, Namespace, ResourceQuota } from '../../../../api/generated/core/v1.ts';
import { canonicalQuantity } from '../../../../api/quantity.ts';
import { isNotFound } from '../../../../api/status-error.ts';
import { Description } from '../../output/description.ts';
import { longTime, sortedEntries, type Texts, writeAnnotations, writeLabels } from './common.ts';
import { corePath, type DescribeContext, type Describer, listItems } from './context.ts';

const scopeHelp: Readonly<Record<string, string>> = {
  Terminating:
    'Matches all pods that have an active deadline. These pods have a limited lifespan on a node before being actively terminated by the system.',
  NotTerminating:
    'Matches all pods that do not have an active deadline. These pods usually include long running pods whose container command is not expected to terminate.',
  BestEffort: 'Matches all pods that do not have resource requirements set. These pods have a best effort quality of service.',
  NotBestEffort:
    'Matches all pods that have at least one resource requirement set. These pods have a burstable or guaranteed quality of service.',
};

function writeQuotas(to: Description, quotas: readonly ResourceQuota[]): void {
  to.write(0, quotas.length === 0 ? 'No resource quota.\n' : 'Resource Quotas\n');
  for (const { metadata, spec, status } of quotas.toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))) {
    to.line(1, 'Name:', metadata.name);
    const scopes = (spec?.scopes ?? []).toSorted();
    if (scopes.length > 0) to.line(1, 'Scopes:', scopes.join(', '));
    for (const scope of scopes) if (scopeHelp[scope] !== undefined) to.write(1, `* ${scopeHelp[scope]}\n`);
    to.line(1, 'Resource', 'Used', 'Hard');
    to.line(1, '--------', '---', '---');
    for (const [name, hard] of sortedEntries(status?.hard))
      to.line(1, name, canonicalQuantity(status?.used?.[name] ?? '0'), canonicalQuantity(hard));
  }
}

function writeLimits(to: Description, ranges: readonly LimitRange[]): void {
  if (ranges.length === 0) {
    to.write(0, 'No LimitRange resource.\n');
    return;
  }
  to.write(0, 'Resource Limits\n');
  to.line(0, ' Type', 'Resource', 'Min', 'Max', 'Default Request', 'Default Limit', 'Max Limit/Request Ratio');
  to.line(0, ' ----', '--------', '---', '---', '---------------', '-------------', '-----------------------');
  for (const item of ranges.flatMap((range) => range.spec?.limits ?? [])) {
    const lists: readonly (Texts | undefined)[] = [item.min, item.max, item.defaultRequest, item.default, item.maxLimitRequestRatio];
    const names = new Set(lists.flatMap((list) => Object.keys(list ?? {})));
    for (const name of [...names].sort()) {
      to.line(0, ` ${item.type}`, name, ...lists.map((list) => (list?.[name] === undefined ? '-' : canonicalQuantity(list[name]))));
    }
  }
}

/** The items; undefined when the server does not serve the resource. */
async function served<T>(context: DescribeContext, path: string): Promise<readonly T[] | undefined> {
  try {
    return await listItems<T>(context, path);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

export const describeNamespace: Describer = async (object, context) => {
  const { metadata, status } = object as unknown as Namespace; // the API's answer for this resource
  const to = new Description();
  to.line(0, 'Name:', metadata.name);
  writeLabels(to, 'Labels', metadata.labels);
  writeAnnotations(to, 'Annotations', metadata.annotations);
  to.line(0, 'Status:', status?.phase ?? '');
  const conditions = status?.conditions ?? [];
  if (conditions.length > 0) {
    to.write(0, 'Conditions:\n');
    to.line(1, 'Type', 'Status', 'LastTransitionTime', 'Reason', 'Message');
    to.line(1, '----', '------', '------------------', '------', '-------');
  }
  for (const c of conditions) to.line(1, c.type, c.status, longTime(c.lastTransitionTime), c.reason ?? '', c.message ?? '');
  const quotas = await served<ResourceQuota>(context, corePath(metadata.name, 'resourcequotas'));
  if (quotas !== undefined) {
    to.write(0, '\n');
    writeQuotas(to, quotas);
  }
  const limits = await served<LimitRange>(context, corePath(metadata.name, 'limitranges'));
  if (limits !== undefined) {
    to.write(0, '\n');
    writeLimits(to, limits);
  }
  return to.toString();
};
