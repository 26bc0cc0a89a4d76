/**
 * Beta versions of resource.k8s.io, which upstream serves only when it is asked to. v1beta2 has the shape of v1; in
 * v1beta1, requests and devices keep their fields elsewhere. Source: pkg/apis/resource/v1beta1/conversion.go.
 */
import { isObject, type JsonObject, type JsonValue } from '../json.ts';
import type { ServedVersion } from '../kind.ts';
import { oldVersion, withSpec } from './old-version.ts';

type Change = (object: JsonObject) => JsonObject;

/** How objects are converted to v1 and back. */
interface Conversion {
  readonly toStored: Change;
  readonly fromStored: Change;
}

const ofGroup = 'resource.k8s.io';

const versions = (kind: string, conversion?: Conversion): readonly ServedVersion[] => [
  oldVersion({ ofGroup, version: 'v1beta2', package: 'resource', kind, deprecated: '1.36', removed: '1.39' }),
  oldVersion({ ofGroup, version: 'v1beta1', package: 'resource', kind, deprecated: '1.35', removed: '1.38' }, conversion),
];

/** The list of a member with a change made to each of its objects. */
function withEach(object: JsonObject, member: string, change: Change): JsonObject {
  const list: JsonValue | undefined = object[member];
  if (!Array.isArray(list)) return object;
  return { ...object, [member]: list.map((item: JsonValue) => (isObject(item) ? change(item) : item)) };
}

/** A request that names no alternatives is one for devices of one class: its fields are those of `exactly`. */
function storedRequest({ name, firstAvailable, ...exact }: JsonObject): JsonObject {
  const { deviceClassName = '', allocationMode = '', count = 0 } = exact;
  const others = Object.entries(exact).some(
    ([field, value]) => !['deviceClassName', 'allocationMode', 'count'].includes(field) && value !== undefined && value !== null,
  );
  const asked = deviceClassName !== '' || allocationMode !== '' || count !== 0 || others;
  return {
    ...(name === undefined ? {} : { name }),
    ...(asked ? { exactly: { ...exact, deviceClassName } } : {}),
    ...(firstAvailable === undefined ? {} : { firstAvailable }),
  };
}

/** The class is told also where there is none. */
const oldRequest: Change = ({ exactly, ...request }) => ({ ...request, deviceClassName: '', ...(isObject(exactly) ? exactly : {}) });

const inClaim = (change: Change): Change => {
  const inDevices: Change = (spec) => (isObject(spec.devices) ? { ...spec, devices: withEach(spec.devices, 'requests', change) } : spec);
  return (object) => withSpec(object, inDevices);
};

const inTemplate =
  (change: Change): Change =>
  (object) =>
    withSpec(object, inClaim(change));

/** What a device is like stands below `basic`. */
const storedDevice: Change = ({ basic, ...device }) => ({ ...device, ...(isObject(basic) ? basic : {}) });
const oldDevice: Change = ({ name, ...basic }) => ({ ...(name === undefined ? {} : { name }), basic });

/** In v1beta1 the empty name and false mean that nothing is said. */
const storedSlice: Change = (object) =>
  withSpec(object, ({ nodeName, allNodes, ...spec }) => ({
    ...withEach(spec, 'devices', storedDevice),
    ...(nodeName === undefined || nodeName === '' ? {} : { nodeName }),
    ...(allNodes === true ? { allNodes } : {}),
  }));

const oldSlice: Change = (object) =>
  withSpec(object, ({ allNodes, ...spec }) => ({
    ...withEach(spec, 'devices', oldDevice),
    ...(allNodes === true ? { allNodes } : {}),
  }));

export const oldDeviceClasses: readonly ServedVersion[] = versions('DeviceClass');
export const oldResourceClaims: readonly ServedVersion[] = versions('ResourceClaim', {
  toStored: inClaim(storedRequest),
  fromStored: inClaim(oldRequest),
});
export const oldResourceClaimTemplates: readonly ServedVersion[] = versions('ResourceClaimTemplate', {
  toStored: inTemplate(storedRequest),
  fromStored: inTemplate(oldRequest),
});
export const oldResourceSlices: readonly ServedVersion[] = versions('ResourceSlice', { toStored: storedSlice, fromStored: oldSlice });
