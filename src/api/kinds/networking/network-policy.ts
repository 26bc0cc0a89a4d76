/** Which traffic Pods may have. https://kubernetes.io/docs/concepts/services-networking/network-policies/ */
import { FieldPath } from '../../field-error.ts';
import type { NetworkPolicy, NetworkPolicyPort } from '../../generated/networking/v1.ts';
import { defineKind } from '../../kind.ts';
import { oldNetworkPolicies } from '../../legacy/networking.ts';
import { formatLabelSelector } from '../../selector.ts';
import { cidrWarnings } from '../../validation/ip-warnings.ts';
import { ageColumn, nameColumn } from '../columns.ts';
import { networkPolicyUpdateErrors, newNetworkPolicyErrors, peersOf } from './validation/network-policy.ts';

const withProtocol = <T extends { readonly ports?: readonly NetworkPolicyPort[] | undefined }>(rule: T): T =>
  rule.ports === undefined ? rule : { ...rule, ports: rule.ports.map((port) => ({ ...port, protocol: port.protocol ?? 'TCP' })) };

/** Source: pkg/apis/networking/v1/defaults.go. */
function withDefaults({ spec, ...rest }: NetworkPolicy): NetworkPolicy {
  const implied: NetworkPolicy['spec']['policyTypes'] = (spec.egress ?? []).length > 0 ? ['Ingress', 'Egress'] : ['Ingress'];
  return {
    ...rest,
    spec: {
      ...spec,
      ...(spec.ingress === undefined ? {} : { ingress: spec.ingress.map(withProtocol) }),
      ...(spec.egress === undefined ? {} : { egress: spec.egress.map(withProtocol) }),
      policyTypes: (spec.policyTypes ?? []).length === 0 ? implied : spec.policyTypes,
    },
  };
}

const policyWarnings = (object: NetworkPolicy): readonly string[] =>
  peersOf(object, FieldPath.root.field('spec')).flatMap(([{ ipBlock }, at]) =>
    ipBlock === undefined
      ? []
      : [
          ...cidrWarnings(ipBlock.cidr, at.field('ipBlock', 'cidr')),
          ...(ipBlock.except ?? []).flatMap((cidr, i) => cidrWarnings(cidr, at.field('ipBlock', 'except').index(i))),
        ],
  );

export const networkPolicy = defineKind<NetworkPolicy>({
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'NetworkPolicy',
  plural: 'networkpolicies',
  scope: 'Namespaced',
  names: { shortNames: ['netpol'] },
  codec: { schema: 'io.k8s.api.networking.v1.NetworkPolicy', alsoServed: oldNetworkPolicies, defaults: withDefaults },
  rules: { generation: true, warnings: policyWarnings },
  create: { validate: newNetworkPolicyErrors },
  update: { validate: networkPolicyUpdateErrors },
  table: {
    columns: [
      nameColumn,
      {
        name: 'Pod-Selector',
        type: 'string',
        descriptionOf: ['io.k8s.api.networking.v1.NetworkPolicySpec', 'podSelector'],
        value: ({ spec }) => formatLabelSelector(spec.podSelector),
      },
      ageColumn,
    ],
  },
});
