/** Keeps a number of Pods alive. https://kubernetes.io/docs/concepts/workloads/controllers/replicaset/ */

import type { ReplicaSet } from '../../generated/apps/v1.ts';
import { defineKind } from '../../kind.ts';
import { oldReplicaSets } from '../../legacy/apps.ts';
import { withOldScale } from '../../legacy/scale.ts';
import { defaultPodTemplate } from '../../pod/defaults/pod-spec.ts';
import { scaleSubresource } from '../../scale-subresource.ts';
import { formatLabelSelector, fromLabelSelector } from '../../selector.ts';
import { statusSubresource } from '../../subresource.ts';
import { ageColumn, containerColumns, nameColumn } from '../columns.ts';
import { replicaSetErrors, replicaStatusErrors, selectorUpdateErrors } from './validation/workload.ts';
import { workloadWarnings } from './validation/workload-warnings.ts';

const spec = 'io.k8s.api.apps.v1.ReplicaSetSpec';
const status = 'io.k8s.api.apps.v1.ReplicaSetStatus';

const scale = scaleSubresource<ReplicaSet>({
  replicas: (rs) => rs.spec.replicas,
  statusReplicas: (rs) => rs.status.replicas,
  selector: (rs) => fromLabelSelector(rs.spec.selector).toString(),
  withReplicas: (rs, replicas) => ({ ...rs, spec: { ...rs.spec, replicas } }),
});

export const replicaSet = defineKind<ReplicaSet>({
  group: 'apps',
  version: 'v1',
  kind: 'ReplicaSet',
  plural: 'replicasets',
  scope: 'Namespaced',
  names: { shortNames: ['rs'], categories: ['all'] },
  codec: {
    schema: 'io.k8s.api.apps.v1.ReplicaSet',
    alsoServed: withOldScale(oldReplicaSets, scale),
    defaults: (rs) => ({
      ...rs,
      spec: { ...rs.spec, replicas: rs.spec.replicas ?? 1, template: defaultPodTemplate(rs.spec.template) },
    }),
  },
  rules: { validate: replicaSetErrors, warnings: workloadWarnings },
  create: { prepare: (rs) => ({ ...rs, status: { replicas: 0 } }) },
  update: { validate: selectorUpdateErrors },
  subresources: {
    status: statusSubresource<ReplicaSet>({ validate: replicaStatusErrors }),
    scale,
  },
  table: {
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
  },
});
