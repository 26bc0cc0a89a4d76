/** Warnings about Services that are accepted all the same. Source: pkg/api/service/warnings.go. */
import { FieldPath } from '../../../field-error.ts';
import type { Service } from '../../../generated/core/v1.ts';
import { cidrWarnings, ipWarnings } from '../../../validation/ip-warnings.ts';
import { isHeadless } from './service-cluster-ip.ts';

const hintsAnnotation = 'service.kubernetes.io/topology-aware-hints';

/** What deserves a warning in a Service. */
export function serviceWarnings({ metadata, spec }: Service): readonly string[] {
  const at = FieldPath.root.field('spec');
  const { externalIPs = [], loadBalancerIP = '', externalName = '', clusterIPs = [], loadBalancerSourceRanges: sourceRanges = [] } = spec;
  const warnings: string[] = [];
  if (metadata.annotations?.[hintsAnnotation] !== undefined) {
    warnings.push(`annotation ${hintsAnnotation} is deprecated, please use service.kubernetes.io/topology-mode instead`);
  }
  if (isHeadless(spec)) {
    if (loadBalancerIP !== '') warnings.push('spec.loadBalancerIP is ignored for headless services');
    if (externalIPs.length > 0) warnings.push('spec.externalIPs is ignored for headless services');
    if (spec.sessionAffinity !== 'None') warnings.push('spec.SessionAffinity is ignored for headless services');
  } else warnings.push(...clusterIPs.flatMap((ip, i) => ipWarnings(ip, at.field('clusterIPs').index(i))));
  warnings.push(...externalIPs.flatMap((ip, i) => ipWarnings(ip, at.field('externalIPs').index(i))));
  if (externalIPs.length > 0 && !isHeadless(spec) && spec.type !== 'ExternalName') {
    warnings.push('spec.externalIPs is deprecated and may no longer be implemented in some clusters');
  }
  if (loadBalancerIP !== '') warnings.push(...ipWarnings(loadBalancerIP, at.field('loadBalancerIP')));
  warnings.push(...sourceRanges.flatMap((cidr, i) => cidrWarnings(cidr, at.field('loadBalancerSourceRanges').index(i))));
  if (spec.type === 'ExternalName' && externalIPs.length > 0) {
    warnings.push('spec.externalIPs is ignored when spec.type is "ExternalName"');
  }
  if (spec.type !== 'ExternalName' && externalName !== '') {
    warnings.push('spec.externalName is ignored when spec.type is not "ExternalName"');
  }
  if (spec.trafficDistribution === 'PreferClose') {
    warnings.push('spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"');
  }
  return warnings;
}
