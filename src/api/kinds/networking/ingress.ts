/** Routes from outside to Services, by host and path. https://kubernetes.io/docs/concepts/services-networking/ingress/ */
import type { Ingress } from '../../generated/networking/v1.ts';
import { defineKind } from '../../kind.ts';
import { oldIngresses } from '../../legacy/networking.ts';
import { statusSubresource } from '../../subresource.ts';
import { ageColumn, nameColumn } from '../columns.ts';
import { ingressClassAnnotation, ingressCreateErrors, ingressStatusErrors, ingressUpdateErrors } from './validation/ingress.ts';

const maxHosts = 3;

/** Source: pkg/printers/internalversion/printers.go (formatHosts), which counts rules without a host too. */
function hostsText({ spec: { rules = [] } }: Ingress): string {
  const hosts: string[] = [];
  let more = false;
  for (const { host = '' } of rules) {
    if (hosts.length === maxHosts) more = true;
    if (!more && host !== '') hosts.push(host);
  }
  if (hosts.length === 0) return '*';
  return more ? `${hosts.join(',')} + ${rules.length - maxHosts} more...` : hosts.join(',');
}

const addressText = ({ status }: Ingress): string =>
  [...new Set((status.loadBalancer.ingress ?? []).map(({ ip, hostname }) => ip || hostname || ''))]
    .filter((text) => text !== '')
    .toSorted()
    .join(',');

export const ingress = defineKind<Ingress>({
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'Ingress',
  plural: 'ingresses',
  scope: 'Namespaced',
  names: { shortNames: ['ing'], etcdFolder: 'ingress' },
  codec: { schema: 'io.k8s.api.networking.v1.Ingress', alsoServed: oldIngresses },
  rules: {
    warnings: ({ metadata, spec }, previous) =>
      previous === undefined && metadata.annotations?.[ingressClassAnnotation] !== undefined && spec.ingressClassName === undefined
        ? [`annotation "${ingressClassAnnotation}" is deprecated, please use 'spec.ingressClassName' instead`]
        : [],
  },
  create: { prepare: (object) => ({ ...object, status: { loadBalancer: {} } }), validate: ingressCreateErrors },
  update: { metadata: 'whole', validate: ingressUpdateErrors },
  subresources: { status: statusSubresource({ validate: ingressStatusErrors }) },
  table: {
    columns: [
      nameColumn,
      {
        name: 'Class',
        type: 'string',
        description: 'The name of the IngressClass resource that should be used for additional configuration',
        value: ({ spec }) => spec.ingressClassName ?? '<none>',
      },
      {
        name: 'Hosts',
        type: 'string',
        description: 'Hosts that incoming requests are matched against before the ingress rule',
        value: hostsText,
      },
      {
        name: 'Address',
        type: 'string',
        description: 'Address is a list containing ingress points for the load-balancer',
        value: addressText,
      },
      {
        name: 'Ports',
        type: 'string',
        description: 'Ports of TLS configurations that open',
        value: ({ spec }) => ((spec.tls ?? []).length > 0 ? '80, 443' : '80'),
      },
      ageColumn,
    ],
  },
});
