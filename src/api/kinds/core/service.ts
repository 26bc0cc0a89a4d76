/** A stable address for a set of Pods. https://kubernetes.io/docs/concepts/services-networking/service/ */
import type { Service } from '../../generated/core/v1.ts';
import { defineKind } from '../../kind.ts';
import { nameIsDnsLabel } from '../../names.ts';
import { formatLabels } from '../../selector.ts';
import { proxySubresource, statusSubresource } from '../../subresource.ts';
import type { Column } from '../../table.ts';
import { ageColumn, nameColumn, orNone } from '../columns.ts';
import { defaultService } from './defaults/service.ts';
import { prepareServiceForCreate, prepareServiceForUpdate } from './prepare/service.ts';
import { newAddressErrors, serviceErrors, serviceStatusErrors, serviceUpdateErrors } from './validation/service.ts';
import { serviceWarnings } from './validation/service-warnings.ts';

function externalIp({ spec, status }: Service): string {
  const ips = spec.externalIPs ?? [];
  if (spec.type === 'ExternalName') return spec.externalName ?? '';
  if (spec.type !== 'LoadBalancer') return ips.length === 0 ? '<none>' : ips.join(',');
  const balanced = (status.loadBalancer.ingress ?? []).map(({ ip, hostname }) => ip || hostname || '').filter((text) => text !== '');
  const all = [...[...new Set(balanced)].toSorted(), ...ips];
  return all.length === 0 ? '<pending>' : all.join(',');
}

function ports({ spec }: Service): string {
  const list = (spec.ports ?? []).map(({ port, nodePort, protocol }) =>
    nodePort !== undefined && nodePort > 0 ? `${port}:${nodePort}/${protocol}` : `${port}/${protocol}`,
  );
  return orNone(list.join(','));
}

const model = 'io.k8s.api.core.v1.ServiceSpec';

const columns: readonly Column<Service>[] = [
  nameColumn,
  { name: 'Type', type: 'string', descriptionOf: [model, 'type'], value: ({ spec }) => spec.type },
  {
    name: 'Cluster-IP',
    type: 'string',
    descriptionOf: [model, 'clusterIP'],
    value: ({ spec }) => orNone(spec.clusterIPs?.[0] ?? spec.clusterIP),
  },
  { name: 'External-IP', type: 'string', descriptionOf: [model, 'externalIPs'], value: externalIp },
  { name: 'Port(s)', type: 'string', descriptionOf: [model, 'ports'], value: ports },
  ageColumn,
  {
    name: 'Selector',
    type: 'string',
    priority: 1,
    descriptionOf: [model, 'selector'],
    value: ({ spec }) => formatLabels(spec.selector),
  },
];

export const service = defineKind<Service>({
  group: '',
  version: 'v1',
  kind: 'Service',
  plural: 'services',
  scope: 'Namespaced',
  names: { shortNames: ['svc'], categories: ['all'], etcdFolder: 'services/specs' },
  codec: { schema: 'io.k8s.api.core.v1.Service', defaults: defaultService },
  rules: { generation: false, validateName: nameIsDnsLabel, validate: serviceErrors, warnings: serviceWarnings },
  create: { prepare: prepareServiceForCreate, validate: (service, at) => newAddressErrors(service, undefined, at) },
  update: { createsAbsent: true, validates: 'first', prepare: prepareServiceForUpdate, validate: serviceUpdateErrors },
  delete: { answersObject: true },
  subresources: { status: statusSubresource({ validate: serviceStatusErrors }), proxy: proxySubresource('ServiceProxyOptions') },
  select: { 'spec.clusterIP': ({ spec }) => spec.clusterIP ?? '', 'spec.type': ({ spec }) => spec.type },
  table: { columns },
});
