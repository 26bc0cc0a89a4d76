/**
 * Endpoints and EndpointSlices. Source: pkg/apis/core/validation/validation.go,
 * pkg/apis/discovery/validation/validation.go.
 */
import { type FieldError, type FieldPath, fieldErrors } from '../../../field-error.ts';
import type { EndpointAddress, EndpointPort, Endpoints } from '../../../generated/core/v1.ts';
import type { Endpoint, EndpointHints, EndpointSlice, EndpointPort as SlicePort } from '../../../generated/discovery/v1.ts';
import { ipErrors, legacyIpErrors, nonSpecialIpErrors, parseIp } from '../../../ip.ts';
import { isDns1123Label, isDns1123Subdomain, isLabelValue, isPortNumber } from '../../../names.ts';
import {
  dnsLabel,
  dnsSubdomain,
  type Errors,
  errorsOfEach,
  immutable,
  invalidEach,
  labelErrors,
  oneOf,
  protocols,
  qualifiedName,
  requiredOneOf,
} from '../../../validation/common.ts';

const addressErrors = ({ ip, hostname = '', nodeName }: EndpointAddress, at: FieldPath): Errors => [
  ...legacyIpErrors(ip, at.field('ip')),
  ...(hostname === '' ? [] : dnsLabel(hostname, at.field('hostname'))),
  ...(nodeName === undefined ? [] : dnsSubdomain(nodeName, at.field('nodeName'))),
  ...nonSpecialIpErrors(ip, at.field('ip')),
];

const portErrors = ({ name = '', port, protocol, appProtocol }: EndpointPort, nameRequired: boolean, at: FieldPath): Errors => [
  ...(name === '' ? (nameRequired ? [fieldErrors.required(at.field('name'))] : []) : dnsLabel(name, at.field('name'))),
  ...invalidEach(isPortNumber(port), port, at.field('port')),
  ...requiredOneOf(protocol, protocols, at.field('protocol')),
  ...(appProtocol === undefined ? [] : qualifiedName(appProtocol, at.field('appProtocol'))),
];

/** All that is wrong with Endpoints. */
export const endpointsErrors = ({ subsets = [] }: Endpoints, at: FieldPath): Errors =>
  subsets.flatMap(({ addresses = [], notReadyAddresses = [], ports = [] }, i) => {
    const here = at.field('subsets').index(i);
    return [
      ...(addresses.length === 0 && notReadyAddresses.length === 0
        ? [fieldErrors.required(here, 'must specify `addresses` or `notReadyAddresses`')]
        : []),
      ...addresses.flatMap((address, j) => addressErrors(address, here.field('addresses').index(j))),
      ...notReadyAddresses.flatMap((address, j) => addressErrors(address, here.field('notReadyAddresses').index(j))),
      ...ports.flatMap((port, j) => portErrors(port, ports.length > 1, here.field('ports').index(j))),
    ];
  });

const maxEndpoints = 1000;
const maxAddresses = 100;
const maxPorts = 20_000;
const maxHints = 8;

function domainNameErrors(name: string, at: FieldPath): Errors {
  if (name === '') return [fieldErrors.required(at)];
  const bare = name.endsWith('.') ? name.slice(0, -1) : name;
  const complaints = isDns1123Subdomain(bare);
  if (complaints.length > 0) return [fieldErrors.invalid(at, bare, complaints.join(','))];
  const labels = bare.split('.');
  if (labels.length < 2) return [fieldErrors.invalid(at, bare, 'should be a domain with at least two segments separated by dots')];
  const bad = labels.find((label) => isDns1123Label(label).length > 0);
  return bad === undefined ? [] : [fieldErrors.invalid(at, bad, isDns1123Label(bad).join(','))];
}

