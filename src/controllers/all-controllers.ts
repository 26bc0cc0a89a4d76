/**
 * The controllers of a cluster, as upstream's kube-controller-manager and kube-apiserver run them. To add one, add a
 * line here. Events are not expired here but by the registry.
 */
import type { TypeSource } from '../api/cel/type-check.ts';
import type { KindCatalog } from '../client/kind-catalog.ts';
import { type AskApiService, apiServiceAvailability } from './api-services/api-service-availability.ts';
import { apiServiceRegistration } from './api-services/api-service-registration.ts';
import { bootstrapSigner, bootstrapTokenCleaner } from './bootstrap-tokens.ts';
import { certificateApprover, type MayCreate } from './certificates/approver.ts';
import { certificateCleaner } from './certificates/cleaner.ts';
import { certificateSigner, type SignCertificate } from './certificates/signer.ts';
import { clusterRoleAggregationController } from './cluster-role-aggregation.ts';
import { cronJobController } from './cron-jobs/cron-job-controller.ts';
import { daemonSetController } from './daemon-sets/daemon-set-controller.ts';
import { deploymentController } from './deployment/deployment-controller.ts';
import { disruptionController } from './disruption/disruption-controller.ts';
import { staleDisruptionController } from './disruption/stale-disruption.ts';
import { endpointSliceController } from './endpoints/endpoint-slice-controller.ts';
import { endpointSliceMirroringController } from './endpoints/endpoint-slice-mirroring.ts';
import { endpointsController } from './endpoints/endpoints-controller.ts';
import { flowSchemaController } from './flow-schemas.ts';
import { garbageCollector } from './garbage-collector/garbage-collector.ts';
import { jobController, orphanedJobPodController } from './jobs/job-controller.ts';
import { ttlAfterFinishedController } from './jobs/ttl-after-finished.ts';
import { legacyTokenCleaner } from './legacy-token-cleaner.ts';
import { namespaceController } from './namespace-controller.ts';
import { rootCaController, serviceAccountController } from './namespace-defaults.ts';
import { nodeIpamController } from './nodes/node-ipam.ts';
import { type NodeLifecycleOptions, nodeLifecycleController } from './nodes/node-lifecycle.ts';
import { nodeTtlController } from './nodes/node-ttl.ts';
import { podGcController } from './nodes/pod-gc.ts';
import type { PodRangesOptions } from './nodes/pod-ranges.ts';
import { taintEvictionController } from './nodes/taint-eviction.ts';
import type { MetricsApis } from './pod-autoscaler/metrics-apis.ts';
import { podAutoscaler } from './pod-autoscaler/pod-autoscaler.ts';
import { policyTypeChecksController } from './policy-type-checks.ts';
import type { RemoteResources } from './remote-resources.ts';
import { replicaSetController } from './replicas/replica-set.ts';
import { replicationControllerController } from './replicas/replication-controller.ts';
import { resourceQuotaController } from './resource-quota.ts';
import { type SecretTokenIssuer, serviceAccountTokensController } from './service-account-tokens.ts';
import { serviceCidrController } from './service-cidrs.ts';
import type { AnyController } from './start-controllers.ts';
import { statefulSetController } from './stateful-sets/stateful-set-controller.ts';
import { volumeBinder } from './volumes/binder.ts';
import { ephemeralVolumeController } from './volumes/ephemeral-volumes.ts';
import { volumeExpansionController } from './volumes/expansion.ts';
import { attributesClassProtectionController, claimProtectionController, volumeProtectionController } from './volumes/protection.ts';
import { hostPathProvisioning } from './volumes/provisioner.ts';
import type { VolumeFolders } from './volumes/volume-folders.ts';

