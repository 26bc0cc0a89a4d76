/** What quotas count of PersistentVolumeClaims. Source: pkg/quota/v1/evaluator/core/persistent_volume_claims.go. */
import type { PersistentVolumeClaim } from '../generated/core/v1.ts';
import type { KubeObject } from '../object.ts';
import { compareQuantity, type Quantity, quantityOf, toUnits, tryParseQuantity } from '../quantity.ts';
import { matchesScopeValues, objectCountName, one, type QuotaEvaluator } from './evaluator.ts';

const countName = objectCountName('persistentvolumeclaims');
/** Counted for all claims, and for those of each storage class. */
const names = ['persistentvolumeclaims', 'requests.storage'];
/** Follows the name of a storage class. */
const classSuffix = '.storageclass.storage.k8s.io/';
const oldClassAnnotation = 'volume.beta.kubernetes.io/storage-class';

/** Only claims are passed to this evaluator. */
const asClaim = (object: KubeObject): PersistentVolumeClaim => object as PersistentVolumeClaim;

/** What is requested, or what is allocated when that is more; in whole bytes. */
function storage({ spec, status }: PersistentVolumeClaim): Quantity | undefined {
  const requested = tryParseQuantity(spec.resources?.requests?.storage);
  if (requested === undefined) return undefined;
  const allocated = tryParseQuantity(status?.allocatedResources?.storage);
  const used = allocated !== undefined && compareQuantity(allocated, requested) > 0 ? allocated : requested;
  return quantityOf(toUnits(used), used.format);
}

/** The attributes classes that it has, wants or is being changed to. */
function attributesClasses({ spec, status }: PersistentVolumeClaim): readonly string[] {
  const all = [
    spec.volumeAttributesClassName,
    status?.currentVolumeAttributesClassName,
    status?.modifyVolumeStatus?.targetVolumeAttributesClassName,
  ];
  return [...new Set(all.filter((name): name is string => name !== undefined && name !== ''))];
}

export const volumeClaimEvaluator: QuotaEvaluator = {
  counts: (name) => name === countName || names.includes(name) || names.some((own) => name.endsWith(`${classSuffix}${own}`)),
  usage: (object) => {
    const claim = asClaim(object);
    const storageClass = claim.metadata.annotations?.[oldClassAnnotation] ?? claim.spec.storageClassName ?? '';
    const bytes = storage(claim);
    const counted: [string, Quantity][] = [
      ['persistentvolumeclaims', one],
      ...(bytes === undefined ? [] : [['requests.storage', bytes] as [string, Quantity]]),
    ];
    const ofClass =
      storageClass === '' ? [] : counted.map(([name, amount]): [string, Quantity] => [`${storageClass}${classSuffix}${name}`, amount]);
    return new Map([[countName, one], ...counted, ...ofClass]);
  },
  isInScope: (selector, object) =>
    selector.scopeName === 'VolumeAttributesClass' && matchesScopeValues(attributesClasses(asClaim(object)), selector),
  isCharged: ({ operation, subresource }) =>
    subresource === '' ? operation === 'CREATE' || operation === 'UPDATE' : subresource === 'status' && operation === 'UPDATE',
};
