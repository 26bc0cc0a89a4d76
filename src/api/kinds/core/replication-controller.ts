/**
 * Keeps a number of Pods alive, in the old form.
 * https://kubernetes.io/docs/concepts/workloads/controllers/replicationcontroller/
 */

import type { ReplicationController } from '../../generated/core/v1.ts';
import { defineKind } from '../../kind.ts';
import { nameIsLong } from '../../names.ts';
import { defaultPodTemplate } from '../../pod/defaults/pod-spec.ts';
import { scaleSubresource } from '../../scale-subresource.ts';
import { formatLabels, fromSet } from '../../selector.ts';
import { statusSubresource } from '../../subresource.ts';
import { replicaStatusErrors, replicationControllerErrors } from '../apps/validation/workload.ts';
import { workloadWarnings } from '../apps/validation/workload-warnings.ts';
import { ageColumn, containerColumns, nameColumn } from '../columns.ts';

const spec = 'io.k8s.api.core.v1.ReplicationControllerSpec';
const status = 'io.k8s.api.core.v1.ReplicationControllerStatus';

/**
 * On an update, upstream passes the arguments in the wrong order and so checks the old template. Source:
 * pkg/registry/core/replicationcontroller/strategy.go (WarningsOnUpdate).
 */
const replicationControllerWarnings = (rc: ReplicationController, previous: ReplicationController | undefined): readonly string[] =>
  previous === undefined ? workloadWarnings(rc, undefined) : workloadWarnings({ ...previous, metadata: rc.metadata }, previous);

export const replicationController = defineKind<ReplicationController>({
  group: '',
  version: 'v1',
  kind: 'ReplicationController',
  plural: 'replicationcontrollers',
  scope: 'Namespaced',
  names: { shortNames: ['rc'], categories: ['all'], etcdFolder: 'controllers' },
  codec: {
    schema: 'io.k8s.api.core.v1.ReplicationController',
    defaults: (rc) => {
      const labels = rc.spec.template?.metadata.labels;
      const given = rc.metadata.labels;
      return {
        ...rc,
        metadata: labels !== undefined && Object.keys(given ?? {}).length === 0 ? { ...rc.metadata, labels } : rc.metadata,
        spec: {
          ...rc.spec,
          replicas: rc.spec.replicas ?? 1,
          selector: labels !== undefined && Object.keys(rc.spec.selector ?? {}).length === 0 ? labels : rc.spec.selector,
          ...(rc.spec.template === undefined ? {} : { template: defaultPodTemplate(rc.spec.template) }),
        },
      };
    },
  },
  rules: { validateName: nameIsLong, validate: replicationControllerErrors, warnings: replicationControllerWarnings },
  create: { prepare: (rc) => ({ ...rc, status: { replicas: 0 } }) },
  delete: { propagation: 'Orphan' },
  subresources: {
    status: statusSubresource<ReplicationController>({ validate: replicaStatusErrors }),
    scale: scaleSubresource<ReplicationController>({
      replicas: (rc) => rc.spec.replicas,
      statusReplicas: (rc) => rc.status.replicas,
      selector: (rc) => fromSet(rc.spec.selector).toString(),
      withReplicas: (rc, replicas) => ({ ...rc, spec: { ...rc.spec, replicas } }),
    }),
  },
  select: { 'status.replicas': (rc) => String(rc.status.replicas) },
  table: {
    columns: [
      nameColumn,
      { name: 'Desired', type: 'integer', descriptionOf: [spec, 'replicas'], value: (rc) => rc.spec.replicas },
      { name: 'Current', type: 'integer', descriptionOf: [status, 'replicas'], value: (rc) => rc.status.replicas },
      { name: 'Ready', type: 'integer', descriptionOf: [status, 'readyReplicas'], value: (rc) => rc.status.readyReplicas ?? 0 },
      ageColumn,
      ...containerColumns<ReplicationController>((rc) => rc.spec.template.spec.containers),
      { name: 'Selector', type: 'string', priority: 1, descriptionOf: [spec, 'selector'], value: (rc) => formatLabels(rc.spec.selector) },
    ],
  },
});
