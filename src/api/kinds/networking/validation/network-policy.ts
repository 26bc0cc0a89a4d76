/** What is wrong with a NetworkPolicy. Source: pkg/apis/networking/validation/validation.go. */
import { type FieldError, type FieldPath, fieldErrors } from '../../../field-error.ts';
import type { IPBlock, NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort } from '../../../generated/networking/v1.ts';
import { cidrContains, legacyCidrErrors, strictCidrErrors } from '../../../ip.ts';
import { isPortName, isPortNumber } from '../../../names.ts';
import { type Errors, invalidEach, labelSelectorErrors } from '../../../validation/common.ts';

/** What an earlier state of a policy excuses. */
interface Excuses {
  readonly anyValue: boolean;
  /** Networks that the policy had before, which are not checked again. */
  readonly cidrs: ReadonlySet<string>;
}

const noExcuses: Excuses = { anyValue: false, cidrs: new Set() };
const protocols = ['TCP', 'UDP', 'SCTP'];

function portErrors({ protocol, port, endPort }: NetworkPolicyPort, at: FieldPath): Errors {
  const errors: FieldError[] = protocols.includes(protocol) ? [] : [fieldErrors.notSupported(at.field('protocol'), protocol, protocols)];
  const end = at.field('endPort');
  if (port === undefined) {
    return endPort === undefined
      ? errors
      : [...errors, fieldErrors.invalid(end, endPort, 'may not be specified when `port` is not specified')];
  }
  if (typeof port === 'string') {
    if (endPort !== undefined) errors.push(fieldErrors.invalid(end, endPort, 'may not be specified when `port` is non-numeric'));
    return [...errors, ...invalidEach(isPortName(port), port, at.field('port'))];
  }
  errors.push(...invalidEach(isPortNumber(port), port, at.field('port')));
  if (endPort === undefined) return errors;
  // Upstream shows the port where it is the end that is wrong.
  if (endPort < port) errors.push(fieldErrors.invalid(end, port, 'must be greater than or equal to `port`'));
  return [...errors, ...invalidEach(isPortNumber(endPort), endPort, end)];
}

function cidrErrors(cidr: string, { cidrs }: Excuses, at: FieldPath): Errors {
  return cidrs.has(cidr) ? [] : [...legacyCidrErrors(cidr, at), ...strictCidrErrors(cidr, at)];
}

function blockErrors({ cidr, except = [] }: IPBlock, excuses: Excuses, at: FieldPath): Errors {
  if (cidr === '') return [fieldErrors.required(at.field('cidr'))];
  const errors: FieldError[] = [...cidrErrors(cidr, excuses, at.field('cidr'))];
  if (legacyCidrErrors(cidr, at).length > 0) return errors;
  for (const [i, inner] of except.entries()) {
    const here = at.field('except').index(i);
    errors.push(...cidrErrors(inner, excuses, here));
    if (legacyCidrErrors(inner, here).length > 0) continue;
    if (!cidrContains(cidr, inner) || cidrContains(inner, cidr)) {
      errors.push(fieldErrors.invalid(here, inner, 'must be a strict subset of `cidr`'));
    }
  }
  return errors;
}

function peerErrors({ podSelector, namespaceSelector, ipBlock }: NetworkPolicyPeer, excuses: Excuses, at: FieldPath): Errors {
  const others = podSelector !== undefined || namespaceSelector !== undefined;
  return [
    ...labelSelectorErrors(podSelector, at.field('podSelector'), excuses.anyValue),
    ...labelSelectorErrors(namespaceSelector, at.field('namespaceSelector'), excuses.anyValue),
    ...(ipBlock === undefined ? [] : blockErrors(ipBlock, excuses, at.field('ipBlock'))),
    ...(others || ipBlock !== undefined ? [] : [fieldErrors.required(at, 'must specify a peer')]),
    ...(others && ipBlock !== undefined ? [fieldErrors.forbidden(at, 'may not specify both ipBlock and another peer')] : []),
  ];
}

/** The peers of all rules with their paths; `at` is the path of the spec. */
export const peersOf = ({ spec }: NetworkPolicy, at: FieldPath): readonly (readonly [NetworkPolicyPeer, FieldPath])[] => [
  ...(spec.ingress ?? []).flatMap(({ from = [] }, i) =>
    from.map((peer, j) => [peer, at.field('ingress').index(i).field('from').index(j)] as const),
  ),
  ...(spec.egress ?? []).flatMap(({ to = [] }, i) =>
    to.map((peer, j) => [peer, at.field('egress').index(i).field('to').index(j)] as const),
  ),
];

function policyErrors({ spec }: NetworkPolicy, excuses: Excuses, at: FieldPath): Errors {
  const here = at.field('spec');
  const types = here.field('policyTypes');
  const rule = (ports: readonly NetworkPolicyPort[], peers: readonly NetworkPolicyPeer[], peersName: string, path: FieldPath): Errors => [
    ...ports.flatMap((port, i) => portErrors(port, path.field('ports').index(i))),
    ...peers.flatMap((peer, i) => peerErrors(peer, excuses, path.field(peersName).index(i))),
  ];
  const errors: FieldError[] = [
    ...labelSelectorErrors(spec.podSelector, here.field('podSelector'), excuses.anyValue),
    ...(spec.ingress ?? []).flatMap(({ ports = [], from = [] }, i) => rule(ports, from, 'from', here.field('ingress').index(i))),
    ...(spec.egress ?? []).flatMap(({ ports = [], to = [] }, i) => rule(ports, to, 'to', here.field('egress').index(i))),
  ];
  if (spec.policyTypes.length > 2) {
    return [...errors, fieldErrors.invalid(types, spec.policyTypes, 'may not specify more than two policyTypes')];
  }
  const known: readonly string[] = ['Ingress', 'Egress'];
  return [
    ...errors,
    ...spec.policyTypes.flatMap((type, i) => (known.includes(type) ? [] : [fieldErrors.notSupported(types.index(i), type, known)])),
  ];
}

export const newNetworkPolicyErrors = (object: NetworkPolicy, at: FieldPath): Errors => policyErrors(object, noExcuses, at);

export function networkPolicyUpdateErrors(next: NetworkPolicy, previous: NetworkPolicy, at: FieldPath): Errors {
  const cidrs = peersOf(previous, at).flatMap(([{ ipBlock }]) => (ipBlock === undefined ? [] : [ipBlock.cidr, ...(ipBlock.except ?? [])]));
  const anyValue = labelSelectorErrors(previous.spec.podSelector, at).length > 0;
  return policyErrors(next, { anyValue, cidrs: new Set(cidrs) }, at);
}
