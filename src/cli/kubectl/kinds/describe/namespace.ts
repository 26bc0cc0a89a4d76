/** Source: kubectl pkg/describe/describe.go (describeNamespace). */
import type { LimitRange, Namespace, ResourceQuota } from '../../../../api/generated/core/v1.ts';
import { isNotFound } from '../../../../api/status-error.ts';
import { Description } from '../../output/description.ts';
import { longTime, writeAnnotations, writeLabels } from './common.ts';
import { corePath, type DescribeContext, type Describer, listItems } from './context.ts';
import { writeLimitRanges } from './limit-range.ts';
import { writeQuotas } from './resource-quota.ts';

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
    writeLimitRanges(to, limits);
  }
  return to.toString();
};
