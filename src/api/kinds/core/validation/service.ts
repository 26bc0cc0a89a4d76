/** Services. Source: pkg/apis/core/validation/validation.go, ValidateService. */
import { type FieldError, type FieldPath, fieldErrors } from '../../../field-error.ts';
import type { Service, ServicePort, ServiceSpec } from '../../../generated/core/v1.ts';
import { isIp, legacyCidrErrors, legacyIpErrors, nonSpecialIpErrors, strictCidrErrors, strictIpErrors } from '../../../ip.ts';
import { isDns1123Subdomain, isPortNumber } from '../../../names.ts';
import {
  dnsLabel,
  dnsSubdomain,
  type Errors,
  errorsOfEach,
  invalidEach,
  labelErrors,
  oneOf,
  portNumberOrName,
  protocols,
  qualifiedName,
  requiredOneOf,
} from '../../../validation/common.ts';
import { clusterIpErrors, clusterIpUpdateErrors, isHeadless } from './service-cluster-ip.ts';

function portErrors(port: ServicePort, nameRequired: boolean, names: Set<string>, at: FieldPath): Errors {
  const { name = '', appProtocol } = port;
  const errors: FieldError[] = [];
  if (name === '') {
    if (nameRequired) errors.push(fieldErrors.required(at.field('name')));
  } else {
    errors.push(...dnsLabel(name, at.field('name')));
    if (names.has(name)) errors.push(fieldErrors.duplicate(at.field('name'), name));
    names.add(name);
  }
  return [
    ...errors,
    ...invalidEach(isPortNumber(port.port), port.port, at.field('port')),
    ...requiredOneOf(port.protocol, protocols, at.field('protocol')),
    ...portNumberOrName(port.targetPort, at.field('targetPort')),
    ...(appProtocol === undefined ? [] : qualifiedName(appProtocol, at.field('appProtocol'))),
  ];
}

const kubeletPort = 10_250;

function typeErrors(spec: ServiceSpec, at: FieldPath): Errors {
  const { type, ports = [], clusterIPs = [] } = spec;
  const errors: FieldError[] = [];
  const headless = isHeadless(spec);
  if (ports.length === 0 && !headless && type !== 'ExternalName') errors.push(fieldErrors.required(at.field('ports')));
  if (type === 'LoadBalancer') {
    for (const [i, { port }] of ports.entries()) {
      if (port !== kubeletPort) continue;
      const why = `may not expose port ${kubeletPort} externally since it is used by kubelet`;
      errors.push(fieldErrors.invalid(at.field('ports').index(i), port, why));
    }
  }
  if (headless && (type === 'LoadBalancer' || type === 'NodePort')) {
    errors.push(fieldErrors.invalid(at.field('clusterIPs').index(0), clusterIPs[0], `may not be set to 'None' for ${type} services`));
  }
  if (type !== 'ExternalName') return errors;
  for (const field of ['clusterIPs', 'ipFamilies', 'ipFamilyPolicy'] as const) {
    if ((spec[field] ?? []).length > 0) errors.push(fieldErrors.forbidden(at.field(field), 'may not be set for ExternalName services'));
  }
  const name = (spec.externalName ?? '').replace(/\.$/, '');
  const here = at.field('externalName');
  return [...errors, ...(name === '' ? [fieldErrors.required(here)] : dnsSubdomain(name, here))];
}

function portsErrors(spec: ServiceSpec, at: FieldPath): Errors {
  const { ports = [] } = spec;
  const names = new Set<string>();
  return errorsOfEach(ports, (port, i) => portErrors(port, ports.length > 1, names, at.index(i)));
}

/** Ports that conflict with one another. Reported after all errors of addresses and the type, as upstream. */
function samePortsErrors({ ports = [], type }: ServiceSpec, at: FieldPath): Errors {
  const errors: FieldError[] = [];
  if (type === 'ClusterIP') {
    for (const [i, { nodePort = 0 }] of ports.entries()) {
      if (nodePort === 0) continue;
      errors.push(fieldErrors.forbidden(at.index(i).field('nodePort'), "may not be used when `type` is 'ClusterIP'"));
    }
  }
  const nodePorts = new Set<string>();
  for (const [i, { nodePort = 0, protocol }] of ports.entries()) {
    const key = `${protocol}/${nodePort}`;
    if (nodePort !== 0 && nodePorts.has(key)) errors.push(fieldErrors.duplicate(at.index(i).field('nodePort'), nodePort));
    nodePorts.add(key);
  }
  const seen = new Set<string>();
  for (const [i, { port, protocol }] of ports.entries()) {
    const key = `${protocol}/${port}`;
    // The value shown is that of upstream's internal struct.
    const shown = { Name: '', Protocol: protocol, AppProtocol: null, Port: port, TargetPort: 0, NodePort: 0 };
    if (seen.has(key)) errors.push(fieldErrors.duplicate(at.index(i), shown));
    seen.add(key);
  }
  return errors;
}

const maxAffinitySeconds = 86_400;

