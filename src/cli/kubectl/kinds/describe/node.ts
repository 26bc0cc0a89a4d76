/** Source: kubectl pkg/describe/describe.go (describeNode). */
import type { Lease } from '../../../../api/generated/coordination/v1.ts';
import type { Node, Pod } from '../../../../api/generated/core/v1.ts';
import { canonicalQuantity } from '../../../../api/quantity.ts';
import { StatusError } from '../../../../api/status-error.ts';
import type { ApiObject } from '../../command/session.ts';
import { Description } from '../../output/description.ts';
import { longTime, sortedEntries, type Texts, writeAnnotations, writeLabels } from './common.ts';
import { type DescribeContext, type Describer, listItems } from './context.ts';
import { searchEvents, subjectOf, writeEvents } from './events.ts';
import { writeNodeResources } from './node-resources.ts';
import { writeTaints } from './scheduling.ts';

const rolePrefix = 'node-role.kubernetes.io/';
const roleLabel = 'kubernetes.io/role';

function rolesOf(labels: Texts | undefined): string {
  const roles = Object.entries(labels ?? {}).flatMap(([key, value]) => {
    if (key.startsWith(rolePrefix)) return key.length > rolePrefix.length ? [key.slice(rolePrefix.length)] : [];
    return key === roleLabel && value !== '' ? [value] : [];
  });
  return roles.length === 0 ? '<none>' : [...new Set(roles)].sort().join(',');
}

async function writeLease(to: Description, context: DescribeContext, name: string): Promise<void> {
  try {
    const path = `/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/${encodeURIComponent(name)}`;
    const { spec } = (await context.session.object({ method: 'GET', path })) as unknown as Lease; // what the path names
    to.write(0, 'Lease:\n');
    to.line(1, 'HolderIdentity:', spec?.holderIdentity ?? '<unset>');
    to.line(1, 'AcquireTime:', spec?.acquireTime == null ? '<unset>' : longTime(spec.acquireTime));
    to.line(1, 'RenewTime:', spec?.renewTime == null ? '<unset>' : longTime(spec.renewTime));
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    to.line(0, 'Lease:', `Failed to get lease: ${error.message}`);
  }
}

function writeConditions(to: Description, { status }: Node): void {
  const conditions = status.conditions ?? [];
  if (conditions.length === 0) return;
  to.write(0, 'Conditions:\n  Type\tStatus\tLastHeartbeatTime\tLastTransitionTime\tReason\tMessage\n');
  to.line(1, '----', '------', '-----------------', '------------------', '------', '-------');
  for (const c of conditions) {
    to.line(
      1,
      `${c.type} `,
      `${c.status} `,
      `${longTime(c.lastHeartbeatTime)} `,
      `${longTime(c.lastTransitionTime)} `,
      `${c.reason ?? ''} `,
      c.message ?? '',
    );
  }
}

function writeAmounts(to: Description, title: string, amounts: Texts | undefined): void {
  const entries = sortedEntries(amounts);
  if (entries.length > 0) to.write(0, `${title}:\n`);
  for (const [name, amount] of entries) to.line(1, `${name}:`, canonicalQuantity(amount));
}

function writeSystemInfo(to: Description, { spec, status }: Node): void {
  const info = status.nodeInfo;
  to.write(0, 'System Info:\n');
  to.line(1, 'Machine ID:', info?.machineID ?? '');
  to.line(1, 'System UUID:', info?.systemUUID ?? '');
  to.line(1, 'Boot ID:', info?.bootID ?? '');
  to.line(1, 'Kernel Version:', info?.kernelVersion ?? '');
  to.line(1, 'OS Image:', info?.osImage ?? '');
  to.line(1, 'Operating System:', info?.operatingSystem ?? '');
  to.line(1, 'Architecture:', info?.architecture ?? '');
  to.line(1, 'Container Runtime Version:', info?.containerRuntimeVersion ?? '');
  to.line(1, 'Kubelet Version:', info?.kubeletVersion ?? '');
  if ((spec.podCIDR ?? '') !== '') to.line(0, 'PodCIDR:', spec.podCIDR ?? '');
  if ((spec.podCIDRs ?? []).length > 0) to.line(0, 'PodCIDRs:', (spec.podCIDRs ?? []).join(','));
  if ((spec.providerID ?? '') !== '') to.line(0, 'ProviderID:', spec.providerID ?? '');
}

async function writePods(to: Description, context: DescribeContext, node: Node): Promise<void> {
  const fields = `spec.nodeName=${node.metadata.name},status.phase!=Failed,status.phase!=Succeeded`;
  try {
    writeNodeResources(to, node, await listItems<Pod>(context, '/api/v1/pods', { fields }), context.nowMs);
  } catch (error) {
    if (!(error instanceof StatusError) || error.reason !== 'Forbidden') throw error;
    to.line(0, 'Pods:', 'not authorized');
  }
}

/** Controllers name a node by its UID, the kubelet by its name. */
async function writeNodeEvents(to: Description, context: DescribeContext, object: ApiObject): Promise<void> {
  if (!context.showEvents) return;
  const subject = subjectOf(object);
  const [byUid, byName] = await Promise.all([searchEvents(context, subject), searchEvents(context, { ...subject, uid: subject.name })]);
  writeEvents(to, [...byUid, ...byName], context.nowMs);
}

export const describeNode: Describer = async (object, context) => {
  const node = object as unknown as Node; // the API's answer for this resource
  const { metadata, spec, status } = node;
  const to = new Description();
  to.line(0, 'Name:', metadata.name);
  to.line(0, 'Roles:', rolesOf(metadata.labels));
  writeLabels(to, 'Labels', metadata.labels);
  writeAnnotations(to, 'Annotations', metadata.annotations);
  to.line(0, 'CreationTimestamp:', longTime(metadata.creationTimestamp));
  writeTaints(to, 'Taints', spec.taints);
  to.line(0, 'Unschedulable:', spec.unschedulable === true);
  await writeLease(to, context, metadata.name);
  writeConditions(to, node);
  to.write(0, 'Addresses:\n');
  for (const { type, address } of status.addresses ?? []) to.line(1, `${type}:`, address);
  writeAmounts(to, 'Capacity', status.capacity);
  writeAmounts(to, 'Allocatable', status.allocatable);
  writeSystemInfo(to, node);
  await writePods(to, context, node);
  await writeNodeEvents(to, context, object);
  return to.toString();
};