/** `list`: the path of all addresses, which upstream names when one is of the wrong family. */
function sliceAddressErrors(address: string, type: string, at: FieldPath, list: FieldPath): Errors {
  if (type === 'FQDN') return domainNameErrors(address, at);
  if (type !== 'IPv4' && type !== 'IPv6') return [];
  const family = type === 'IPv4' ? 4 : 6;
  const ip = parseIp(address);
  return [
    ...ipErrors(address, at),
    ...(ip !== undefined && ip.family !== family ? [fieldErrors.invalid(list, address, `must be an ${type} address`)] : []),
    // A text that is not an address at all is reported once.
    ...(ip === undefined ? [] : nonSpecialIpErrors(address, at)),
  ];
}

/** A zone is the value of a label, and may be empty. */
const zoneName = (name: string, at: FieldPath): Errors => invalidEach(isLabelValue(name), name, at);

function hintErrors({ forZones = [], forNodes = [] }: EndpointHints, at: FieldPath): Errors {
  const errors: FieldError[] = [];
  for (const [list, name, check] of [
    [forZones, 'forZones', zoneName],
    [forNodes, 'forNodes', dnsSubdomain],
  ] as const) {
    const here = at.field(name);
    if (list.length > maxHints) return [...errors, fieldErrors.tooMany(here, list.length, maxHints)];
    const seen = new Set<string>();
    for (const [i, hint] of list.entries()) {
      if (seen.has(hint.name)) errors.push(fieldErrors.duplicate(here.index(i).field('name'), hint.name));
      seen.add(hint.name);
      errors.push(...check(hint.name, here.index(i).field('name')));
    }
  }
  return errors;
}

function endpointErrors({ addresses, hostname, nodeName, hints, deprecatedTopology = {} }: Endpoint, type: string, at: FieldPath): Errors {
  const here = at.field('addresses');
  const topology = at.field('deprecatedTopology');
  return [
    ...(addresses.length === 0 ? [fieldErrors.required(here, 'must contain at least 1 address')] : []),
    ...(addresses.length > maxAddresses ? [fieldErrors.tooMany(here, addresses.length, maxAddresses)] : []),
    ...addresses.flatMap((address, i) => sliceAddressErrors(address, type, here.index(i), here)),
    ...(nodeName === undefined ? [] : dnsSubdomain(nodeName, at.field('nodeName'))),
    ...labelErrors(deprecatedTopology, topology),
    ...(hostname === undefined ? [] : dnsLabel(hostname, at.field('hostname'))),
    ...(hints === undefined ? [] : hintErrors(hints, at.field('hints'))),
  ];
}

/** All that is wrong with a slice. */
export function endpointSliceErrors(slice: EndpointSlice, at: FieldPath): Errors {
  const { addressType } = slice;
  const errors: FieldError[] = [...requiredOneOf(addressType, ['FQDN', 'IPv4', 'IPv6'], at.field('addressType'))];
  errors.push(...slicePortsErrors(slice.ports ?? [], at.field('ports')));
  const list = at.field('endpoints');
  const endpoints = slice.endpoints ?? [];
  if (endpoints.length > maxEndpoints) return [...errors, fieldErrors.tooMany(list, endpoints.length, maxEndpoints)];
  return [...errors, ...errorsOfEach(endpoints, (endpoint, i) => endpointErrors(endpoint, addressType, list.index(i)))];
}

function slicePortsErrors(ports: readonly SlicePort[], at: FieldPath): Errors {
  if (ports.length > maxPorts) return [fieldErrors.tooMany(at, ports.length, maxPorts)];
  const errors: FieldError[] = [];
  const names = new Set<string>();
  // Upstream does not look at the numbers.
  for (const [i, { name, protocol, appProtocol }] of ports.entries()) {
    const here = at.index(i);
    if (name !== '') errors.push(...dnsLabel(name, here.field('name')));
    if (names.has(name)) errors.push(fieldErrors.duplicate(here.field('name'), name));
    names.add(name);
    errors.push(...oneOf(protocol, protocols, here.field('protocol')));
    if (appProtocol !== undefined) errors.push(...qualifiedName(appProtocol, here.field('appProtocol')));
  }
  return errors;
}

export const endpointSliceUpdateErrors = (next: EndpointSlice, previous: EndpointSlice, at: FieldPath): Errors =>
  immutable(next.addressType, previous.addressType, at.field('addressType'));
