/** Values as messages show them: upstream shows its own form of them, with each field. */
import type { NodeSelectorTerm } from '../../../generated/core/v1.ts';
import type {
  AllocationResult,
  DeviceAttribute,
  DeviceClaim,
  DeviceClaimConfiguration,
  DeviceConstraint,
  DeviceRequest,
  DeviceSelector,
  DeviceSubRequest,
  DeviceToleration,
  ExactDeviceRequest,
  ResourceClaimSpec,
  ResourceClaimTemplateSpec,
} from '../../../generated/resource/v1.ts';

const listOf = <T>(items: readonly T[] | null | undefined, show: (item: T) => unknown): unknown => items?.map(show) ?? null;

const shownToleration = ({ key, operator, value, effect, tolerationSeconds }: DeviceToleration): unknown => ({
  Key: key ?? '',
  Operator: operator ?? '',
  Value: value ?? '',
  Effect: effect ?? '',
  TolerationSeconds: tolerationSeconds ?? null,
});

const shownSelector = ({ cel }: DeviceSelector): unknown => ({ CEL: cel === undefined ? null : { Expression: cel.expression } });

const shownWanted = (wanted: ExactDeviceRequest | DeviceSubRequest): Readonly<Record<string, unknown>> => ({
  DeviceClassName: wanted.deviceClassName,
  Selectors: listOf(wanted.selectors, shownSelector),
  AllocationMode: wanted.allocationMode ?? '',
  Count: wanted.count ?? 0,
});

const shownRest = ({ tolerations, capacity }: ExactDeviceRequest | DeviceSubRequest): Readonly<Record<string, unknown>> => ({
  Tolerations: listOf(tolerations, shownToleration),
  Capacity: capacity === undefined ? null : { Requests: capacity.requests ?? null },
});

const shownRequest = ({ name, exactly, firstAvailable }: DeviceRequest): unknown => ({
  Name: name,
  Exactly: exactly === undefined ? null : { ...shownWanted(exactly), AdminAccess: exactly.adminAccess ?? null, ...shownRest(exactly) },
  FirstAvailable: listOf(firstAvailable, (sub) => ({ Name: sub.name, ...shownWanted(sub), ...shownRest(sub) })),
});

const shownConstraint = ({ requests, matchAttribute, distinctAttribute }: DeviceConstraint): unknown => ({
  Requests: requests ?? null,
  MatchAttribute: matchAttribute ?? null,
  DistinctAttribute: distinctAttribute ?? null,
});

const shownConfiguration = ({ requests, opaque }: DeviceClaimConfiguration): Readonly<Record<string, unknown>> => ({
  Requests: requests ?? null,
  Opaque: opaque === undefined ? null : { Driver: opaque.driver, Parameters: opaque.parameters },
});

const shownDevices = ({ requests, constraints, config }: DeviceClaim): unknown => ({
  Requests: listOf(requests, shownRequest),
  Constraints: listOf(constraints, shownConstraint),
  Config: listOf(config, shownConfiguration),
});

export const shownClaimSpec = ({ devices }: ResourceClaimSpec): unknown => ({ Devices: shownDevices(devices) });

export const shownTemplateSpec = ({ metadata, spec }: ResourceClaimTemplateSpec): unknown => ({ ...metadata, Spec: shownClaimSpec(spec) });

const shownRequirement = ({ key, operator, values }: NonNullable<NodeSelectorTerm['matchFields']>[number]): unknown => ({
  Key: key,
  Operator: operator,
  Values: values ?? null,
});

export const shownTerm = ({ matchExpressions, matchFields }: NodeSelectorTerm): unknown => ({
  MatchExpressions: listOf(matchExpressions, shownRequirement),
  MatchFields: listOf(matchFields, shownRequirement),
});

export const shownAllocation = ({ devices: { results, config }, nodeSelector, allocationTimestamp }: AllocationResult): unknown => ({
  Devices: {
    Results: listOf(results, (result) => ({
      Request: result.request,
      Driver: result.driver,
      Pool: result.pool,
      Device: result.device,
      AdminAccess: result.adminAccess ?? null,
      Tolerations: listOf(result.tolerations, shownToleration),
      BindingConditions: result.bindingConditions ?? null,
      BindingFailureConditions: result.bindingFailureConditions ?? null,
      ShareID: result.shareID ?? null,
      ConsumedCapacity: result.consumedCapacity ?? null,
    })),
    Config: listOf(config, (one) => ({ Source: one.source, ...shownConfiguration(one) })),
  },
  NodeSelector: nodeSelector === undefined ? null : { NodeSelectorTerms: listOf(nodeSelector.nodeSelectorTerms, shownTerm) },
  AllocationTimestamp: allocationTimestamp ?? null,
});

export const shownAttribute = (attribute: DeviceAttribute): unknown => ({
  IntValue: attribute.int ?? null,
  BoolValue: attribute.bool ?? null,
  StringValue: attribute.string ?? null,
  VersionValue: attribute.version ?? null,
  IntValues: null,
  BoolValues: null,
  StringValues: null,
  VersionValues: null,
});
