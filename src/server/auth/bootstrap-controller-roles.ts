/**
 * The cluster roles of controllers, each bound to the ServiceAccount of its name in kube-system.
 * Source: plugin/pkg/auth/authorizer/rbac/bootstrappolicy/controller_policy.go; roles of features that are off by
 * default are left out.
 */
import type { PolicyRule } from './rbac.ts';

/** Makes a rule from lists that are separated by spaces; `core` is the group ''. Sorted, as upstream writes them. */
function allow(verbs: string, groups: string, resources: string, ...names: readonly string[]): PolicyRule {
  const sorted = (list: string): readonly string[] => list.split(' ').toSorted();
  return {
    verbs: sorted(verbs),
    apiGroups: sorted(groups).map((group) => (group === 'core' ? '' : group)),
    resources: sorted(resources),
    ...(names.length === 0 ? {} : { resourceNames: names }),
  };
}

const events = allow('create update patch', 'core events.k8s.io', 'events');
const everyWorkload = 'apps extensions';
const network = 'networking.k8s.io';
const certificates = 'certificates.k8s.io';
const signer = (name: string): string => `kubernetes.io/${name}`;

const workloads: Readonly<Record<string, readonly PolicyRule[]>> = {
  'cronjob-controller': [
    allow('get list watch update', 'batch', 'cronjobs'),
    allow('get list watch create update delete patch', 'batch', 'jobs'),
    allow('update', 'batch', 'cronjobs/status'),
    allow('update', 'batch', 'cronjobs/finalizers'),
    allow('list watch delete', 'core', 'pods'),
    events,
  ],
  'daemon-set-controller': [
    allow('get list watch', everyWorkload, 'daemonsets'),
    allow('update', everyWorkload, 'daemonsets/status'),
    allow('update', everyWorkload, 'daemonsets/finalizers'),
    allow('list watch', 'core', 'nodes'),
    allow('list watch create delete patch', 'core', 'pods'),
    allow('create', 'core', 'pods/binding'),
    allow('get list watch create delete update patch', 'apps', 'controllerrevisions'),
    events,
  ],
  'deployment-controller': [
    allow('get list watch update', everyWorkload, 'deployments'),
    allow('update', everyWorkload, 'deployments/status'),
    allow('update', everyWorkload, 'deployments/finalizers'),
    allow('get list watch create update patch delete', everyWorkload, 'replicasets'),
    allow('get list watch update', 'core', 'pods'),
    events,
  ],
  'job-controller': [
    allow('get list watch update patch', 'batch', 'jobs'),
    allow('update', 'batch', 'jobs/status'),
    allow('update', 'batch', 'jobs/finalizers'),
    allow('list watch create delete patch', 'core', 'pods'),
    events,
  ],
  'replicaset-controller': [
    allow('get list watch update', everyWorkload, 'replicasets'),
    allow('update', everyWorkload, 'replicasets/status'),
    allow('update', everyWorkload, 'replicasets/finalizers'),
    allow('list watch patch create delete', 'core', 'pods'),
    events,
  ],
  'replication-controller': [
    allow('get list watch update', 'core', 'replicationcontrollers'),
    allow('update', 'core', 'replicationcontrollers/status'),
    allow('update', 'core', 'replicationcontrollers/finalizers'),
    allow('list watch patch create delete', 'core', 'pods'),
    events,
  ],
  'statefulset-controller': [
    allow('list watch', 'core', 'pods'),
    allow('get list watch', 'apps', 'statefulsets'),
    allow('update', 'apps', 'statefulsets/status'),
    allow('update', 'apps', 'statefulsets/finalizers'),
    allow('get create delete update patch', 'core', 'pods'),
    allow('get create delete update patch list watch', 'apps', 'controllerrevisions'),
    allow('get create list watch', 'core', 'persistentvolumeclaims'),
    allow('update delete', 'core', 'persistentvolumeclaims'),
    allow('update', 'core', 'pods/finalizers'),
    events,
  ],
  'horizontal-pod-autoscaler': [
    allow('get list watch', 'autoscaling', 'horizontalpodautoscalers'),
    allow('update', 'autoscaling', 'horizontalpodautoscalers/status'),
    allow('get update', '*', '*/scale'),
    allow('list watch', 'core', 'pods'),
    allow('list watch', 'metrics.k8s.io', 'pods'),
    allow('get list watch', 'custom.metrics.k8s.io', '*'),
    allow('get list watch', 'external.metrics.k8s.io', '*'),
    events,
  ],
  'disruption-controller': [
    allow('get list watch', everyWorkload, 'deployments'),
    allow('get list watch', everyWorkload, 'replicasets'),
    allow('get list watch', 'core', 'replicationcontrollers'),
    allow('get list watch', 'policy', 'poddisruptionbudgets'),
    allow('get list watch', 'apps', 'statefulsets'),
    allow('update', 'policy', 'poddisruptionbudgets/status'),
    allow('patch update', 'core', 'pods/status'),
    allow('get', '*', '*/scale'),
    events,
  ],
  'ttl-after-finished-controller': [allow('get list watch delete', 'batch', 'jobs'), events],
  'pod-garbage-collector': [
    allow('list watch delete', 'core', 'pods'),
    allow('get list watch', 'core', 'nodes'),
    allow('patch', 'core', 'pods/status'),
  ],
  'device-taint-eviction-controller': [
    allow('get list watch delete', 'core', 'pods'),
    allow('update patch', 'core', 'pods/status'),
    allow('get list watch', 'resource.k8s.io', 'resourceclaims'),
    allow('get list watch', 'resource.k8s.io', 'resourceslices'),
    allow('get list watch', 'resource.k8s.io', 'deviceclasses'),
    events,
  ],
  'resource-claim-controller': [
    allow('get list watch', 'core', 'pods'),
    allow('update', 'core', 'pods/finalizers'),
    allow('get list watch create delete', 'resource.k8s.io', 'resourceclaims'),
    allow('update patch', 'resource.k8s.io', 'resourceclaims resourceclaims/status'),
    allow('update patch', 'core', 'pods/status'),
    events,
    allow('update patch', 'resource.k8s.io', 'resourceclaims/binding'),
  ],
};

