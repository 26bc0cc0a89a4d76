/** A machine that runs Pods. https://kubernetes.io/docs/concepts/architecture/nodes/ */
import { FieldPath } from '../../field-error.ts';
import type { Node, NodeSpec } from '../../generated/core/v1.ts';
import { defineKind } from '../../kind.ts';
import { defaultResourceList } from '../../pod/defaults/container.ts';
import { proxySubresource, statusSubresource } from '../../subresource.ts';
import type { Column } from '../../table.ts';
import { cidrWarnings } from '../../validation/ip-warnings.ts';
import { ageColumn, nameColumn } from '../columns.ts';
import { newPodCidrErrors, nodeErrors, nodeStatusErrors, nodeUpdateErrors } from './validation/node.ts';

const rolePrefix = 'node-role.kubernetes.io/';

/** The roles that a node's labels name, sorted. */
export function nodeRoles({ metadata }: Node): readonly string[] {
  const roles = new Set<string>();
  for (const [key, value] of Object.entries(metadata.labels ?? {})) {
    if (key.startsWith(rolePrefix) && key.length > rolePrefix.length) roles.add(key.slice(rolePrefix.length));
    else if (key === 'kubernetes.io/role' && value !== '') roles.add(value);
  }
  return [...roles].toSorted();
}

function statusText({ spec, status }: Node): string {
  const ready = status.conditions?.find(({ type }) => type === 'Ready');
  const text = ready === undefined ? 'Unknown' : ready.status === 'True' ? 'Ready' : 'NotReady';
  return spec.unschedulable === true ? `${text},SchedulingDisabled` : text;
}

const address = ({ status }: Node, type: string): string => status.addresses?.find((entry) => entry.type === type)?.address ?? '<none>';
const orUnknown = (text: string): string => (text === '' ? '<unknown>' : text);
const info = 'io.k8s.api.core.v1.NodeSystemInfo';
const nodeStatus = 'io.k8s.api.core.v1.NodeStatus';

const columns: readonly Column<Node>[] = [
  nameColumn,
  { name: 'Status', type: 'string', description: 'The status of the node', value: statusText },
  { name: 'Roles', type: 'string', description: 'The roles of the node', value: (object) => nodeRoles(object).join(',') || '<none>' },
  ageColumn,
  { name: 'Version', type: 'string', descriptionOf: [info, 'kubeletVersion'], value: ({ status }) => status.nodeInfo.kubeletVersion },
  {
    name: 'Internal-IP',
    type: 'string',
    priority: 1,
    descriptionOf: [nodeStatus, 'addresses'],
    value: (object) => address(object, 'InternalIP'),
  },
  {
    name: 'External-IP',
    type: 'string',
    priority: 1,
    descriptionOf: [nodeStatus, 'addresses'],
    value: (object) => address(object, 'ExternalIP'),
  },
  {
    name: 'OS-Image',
    type: 'string',
    priority: 1,
    descriptionOf: [info, 'osImage'],
    value: ({ status }) => orUnknown(status.nodeInfo.osImage),
  },
  {
    name: 'Kernel-Version',
    type: 'string',
    priority: 1,
    descriptionOf: [info, 'kernelVersion'],
    value: ({ status }) => orUnknown(status.nodeInfo.kernelVersion),
  },
  {
    name: 'Container-Runtime',
    type: 'string',
    priority: 1,
    descriptionOf: [info, 'containerRuntimeVersion'],
    value: ({ status }) => orUnknown(status.nodeInfo.containerRuntimeVersion),
  },
];

/** Source: pkg/registry/core/node/strategy.go (nodeWarnings). */
const nodeWarnings = ({ spec }: Node): readonly string[] => [
  ...((spec.externalID ?? '') === '' ? [] : ['spec.externalID: this field is deprecated, and is unused by Kubernetes']),
  ...(spec.podCIDRs ?? []).flatMap((cidr, i) => cidrWarnings(cidr, FieldPath.root.field('spec', 'podCIDRs').index(i))),
];

/**
 * The one range and the list of ranges agree: the one counts when they differ. Source: pkg/apis/core/v1/conversion.go
 * (Convert_v1_NodeSpec_To_core_NodeSpec).
 */
function withPodCidrs(spec: NodeSpec): NodeSpec {
  const { podCIDR = '', podCIDRs = [] } = spec;
  const [first] = podCIDRs;
  if (podCIDR !== '' && podCIDR !== first) return { ...spec, podCIDRs: [podCIDR] };
  return podCIDR === '' && first !== undefined ? { ...spec, podCIDR: first } : spec;
}

/** A feature that is removed. Source: pkg/registry/core/node/strategy.go (dropDisabledFields). */
function withoutConfigSource(object: Node): Node {
  const { configSource: _, ...spec } = object.spec;
  return { ...object, spec };
}

export const node = defineKind<Node>({
  group: '',
  version: 'v1',
  kind: 'Node',
  plural: 'nodes',
  scope: 'Cluster',
  names: { shortNames: ['no'], etcdFolder: 'minions' },
  codec: {
    schema: 'io.k8s.api.core.v1.Node',
    defaults: (object) => {
      const { capacity, allocatable = capacity } = object.status;
      return {
        ...object,
        spec: withPodCidrs(object.spec),
        status: {
          ...object.status,
          ...(capacity === undefined ? {} : { capacity: defaultResourceList(capacity) }),
          ...(allocatable === undefined ? {} : { allocatable: defaultResourceList(allocatable) }),
        },
      };
    },
  },
  rules: { generation: false, validate: nodeErrors, warnings: nodeWarnings },
  create: { prepare: withoutConfigSource, validate: (created, at) => newPodCidrErrors(created, undefined, at) },
  update: { metadata: 'whole', prepare: withoutConfigSource, validate: nodeUpdateErrors },
  subresources: { status: statusSubresource({ validate: nodeStatusErrors }), proxy: proxySubresource('NodeProxyOptions') },
  select: { 'spec.unschedulable': ({ spec }) => String(spec.unschedulable ?? false) },
  table: { columns },
});