function affinityErrors({ sessionAffinity, sessionAffinityConfig: config }: ServiceSpec, at: FieldPath): Errors {
  const here = at.field('sessionAffinityConfig');
  const errors: FieldError[] = [...requiredOneOf(sessionAffinity, ['ClientIP', 'None'], at.field('sessionAffinity'))];
  if (sessionAffinity === 'None' && config !== undefined) {
    errors.push(fieldErrors.forbidden(here, 'must not be set when session affinity is None'));
  }
  if (sessionAffinity !== 'ClientIP') return errors;
  const when = 'when session affinity type is ClientIP';
  if (config === undefined) return [...errors, fieldErrors.required(here, when)];
  const seconds = config.clientIP?.timeoutSeconds;
  if (config.clientIP === undefined) return [...errors, fieldErrors.required(here.field('clientIP'), when)];
  const timeout = here.field('clientIP', 'timeoutSeconds');
  if (seconds === undefined) return [...errors, fieldErrors.required(timeout, when)];
  return seconds <= 0 || seconds > maxAffinitySeconds
    ? [...errors, fieldErrors.invalid(timeout, seconds, `must be greater than 0 and less than ${maxAffinitySeconds}`)]
    : errors;
}

const sourceRangesAnnotation = 'service.beta.kubernetes.io/load-balancer-source-ranges';
const onlyBalanced = "may only be used when `type` is 'LoadBalancer'";

function loadBalancerErrors({ metadata, spec }: Service, at: FieldPath): Errors {
  const here = at.field('spec');
  const balanced = spec.type === 'LoadBalancer';
  const { loadBalancerSourceRanges: ranges = [], allocateLoadBalancerNodePorts: allocate } = spec;
  const annotation = metadata.annotations?.[sourceRangesAnnotation];
  const errors: FieldError[] = [];
  if (ranges.length > 0) {
    const path = here.field('LoadBalancerSourceRanges');
    if (!balanced) errors.push(fieldErrors.forbidden(path, onlyBalanced));
    errors.push(...ranges.flatMap((range, i) => legacyCidrErrors(range.trim(), path.index(i))));
  } else if (annotation !== undefined) {
    const path = at.field('metadata', 'annotations').key(sourceRangesAnnotation);
    if (!balanced) errors.push(fieldErrors.forbidden(path, onlyBalanced));
    const list = annotation.trim() === '' ? [] : annotation.split(',');
    errors.push(...list.flatMap((range) => legacyCidrErrors(range.trim(), path)));
  }
  if (allocate !== undefined && !balanced) {
    errors.push(fieldErrors.forbidden(here.field('allocateLoadBalancerNodePorts'), onlyBalanced));
  }
  if (allocate === undefined && balanced) errors.push(fieldErrors.required(at.field('allocateLoadBalancerNodePorts')));
  return [...errors, ...classErrors(spec, here.field('loadBalancerClass'))];
}

function classErrors({ type, loadBalancerClass }: ServiceSpec, at: FieldPath): Errors {
  if (loadBalancerClass === undefined) return [];
  return type === 'LoadBalancer' ? qualifiedName(loadBalancerClass, at) : [fieldErrors.forbidden(at, onlyBalanced)];
}

const needsHealthCheck = ({ type, externalTrafficPolicy }: ServiceSpec): boolean =>
  type === 'LoadBalancer' && externalTrafficPolicy === 'Local';

function trafficErrors(spec: ServiceSpec, at: FieldPath): Errors {
  const { type, externalTrafficPolicy = '', internalTrafficPolicy, trafficDistribution, healthCheckNodePort = 0, externalIPs } = spec;
  const external = at.field('externalTrafficPolicy');
  const internal = at.field('internalTrafficPolicy');
  const health = at.field('healthCheckNodePort');
  const errors: FieldError[] = [];
  if (type === 'LoadBalancer' || type === 'NodePort' || (type === 'ClusterIP' && (externalIPs ?? []).length > 0)) {
    errors.push(...requiredOneOf(externalTrafficPolicy, ['Cluster', 'Local'], external));
  } else if (externalTrafficPolicy !== '') {
    errors.push(fieldErrors.invalid(external, externalTrafficPolicy, 'may only be set for externally-accessible services'));
  }
  if (!needsHealthCheck(spec) && healthCheckNodePort !== 0) {
    errors.push(
      fieldErrors.invalid(
        health,
        healthCheckNodePort,
        "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'",
      ),
    );
  } else if (healthCheckNodePort !== 0) errors.push(...invalidEach(isPortNumber(healthCheckNodePort), healthCheckNodePort, health));
  if (internalTrafficPolicy === undefined) {
    if (type !== 'ExternalName') errors.push(fieldErrors.required(internal));
  } else errors.push(...oneOf(internalTrafficPolicy, ['Cluster', 'Local'], internal));
  if (trafficDistribution !== undefined) {
    errors.push(...oneOf(trafficDistribution, ['PreferClose', 'PreferSameZone', 'PreferSameNode'], at.field('trafficDistribution')));
  }
  return errors;
}