const networking: Readonly<Record<string, readonly PolicyRule[]>> = {
  'endpoint-controller': [
    allow('get list watch', 'core', 'services pods'),
    allow('get list watch create update delete', 'core', 'endpoints'),
    allow('create', 'core', 'endpoints/restricted'),
    events,
  ],
  'endpointslice-controller': [
    allow('get list watch', 'core', 'services pods nodes'),
    allow('update', 'core', 'services/finalizers'),
    allow('get list watch create update delete', 'discovery.k8s.io', 'endpointslices'),
    events,
  ],
  'endpointslicemirroring-controller': [
    allow('get list watch', 'core', 'services endpoints'),
    allow('update', 'core', 'services/finalizers'),
    allow('update', 'core', 'endpoints/finalizers'),
    allow('get list watch create update delete', 'discovery.k8s.io', 'endpointslices'),
    events,
  ],
  'route-controller': [allow('list watch', 'core', 'nodes'), allow('patch', 'core', 'nodes/status'), events],
  'service-controller': [
    allow('get list watch', 'core', 'services'),
    allow('patch update', 'core', 'services/status'),
    allow('list watch', 'core', 'nodes'),
    events,
  ],
  'service-cidrs-controller': [
    allow('get list watch patch update', network, 'servicecidrs'),
    allow('patch update', network, 'servicecidrs/finalizers'),
    allow('patch update', network, 'servicecidrs/status'),
    allow('get list watch', network, 'ipaddresses'),
    events,
  ],
};

