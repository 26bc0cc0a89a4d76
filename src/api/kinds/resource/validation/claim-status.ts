/** What was allocated for a claim. Source: pkg/apis/resource/validation/validation.go. */
import { deepEqual } from '../../../deep-equal.ts';
import { type FieldError, type FieldPath, fieldErrors } from '../../../field-error.ts';
import type {
  AllocatedDeviceStatus,
  AllocationResult,
  DeviceAllocationConfiguration,
  DeviceRequestAllocationResult,
  NetworkDeviceData,
  ResourceClaim,
  ResourceClaimConsumerReference,
} from '../../../generated/resource/v1.ts';
import { internalForm } from '../../../internal-form/internal-form.ts';
import { cidrErrors, parseIp } from '../../../ip.ts';
import { nodeSelectorErrors } from '../../../pod/validation/affinity.ts';
import { byteLength, dnsLabel, type Errors, requiredText } from '../../../validation/common.ts';
import { bindingErrors, configurationErrors, driverErrors, listErrors, poolNameErrors, rawObjectErrors, setErrors } from './common.ts';
import { maxConfigurations, maxRequests, type RequestNames, requestNamesOf, requestRefErrors, requestRefsErrors } from './device-claim.ts';

const maxReservations = 256;
const maxInterfaceBytes = 256;
const maxHardwareBytes = 128;
const maxAddresses = 16;
const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

const shareErrors = (uid: string | undefined, at: FieldPath): Errors =>
  uid === undefined || uuidPattern.test(uid)
    ? []
    : [
        fieldErrors.invalid(
          at,
          uid,
          'uid must be in RFC 4122 normalized form, `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx` with lowercase hexadecimal characters',
        ),
      ];

function resultErrors(result: DeviceRequestAllocationResult, known: RequestNames, at: FieldPath): Errors {
  return [
    ...requestRefErrors(result.request, known, at.field('request')),
    ...driverErrors(result.driver, at.field('driver')),
    ...poolNameErrors(result.pool, at.field('pool')),
    ...dnsLabel(result.device, at.field('device')),
    ...bindingErrors(result.bindingConditions, result.bindingFailureConditions, at),
    ...shareErrors(result.shareID, at.field('shareID')),
  ];
}

function allocationErrors({ devices, nodeSelector }: AllocationResult, known: RequestNames, at: FieldPath): Errors {
  const here = at.field('devices');
  const sources = ['FromClaim', 'FromClass'];
  const configErrors = (config: DeviceAllocationConfiguration, path: FieldPath): Errors => {
    const source: string = config.source ?? '';
    return [
      ...(source === ''
        ? [fieldErrors.required(path.field('source'))]
        : sources.includes(source)
          ? []
          : [fieldErrors.notSupported(path.field('source'), source, sources)]),
      ...requestRefsErrors(config.requests, known, path.field('requests')),
      ...configurationErrors(config, path),
    ];
  };
  return [
    ...listErrors(devices.results, maxRequests, (result, path) => resultErrors(result, known, path), here.field('results')),
    ...listErrors(devices.config, 2 * maxConfigurations, configErrors, here.field('config')),
    ...(nodeSelector === undefined ? [] : nodeSelectorErrors(nodeSelector, at.field('nodeSelector'))),
  ];
}

/** An address with the length of its network, with the host's bits. */
function interfaceAddressErrors(text: string, at: FieldPath): Errors {
  const [address = '', length = ''] = text.split('/');
  const ip = parseIp(address);
  const bits = ip?.family === 4 ? 32 : 128;
  const valid = ip !== undefined && /^[0-9]+$/.test(length) && Number(length) <= bits;
  return valid
    ? cidrErrors(`${address}/${bits}`, at)
    : [fieldErrors.invalid(at, text, 'must be a valid address in CIDR form, (e.g. 10.9.8.7/24 or 2001:db8::1/64)')];
}

function networkErrors(data: NetworkDeviceData | undefined, at: FieldPath): Errors {
  if (data === undefined) return [];
  const limited = (text: string | undefined, max: number, field: string): Errors =>
    byteLength(text ?? '') > max ? [fieldErrors.tooLong(at.field(field), max)] : [];
  return [
    ...limited(data.interfaceName, maxInterfaceBytes, 'interfaceName'),
    ...limited(data.hardwareAddress, maxHardwareBytes, 'hardwareAddress'),
    ...setErrors(data.ips, maxAddresses, { errorsOf: interfaceAddressErrors, keyOf: (address) => address }, at.field('ips')),
  ];
}

type Identity = Pick<AllocatedDeviceStatus, 'driver' | 'pool' | 'device' | 'shareID'>;

/** What makes a device one, as upstream shows it. */
const shownIdentity = ({ driver, pool, device, shareID }: Identity): unknown => ({
  Driver: driver,
  Pool: pool,
  Device: device,
  ShareID: shareID ?? '',
});

const identityOf = (device: Identity): string => JSON.stringify(shownIdentity(device));

function deviceErrors(device: AllocatedDeviceStatus, allocated: ReadonlySet<string>, at: FieldPath): Errors {
  const { data } = device;
  return [
    ...driverErrors(device.driver, at.field('driver')),
    ...poolNameErrors(device.pool, at.field('pool')),
    ...dnsLabel(device.device, at.field('device')),
    ...shareErrors(device.shareID, at.field('shareID')),
    ...(allocated.has(identityOf(device))
      ? []
      : [fieldErrors.invalid(at, shownIdentity(device), 'must be an allocated device in the claim')]),
    ...(data === undefined || data === null ? [] : rawObjectErrors(data, at.field('data'))),
    ...networkErrors(device.networkData, at.field('networkData')),
  ];
}

const consumerErrors = ({ resource, name, uid }: ResourceClaimConsumerReference, at: FieldPath): Errors => [
  ...requiredText(resource, at.field('resource')),
  ...requiredText(name, at.field('name')),
  ...requiredText(uid, at.field('uid')),
];

export function claimStatusErrors(next: ResourceClaim, previous: ResourceClaim, at: FieldPath): Errors {
  const { allocation, reservedFor = [], devices } = next.status;
  const here = at.field('status');
  const known = requestNamesOf(next.spec.devices);
  const allocated = new Set((allocation?.devices.results ?? []).map(identityOf));
  const before = previous.status.reservedFor ?? [];
  const errors: FieldError[] = [
    ...setErrors(reservedFor, maxReservations, { errorsOf: consumerErrors, keyOf: ({ uid }) => uid }, here.field('reservedFor')),
    ...setErrors(
      devices,
      Number.POSITIVE_INFINITY,
      { errorsOf: (device, path) => deviceErrors(device, allocated, path), keyOf: shownIdentity },
      here.field('devices'),
    ),
  ];
  if (reservedFor.length > 0 && allocation === undefined) {
    errors.push(fieldErrors.forbidden(here.field('reservedFor'), 'may not be specified when `allocated` is not set'));
  } else if (next.metadata.deletionTimestamp !== undefined && reservedFor.some((one) => !before.some((old) => deepEqual(one, old)))) {
    const rule = 'new entries may not be added while `deallocationRequested` or `deletionTimestamp` are set';
    errors.push(fieldErrors.forbidden(here.field('reservedFor'), rule));
  }
  if (allocation === undefined) return errors;
  if (previous.status.allocation === undefined) return [...errors, ...allocationErrors(allocation, known, here.field('allocation'))];
  return deepEqual(allocation, previous.status.allocation)
    ? errors
    : [...errors, fieldErrors.invalid(here.field('allocation'), internalForm('AllocationResult', allocation), 'field is immutable')];
}
