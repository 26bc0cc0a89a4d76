/** The plugins that a cluster runs, in upstream's order. Source: pkg/kubeapiserver/options/plugins.go. */

import type { ObjectFormats } from '../../api/object-format.ts';
import type { KindSet } from '../registry/registry.ts';
import type { AdmissionPlugin } from './admission.ts';
import type { AdmissionObservations } from './admission-observations.ts';
import { certificateApproval, certificateSigning, certificateSubjectRestriction, type SignerAuthorizer } from './certificates.ts';
import { persistentVolumeClaimResize } from './claim-resize.ts';
import { defaultIngressClass, defaultStorageClass } from './default-class.ts';
import { defaultTolerationSeconds } from './default-toleration-seconds.ts';
import { limitRanger } from './limit-ranger.ts';
import { namespaceLifecycle } from './namespace-lifecycle.ts';
import { nodeDeclaredFeatureValidator } from './node-declared-features.ts';
import { type NodeIdentity, nodeRestriction } from './node-restriction.ts';
import type { ObjectReader } from './object-reader.ts';
import { podResizeValidator } from './pod-resize.ts';
import { type PodSecurityOptions, podSecurity } from './pod-security.ts';
import { podTopologyLabels } from './pod-topology-labels.ts';
import type { PolicyParts } from './policies/bound-policies.ts';
import { mutatingPolicies } from './policies/mutating-policies.ts';
import { validatingPolicies } from './policies/validating-policies.ts';
import { priority } from './priority.ts';
import { type ResourceQuotaOptions, resourceQuota } from './resource-quota.ts';
import { runtimeClass } from './runtime-class.ts';
import { serviceAccount } from './service-account.ts';
import { simulatedAnnotations } from './simulated-annotations.ts';
import { storageObjectInUseProtection } from './storage-object-in-use.ts';
import { taintNodesByCondition } from './taint-nodes-by-condition.ts';
import type { WebhookParts } from './webhooks/ask.ts';
import { conditionCheck } from './webhooks/conditions.ts';
import { mutatingWebhooks } from './webhooks/mutating-webhooks.ts';
import { validatingWebhooks } from './webhooks/validating-webhooks.ts';

export interface DefaultPluginOptions {
  readonly reader: ObjectReader;
  /** In [0, 1). */
  readonly random: () => number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Defaults and exemptions of PodSecurity. Default: upstream's. */
  readonly podSecurity?: Pick<PodSecurityOptions, 'defaults' | 'exemptions'>;
  /** See `ResourceQuotaOptions`. */
  readonly writeQuotaStatus: ResourceQuotaOptions['writeStatus'];
  /** Decides who may approve and sign certificates. */
  readonly authorizer: SignerAuthorizer;
  /** Tells nodes from other users. */
  readonly nodeIdentity: NodeIdentity;
  /** Told of calls of webhooks and evaluations of match conditions. Default: nobody is. */
  readonly observations?: AdmissionObservations | undefined;
  /** Absent: no webhooks are asked. */
  readonly webhooks?: Omit<WebhookParts, 'reader'>;
  /** Finds the kinds of the parameters of policies. */
  readonly kinds: KindSet;
  /** Whether the nodes are simulated. Default: they are not. */
  readonly simulated?: boolean;
  /** Reads the objects that mutating policies make. */
  readonly formats: ObjectFormats;
}

/** The plugins that ask whom the cluster's configuration says, in upstream's order. */
function askingPlugins({ reader, authorizer, webhooks, kinds, formats, observations }: DefaultPluginOptions): readonly AdmissionPlugin[] {
  const authorize: PolicyParts['authorize'] = (question) => authorizer.authorize(question);
  const policies = { reader, kinds, authorize, observations };
  if (webhooks === undefined) return [mutatingPolicies({ ...policies, formats }), validatingPolicies(policies)];
  const conditionsMet = conditionCheck(policies);
  return [
    mutatingPolicies({ ...policies, formats }),
    mutatingWebhooks({ reader, ...webhooks }, conditionsMet),
    validatingPolicies(policies),
    validatingWebhooks({ reader, ...webhooks }, conditionsMet),
  ];
}

/** Makes all plugins. */
export function defaultPlugins(options: DefaultPluginOptions): readonly AdmissionPlugin[] {
  const { reader, random, now, authorizer, nodeIdentity, writeQuotaStatus } = options;
  return [
    namespaceLifecycle(reader),
    limitRanger(reader),
    serviceAccount(reader, random),
    nodeRestriction(reader, nodeIdentity),
    taintNodesByCondition(),
    podSecurity({ reader, now, ...options.podSecurity }),
    priority(reader),
    defaultTolerationSeconds(),
    defaultStorageClass(reader),
    storageObjectInUseProtection(),
    persistentVolumeClaimResize(reader),
    runtimeClass(reader),
    certificateApproval(authorizer),
    certificateSigning(authorizer),
    certificateSubjectRestriction(),
    defaultIngressClass(reader),
    podTopologyLabels(reader),
    nodeDeclaredFeatureValidator(reader),
    podResizeValidator(reader),
    ...(options.simulated === true ? [simulatedAnnotations()] : []),
    ...askingPlugins(options),
    resourceQuota({ reader, now, writeStatus: writeQuotaStatus }),
  ];
}
