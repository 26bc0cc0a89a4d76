/** Old versions whose objects have the shape of the current ones. */
import type { ServedVersion } from '../kind.ts';
import { flowControlVersions } from './flow-control.ts';
import { oldVersion } from './old-version.ts';

interface Life {
  readonly deprecated: string;
  readonly removed: string;
}

/** `v1beta1` of a group, whose types are in a package. */
const beta =
  (group: string, name: string) =>
  (kind: string, { deprecated, removed }: Life): readonly ServedVersion[] => [
    oldVersion({ ofGroup: group, version: 'v1beta1', kind, package: name, deprecated, removed, replacement: `${group}/v1` }),
  ];

export const oldRbac = (kind: string): readonly ServedVersion[] =>
  beta('rbac.authorization.k8s.io', 'rbac')(kind, { deprecated: '1.17', removed: '1.22' });
export const oldStorage: (kind: string, life: Life) => readonly ServedVersion[] = beta('storage.k8s.io', 'storage');
export const oldLeases: readonly ServedVersion[] = beta('coordination.k8s.io', 'coordination')('Lease', {
  deprecated: '1.19',
  removed: '1.22',
});
export const oldPriorityClasses: readonly ServedVersion[] = beta('scheduling.k8s.io', 'scheduling')('PriorityClass', {
  deprecated: '1.14',
  removed: '1.22',
});
export const oldRuntimeClasses: readonly ServedVersion[] = beta('node.k8s.io', 'node')('RuntimeClass', {
  deprecated: '1.22',
  removed: '1.25',
});
export const oldIngressClasses: readonly ServedVersion[] = beta('networking.k8s.io', 'networking')('IngressClass', {
  deprecated: '1.19',
  removed: '1.22',
});
export const oldApiServices: readonly ServedVersion[] = beta('apiregistration.k8s.io', 'io.k8s.kube-aggregator.pkg.apis.apiregistration')(
  'APIService',
  { deprecated: '1.19', removed: '1.22' },
);
export const oldFlowSchemas: readonly ServedVersion[] = flowControlVersions.map((names) => oldVersion({ ...names, kind: 'FlowSchema' }));
/** Their warnings name no replacement. */
export const oldAdmissionPolicies = (kind: string): readonly ServedVersion[] => [
  oldVersion({
    ofGroup: 'admissionregistration.k8s.io',
    version: 'v1beta1',
    kind,
    package: 'admissionregistration',
    deprecated: '1.31',
    removed: '1.34',
  }),
];
export const oldServiceAddresses = (kind: string): readonly ServedVersion[] => [
  oldVersion({ ofGroup: 'networking.k8s.io', version: 'v1beta1', kind, package: 'networking', deprecated: '1.34', removed: '1.37' }),
];
export const oldCronJobs: readonly ServedVersion[] = beta('batch', 'batch')('CronJob', { deprecated: '1.21', removed: '1.25' });