const hintsAnnotation = 'service.kubernetes.io/topology-aware-hints';
const modeAnnotation = 'service.kubernetes.io/topology-mode';

function topologyErrors({ annotations = {} }: Service['metadata'], at: FieldPath): Errors {
  const mode = annotations[modeAnnotation];
  const hints = annotations[hintsAnnotation];
  return mode !== undefined && hints !== undefined && mode !== hints
    ? [fieldErrors.invalid(at.key(modeAnnotation), mode, `must match annotations[${hintsAnnotation}] when both are specified`)]
    : [];
}

/** All that is wrong with a Service, apart from the addresses and ports that the registry allocates later. */
export function serviceErrors(service: Service, at: FieldPath): Errors {
  const { metadata, spec } = service;
  const here = at.field('spec');
  return [
    ...topologyErrors(metadata, at.field('metadata', 'annotations')),
    ...typeErrors(spec, here),
    ...portsErrors(spec, here.field('ports')),
    ...labelErrors(spec.selector, here.field('selector')),
    ...affinityErrors(spec, here),
    ...clusterIpErrors(spec, here),
    ...(spec.externalIPs ?? []).flatMap((ip, i) => {
      const errors = legacyIpErrors(ip, here.field('externalIPs').index(i));
      return errors.length > 0 ? errors : nonSpecialIpErrors(ip, here.field('externalIPs').index(i));
    }),
    ...requiredOneOf(spec.type, ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'], here.field('type')),
    ...samePortsErrors(spec, here.field('ports')),
    ...loadBalancerErrors(service, at),
    ...trafficErrors(spec, here),
  ];
}

/**
 * Checks strictly the addresses and networks that the Service did not have before. Source: validation.go
 * (StrictIPCIDRValidation).
 */
export function newAddressErrors({ spec }: Service, previous: Service | undefined, at: FieldPath): Errors {
  const here = at.field('spec');
  const { externalIPs: oldIps = [], loadBalancerSourceRanges: oldRanges = [] } = previous?.spec ?? {};
  return [
    ...errorsOfEach(spec.externalIPs ?? [], (ip, i) => (oldIps.includes(ip) ? [] : strictIpErrors(ip, here.field('externalIPs').index(i)))),
    ...errorsOfEach(spec.loadBalancerSourceRanges ?? [], (range, i) =>
      oldRanges.includes(range) ? [] : strictCidrErrors(range.trim(), here.field('LoadBalancerSourceRanges').index(i)),
    ),
  ];
}

/** What may not change in a Service. */
export function serviceUpdateErrors(next: Service, previous: Service, at: FieldPath): Errors {
  const here = at.field('spec');
  const errors: FieldError[] = [...clusterIpUpdateErrors(next.spec, previous.spec, here), ...newAddressErrors(next, previous, at)];
  const bothBalanced = next.spec.type === 'LoadBalancer' && previous.spec.type === 'LoadBalancer';
  if (bothBalanced && next.spec.loadBalancerClass !== previous.spec.loadBalancerClass) {
    errors.push(fieldErrors.invalid(here.field('loadBalancerClass'), next.spec.loadBalancerClass, 'may not change once set'));
  }
  errors.push(...classErrors(next.spec, here.field('loadBalancerClass')));
  if (
    needsHealthCheck(next.spec) &&
    needsHealthCheck(previous.spec) &&
    (next.spec.healthCheckNodePort ?? 0) !== (previous.spec.healthCheckNodePort ?? 0)
  ) {
    errors.push(fieldErrors.forbidden(here.field('healthCheckNodePort'), 'field is immutable'));
  }
  return errors;
}

/** All that is wrong with the status of a Service: the addresses of its load balancer. */
export function serviceStatusErrors({ spec, status }: Service, _previous: Service, at: FieldPath): Errors {
  const list = at.field('status', 'loadBalancer', 'ingress');
  const { ingress = [] } = status.loadBalancer;
  if (spec.type !== 'LoadBalancer' && ingress.length > 0) {
    return [fieldErrors.forbidden(list, "may only be used when `spec.type` is 'LoadBalancer'")];
  }
  return ingress.flatMap(({ ip = '', hostname = '', ipMode }, i) => {
    const here = list.index(i);
    const errors: FieldError[] = ip === '' ? [] : [...legacyIpErrors(ip, here.field('ip'))];
    if (ipMode === undefined) {
      if (ip !== '') errors.push(fieldErrors.required(here.field('ipMode'), 'must be specified when `ip` is set'));
    } else if (ip === '') errors.push(fieldErrors.forbidden(here.field('ipMode'), 'may not be specified when `ip` is not set'));
    else errors.push(...oneOf(ipMode, ['Proxy', 'VIP'], here.field('ipMode')));
    if (hostname !== '') {
      errors.push(...invalidEach(isDns1123Subdomain(hostname), hostname, here.field('hostname')));
      if (isIp(hostname)) errors.push(fieldErrors.invalid(here.field('hostname'), hostname, 'must be a DNS name, not an IP address'));
    }
    return errors;
  });
}
