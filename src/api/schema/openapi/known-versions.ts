/** The versions of groups whose kinds DeleteOptions and WatchEvent are: upstream registers these in every version. */

export interface GroupVersion {
  readonly group: string;
  readonly version: string;
}

/** Source: client-go kubernetes/scheme/register.go. */
const ofClients: Readonly<Record<string, string>> = {
  '': 'v1',
  'admissionregistration.k8s.io': 'v1 v1alpha1 v1beta1',
  apps: 'v1 v1beta1 v1beta2',
  'authentication.k8s.io': 'v1 v1alpha1 v1beta1',
  'authorization.k8s.io': 'v1 v1beta1',
  autoscaling: 'v1 v2',
  batch: 'v1 v1beta1',
  'certificates.k8s.io': 'v1 v1alpha1 v1beta1',
  'coordination.k8s.io': 'v1 v1alpha2 v1beta1',
  'discovery.k8s.io': 'v1 v1beta1',
  'events.k8s.io': 'v1 v1beta1',
  extensions: 'v1beta1',
  'flowcontrol.apiserver.k8s.io': 'v1 v1beta1 v1beta2 v1beta3',
  'internal.apiserver.k8s.io': 'v1alpha1',
  'networking.k8s.io': 'v1 v1beta1',
  'node.k8s.io': 'v1 v1alpha1 v1beta1',
  policy: 'v1 v1beta1',
  'rbac.authorization.k8s.io': 'v1 v1alpha1 v1beta1',
  'resource.k8s.io': 'v1 v1alpha3 v1beta1 v1beta2',
  'scheduling.k8s.io': 'v1 v1alpha2 v1beta1',
  'storage.k8s.io': 'v1 v1alpha1 v1beta1',
  'storagemigration.k8s.io': 'v1beta1',
};

/** Those that the server adds. Source: pkg/api/legacyscheme, and the servers of definitions and of APIServices. */
const ofServer: Readonly<Record<string, string>> = {
  ...ofClients,
  'admission.k8s.io': 'v1 v1beta1',
  'apiextensions.k8s.io': 'v1 v1beta1',
  'apiregistration.k8s.io': 'v1 v1beta1',
  'imagepolicy.k8s.io': 'v1alpha1',
};

const listed = (known: Readonly<Record<string, string>>): readonly GroupVersion[] =>
  Object.entries(known)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([group, versions]) => versions.split(' ').map((version) => ({ group, version })));

/** What the document of version 2, which describes everything, names. */
export const serverVersions = (): readonly GroupVersion[] => listed(ofServer);

/** What documents of custom resources name. Source: apiextensions-apiserver pkg/controller/openapi/builder. */
export const clientVersions = (): readonly GroupVersion[] => listed(ofClients);

/** What the document of one version names. */
export const ownVersions = (group: string, version: string): readonly GroupVersion[] => [
  { group: '', version: 'v1' },
  ...(group === '' && version === 'v1' ? [] : [{ group, version }]),
];
