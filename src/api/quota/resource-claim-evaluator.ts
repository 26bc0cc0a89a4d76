/** What quotas count of ResourceClaims. Source: pkg/quota/v1/evaluator/core/resource_claims.go. */
import type { Pod } from '../generated/core/v1.ts';
import type { DeviceClass, DeviceSubRequest, ExactDeviceRequest, ResourceClaim } from '../generated/resource/v1.ts';
import type { KubeObject } from '../object.ts';
import type { ResourceAmounts } from '../pod/resources.ts';
import { addQuantity, maxQuantity, type Quantity, quantityOf, subtractQuantity, zeroQuantity } from '../quantity.ts';
import { objectCountName, one, type QuotaEvaluator } from './evaluator.ts';
import { isExtendedQuotaName, podUsage } from './pod-evaluator.ts';

/** How other objects are read. */
export interface QuotaObjects {
  list(resourceName: string, namespace?: string): readonly KubeObject[];
  get(resourceName: string, namespace: string, name: string): KubeObject | undefined;
}

const resourceName = 'resourceclaims.resource.k8s.io';
const countName = objectCountName(resourceName);
/** Follows the name of a device class. */
const classSuffix = '.deviceclass.resource.k8s.io/devices';
const implicitPrefix = 'requests.deviceclass.resource.kubernetes.io/';
/** What a request for all devices may amount to. Source: resource/v1 types.go (AllocationResultsMaxSize). */
const mostDevices = 32;
const extendedAnnotation = 'resource.kubernetes.io/extended-resource-claim';

/** Knows claims. `now` returns milliseconds since the epoch. */
export function resourceClaimEvaluator(objects: QuotaObjects, now: () => number): QuotaEvaluator {
  const classes = (): readonly DeviceClass[] =>
    // Only DeviceClasses are stored under this resource name.
    objects.list('deviceclasses.resource.k8s.io') as unknown as readonly DeviceClass[];
  return {
    counts: (name) => {
      if (name === countName || name.endsWith(classSuffix)) return true;
      if (name.startsWith(implicitPrefix)) return extendedNameOf(classes(), name.slice(implicitPrefix.length)) !== '';
      return isExtendedQuotaName(name) && classes().some(({ spec }) => spec.extendedResourceName === name.slice('requests.'.length));
    },
    usage: (object) => {
      // Only claims are passed to this evaluator.
      const claim = object as unknown as ResourceClaim;
      const devices = devicesOf(claim);
      return new Map([[countName, one], ...devices, ...extendedUsage(devices, classes(), podUsageOf(objects, claim, now()))]);
    },
    isCharged: ({ operation, subresource }) => subresource === '' && (operation === 'CREATE' || operation === 'UPDATE'),
  };
}

const extendedNameOf = (classes: readonly DeviceClass[], className: string): string =>
  classes.find(({ metadata }) => metadata.name === className)?.spec.extendedResourceName ?? '';

const count = ({ allocationMode, count: exact }: DeviceSubRequest | ExactDeviceRequest): Quantity =>
  quantityOf(allocationMode === 'All' ? mostDevices : allocationMode === 'ExactCount' ? (exact ?? 0) : 0);

/** Devices by class. Of alternatives, the one that needs the most of a class counts. */
function devicesOf({ spec }: ResourceClaim): ResourceAmounts {
  const result = new Map<string, Quantity>();
  for (const { exactly, firstAvailable = [] } of spec.devices?.requests ?? []) {
    const most = new Map<string, Quantity>();
    const requests = firstAvailable.length > 0 ? firstAvailable : exactly === undefined ? [] : [exactly];
    for (const request of requests) {
      const name = request.deviceClassName + classSuffix;
      most.set(name, maxQuantity(most.get(name) ?? zeroQuantity, count(request)));
    }
    for (const [name, amount] of most) result.set(name, addQuantity(result.get(name) ?? zeroQuantity, amount));
  }
  return result;
}

/** Devices under the names of extended resources, less what the claim's pod already accounts for. */
function extendedUsage(devices: ResourceAmounts, classes: readonly DeviceClass[], ofPod: ResourceAmounts): ResourceAmounts {
  const result = new Map<string, Quantity>();
  for (const [name, amount] of devices) {
    const className = name.slice(0, -classSuffix.length);
    if (className === '') continue;
    const extended = extendedNameOf(classes, className);
    for (const alias of [implicitPrefix + className, ...(extended === '' ? [] : [`requests.${extended}`])]) {
      const rest = subtractQuantity(amount, ofPod.get(alias) ?? zeroQuantity);
      if (rest.nanos > 0n) result.set(alias, rest);
    }
  }
  return result;
}

/** The usage of the pod for whose extended resources the scheduler made the claim; nothing for other claims. */
function podUsageOf(objects: QuotaObjects, { metadata }: ResourceClaim, nowMs: number): ResourceAmounts {
  const { namespace = '', name, annotations, ownerReferences } = metadata;
  const owner = ownerReferences?.find(({ controller }) => controller === true);
  if (annotations?.[extendedAnnotation] !== 'true' || owner?.kind !== 'Pod' || owner.apiVersion !== 'v1') return new Map();
  // Only Pods are stored under this resource name.
  const pod = objects.get('pods', namespace, owner.name) as Pod | undefined;
  if (pod?.metadata.uid !== owner.uid) return new Map();
  const known = pod.status.extendedResourceClaimStatus?.resourceClaimName;
  const isPods = known === undefined ? isFirstClaim(objects, metadata, owner.uid) : known === name;
  return isPods ? podUsage(pod, nowMs) : new Map();
}

/** Whether no claim of the same pod is older, or has the same age and a name that comes before. */
function isFirstClaim(objects: QuotaObjects, own: ResourceClaim['metadata'], podUid: string): boolean {
  // Only claims are stored under this resource name.
  const claims = objects.list(resourceName, own.namespace) as unknown as readonly ResourceClaim[];
  return !claims.some(({ metadata: { name, creationTimestamp = '', annotations, ownerReferences } }) => {
    const ofPod = ownerReferences?.some(({ controller, uid }) => controller === true && uid === podUid) === true;
    if (!ofPod || annotations?.[extendedAnnotation] !== 'true') return false;
    const ownCreation = own.creationTimestamp ?? '';
    return creationTimestamp < ownCreation || (creationTimestamp === ownCreation && name < own.name);
  });
}
