/**
 * DefaultStorageClass and DefaultIngressClass: give new claims and Ingresses that name no class the default one.
 * Source: plugin/pkg/admission/{storage/storageclass/setdefault,network/defaultingressclass}/admission.go,
 * pkg/volume/util/storageclass.go.
 */
import type { PersistentVolumeClaim } from '../../api/generated/core/v1.ts';
import type { Ingress } from '../../api/generated/networking/v1.ts';
import type { KubeObject } from '../../api/object.ts';
import type { AdmissionAttributes, AdmissionPlugin } from './admission.ts';
import type { ObjectReader } from './object-reader.ts';

const oldStorageClass = 'volume.beta.kubernetes.io/storage-class';
const oldIngressClass = 'kubernetes.io/ingress.class';

/** Makes the plugin. */
export function defaultStorageClass(reader: ObjectReader): AdmissionPlugin {
  const marks = ['storageclass.kubernetes.io/is-default-class', 'storageclass.beta.kubernetes.io/is-default-class'];
  return {
    name: 'DefaultStorageClass',
    leavesDefaults: true,
    admit(attributes) {
      if (!isCreated(attributes, 'persistentvolumeclaims')) return undefined;
      // Only claims are stored under this resource name.
      const claim = attributes.object as PersistentVolumeClaim;
      if (claim.spec.storageClassName !== undefined || claim.metadata.annotations?.[oldStorageClass] !== undefined) return undefined;
      const storageClassName = newestDefault(reader, 'storageclasses.storage.k8s.io', marks);
      return storageClassName === undefined ? undefined : { ...claim, spec: { ...claim.spec, storageClassName } };
    },
  };
}

/** Makes the plugin. */
export function defaultIngressClass(reader: ObjectReader): AdmissionPlugin {
  return {
    name: 'DefaultIngressClass',
    leavesDefaults: true,
    admit(attributes) {
      if (!isCreated(attributes, 'ingresses.networking.k8s.io')) return undefined;
      // Only Ingresses are stored under this resource name.
      const ingress = attributes.object as Ingress;
      if (ingress.spec.ingressClassName !== undefined || ingress.metadata.annotations?.[oldIngressClass] !== undefined) return undefined;
      const marks = ['ingressclass.kubernetes.io/is-default-class'];
      const ingressClassName = newestDefault(reader, 'ingressclasses.networking.k8s.io', marks);
      return ingressClassName === undefined ? undefined : { ...ingress, spec: { ...ingress.spec, ingressClassName } };
    },
  };
}

const isCreated = ({ operation, kind, subresource }: AdmissionAttributes, resourceName: string): boolean =>
  operation === 'CREATE' && kind.resourceName === resourceName && subresource === '';

/** The class that is marked as the default; of several the newest, then the first by name. */
function newestDefault(reader: ObjectReader, resourceName: string, marks: readonly string[]): string | undefined {
  const isMarked = ({ metadata: { annotations } }: KubeObject): boolean => marks.some((mark) => annotations?.[mark] === 'true');
  const [newest] = reader
    .list(resourceName)
    .filter(isMarked)
    .map(({ metadata: { name, creationTimestamp = '' } }) => ({ name, creationTimestamp }))
    .toSorted((a, b) =>
      a.creationTimestamp === b.creationTimestamp ? (a.name < b.name ? -1 : 1) : a.creationTimestamp > b.creationTimestamp ? -1 : 1,
    );
  return newest?.name;
}
