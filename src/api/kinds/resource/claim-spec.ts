/** The defaults of claims for devices. Source: pkg/apis/resource/v1/defaults.go. */
import type {
  DeviceRequest,
  DeviceSubRequest,
  DeviceToleration,
  ExactDeviceRequest,
  ResourceClaimSpec,
} from '../../generated/resource/v1.ts';

export const defaultToleration = (toleration: DeviceToleration): DeviceToleration => ({
  ...toleration,
  operator: toleration.operator ?? 'Equal',
});

function defaultWanted<T extends ExactDeviceRequest | DeviceSubRequest>(wanted: T): T {
  const mode = (wanted.allocationMode ?? '') === '' ? 'ExactCount' : wanted.allocationMode;
  const count = mode === 'ExactCount' && (wanted.count ?? 0) === 0 ? 1 : wanted.count;
  const { tolerations } = wanted;
  return {
    ...wanted,
    allocationMode: mode,
    ...(count === undefined ? {} : { count }),
    ...(tolerations === undefined ? {} : { tolerations: tolerations.map(defaultToleration) }),
  };
}

const defaultRequest = (request: DeviceRequest): DeviceRequest => ({
  ...request,
  ...(request.exactly === undefined ? {} : { exactly: defaultWanted(request.exactly) }),
  ...(request.firstAvailable === undefined ? {} : { firstAvailable: request.firstAvailable.map(defaultWanted) }),
});

export function defaultClaimSpec(spec: ResourceClaimSpec): ResourceClaimSpec {
  const requests = spec.devices.requests ?? [];
  return requests.length === 0 ? spec : { ...spec, devices: { ...spec.devices, requests: requests.map(defaultRequest) } };
}
