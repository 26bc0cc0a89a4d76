/** Rolls Pods from one version to the next. https://kubernetes.io/docs/concepts/workloads/controllers/deployment/ */

import { deepEqual } from '../../deep-equal.ts';
import type { Deployment, DeploymentStrategy } from '../../generated/apps/v1.ts';
import { defineKind } from '../../kind.ts';
import { oldDeployments } from '../../legacy/apps.ts';
import { withOldScale } from '../../legacy/scale.ts';
import { defaultPodTemplate } from '../../pod/defaults/pod-spec.ts';
import { scaleSubresource } from '../../scale-subresource.ts';
import { formatLabelSelector, fromLabelSelector } from '../../selector.ts';
import { statusSubresource } from '../../subresource.ts';
import { ageColumn, containerColumns, nameColumn } from '../columns.ts';
import { deploymentErrors, deploymentStatusErrors, selectorUpdateErrors } from './validation/workload.ts';
import { workloadWarnings } from './validation/workload-warnings.ts';

const status = 'io.k8s.api.apps.v1.DeploymentStatus';

/** Default strategy: a rolling update by 25%. Source: pkg/apis/apps/v1/defaults.go. */
function defaultStrategy(strategy: DeploymentStrategy | undefined): DeploymentStrategy {
  const type = strategy?.type || 'RollingUpdate';
  if (type !== 'RollingUpdate') return { ...strategy, type };
  const { maxUnavailable = '25%', maxSurge = '25%' } = strategy?.rollingUpdate ?? {};
  return { type, rollingUpdate: { ...strategy?.rollingUpdate, maxUnavailable, maxSurge } };
}

/**
 * A change of annotations alone also increments the generation, because annotations are copied to the ReplicaSets.
 * Source: pkg/registry/apps/deployment/strategy.go.
 */
function countAnnotations(next: Deployment, previous: Deployment): Deployment {
  const before = previous.metadata.generation ?? 0;
  if (next.metadata.generation !== before || deepEqual(next.metadata.annotations ?? {}, previous.metadata.annotations ?? {})) return next;
  return { ...next, metadata: { ...next.metadata, generation: before + 1 } };
}

const scale = scaleSubresource<Deployment>({
  replicas: (object) => object.spec.replicas,
  statusReplicas: (object) => object.status.replicas ?? 0,
  selector: (object) => fromLabelSelector(object.spec.selector).toString(),
  withReplicas: (object, replicas) => ({ ...object, spec: { ...object.spec, replicas } }),
});

export const deployment = defineKind<Deployment>({
  group: 'apps',
  version: 'v1',
  kind: 'Deployment',
  plural: 'deployments',
  scope: 'Namespaced',
  names: { shortNames: ['deploy'], categories: ['all'] },
  codec: {
    schema: 'io.k8s.api.apps.v1.Deployment',
    alsoServed: withOldScale(oldDeployments, scale),
    defaults: (object) => ({
      ...object,
      spec: {
        ...object.spec,
        replicas: object.spec.replicas ?? 1,
        template: defaultPodTemplate(object.spec.template),
        strategy: defaultStrategy(object.spec.strategy),
        revisionHistoryLimit: object.spec.revisionHistoryLimit ?? 10,
        progressDeadlineSeconds: object.spec.progressDeadlineSeconds ?? 600,
      },
    }),
  },
  rules: { validate: deploymentErrors, warnings: workloadWarnings },
  create: { prepare: (object) => ({ ...object, status: {} }) },
  update: { prepare: countAnnotations, validate: selectorUpdateErrors },
  subresources: {
    status: statusSubresource({ keeps: ['labels'], validate: deploymentStatusErrors }),
    scale,
  },
  table: {
    columns: [
      nameColumn,
      {
        name: 'Ready',
        type: 'string',
        description: 'Number of the pod with ready state',
        value: (object) => `${object.status.readyReplicas ?? 0}/${object.spec.replicas}`,
      },
      {
        name: 'Up-to-date',
        type: 'string',
        descriptionOf: [status, 'updatedReplicas'],
        value: (object) => object.status.updatedReplicas ?? 0,
      },
      {
        name: 'Available',
        type: 'string',
        descriptionOf: [status, 'availableReplicas'],
        value: (object) => object.status.availableReplicas ?? 0,
      },
      ageColumn,
      ...containerColumns<Deployment>((object) => object.spec.template.spec.containers),
      {
        name: 'Selector',
        type: 'string',
        priority: 1,
        descriptionOf: ['io.k8s.api.apps.v1.DeploymentSpec', 'selector'],
        value: (object) => formatLabelSelector(object.spec.selector),
      },
    ],
  },
});
