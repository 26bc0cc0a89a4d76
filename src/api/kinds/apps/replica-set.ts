/** Keeps a number of Pods alive. https://kubernetes.io/docs/concepts/workloads/controllers/replicaset/ */

import type { ReplicaSet } from '../../generated/apps/v1.ts';
import { defineKind } from '../../kind.ts';
import { defaultPodTemplate } from '../../pod/defaults/pod-spec.ts';
import { formatLabelSelector, fromLabelSelector } from '../../selector.ts';
import { ageColumn, containerColumns, nameColumn } from '../columns.ts';
import { replicaSetErrors, replicaStatusErrors, selectorUpdateErrors } from './validation/workload.ts';
import { workloadWarnings } from './validation/workload-warnings.ts';

const spec = 'io.k8s.api.apps.v1.ReplicaSetSpec';
const status = 'io.k8s.api.apps.v1.ReplicaSetStatus';

export const replicaSet = defineKind<ReplicaSet>({
  group: 'apps',
  version: 'v1',
  kind: 'ReplicaSet',
  plural: 'replicasets',
  singular: 'replicaset',
  shortNames: ['rs'],
  categories: ['all'],
  scope: 'Namespaced',
  schema: 'io.k8s.api.apps.v1.ReplicaSet',
  subresources: {
    status: true,
    scale: {
      replicas: (rs) => rs.spec.replicas,
      statusReplicas: (rs) => rs.status.replicas,
      selector: (rs) => fromLabelSelector(rs.spec.selector).toString(),
      withReplicas: (rs, replicas) => ({ ...rs, spec: { ...rs.spec, replicas } }),
    },
  },
  defaults: (rs) => ({
    ...rs,
    spec: { ...rs.spec, replicas: rs.spec.replicas ?? 1, template: defaultPodTemplate(rs.spec.template) },
  }),
  prepareForCreate: (rs) => ({ ...rs, status: { replicas: 0 } }),
  validate: replicaSetErrors,
  validateUpdate: selectorUpdateErrors,
  validateStatusUpdate: replicaStatusErrors,
  warnings: workloadWarnings,
  selectableFieldLabels: ['metadata.name', 'metadata.namespace', 'status.replicas'],
  selectableFields: (rs) => ({ 'status.replicas': String(rs.status.replicas) }),
  columns: [
    nameColumn,
    { name: 'Desired', type: 'integer', descriptionOf: [spec, 'replicas'], value: (rs) => rs.spec.replicas },
    { name: 'Current', type: 'integer', descriptionOf: [status, 'replicas'], value: (rs) => rs.status.replicas },
    { name: 'Ready', type: 'integer', descriptionOf: [status, 'readyReplicas'], value: (rs) => rs.status.readyReplicas ?? 0 },
    ageColumn,
    ...containerColumns<ReplicaSet>((rs) => rs.spec.template.spec.containers),
    {
      name: 'Selector',
      type: 'string',
      priority: 1,
      descriptionOf: [spec, 'selector'],
      value: (rs) => formatLabelSelector(rs.spec.selector),
    },
  ],
});