export interface AllControllersOptions {
  /** The Kinds that are served: the registry's. */
  readonly kinds: KindCatalog;
  /** The cluster's root certificate, PEM. */
  readonly certificateAuthority: string;
  /** Signs the tokens of Secrets of type service-account-token. */
  readonly issueSecretToken: SecretTokenIssuer;
  /** Certifies what approved requests ask for. */
  readonly signCertificate: SignCertificate;
  /** Decides which requests of kubelets are approved. */
  readonly mayCreateRequest: MayCreate;
  /** Asks the Service of an API what it serves. */
  readonly askApiService: AskApiService;
  /** Where autoscalers read metrics. */
  readonly metrics: MetricsApis;
  /** The types that the expressions of policies are about. */
  readonly celTypes: TypeSource;
  /** Makes and removes the folders of volumes. */
  readonly volumeFolders: VolumeFolders;
  /** What other servers serve. */
  readonly remote: RemoteResources;
  /** Whose addresses are divided among nodes. */
  readonly podRanges: PodRangesOptions;
  readonly nodes?: NodeLifecycleOptions;
}

/** No controller has this name. */
export class UnknownController extends Error {
  /** The names that there are. */
  readonly names: readonly string[];
  constructor(name: string, names: readonly string[]) {
    super(`there is no controller ${JSON.stringify(name)}`);
    this.names = names;
  }
}

/** Upstream's names end in `-controller`; this one is so often meant that it has a short form. */
const canonical = (name: string): string => (name === 'gc' ? 'garbage-collector' : name.replace(/-controller$/, ''));

/** Those of kube-controller-manager with these names, and all of kube-apiserver. Throws UnknownController. */
export const namedControllers =
  (names: readonly string[]) =>
  (options: AllControllersOptions): readonly AnyController[] => {
    const all = managerControllers(options);
    const wanted = new Set(names.map(canonical));
    const unknown = names.find((name) => !all.some((each) => each.name === canonical(name)));
    if (unknown !== undefined) throw new UnknownController(unknown, all.map(({ name }) => name).sort());
    return [...all.filter(({ name }) => wanted.has(name)), ...apiServerControllers(options)];
  };

/** All controllers, to be passed to `startControllers`. */
export const allControllers = (options: AllControllersOptions): readonly AnyController[] => [
  ...managerControllers(options),
  ...apiServerControllers(options),
];

/**
 * Those that work beside any kube-controller-manager: what upstream runs in kube-apiserver, and the provisioner of the
 * default storage class, which elsewhere is an add-on.
 */
export const apiServerControllers = ({ kinds, askApiService, volumeFolders }: AllControllersOptions): readonly AnyController[] => [
  flowSchemaController,
  apiServiceRegistration(kinds),
  apiServiceAvailability(askApiService),
  ...hostPathProvisioning(volumeFolders),
];

function managerControllers(options: AllControllersOptions): readonly AnyController[] {
  const { kinds, remote, certificateAuthority, issueSecretToken, nodes } = options;
  return [
    replicationControllerController,
    replicaSetController,
    deploymentController,
    statefulSetController,
    daemonSetController(),
    jobController(),
    orphanedJobPodController,
    ttlAfterFinishedController,
    cronJobController,
    disruptionController(kinds),
    staleDisruptionController,
    podAutoscaler(kinds, options.metrics),
    endpointsController(),
    endpointSliceController(),
    endpointSliceMirroringController,
    namespaceController(kinds, remote),
    resourceQuotaController(kinds),
    garbageCollector(kinds, remote),
    serviceAccountController,
    clusterRoleAggregationController,
    policyTypeChecksController(options.celTypes),
    certificateApprover(options.mayCreateRequest),
    certificateSigner(options.signCertificate),
    certificateCleaner,
    rootCaController(certificateAuthority),
    serviceAccountTokensController({ issue: issueSecretToken, certificateAuthority }),
    legacyTokenCleaner,
    bootstrapTokenCleaner,
    bootstrapSigner,
    nodeLifecycleController(nodes),
    nodeIpamController(options.podRanges),
    nodeTtlController(),
    taintEvictionController(),
    podGcController(),
    serviceCidrController,
    ...volumeBinder(options.volumeFolders),
    volumeExpansionController,
    ephemeralVolumeController,
    claimProtectionController,
    volumeProtectionController,
    attributesClassProtectionController,
  ];
}