const volumes: Readonly<Record<string, readonly PolicyRule[]>> = {
  'attachdetach-controller': [
    allow('list watch', 'core', 'persistentvolumes persistentvolumeclaims'),
    allow('get list watch', 'core', 'nodes'),
    allow('patch update', 'core', 'nodes/status'),
    allow('list watch', 'core', 'pods'),
    events,
    allow('get create delete list watch', 'storage.k8s.io', 'volumeattachments'),
    allow('get watch list', 'storage.k8s.io', 'csidrivers'),
    allow('get watch list', 'storage.k8s.io', 'csinodes'),
  ],
  'expand-controller': [
    allow('get list watch update patch', 'core', 'persistentvolumes'),
    allow('update patch', 'core', 'persistentvolumeclaims/status'),
    allow('get list watch', 'core', 'persistentvolumeclaims'),
    events,
  ],
  'ephemeral-volume-controller': [
    allow('get list watch', 'core', 'pods'),
    allow('update', 'core', 'pods/finalizers'),
    allow('get list watch create', 'core', 'persistentvolumeclaims'),
    events,
  ],
  'persistent-volume-binder': [
    allow('get list watch update create delete', 'core', 'persistentvolumes'),
    allow('update', 'core', 'persistentvolumes/status'),
    allow('get list watch update', 'core', 'persistentvolumeclaims'),
    allow('update', 'core', 'persistentvolumeclaims/status'),
    allow('list watch get create delete', 'core', 'pods'),
    allow('get list watch', 'storage.k8s.io', 'storageclasses'),
    allow('list watch', 'core', 'nodes'),
    events,
    allow('watch', 'core', 'events'),
  ],
  'pvc-protection-controller': [
    allow('get list watch update', 'core', 'persistentvolumeclaims'),
    allow('update', 'core', 'persistentvolumeclaims/status'),
    allow('list watch get', 'core', 'pods'),
    events,
  ],
  'pv-protection-controller': [allow('get list watch update', 'core', 'persistentvolumes'), events],
  'volumeattributesclass-protection-controller': [
    allow('list watch get', 'core', 'persistentvolumeclaims'),
    allow('list watch get', 'core', 'persistentvolumes'),
    allow('get list watch update', 'storage.k8s.io', 'volumeattributesclasses'),
    events,
  ],
  'selinux-warning-controller': [
    events,
    allow('get list watch', 'core', 'persistentvolumes'),
    allow('get list watch', 'core', 'persistentvolumeclaims'),
    allow('get list watch', 'core', 'pods'),
    allow('get list watch', 'storage.k8s.io', 'csidrivers'),
  ],
};

const cluster: Readonly<Record<string, readonly PolicyRule[]>> = {
  'clusterrole-aggregation-controller': [allow('escalate get list watch update patch', 'rbac.authorization.k8s.io', 'clusterroles')],
  'generic-garbage-collector': [allow('get list watch patch update delete', '*', '*'), events],
  'namespace-controller': [
    allow('get list watch delete', 'core', 'namespaces'),
    allow('update', 'core', 'namespaces/finalize namespaces/status'),
    allow('get list watch delete deletecollection', '*', '*'),
  ],
  'node-controller': [
    allow('get list watch update delete patch', 'core', 'nodes'),
    allow('patch update', 'core', 'nodes/status'),
    allow('patch update', 'core', 'pods/status'),
    allow('list watch get delete', 'core', 'pods'),
    events,
  ],
  'resourcequota-controller': [allow('list watch', '*', '*'), allow('update', 'core', 'resourcequotas/status'), events],
  'service-account-controller': [allow('create', 'core', 'serviceaccounts'), events],
  'ttl-controller': [allow('update patch list watch', 'core', 'nodes'), events],
  'certificate-controller': [
    allow('get list watch delete', certificates, 'certificatesigningrequests'),
    allow('update', certificates, 'certificatesigningrequests/status certificatesigningrequests/approval'),
    allow('approve', certificates, 'signers', signer('kube-apiserver-client-kubelet')),
    allow(
      'sign',
      certificates,
      'signers',
      signer('kube-apiserver-client'),
      signer('kube-apiserver-client-kubelet'),
      signer('kubelet-serving'),
      signer('legacy-unknown'),
    ),
    allow('create', 'authorization.k8s.io', 'subjectaccessreviews'),
    events,
  ],
  'root-ca-cert-publisher': [allow('create update', 'core', 'configmaps'), events],
  'validatingadmissionpolicy-status-controller': [
    allow('get list watch', 'admissionregistration.k8s.io', 'validatingadmissionpolicies'),
    allow('get patch update', 'admissionregistration.k8s.io', 'validatingadmissionpolicies/status'),
    events,
  ],
  'legacy-service-account-token-cleaner': [
    allow('get', 'core', 'configmaps', 'kube-apiserver-legacy-service-account-token-tracking'),
    allow('patch delete', 'core', 'secrets'),
  ],
};

/** The rules of each controller, keyed by the name of its ServiceAccount; the role is `system:controller:<name>`. */
export const controllerRoles: Readonly<Record<string, readonly PolicyRule[]>> = { ...workloads, ...networking, ...volumes, ...cluster };
