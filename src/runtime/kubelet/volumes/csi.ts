/** `csi`: no CSI driver can register with this kubelet, and pods are told so. Source: pkg/volume/csi/csi_mounter.go. */
import type { CSIVolumeSource } from '../../../api/generated/core/v1.ts';
import { VolumeError, type VolumePlugin } from './volume-plugin.ts';

/** What a kubelet says about a driver that has not registered with it. Source: pkg/volume/csi/csi_client.go. */
export const unknownDriver = (driver: string): string => `driver name ${driver} not found in the list of registered CSI drivers`;

const refuse = async ({ driver }: CSIVolumeSource): Promise<void> => {
  throw new VolumeError(`kubernetes.io/csi: mounter.SetUpAt failed to get CSI client: ${unknownDriver(driver)}`);
};

export const csiVolume: VolumePlugin<CSIVolumeSource> = {
  sourceOf: ({ csi }) => csi,
  folder: 'csi',
  readOnly: false,
  setUp: refuse,
  check: refuse,
};
