/**
 * The priorities of group versions: the order of groups and of their versions in discovery, by which clients resolve
 * short names. Source: cmd/kube-apiserver/app/aggregator.go, pkg/controlplane/apiserver/aggregator.go.
 */

export interface GroupVersionPriority {
  /** Higher is first; between 1 and 20,000. */
  readonly group: number;
  /** Higher is first; between 1 and 1,000. */
  readonly version: number;
}

/** Of each group: its own priority, then those of its versions. */
const known: Readonly<Record<string, readonly [group: number, versions: Readonly<Record<string, number>>]>> = {
  '': [18_000, { v1: 1 }],
  apps: [17_800, { v1: 15 }],
  'events.k8s.io': [17_750, { v1: 15, v1beta1: 5 }],
  'authentication.k8s.io': [17_700, { v1: 15, v1beta1: 9, v1alpha1: 1 }],
  'authorization.k8s.io': [17_600, { v1: 15 }],
  autoscaling: [17_500, { v1: 15, v2: 30, v2beta1: 9, v2beta2: 1 }],
  batch: [17_400, { v1: 15, v1beta1: 9, v2alpha1: 9 }],
  'certificates.k8s.io': [17_300, { v1: 15, v1beta1: 9, v1alpha1: 1 }],
  'networking.k8s.io': [17_200, { v1: 15, v1beta1: 9 }],
  policy: [17_100, { v1: 15, v1beta1: 9 }],
  'rbac.authorization.k8s.io': [17_000, { v1: 15 }],
  'storage.k8s.io': [16_800, { v1: 15, v1beta1: 9, v1alpha1: 1 }],
  'apiextensions.k8s.io': [16_700, { v1: 15 }],
  'admissionregistration.k8s.io': [16_700, { v1: 15, v1beta1: 12, v1alpha1: 9 }],
  'scheduling.k8s.io': [16_600, { v1: 15, v1alpha2: 2 }],
  'coordination.k8s.io': [16_500, { v1: 15, v1beta1: 13, v1alpha2: 12 }],
  'node.k8s.io': [16_300, { v1: 15, v1beta1: 9, v1alpha1: 1 }],
  'discovery.k8s.io': [16_200, { v1: 15, v1beta1: 12 }],
  'resource.k8s.io': [16_200, { v1: 21, v1beta2: 15, v1beta1: 9, v1alpha3: 9 }],
  'flowcontrol.apiserver.k8s.io': [16_100, { v1: 21, v1beta3: 18, v1beta2: 15, v1beta1: 12, v1alpha1: 9 }],
  'internal.apiserver.k8s.io': [16_000, { v1alpha1: 9 }],
  'storagemigration.k8s.io': [15_800, { v1beta1: 9 }],
  // As metrics-server's manifests register it.
  'metrics.k8s.io': [100, { v1beta1: 100 }],
  // Differs: upstream has no such group any more. It comes last, so that short names mean the current groups.
  extensions: [1, { v1beta1: 1 }],
};

/** The priority that all groups of custom resources have. Source: pkg/controlplane/controller/crdregistration. */
const ofCustomGroups: GroupVersionPriority = { group: 1000, version: 100 };
/** The priority of an old version of a known group, which upstream no longer serves. */
const ofOldVersions = 1;

/** Whether a group is one of Kubernetes' own. */
export const isBuiltInGroup = (group: string): boolean => Object.hasOwn(known, group);

/** The priority of a version of a group. */
export function priorityOf(group: string, version: string): GroupVersionPriority {
  const found = known[group];
  return found === undefined ? ofCustomGroups : { group: found[0], version: found[1][version] ?? ofOldVersions };
}
