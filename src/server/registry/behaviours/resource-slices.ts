/** ResourceSlices: when devices were tainted. Source: pkg/apis/resource/v1/defaults.go (SetDefaults_DeviceTaint). */
import type { Device, ResourceSlice } from '../../../api/generated/resource/v1.ts';
import { rfc3339 } from '../../../api/time.ts';
import type { ResourceBehaviour } from '../registry-parts.ts';

const withTimes = (device: Device, now: string): Device => ({
  ...device,
  ...(device.taints === undefined ? {} : { taints: device.taints.map((taint) => ({ ...taint, timeAdded: taint.timeAdded ?? now })) }),
});

export const resourceSlicesBehaviour: ResourceBehaviour = {
  stamp: (parts, { object }) => {
    // Only ResourceSlices come to this behaviour.
    const slice = object as ResourceSlice;
    const { devices } = slice.spec;
    if (devices === undefined) return slice;
    const now = rfc3339(parts.now());
    return { ...slice, spec: { ...slice.spec, devices: devices.map((device) => withTimes(device, now)) } };
  },
};
